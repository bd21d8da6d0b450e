"""Record what happened to a ticket: the only source of its clocks and timeline."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import NotPermitted
from tickets.models import Clock, ClockEvent, Ticket, TicketEvent

By = TicketEvent.By


def locked(ticket: Ticket) -> Ticket:
    """Return the ticket as it is now, locked until the transaction ends.

    Nothing is recorded of its clocks meanwhile, and what happens to it now cannot have
    happened before what is on record already: a reply that was on its way while the
    sweep wrote down a breach came after it.
    """
    # Locked alone and then read: PostgreSQL drops a row that was waited for from a join when
    # the other one moved it to another queue meanwhile.
    list(lock(Ticket.objects.filter(pk=ticket.pk)).values_list("pk"))
    found = Ticket.objects.select_related("organization", "requester", "queue").get(pk=ticket.pk)
    recorded = hold_back_sweep([found.pk])
    found.last_event_at = max(found.last_event_at, recorded.get(found.pk, found.last_event_at))
    return found


def hold_back_sweep(ticket_ids: Collection[int]) -> dict[int, datetime]:
    """Keep the sweep off the clocks of locked tickets; return the last it recorded, by ticket."""
    list(lock(Clock.objects.filter(ticket_id__in=ticket_ids).order_by("pk").only("pk")))
    rows = ClockEvent.objects.filter(ticket_id__in=ticket_ids).order_by()
    return dict(rows.values_list("ticket_id").annotate(last=Max("at")))


def side_of(user: User | None) -> str:
    """Return which side a person acts for."""
    if user is None:
        return By.SYSTEM
    return By.AGENT if user.works_here else By.CUSTOMER


def require_agent(user: User) -> None:
    """Refuse whoever does not work tickets: customers, and ops who only look."""
    if user.staff_role not in {"agent", "lead", "admin"}:
        raise NotPermitted("not_agent", _("Only agents and leads may do this."))


def record_event(
    *,
    ticket: Ticket,
    kind: str,
    now: datetime,
    actor: User | None = None,
    by: str | None = None,
    **fields: Any,
) -> TicketEvent:
    """Append an event to a locked ticket; the caller saves the ticket afterwards.

    Events of one ticket never go back in time: an event that arrives with an
    earlier clock reading (another machine, a clock set back) gets the instant
    of the one before it.
    """
    ticket.last_event_seq += 1
    ticket.last_event_at = max(now, ticket.last_event_at)
    ticket.updated_at = ticket.last_event_at
    return TicketEvent.objects.create(
        ticket=ticket,
        seq=ticket.last_event_seq,
        at=ticket.last_event_at,
        kind=kind,
        by=by or side_of(actor),
        actor=actor,
        **fields,
    )
