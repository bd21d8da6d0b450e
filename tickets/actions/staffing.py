"""Say which queues an agent serves."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted
from tickets.actions.queues import note_queue
from tickets.actions.routing_history import Kind, state_of_queue
from tickets.models import Queue, QueueMember


@transaction.atomic
def set_queues(*, agent: User, queues: Iterable[Queue], by: User, now: datetime) -> list[Queue]:
    """Let an agent serve exactly these queues; return them. Leads, ops and admins decide.

    What is assigned to the agent stays theirs, in whatever queue it waits. Each queue's
    history says who came and who went.
    """
    if by.staff_role not in {"lead", "ops", "admin"}:
        raise NotPermitted("not_lead", _("Only leads and ops decide who serves a queue."))
    if not agent.works_here:
        raise InvalidInput("not_staff", _("Only staff serve queues."))
    lock(User.objects.filter(pk=agent.pk)).get()
    wanted = list(queues)
    mine = QueueMember.objects.filter(agent=agent)
    known = set(mine.values_list("queue_id", flat=True))
    touched = known ^ {queue.pk for queue in wanted}
    rows = list(lock(Queue.objects.filter(pk__in=touched).order_by("pk")))
    before = {row.pk: state_of_queue(row) for row in rows}
    mine.exclude(queue__in=wanted).delete()
    QueueMember.objects.bulk_create(
        QueueMember(agent=agent, queue=queue) for queue in wanted if queue.pk not in known
    )
    Queue.objects.filter(pk__in=touched).update(revision=F("revision") + 1)
    for row in rows:
        note_queue(row, Kind.MEMBERS, before[row.pk], by, now)
    return wanted
