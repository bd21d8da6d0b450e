"""Bring in tickets that already happened: from another helpdesk, or for the demo.

The clocks are computed by the same engine from the same kind of events as for
tickets that happen here; only the writing is done in bulk, no trigger fires
and nobody is told about the past.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from people.models import Organization, User
from portal.kit.refused import InvalidInput
from portal.kit.rich_text import to_html
from tickets.actions.clocks import ENGINE_KINDS, clock_rows, reached_events, read_clocks
from tickets.actions.events import By, side_of
from tickets.models import (
    NO_PROMISE_RUNNING,
    Clock,
    ClockEvent,
    HandleTime,
    Message,
    PromiseTerms,
    Queue,
    SatisfactionRating,
    Ticket,
    TicketEvent,
)
from tickets.rules import moves

Kind = TicketEvent.Kind


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One thing that happened. ``body`` makes it a message, ``status`` a move."""

    at: datetime
    actor: User | None
    body: str = ""
    is_public: bool = True
    status: str = ""
    severity: int = 0
    reason: str = ""
    handle_seconds: int = 0


@dataclass(frozen=True, slots=True)
class PastTicket:
    """A ticket and what happened to it, oldest first; the first event opens it."""

    organization: Organization
    requester: User
    subject: str
    severity: int
    terms: PromiseTerms
    queue: Queue
    events: Sequence[PastEvent]
    channel: str = Ticket.Channel.WEB
    category: str = ""
    assignee: User | None = None
    tags: Sequence[str] = ()
    score: int = 0
    comment: str = ""
    rated_at: datetime | None = None
    rating_asked_at: datetime | None = None


@dataclass(slots=True)
class _Written:
    """Rows of one import, in the order in which they must be stored."""

    tickets: list[Ticket] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    events: list[TicketEvent] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    clock_events: list[ClockEvent] = field(default_factory=list)
    handle_times: list[HandleTime] = field(default_factory=list)
    ratings: list[SatisfactionRating] = field(default_factory=list)


@transaction.atomic
def import_tickets(*, pasts: Iterable[PastTicket], now: datetime) -> list[Ticket]:
    """Store past tickets with their conversation, clocks, handle times and ratings.

    Raises InvalidInput for a history that could not have happened: events out
    of order, or a move that the table of moves does not have. Then nothing is
    stored.
    """
    rows = _Written()
    for past in pasts:
        _read(past, rows, now)
    # Rows that point at each other take their ids as each kind is stored.
    for kind in (
        rows.tickets, rows.messages, rows.events, rows.clocks, rows.clock_events,
        rows.handle_times, rows.ratings,
    ):  # fmt: skip
        if kind:
            _store(kind)
    return rows.tickets


def _store(rows: Sequence[Any]) -> None:
    for row in rows:
        # bulk_create looks at ids alone; take over those of rows stored just before.
        for column in row._meta.concrete_fields:
            if column.is_relation and column.is_cached(row):
                related = getattr(row, column.name)
                setattr(row, column.attname, related.pk if related is not None else None)
    type(rows[0])._default_manager.bulk_create(rows, batch_size=500)


def _read(past: PastTicket, rows: _Written, now: datetime) -> None:
    ticket = _ticket(past, now)
    rows.tickets.append(ticket)
    engine: list[TicketEvent] = []
    for number, event in enumerate(past.events):
        if event.at < ticket.last_event_at or event.at > now:
            raise InvalidInput("history_out_of_order", f"{past.subject}: events are out of order.")
        message = _message(ticket, event, rows) if event.body else None
        if number == 0:
            engine.append(
                _event(ticket, event, Kind.OPENED, message=message, terms=past.terms,
                       detail={"severity": past.severity, "channel": past.channel})
            )  # fmt: skip
            continue
        if message is not None:
            engine.append(
                _event(ticket, event, Kind.MESSAGE, message=message, is_public=event.is_public)
            )
            _after_message(ticket, event, message, rows)
        if event.severity and event.severity != ticket.severity:
            engine.append(
                _event(ticket, event, Kind.SEVERITY, old=str(ticket.severity),
                       new=str(event.severity), detail={"severity": event.severity})
            )  # fmt: skip
            ticket.severity = event.severity
        if event.status and event.status != ticket.status:
            engine.append(_move(ticket, event))
    rows.events += engine
    _rating(past, ticket, rows)
    clocks, readings = clock_rows(
        ticket, read_clocks([row for row in engine if row.kind in ENGINE_KINDS], now), now
    )
    rows.clocks += clocks
    for clock_row, reading in zip(clocks, readings.clocks, strict=True):
        for reached in reached_events(clock_row, reading, readings.terms, now):
            reached.ticket = ticket
            # The past is nobody's news; only what is still to come will be announced.
            reached.announced_at = reached.at
            rows.clock_events.append(reached)


def _ticket(past: PastTicket, now: datetime) -> Ticket:
    opened_at = past.events[0].at
    return Ticket(
        organization=past.organization,
        requester=past.requester,
        subject=past.subject,
        severity=past.severity,
        channel=past.channel,
        category=past.category,
        tags=list(past.tags),
        tier=past.terms.tier,
        tier_at_opening=past.terms.tier,
        queue=past.queue,
        assignee=past.assignee,
        terms=past.terms,
        rank_at=NO_PROMISE_RUNNING,
        last_event_at=opened_at,
        created_at=opened_at,
        updated_at=opened_at,
    )


def _message(ticket: Ticket, event: PastEvent, rows: _Written) -> Message:
    message = Message(
        ticket=ticket,
        author=event.actor,
        by=side_of(event.actor),
        is_public=event.is_public,
        body=event.body,
        body_html=to_html(event.body),
        created_at=event.at,
    )
    rows.messages.append(message)
    return message


def _after_message(ticket: Ticket, event: PastEvent, message: Message, rows: _Written) -> None:
    if side_of(event.actor) == By.AGENT and event.is_public and ticket.first_replied_at is None:
        ticket.first_replied_at = event.at
    if event.handle_seconds and event.actor is not None:
        rows.handle_times.append(
            HandleTime(
                ticket=ticket, message=message, agent=event.actor, at=event.at,
                seconds=event.handle_seconds,
            )
        )  # fmt: skip


def _event(ticket: Ticket, event: PastEvent, kind: str, **more: Any) -> TicketEvent:
    ticket.last_event_seq += 1
    ticket.last_event_at = ticket.updated_at = event.at
    more.setdefault("reason", event.reason)
    return TicketEvent(
        ticket=ticket, seq=ticket.last_event_seq, at=event.at, kind=kind,
        by=side_of(event.actor), actor=event.actor, **more,
    )  # fmt: skip


def _move(ticket: Ticket, event: PastEvent) -> TicketEvent:
    refusal = moves.why_not(side_of(event.actor), ticket.status, event.status)
    if refusal is not None:
        raise InvalidInput("history_impossible", f"{ticket.subject}: {refusal.text}")
    old, ticket.status = ticket.status, event.status
    if event.status == Ticket.Status.SOLVED:
        ticket.solved_at = event.at
    elif event.status == Ticket.Status.CLOSED:
        ticket.closed_at = event.at
        ticket.solved_at = ticket.solved_at or event.at
    else:
        ticket.solved_at = None
    return _event(ticket, event, Kind.STATUS, old=old, new=event.status)


def _rating(past: PastTicket, ticket: Ticket, rows: _Written) -> None:
    if past.rating_asked_at is None:
        return
    rows.ratings.append(
        SatisfactionRating(
            ticket=ticket,
            tier=ticket.tier,
            requested_at=past.rating_asked_at,
            score=past.score or None,
            comment=past.comment,
            rated_at=past.rated_at,
            changed_at=past.rated_at,
            rated_by=past.requester if past.rated_at else None,
        )
    )
