"""Add and change queues, and who serves them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from people.models import StaffRole, User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tickets.models import Queue, QueueMember, Ticket

KEY_LENGTH = 40
NAME_LENGTH = 80
SERVES_QUEUES = frozenset({StaffRole.AGENT, StaffRole.LEAD, StaffRole.ADMIN})


@dataclass(frozen=True, slots=True)
class MembersChange:
    """Who was added to a queue and who was taken out.

    ``left_behind`` counts the active tickets of the queue that stay assigned to
    somebody who no longer serves it.
    """

    added: tuple[User, ...]
    removed: tuple[User, ...]
    left_behind: int


@transaction.atomic
def add_queue(*, name: str, by: User, tier: str = "") -> Queue:
    """Add a queue at the end of the list; its key is made from the name and never changes."""
    _check_ops(by)
    rows = _locked_queues()
    name = _free_name(name, rows)
    key = slugify(name)[:KEY_LENGTH].strip("-")
    if not key:
        message = _("Use at least one letter or digit that a web address can hold.")
        raise InvalidInput("name_invalid", message, fields={"name": message})
    if any(row.key == key for row in rows):
        raise _name_taken()
    last = max((row.position for row in rows), default=-1)
    try:
        # Its own savepoint: the caller's transaction survives the refusal.
        with transaction.atomic():
            return Queue.objects.create(key=key, name=name, tier=tier, position=last + 1)
    except IntegrityError as error:
        # Two at once: the other one's row was not there yet to be waited for.
        raise _name_taken() from error


@transaction.atomic
def change_queue_details(*, queue: Queue, name: str, tier: str, by: User) -> Queue:
    """Give a queue another name or another tier; triggers name it by its key, which stays."""
    _check_ops(by)
    rows = _locked_queues()
    row = next(one for one in rows if one.pk == queue.pk)
    row.name = _free_name(name, [one for one in rows if one.pk != row.pk])
    row.tier = tier
    row.save(update_fields=["name", "tier"])
    return row


@transaction.atomic
def set_queue_members(*, queue: Queue, agents: Iterable[User], by: User) -> MembersChange:
    """Let exactly these people serve a queue.

    The queue's row is locked, so that of two lists saved at once the later one
    stands whole, never a mixture. Tickets stay with whoever has them.
    """
    _check_ops(by)
    wanted = {agent.pk: agent for agent in agents}
    for agent in wanted.values():
        if agent.staff_role not in SERVES_QUEUES or not agent.is_active:
            message = _("%(name)s does not answer tickets.") % {"name": agent}
            raise InvalidInput("not_an_agent", message, fields={"agents": message})
    row = lock(Queue.objects.filter(pk=queue.pk)).get()
    present = _present_members(row)
    removed = [member for pk, member in present.items() if pk not in wanted]
    added = [agent for pk, agent in wanted.items() if pk not in present]
    QueueMember.objects.filter(pk__in=[member.pk for member in removed]).delete()
    QueueMember.objects.bulk_create(QueueMember(queue=row, agent=agent) for agent in added)
    gone = [member.agent for member in removed]
    return MembersChange(
        added=tuple(added),
        removed=tuple(gone),
        left_behind=Ticket.objects.active().filter(queue=row, assignee__in=gone).count(),
    )


def _present_members(queue: Queue) -> dict[int, QueueMember]:
    members = QueueMember.objects.filter(queue=queue).select_related("agent")
    return {member.agent_id: member for member in members}


def _locked_queues() -> list[Queue]:
    """Return all queues, locked in one order: of two names given at once, the second is judged.

    Read again afterwards: what the other one added is not among the rows waited for.
    """
    list(lock(Queue.objects.order_by("pk")).values_list("pk"))
    return list(Queue.objects.all())


def _free_name(name: str, others: Iterable[Queue]) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH:
        message = _("Give the queue a name of at most %(count)s characters.") % {
            "count": NAME_LENGTH
        }
        raise InvalidInput("name_invalid", message, fields={"name": message})
    if any(other.name.casefold() == name.casefold() for other in others):
        raise _name_taken()
    return name


def _name_taken() -> Refused:
    message = _("There is a queue with this name already.")
    return Refused("queue_exists", message, fields={"name": message})


def _check_ops(by: User) -> None:
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops change queues."))
