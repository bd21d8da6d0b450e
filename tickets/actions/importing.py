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
from portal.kit import clock
from portal.kit.refused import InvalidInput
from portal.kit.rich_text import to_html
from tickets.actions.clocks import (
    ENGINE_KINDS,
    Readings,
    clock_rows,
    engine_event,
    parsed_terms,
    reached_events,
)
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
from tickets.rules import clocks as rules
from tickets.rules import moves, satisfaction
from tiers.calendars import Calendars, calendars_by_key

Kind = TicketEvent.Kind
BATCH = 1000


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One thing that happened. ``body`` makes it a message, ``status`` a move.

    A message comes before the changes of the same event, as when somebody sends
    a reply and sets a status with it. ``handle_seconds`` are wall seconds.
    """

    at: datetime
    actor: User | None
    body: str = ""
    is_public: bool = True
    status: str = ""
    severity: int = 0
    assigned_to: User | None = None
    reason: str = ""
    handle_seconds: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class PastTicket:
    """A ticket and what happened to it, oldest first; the first event opens it.

    ``follow_up_of`` is a ticket of the same import, closed by then.
    """

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
    follow_up_of: "PastTicket | None" = None


@transaction.atomic
def import_tickets(*, pasts: Iterable[PastTicket], now: datetime) -> list[Ticket]:
    """Store past tickets with their conversation, clocks, handle times and ratings.

    Raises InvalidInput for a history that could not have happened: events out
    of order or still to come, a move that the table of moves does not have, a
    rating nobody was asked for. Then nothing is stored.
    """
    written = _Written(now, calendars_by_key())
    for past in pasts:
        _History(past, written).read()
    for ticket, events in written.histories.values():
        written.keep_clocks(ticket, events)
    written.store()
    return written.tickets


@dataclass(slots=True)
class _Written:
    """The rows of one import."""

    now: datetime
    calendars: Calendars
    tickets: list[Ticket] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    clock_events: list[ClockEvent] = field(default_factory=list)
    handle_times: list[HandleTime] = field(default_factory=list)
    ratings: list[SatisfactionRating] = field(default_factory=list)
    histories: dict[PastTicket, tuple[Ticket, list[TicketEvent]]] = field(default_factory=dict)
    follow_ups: list[tuple[Ticket, TicketEvent, Ticket, TicketEvent]] = field(default_factory=list)

    def keep_clocks(self, ticket: Ticket, events: Sequence[TicketEvent]) -> None:
        """Let the engine read a ticket's events, and keep what it says."""
        known: dict[str, PromiseTerms] = {}
        read = []
        for event in events:
            if event.kind in ENGINE_KINDS:
                if event.terms is not None:
                    known[event.terms.digest] = event.terms
                terms = parsed_terms(event.terms) if event.terms is not None else None
                read.append(engine_event(event, terms))
        found = rules.evaluate(read, self.calendars, clock.to_epoch(self.now))
        rows, readings = clock_rows(ticket, Readings(found, known), self.now)
        self.clocks += rows
        for row, reading in zip(rows, readings.clocks, strict=True):
            for reached in reached_events(row, reading, known, self.now):
                reached.ticket = ticket
                # The past is nobody's news; only what is still to come will be announced.
                reached.announced_at = reached.at
                self.clock_events.append(reached)

    def store(self) -> None:
        """Write everything, what is pointed at before what points at it."""
        Ticket.objects.bulk_create(self.tickets, batch_size=BATCH)
        self._link_follow_ups()
        Message.objects.bulk_create(self.messages, batch_size=BATCH)
        TicketEvent.objects.bulk_create(
            (event for _, events in self.histories.values() for event in events),
            batch_size=BATCH,
        )
        Clock.objects.bulk_create(self.clocks, batch_size=BATCH)
        ClockEvent.objects.bulk_create(self.clock_events, batch_size=BATCH)
        HandleTime.objects.bulk_create(self.handle_times, batch_size=BATCH)
        SatisfactionRating.objects.bulk_create(self.ratings, batch_size=BATCH)

    def _link_follow_ups(self) -> None:
        """Say on both tickets which the other is; they have references only now."""
        for closed, closed_event, ticket, event in self.follow_ups:
            ticket.follow_up_of = closed
            closed_event.new, event.old = ticket.reference, closed.reference
        Ticket.objects.bulk_update([row[2] for row in self.follow_ups], ["follow_up_of"])


class _History:
    """One past ticket while it is being read."""

    def __init__(self, past: PastTicket, written: _Written) -> None:
        if not past.events:
            raise InvalidInput("history_empty", f"{past.subject}: nothing has happened.")
        if past.severity not in Ticket.Severity.values:
            raise InvalidInput("history_impossible", f"{past.subject}: no such severity.")
        self.past = past
        self.written = written
        self.ticket = _ticket(past)
        self.events: list[TicketEvent] = []

    def read(self) -> None:
        """Make the rows of the ticket, except its clocks."""
        self._check_rating()
        self.written.tickets.append(self.ticket)
        self.written.histories[self.past] = (self.ticket, self.events)
        rated_at = self.past.rated_at
        for number, event in enumerate(self.past.events):
            if rated_at is not None and rated_at < event.at:
                self._rated(rated_at)
                rated_at = None
            self._check_order(event.at)
            if number == 0:
                self._opened(event)
            else:
                self._happened(event)
        if rated_at is not None:
            self._rated(rated_at)

    def _check_order(self, at: datetime) -> None:
        if at < self.ticket.last_event_at or at > self.written.now:
            raise InvalidInput(
                "history_out_of_order", f"{self.past.subject}: events are out of order."
            )

    def _opened(self, event: PastEvent) -> None:
        message = self._message(event) if event.body else None
        self._add(
            Kind.OPENED, event.at, event.actor, message=message, terms=self.past.terms,
            detail={"severity": self.past.severity, "channel": self.past.channel},
        )  # fmt: skip
        if self.past.follow_up_of is not None:
            self._follow_up(self.past.follow_up_of, event)

    def _follow_up(self, earlier: PastTicket, event: PastEvent) -> None:
        closed, its_events = self.written.histories.get(earlier, (None, []))
        if (
            closed is None
            or closed.status != Ticket.Status.CLOSED
            or event.at < closed.last_event_at
        ):
            raise InvalidInput(
                "history_impossible",
                f"{self.past.subject}: follows up on a ticket that was not closed by then.",
            )
        own = self._add(Kind.FOLLOW_UP, event.at, event.actor)
        its = _event(closed, Kind.FOLLOW_UP, event.at, event.actor)
        its_events.append(its)
        self.written.follow_ups.append((closed, its, self.ticket, own))

    def _happened(self, event: PastEvent) -> None:
        ticket = self.ticket
        if event.body:
            message = self._message(event)
            self._add(
                Kind.MESSAGE, event.at, event.actor, message=message, is_public=event.is_public
            )
            self._note_work(event, message)
        if event.assigned_to is not None and event.assigned_to != ticket.assignee:
            old, ticket.assignee = ticket.assignee, event.assigned_to
            self._add(
                Kind.ASSIGNED, event.at, event.actor, is_public=False,
                old=str(old or "")[:80], new=str(event.assigned_to)[:80],
            )  # fmt: skip
        if event.severity and event.severity != ticket.severity:
            self._add(
                Kind.SEVERITY, event.at, event.actor, old=str(ticket.severity),
                new=str(event.severity), reason=event.reason[:300],
                detail={"severity": event.severity},
            )  # fmt: skip
            ticket.severity = event.severity
        if event.status and event.status != ticket.status:
            self._move(event)

    def _message(self, event: PastEvent) -> Message:
        message = Message(
            ticket=self.ticket,
            author=event.actor,
            by=side_of(event.actor),
            is_public=event.is_public,
            body=event.body,
            body_html=to_html(event.body),
            created_at=event.at,
        )
        self.written.messages.append(message)
        return message

    def _note_work(self, event: PastEvent, message: Message) -> None:
        if message.by != By.AGENT or event.actor is None:
            return
        if event.is_public and self.ticket.first_replied_at is None:
            self.ticket.first_replied_at = event.at
        if event.handle_seconds:
            self.written.handle_times.append(
                HandleTime(
                    ticket=self.ticket, message=message, agent=event.actor, at=event.at,
                    seconds=event.handle_seconds,
                )
            )  # fmt: skip

    def _move(self, event: PastEvent) -> None:
        ticket = self.ticket
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
        self._add(
            Kind.STATUS, event.at, event.actor, old=old, new=event.status,
            reason=event.reason[:300],
        )  # fmt: skip

    def _rated(self, at: datetime) -> None:
        self._check_order(at)
        self._add(Kind.RATED, at, self.past.requester, by=By.CUSTOMER, new=str(self.past.score))

    def _check_rating(self) -> None:
        past = self.past
        if past.rating_asked_at is None and past.rated_at is None and not past.score:
            return
        rated = past.rated_at is not None
        if (
            past.rating_asked_at is None
            or past.rating_asked_at > self.written.now
            or (past.rated_at is not None and past.rated_at < past.rating_asked_at)
            or rated != satisfaction.is_score(past.score)
        ):
            raise InvalidInput("history_impossible", f"{past.subject}: nobody can rate like this.")
        self.written.ratings.append(
            SatisfactionRating(
                ticket=self.ticket,
                tier=self.ticket.tier,
                requested_at=past.rating_asked_at,
                score=past.score or None,
                comment=past.comment,
                rated_at=past.rated_at,
                changed_at=past.rated_at,
                rated_by=past.requester if rated else None,
            )
        )

    def _add(self, kind: str, at: datetime, actor: User | None, **more: Any) -> TicketEvent:
        row = _event(self.ticket, kind, at, actor, **more)
        self.events.append(row)
        return row


def _ticket(past: PastTicket) -> Ticket:
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


def _event(ticket: Ticket, kind: str, at: datetime, actor: User | None, **more: Any) -> TicketEvent:
    """Return the next event of a ticket, which takes note of it."""
    ticket.last_event_seq += 1
    ticket.last_event_at = ticket.updated_at = at
    return TicketEvent(
        ticket=ticket, seq=ticket.last_event_seq, at=at, kind=kind, actor=actor,
        **{"by": side_of(actor), **more},
    )  # fmt: skip
