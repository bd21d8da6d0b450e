"""Change a ticket: status, severity, assignee, queue."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import claim
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from portal.kit.viewer import Viewer
from portal.kit.words import quoted, status_label
from tickets.actions.events import locked, record_event, require_agent, side_of
from tickets.actions.routing import finish_update, move_to_queue
from tickets.actions.telling import tell_assigned, tell_status
from tickets.models import Queue, Ticket, TicketEvent
from tickets.rules import moves

Status = Ticket.Status


def apply_status(
    ticket: Ticket,
    status: str,
    *,
    actor: User | None,
    now: datetime,
    reason: str,
    is_told: bool = True,
) -> None:
    """Move a locked ticket to a status; the caller reclocks and saves it.

    Staying where it is, is no move. Raises Refused when the table of moves does
    not have it.
    """
    if status == ticket.status:
        return
    side = side_of(actor)
    refusal = moves.why_not(side, ticket.status, status)
    if refusal is not None:
        raise Refused("move_not_allowed", _why_not(refusal))
    old, ticket.status = ticket.status, status
    event = record_event(
        ticket=ticket, kind=TicketEvent.Kind.STATUS, now=now, actor=actor, old=old, new=status,
        reason=reason[:300],
    )  # fmt: skip
    if status == Status.SOLVED:
        ticket.solved_at = ticket.last_event_at
    elif status == Status.CLOSED:
        ticket.closed_at = ticket.last_event_at
        ticket.solved_at = ticket.solved_at or ticket.last_event_at
    elif old == Status.SOLVED:
        ticket.solved_at = None
    if is_told and status in {Status.SOLVED, Status.PENDING, Status.ON_HOLD}:
        tell_status(ticket, event.seq, now, but=actor)


def _why_not(refusal: moves.MoveReason) -> str:
    """Return why a move is refused, in the language of whoever asked for it."""
    shown = {
        name: quoted(status_label(str(value))) if name in {"status", "old"} else value
        for name, value in refusal.params.items()
    }
    return _(refusal.template).format(**shown)


@transaction.atomic
def set_status(*, ticket: Ticket, status: str, by: User, now: datetime, reason: str = "") -> Ticket:
    """Move a ticket to another status; customers may solve and reopen their own."""
    if by.works_here:
        require_agent(by)
    row = locked(ticket)
    if status == row.status:
        return row
    apply_status(row, status, actor=by, now=now, reason=reason)
    finish_update(ticket=row, now=now, by=by)
    return row


@transaction.atomic
def set_severity(*, ticket: Ticket, severity: int, reason: str, by: User, now: datetime) -> Ticket:
    """Correct how bad it is; the clocks go on under the new target, with a reason on record."""
    require_agent(by)
    if severity not in Ticket.Severity.values:
        raise InvalidInput("severity_unknown", _("Choose a severity from 1 to 4."))
    if not reason.strip():
        raise InvalidInput(
            "reason_missing",
            _("Say why the severity changes; the customer can read it."),
            fields={"reason": _("Say why.")},
        )
    row = locked(ticket)
    if row.severity == severity:
        return row
    if not row.is_active:
        raise Refused("not_active", _("A solved or closed ticket keeps its severity."))
    record_event(
        ticket=row, kind=TicketEvent.Kind.SEVERITY, now=now, actor=by, old=str(row.severity),
        new=str(severity), reason=reason.strip()[:300], detail={"severity": severity},
    )  # fmt: skip
    row.severity = severity
    finish_update(ticket=row, now=now, by=by)
    return row


@transaction.atomic
def assign(*, ticket: Ticket, agent: User | None, by: User, now: datetime) -> Ticket:
    """Give a ticket to an agent who may see it, or to nobody."""
    require_agent(by)
    row = locked(ticket)
    if agent is not None and not may_be_assigned(agent, row):
        raise NotPermitted(
            "cannot_be_assigned",
            _("%(name)s does not serve the queue %(queue)s.") % {"name": agent, "queue": row.queue},
        )
    if row.assignee_id == (agent.pk if agent else None):
        return row
    _assign(row, agent, by, now)
    finish_update(ticket=row, now=now, by=by, moves_clocks=False)
    return row


def _assign(row: Ticket, agent: User | None, by: User, now: datetime) -> None:
    if not row.is_active:
        raise Refused("not_active", _("A solved or closed ticket is not assigned any more."))
    old = str(row.assignee) if row.assignee else ""
    row.assignee = agent
    event = record_event(
        ticket=row, kind=TicketEvent.Kind.ASSIGNED, now=now, actor=by, is_public=False,
        old=old[:80], new=str(agent or "")[:80],
    )  # fmt: skip
    tell_assigned(row, event.seq, now, by=by)


def may_be_assigned(agent: User, ticket: Ticket) -> bool:
    """Whether this person works tickets and serves the ticket's queue."""
    if not agent.is_active or agent.staff_role not in {"agent", "lead", "admin"}:
        return False
    viewer = Viewer(user_id=agent.pk, staff_role=agent.staff_role)
    return Queue.objects.visible_to(viewer).filter(pk=ticket.queue_id).exists()


@transaction.atomic
def take_next(
    *, agent: User, viewer: Viewer, now: datetime, tier: str = "", queue: str = ""
) -> Ticket | None:
    """Give the agent the unassigned ticket whose promise is due next; None when there is none.

    Two agents at once get two different tickets: a row that another is taking
    is skipped, not waited for.
    """
    require_agent(agent)
    waiting = (
        Ticket.objects.visible_to(viewer)
        .filter(status__in=[Status.NEW, Status.OPEN], assignee=None)
        .next_due_first()
    )
    if tier:
        waiting = waiting.filter(tier=tier)
    if queue:
        waiting = waiting.filter(queue__key=queue)
    found = claim(waiting, 1).first()
    if found is None:
        return None
    row = locked(found)
    _assign(row, agent, agent, now)
    finish_update(ticket=row, now=now, by=agent, moves_clocks=False)
    return row


@transaction.atomic
def change_queue(*, ticket: Ticket, queue: Queue, reason: str, by: User, now: datetime) -> Ticket:
    """Move a ticket to another queue by hand; an assignee who does not serve it is let go."""
    require_agent(by)
    row = locked(ticket)
    if row.queue_id == queue.pk:
        return row
    if Queue.objects.filter(pk=queue.pk).exclude(archived_at=None).exists():
        raise Refused("queue_archived", _("This queue is archived; choose another one."))
    move_to_queue(ticket=row, key=queue.key, now=now, why=reason.strip()[:300], actor=by)
    if row.assignee is not None and not may_be_assigned(row.assignee, row):
        _assign(row, None, by, now)
    finish_update(ticket=row, now=now, by=by, moves_clocks=False)
    return row


def close_solved_tickets(
    *, now: datetime, after: timedelta = timedelta(days=moves.CLOSE_AFTER_DAYS), limit: int = 500
) -> int:
    """Close tickets that were solved long enough ago and not reopened; return how many."""
    closed = 0
    due = Ticket.objects.filter(status=Status.SOLVED, solved_at__lte=now - after)
    while closed < limit:
        with transaction.atomic():
            found = claim(due.order_by("solved_at"), 1).first()
            if found is None:
                break
            row = locked(found)
            if row.status == Status.SOLVED:
                apply_status(row, Status.CLOSED, actor=None, now=now, reason="", is_told=False)
                finish_update(ticket=row, now=now, by=None)
            closed += 1
    return closed
