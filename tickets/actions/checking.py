"""Compare stored clocks with what their events say. Looking changes nothing.

A first look reads a batch without holding anything. What differs there may only have
changed while it was read, so each such ticket is looked at again, held this time; what
still differs is a discrepancy, and an alarm.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from portal.kit import clock
from portal.kit.claims import claim, lock
from tickets.actions.clocks import clock_rows, evaluated, histories_of, reached_events
from tickets.clock_differences import Key, Stored, differences
from tickets.models import Clock, ClockDiscrepancy, ClockEvent, RecomputeRun, Ticket
from tiers.calendars import calendars_by_key

log = structlog.get_logger("tickets.checking")

UNREADABLE = (LookupError, TypeError, ValueError, ArithmeticError)
# Per clock (or "", 0 for the ticket itself): field -> [stored, computed].
Differences = dict[Key, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """How many tickets of a batch differ from their events, and how many cannot be computed."""

    differing: int
    unreadable: int


def check_tickets(*, run: RecomputeRun, ticket_ids: Sequence[int], now: datetime) -> Found:
    """Compare tickets with their events; write down and shout about what differs.

    What earlier checks found on these tickets is settled: either it is right again, or
    it is found again.
    """
    suspects = [pk for pk, found in _look(ticket_ids, now).items() if found]
    sure = {}
    for pk in suspects:
        # Who holds it is changing it right now; the next check sees what came of it.
        if claim(Ticket.objects.filter(pk=pk).order_by("pk"), 1).first() is None:
            continue
        list(lock(Clock.objects.filter(ticket=pk).order_by("pk").only("pk")))
        found = _look([pk], now)[pk]
        if found:
            sure[pk] = found
    ClockDiscrepancy.objects.filter(
        ticket__in=ticket_ids, settled_at=None, run__kind=RecomputeRun.Kind.CHECK
    ).exclude(run=run).update(settled_at=now)
    _write(run, sure, now)
    unreadable = sum(1 for found in sure.values() if "error" in found.get(("", 0), {}))
    return Found(differing=len(sure) - unreadable, unreadable=unreadable)


def _write(run: RecomputeRun, found: dict[int, Differences], now: datetime) -> None:
    for pk, of_ticket in found.items():
        log.error(
            "clocks differ from their events",
            ticket=pk,
            run=run.pk,
            differences={f"{metric}/{cycle}": diff for (metric, cycle), diff in of_ticket.items()},
        )
    ClockDiscrepancy.objects.bulk_create(
        [
            ClockDiscrepancy(
                run=run, ticket_id=pk, metric=metric, cycle=cycle, difference=diff, found_at=now
            )
            for pk, of_ticket in found.items()
            for (metric, cycle), diff in of_ticket.items()
        ],
        ignore_conflicts=True,
    )


def _look(ticket_ids: Sequence[int], now: datetime) -> dict[int, Differences]:
    """Return what differs per ticket, in a fixed number of statements."""
    stored = _stored(ticket_ids)
    tickets = Ticket.objects.filter(pk__in=ticket_ids)
    histories = histories_of(ticket_ids)
    calendars = calendars_by_key()
    found: dict[int, Differences] = {}
    for ticket in tickets:
        at = max(now, ticket.last_event_at)
        try:
            readings = evaluated(histories[ticket.pk], calendars, clock.to_epoch(at))
            ranked = copy(ticket)
            rows, begun = clock_rows(ranked, readings, at)
            reached = [
                event
                for row, reading in zip(rows, begun.clocks, strict=True)
                for event in reached_events(row, reading, begun.terms, at)
            ]
            of_clocks = differences(stored[ticket.pk], rows, reached, at)
        except UNREADABLE as error:
            found[ticket.pk] = {("", 0): {"error": f"{type(error).__name__}: {error}"[:300]}}
            continue
        of_ticket = {
            name: [str(getattr(ticket, name)), str(getattr(ranked, name))]
            for name in ("rank_at", "rank_metric")
            if getattr(ticket, name) != getattr(ranked, name)
        }
        found[ticket.pk] = {**of_clocks, **({("", 0): of_ticket} if of_ticket else {})}
    return found


def _stored(ticket_ids: Sequence[int]) -> dict[int, Stored]:
    found = {pk: Stored() for pk in ticket_ids}
    for row in Clock.objects.filter(ticket_id__in=ticket_ids):
        found[row.ticket_id].clocks[(row.metric, row.cycle)] = row
    events = ClockEvent.objects.filter(ticket_id__in=ticket_ids).values_list(
        "ticket_id", "clock_id", "terms_id", "step", "at"
    )
    for ticket_id, clock_id, terms_id, step, at in events:
        found[ticket_id].events[(clock_id, terms_id, step)] = at
    return found
