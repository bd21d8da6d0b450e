"""Say which queues an agent serves."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted
from tickets.models import Queue, QueueMember


@transaction.atomic
def set_queues(*, agent: User, queues: Iterable[Queue], by: User) -> list[Queue]:
    """Let an agent serve exactly these queues; return them. Leads, ops and admins decide.

    What is assigned to the agent stays theirs, in whatever queue it waits.
    """
    if by.staff_role not in {"lead", "ops", "admin"}:
        raise NotPermitted("not_lead", _("Only leads and ops decide who serves a queue."))
    if not agent.works_here:
        raise InvalidInput("not_staff", _("Only staff serve queues."))
    lock(User.objects.filter(pk=agent.pk)).get()
    wanted = list(queues)
    mine = QueueMember.objects.filter(agent=agent)
    mine.exclude(queue__in=wanted).delete()
    known = set(mine.values_list("queue_id", flat=True))
    QueueMember.objects.bulk_create(
        QueueMember(agent=agent, queue=queue) for queue in wanted if queue.pk not in known
    )
    return wanted
