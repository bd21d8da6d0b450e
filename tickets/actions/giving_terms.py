"""Give open tickets new terms, many at a time: one event on each, and its clocks recomputed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import F

from portal.kit import clock
from portal.kit.bulk import insert_all, update_all
from tickets.actions.clocks import (
    History,
    Readings,
    engine_event,
    evaluated,
    histories_of,
    keep_contents,
    parsed_terms,
    store_clocks,
)
from tickets.actions.events import By, hold_back_sweep, side_of
from tickets.models import Clock, PromiseTerms, RecomputeRun, Ticket, TicketEvent
from tickets.terms import Content, CountedIn, NewTerms, PromisedAt
from tiers.calendars import calendar_key, calendars_by_key, pinned_number
from tiers.rules.business_time import BusinessCalendar

Kind, Mode = RecomputeRun.Kind, RecomputeRun.Mode
# What new terms change on a ticket.
CHANGED = [
    "terms", "tier", "rank_at", "rank_metric", "last_event_seq", "last_event_at", "updated_at",
]  # fmt: skip


def new_terms_of(run: RecomputeRun) -> NewTerms:
    """Return where the tickets of a run get their terms: the promise as it was at its start."""
    subject, _, name = run.source.partition(":")
    if run.kind == Kind.CALENDAR:
        number = pinned_number(name)
        if subject != "calendar" or number is None:
            raise RuntimeError(f"Run {run.pk} does not say which calendar version it is for.")
        return CountedIn(calendar_key(name), number)
    return PromisedAt(run.created_at)


def give_terms(*, run: RecomputeRun, ticket_ids: Sequence[int], now: datetime) -> int:
    """Give locked tickets the terms of a run; return how many were changed.

    A ticket that was solved meanwhile is left alone, and one that has these terms
    already gets no second event. Raises for a ticket whose events cannot be read.
    """
    tickets = list(Ticket.objects.active().filter(pk__in=ticket_ids).order_by("pk"))
    stored = PromiseTerms.objects.in_bulk({ticket.terms_id for ticket in tickets})
    wanted = new_terms_of(run).of(tickets, stored)
    behind = _behind(tickets) if run.mode != Mode.KEEP else set()
    changing = [
        ticket
        for ticket in tickets
        if ticket.pk in wanted
        and (wanted[ticket.pk].digest != stored[ticket.terms_id].digest or ticket.pk in behind)
    ]
    if changing:
        _give(run, changing, wanted, now)
    return len(changing)


def _behind(tickets: Iterable[Ticket]) -> set[int]:
    """Return the tickets with a clock that still runs under other terms than the ticket's."""
    live = Clock.objects.filter(ticket__in=tickets, stopped_at=None)
    return set(live.exclude(terms=F("ticket__terms")).values_list("ticket_id", flat=True))


def _give(
    run: RecomputeRun, tickets: Sequence[Ticket], wanted: Mapping[int, Content], now: datetime
) -> None:
    kept = keep_contents(wanted[ticket.pk] for ticket in tickets)
    # New terms must not begin before a breach that is on record under the old ones.
    recorded = hold_back_sweep([ticket.pk for ticket in tickets])
    histories = histories_of(ticket.pk for ticket in tickets)
    calendars = calendars_by_key()
    events: list[TicketEvent] = []
    computed: list[tuple[Ticket, Readings, datetime]] = []
    for ticket in tickets:
        at = max(now, ticket.last_event_at, recorded.get(ticket.pk, now))
        event = _event(run, ticket, kept[wanted[ticket.pk].digest], at)
        computed.append((ticket, _with(event, histories[ticket.pk], calendars), at))
        events.append(event)
    insert_all(events)
    store_clocks(computed)
    update_all(tickets, CHANGED)


def _event(run: RecomputeRun, ticket: Ticket, terms: PromiseTerms, at: datetime) -> TicketEvent:
    """Return the event that gives a ticket its terms, and put them on the ticket."""
    ticket.last_event_seq += 1
    ticket.last_event_at = ticket.updated_at = at
    ticket.terms, ticket.tier = terms, terms.tier
    return TicketEvent(
        ticket=ticket,
        seq=ticket.last_event_seq,
        at=at,
        kind=TicketEvent.Kind.TERMS,
        by=side_of(run.started_by) if run.started_by else By.SYSTEM,
        actor=run.started_by,
        # What runs on as it was is no news for the customer.
        is_public=run.mode != Mode.KEEP,
        reason=run.reason,
        terms=terms,
        detail={"mode": run.mode, "run": run.pk, "source": run.source},
    )


def _with(
    event: TicketEvent, history: History, calendars: Mapping[str, BusinessCalendar]
) -> Readings:
    assert event.terms is not None
    history.agree(event.terms, engine_event(event, parsed_terms(event.terms)))
    return evaluated(history, calendars, clock.to_epoch(event.at))
