"""Where the stored clocks of a ticket differ from what its events say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.kit import clock
from tickets.models import Clock, ClockEvent

BREACH_STEP = 100
COMPARED = (
    "status", "is_lost", "tier", "severity", "terms_id", "calendar", "target_seconds",
    "started_at", "due_at", "breaches_after", "breached_at", "stopped_at", "paused_reason",
    "ladder", "next_check_at",
)  # fmt: skip
Key = tuple[str, int]


@dataclass(slots=True)
class Stored:
    """The clocks of a ticket by metric and cycle, and what was recorded of them.

    ``events`` maps (clock, terms, step) to the recorded instant.
    """

    clocks: dict[Key, Clock] = field(default_factory=dict)
    events: dict[tuple[int, int, int], datetime] = field(default_factory=dict)


def differences(
    stored: Stored, computed: Sequence[Clock], reached: Iterable[ClockEvent], at: datetime
) -> dict[Key, dict[str, Any]]:
    """Return field -> [stored, computed] per clock that differs at an instant.

    ``reached`` are the warnings and breaches that the events imply by then, on the rows
    of ``computed``. Steps that are due but not swept yet are no difference, and neither
    are clocks that the sweep has set aside: ops see those already.
    """
    found: dict[Key, dict[str, Any]] = {}
    expected = {(row.metric, row.cycle): row for row in computed}
    for key, row in expected.items():
        have = stored.clocks.get(key)
        if have is None:
            found[key] = {"clock": [None, row.status]}
        elif not have.fault:
            found[key] = _of_clock(have, row, at)
    for key in stored.clocks.keys() - expected.keys():
        found[key] = {"clock": [stored.clocks[key].status, None]}
    _compare_events(stored, reached, at, found)
    return {key: changes for key, changes in found.items() if changes}


def _of_clock(have: Clock, want: Clock, at: datetime) -> dict[str, Any]:
    values = {name: getattr(have, name) for name in COMPARED} | swept(have, at)
    changes = {
        name: [_shown(values[name]), _shown(getattr(want, name))]
        for name in COMPARED
        if values[name] != getattr(want, name)
    }
    # While a clock runs, what has elapsed is as old as the row; its due moment says the same.
    stands = want.stopped_at is not None or want.status == Clock.Status.PAUSED
    if stands and have.elapsed_seconds != want.elapsed_seconds:
        changes["elapsed_seconds"] = [have.elapsed_seconds, want.elapsed_seconds]
    return changes


def swept(have: Clock, at: datetime) -> dict[str, Any]:
    """Return what the sweep will make of a clock whose steps have come by an instant."""
    now = clock.to_epoch(at)
    ahead = [[step, instant] for step, instant in have.ladder if instant > now]
    broken = [instant for step, instant in have.ladder if step == BREACH_STEP and instant <= now]
    values: dict[str, Any] = {
        "ladder": ahead,
        "next_check_at": clock.from_epoch(ahead[0][1]) if ahead else None,
    }
    if not have.ladder:
        values["next_check_at"] = have.next_check_at
    if broken:
        values["status"] = Clock.Status.BREACHED
        values["breached_at"] = have.breached_at or clock.from_epoch(broken[0])
    return values


def _compare_events(
    stored: Stored, reached: Iterable[ClockEvent], at: datetime, found: dict[Key, dict[str, Any]]
) -> None:
    """Find warnings and breaches that should be on record and are not, and the reverse."""
    now = clock.to_epoch(at)
    expected = set()
    for event in reached:
        key = (event.clock.metric, event.clock.cycle)
        have = stored.clocks.get(key)
        if have is None or have.fault:
            continue
        recorded = (have.pk, event.terms_id, event.step)
        expected.add(recorded)
        is_due = any(step == event.step and instant <= now for step, instant in have.ladder)
        if recorded not in stored.events and not is_due:
            found.setdefault(key, {})[f"event {event.step}"] = [None, _shown(event.at)]
    by_clock = {row.pk: key for key, row in stored.clocks.items()}
    for (clock_id, terms_id, step), instant in stored.events.items():
        if step == BREACH_STEP and (clock_id, terms_id, step) not in expected:
            key = by_clock[clock_id]
            if not stored.clocks[key].fault:
                found.setdefault(key, {})[f"event {step}"] = [_shown(instant), None]


def _shown(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
