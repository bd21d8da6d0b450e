"""Bring the clocks of a ticket in line with its events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from portal.kit import clock
from portal.kit.bulk import insert_all, insert_or_update
from tickets.models import Clock, ClockEvent, PromiseTerms, Ticket, TicketEvent
from tickets.rules import clocks as rules
from tickets.rules.queue_order import next_promise
from tickets.terms import Content, content_of
from tiers.calendars import calendars_by_key, pinned_names
from tiers.promises import Promise
from tiers.rules.business_time import BusinessCalendar

ENGINE_KINDS = (
    TicketEvent.Kind.OPENED,
    TicketEvent.Kind.MESSAGE,
    TicketEvent.Kind.STATUS,
    TicketEvent.Kind.SEVERITY,
    TicketEvent.Kind.TERMS,
    TicketEvent.Kind.NO_REPLY_NEEDED,
    TicketEvent.Kind.MERGED,
    TicketEvent.Kind.TOOK_IN,
    TicketEvent.Kind.SPLIT_FROM,
)
# What the engine calls by one name: a ticket inherits from another.
INHERITING = frozenset({TicketEvent.Kind.TOOK_IN, TicketEvent.Kind.SPLIT_FROM})
# What the engine reads of an event, fetched without making a model of each.
ENGINE_FIELDS = (
    "ticket_id", "at", "seq", "kind", "by", "is_public", "is_automatic", "new", "detail",
    "terms_id",
)  # fmt: skip
STORED = [
    "status", "is_lost", "tier", "severity", "terms", "calendar", "target_seconds",
    "elapsed_seconds", "started_at", "due_at", "breaches_after", "breached_at", "stopped_at",
    "paused_reason", "ladder", "next_check_at", "fault",
]  # fmt: skip


def keep_terms(promise: Promise) -> PromiseTerms:
    """Return the stored copy of a promise, word for word; the same promise is one row.

    It names each calendar with its newest version, so that a later one does not
    reach the clocks that run under these terms.
    """
    calendars = pinned_names({target.calendar for target in promise.targets.values()})
    content = content_of(promise, calendars)
    return keep_contents([content])[content.digest]


def keep_contents(contents: Iterable[Content]) -> dict[str, PromiseTerms]:
    """Return the stored rows of terms by their digest; what is not there yet is written."""
    wanted = {content.digest: content for content in contents}
    found = {row.digest: row for row in PromiseTerms.objects.filter(digest__in=wanted)}
    missing = sorted(set(wanted) - set(found))
    if missing:
        PromiseTerms.objects.bulk_create(
            [
                PromiseTerms(
                    digest=digest,
                    content=wanted[digest].stored_form,
                    policy_version=wanted[digest].policy_version,
                    tier=wanted[digest].tier,
                )
                for digest in missing
            ],
            ignore_conflicts=True,
        )
        # Read again: somebody else may have been faster with the same ones.
        found |= {row.digest: row for row in PromiseTerms.objects.filter(digest__in=missing)}
    return found


def engine_rows(ticket: Ticket) -> list[TicketEvent]:
    """Return the events of a ticket that the engine reads, in their order."""
    return list(
        TicketEvent.objects.filter(ticket=ticket, kind__in=ENGINE_KINDS)
        .select_related("terms")
        .order_by("seq")
    )


class EngineRow(Protocol):
    """What the engine reads of a stored event: a row, or its values under the same names."""

    @property
    def at(self) -> datetime: ...
    @property
    def seq(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def by(self) -> str: ...
    @property
    def is_public(self) -> bool: ...
    @property
    def is_automatic(self) -> bool: ...
    @property
    def new(self) -> str: ...
    @property
    def detail(self) -> Any: ...


def engine_event(row: EngineRow, terms: rules.Terms | None) -> rules.Event:
    """Return one stored event as the engine reads it."""
    status = "new" if row.kind == TicketEvent.Kind.OPENED else None
    inherits = row.kind in INHERITING
    taken = row.detail.get("taken")
    return rules.Event(
        at=clock.to_epoch(row.at),
        seq=row.seq,
        kind="took_in" if inherits else row.kind,  # type: ignore[arg-type]  # its kinds are ours
        by=row.by,  # type: ignore[arg-type]
        public=row.is_public,
        automatic=row.is_automatic,
        status=row.new if row.kind == TicketEvent.Kind.STATUS else status,
        severity=row.detail.get("severity"),
        terms=terms,
        mode=row.detail.get("mode", "retarget"),
        taken=(rules.Taken.from_json(taken) if taken else rules.Taken()) if inherits else None,
        recorded=True,
    )


@dataclass(frozen=True, slots=True)
class Readings:
    """What the engine says of a ticket, with the stored terms it speaks of, by digest."""

    clocks: tuple[rules.Reading, ...]
    terms: Mapping[str, PromiseTerms]


def read_clocks(rows: Iterable[TicketEvent], now: datetime) -> Readings:
    """Evaluate the clocks of a ticket at an instant, from its events alone."""
    terms: dict[str, PromiseTerms] = {}
    events = []
    for row in rows:
        if row.terms is not None:
            terms[row.terms.digest] = row.terms
        events.append(engine_event(row, parsed_terms(row.terms) if row.terms else None))
    keys = frozenset().union(*(calendar_keys(row) for row in terms.values()))
    return Readings(rules.evaluate(events, calendars_by_key(keys), clock.to_epoch(now)), terms)


def parsed_terms(row: PromiseTerms) -> rules.Terms:
    """Return stored terms as the engine reads them; they never change, so once per process."""
    found = _parsed.get(row.digest)
    if found is None:
        found = _parsed[row.digest] = rules.Terms.from_json(row.content)
    return found


_parsed: dict[str, rules.Terms] = {}


def calendar_keys(row: PromiseTerms) -> frozenset[str]:
    """Return the keys of the calendars that terms count in."""
    return frozenset(target.calendar for target in parsed_terms(row).targets.values())


def readings_of(ticket: Ticket, now: datetime) -> Readings:
    """Evaluate a stored ticket's clocks at an instant."""
    return read_clocks(engine_rows(ticket), now)


@dataclass(slots=True)
class History:
    """The events of one ticket as the engine reads them, and the stored terms they name."""

    events: list[rules.Event] = field(default_factory=list)
    terms: dict[str, PromiseTerms] = field(default_factory=dict)

    def agree(self, terms: PromiseTerms, event: rules.Event) -> None:
        """Append the event that gives the ticket new terms."""
        self.terms[terms.digest] = terms
        self.events.append(event)


def histories_of(ticket_ids: Iterable[int]) -> dict[int, History]:
    """Return what the engine reads of many tickets, in two statements."""
    wanted = list(ticket_ids)
    rows = list(
        TicketEvent.objects.filter(ticket_id__in=wanted, kind__in=ENGINE_KINDS)
        .order_by("ticket_id", "seq")
        .values_list(*ENGINE_FIELDS, named=True)
    )
    terms = PromiseTerms.objects.in_bulk({row.terms_id for row in rows} - {None})
    found = {pk: History() for pk in wanted}
    for row in rows:
        history, agreed = found[row.ticket_id], terms.get(row.terms_id)
        if agreed is not None:
            history.terms[agreed.digest] = agreed
        history.events.append(engine_event(row, parsed_terms(agreed) if agreed else None))
    return found


def evaluated(history: History, calendars: Mapping[str, BusinessCalendar], at: int) -> Readings:
    """Evaluate a ticket's clocks at an instant, in epoch seconds."""
    return Readings(rules.evaluate(history.events, calendars, at), history.terms)


def reclock(ticket: Ticket, now: datetime) -> None:
    """Recompute and store the clocks of a locked ticket; the caller saves the ticket.

    Its last event counts also when this machine's clock is behind.
    """
    at = max(now, ticket.last_event_at)
    store_clocks([(ticket, readings_of(ticket, at), at)])


def store_clocks(computed: Iterable[tuple[Ticket, Readings, datetime]]) -> None:
    """Store the clocks of locked tickets and rank the tickets, which the caller saves.

    Each comes with the instant it was computed for. Steps that were reached by then
    and that no sweep has recorded yet are recorded here with their true instant, so
    that an answer that comes seconds after a breach cannot hide it.
    """
    rows: list[Clock] = []
    begun: list[tuple[rules.Reading, Mapping[str, PromiseTerms], datetime]] = []
    for ticket, readings, at in computed:
        of_ticket, started = clock_rows(ticket, readings, at)
        rows += of_ticket
        begun += [(reading, started.terms, at) for reading in started.clocks]
    stored = insert_or_update(
        rows, unique_fields=["ticket", "metric", "cycle"], update_fields=STORED
    )
    events = [
        event
        for row, (reading, terms, at) in zip(stored, begun, strict=True)
        for event in reached_events(row, reading, terms, at)
    ]
    insert_all(events, skip_known=True)


def clock_rows(ticket: Ticket, readings: Readings, now: datetime) -> tuple[list[Clock], Readings]:
    """Return the rows to store, one per reading that has begun, and rank the ticket by them."""
    begun = Readings(
        tuple(reading for reading in readings.clocks if reading.started_at is not None),
        readings.terms,
    )
    promise = next_promise(begun.clocks, ticket.status)
    ticket.rank_at = clock.from_epoch(promise.sort_at)
    ticket.rank_metric = promise.metric
    return [_row(ticket, reading, readings.terms, now) for reading in begun.clocks], begun


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else clock.from_epoch(seconds)


def _row(
    ticket: Ticket, reading: rules.Reading, terms_rows: Mapping[str, PromiseTerms], now: datetime
) -> Clock:
    at = clock.to_epoch(now)
    ladder = (
        [[alarm.step, alarm.at] for alarm in reading.alarms if alarm.at > at]
        if reading.stopped_at is None
        else []
    )
    terms = terms_rows.get(reading.terms_key) or ticket.terms
    # A promise that was broken and then replaced stays broken, and with the tier that made it.
    lost = terms_rows.get(reading.lost_key)
    return Clock(
        ticket=ticket,
        metric=reading.metric,
        cycle=reading.cycle,
        status=reading.status,
        tier=(lost or terms).tier,
        is_lost=lost is not None,
        severity=ticket.severity,
        terms=terms,
        calendar=reading.calendar,
        target_seconds=reading.target_seconds,
        elapsed_seconds=reading.elapsed_seconds,
        started_at=clock.from_epoch(reading.started_at or 0),
        due_at=_instant(reading.due_at),
        breaches_after=_instant(reading.breaches_after),
        breached_at=_instant(reading.breached_at),
        stopped_at=_instant(reading.stopped_at),
        paused_reason=(reading.paused_reason or "").removeprefix("status:"),
        ladder=ladder,
        next_check_at=_instant(ladder[0][1]) if ladder else None,
        fault="",
    )


def reached_events(
    row: Clock, reading: rules.Reading, terms: Mapping[str, PromiseTerms], now: datetime
) -> list[ClockEvent]:
    """Return the warnings and breaches that a clock has behind it at ``now``."""
    at = clock.to_epoch(now)
    reached = {
        (reading.terms_key, alarm.step): alarm.at for alarm in reading.alarms if alarm.at <= at
    }
    reached |= {(breach.terms_key, 100): breach.at for breach in reading.breaches}
    return [
        ClockEvent(
            clock=row,
            ticket_id=row.ticket_id,
            terms=terms.get(terms_key, row.terms),
            kind=ClockEvent.Kind.BREACH if step == 100 else ClockEvent.Kind.WARNING,
            step=step,
            at=clock.from_epoch(instant),
            recorded_at=now,
        )
        for (terms_key, step), instant in reached.items()
    ]
