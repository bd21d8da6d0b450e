"""Add and change queues, and who serves them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from people.models import StaffRole, User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tickets.actions.routing_history import (
    Kind,
    State,
    Subject,
    changed_meanwhile,
    note_change,
    state_of_queue,
)
from tickets.models import Queue, QueueMember, RoutingChange, Ticket

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
def add_queue(*, name: str, by: User, now: datetime, tier: str = "") -> Queue:
    """Add a queue at the end of the list; its key is made from the name and never changes."""
    check_ops(by)
    rows = locked_queues()
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
            made = Queue.objects.create(key=key, name=name, tier=tier, position=last + 1)
    except IntegrityError as error:
        # Two at once: the other one's row was not there yet to be waited for.
        raise _name_taken() from error
    note_queue(made, Kind.ADDED, None, by, now)
    return made


@transaction.atomic
def change_queue_details(
    *, queue: Queue, name: str, tier: str, by: User, now: datetime, revision: int | None = None
) -> Queue:
    """Give a queue another name or another tier; triggers name it by its key, which stays.

    ``revision`` is the one that was read before: Refused ("queue_changed") when somebody
    changed the queue since.
    """
    check_ops(by)
    rows = locked_queues()
    row = next(one for one in rows if one.pk == queue.pk)
    before = state_of_queue(row)
    _check_unchanged(row, revision)
    row.name = _free_name(name, [one for one in rows if one.pk != row.pk])
    row.tier = tier
    _save(row, before)
    note_queue(row, Kind.CHANGED, before, by, now)
    return row


@transaction.atomic
def move_queue(*, queue: Queue, is_up: bool, by: User, now: datetime) -> Queue:
    """Exchange a queue's place with its neighbour's; at the end of the list nothing happens."""
    check_ops(by)
    rows = locked_queues()
    row = next(one for one in rows if one.pk == queue.pk)
    before = state_of_queue(row)
    shown = [one for one in rows if (one.archived_at is None) == (row.archived_at is None)]
    neighbour = shown.index(row) + (-1 if is_up else 1)
    if not 0 <= neighbour < len(shown):
        return row
    _put(row, rows.index(shown[neighbour]) + 1, rows)
    note_queue(row, Kind.MOVED, before, by, now)
    return row


@transaction.atomic
def set_queue_members(
    *,
    queue: Queue,
    agents: Iterable[User],
    by: User,
    now: datetime,
    revision: int | None = None,
) -> MembersChange:
    """Let exactly these people serve a queue.

    The queue's row is locked, so that of two lists saved at once the later one
    stands whole, never a mixture; with the ``revision`` that was read before, the later
    one is refused ("queue_changed"). Tickets stay with whoever has them.
    """
    check_ops(by)
    wanted = {agent.pk: agent for agent in agents}
    for agent in wanted.values():
        if agent.staff_role not in SERVES_QUEUES or not agent.is_active:
            message = _("%(name)s does not answer tickets.") % {"name": agent}
            raise InvalidInput("not_an_agent", message, fields={"agents": message})
    row = lock(Queue.objects.filter(pk=queue.pk)).get()
    before = state_of_queue(row)
    _check_unchanged(row, revision)
    change = _let_serve(row, wanted)
    _save(row, before)
    note_queue(row, Kind.MEMBERS, before, by, now)
    return change


def _let_serve(row: Queue, wanted: dict[int, User]) -> MembersChange:
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


@transaction.atomic
def restore_queue(*, change: RoutingChange, by: User, now: datetime) -> Queue:
    """Bring back a queue's name, tier, place and people as they were after a change.

    It is a new change. Who does not answer tickets any more does not come back. Whether
    it is archived stays as it is: that is done and undone on its own.
    """
    check_ops(by)
    state = change.after or change.before
    if change.subject != Subject.QUEUE or not state:
        raise Refused("no_state", _("There is no state here to bring back."))
    rows = locked_queues()
    row = next((one for one in rows if one.pk == change.subject_id), None)
    if row is None:
        raise Refused("queue_gone", _("This queue is not there any more."))
    before = state_of_queue(row)
    row.name = _free_name(state["name"], [one for one in rows if one.pk != row.pk])
    row.tier = state["tier"]
    able = User.objects.filter(is_active=True, staff_role__in=SERVES_QUEUES)
    _let_serve(row, able.in_bulk(state["members"]))
    _put(row, state["place"], rows)
    _save(row, before)
    note_change(
        subject=Subject.QUEUE, subject_id=row.pk, kind=Kind.RESTORED, before=before,
        after=state_of_queue(row), by=by, now=now, restored_from=change,
    )  # fmt: skip
    return row


def hold_queues(keys: Collection[str]) -> None:
    """Keep queues that something is about to name from being archived meanwhile.

    Raises Refused when one of them is archived already.
    """
    rows = list(lock(Queue.objects.filter(key__in=keys).order_by("pk")))
    for row in rows:
        if row.archived_at is not None:
            message = _("The queue %(name)s is archived; choose another one.") % {"name": row}
            raise Refused("queue_archived", message)


def note_queue(
    row: Queue, kind: str, before: State | None, by: User | None, now: datetime
) -> RoutingChange | None:
    """Write down what a queue is since a change, in the transaction that makes it."""
    return note_change(
        subject=Subject.QUEUE, subject_id=row.pk, kind=kind, before=before,
        after=state_of_queue(row), by=by, now=now,
    )  # fmt: skip


def locked_queues() -> list[Queue]:
    """Return all queues, locked in one order: of two names given at once, the second is judged.

    Read again afterwards: what the other one added is not among the rows waited for.
    """
    list(lock(Queue.objects.order_by("pk")).values_list("pk"))
    return list(Queue.objects.all())


def check_ops(by: User) -> None:
    """Refuse whoever does not run operations."""
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops change queues."))


def _save(row: Queue, before: State) -> None:
    """Store a queue; what somebody else has open is out of date if it is another one now."""
    if state_of_queue(row) != before:
        row.revision += 1
    row.save()


def _put(row: Queue, place: int, rows: list[Queue]) -> None:
    """Put a queue at a place; all are numbered anew."""
    others = [one for one in rows if one.pk != row.pk]
    others.insert(max(0, min(place - 1, len(others))), row)
    for position, one in enumerate(others):
        if one.position != position:
            one.position = position
            Queue.objects.filter(pk=one.pk).update(position=position)
    row.position = others.index(row)


def _check_unchanged(row: Queue, revision: int | None) -> None:
    if revision is None or row.revision == revision:
        return
    who, _name = changed_meanwhile(Subject.QUEUE, row.pk)
    message = _(
        "%(who)s changed this queue while you were at it. What you chose is still here: look at "
        "their change in the history, then save again to put yours over it."
    ) % {"who": who or _("Somebody")}
    raise Refused("queue_changed", message)


def _present_members(queue: Queue) -> dict[int, QueueMember]:
    members = QueueMember.objects.filter(queue=queue).select_related("agent")
    return {member.agent_id: member for member in members}


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
