"""The ledger of a clock as evidence: told apart by calendar version, with the days behind it.

The engine's ledger has a segment per state and promise. A calendar may have changed within one;
here it is cut where another version of the calendar came into force, and a running stretch can be
unfolded into its local days. All instants are epoch seconds in UTC, all amounts seconds, and every
sum is checked: a ledger that does not add up to what the clock says is an error, never shown as
if it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

from tickets.rules.clocks import Reading, Segment
from tickets.rules.clocks.reading import State
from tiers.rules.business_time import BusinessCalendar
from tiers.rules.business_time.calendar import FOREVER
from tiers.rules.business_time.definition import DAY_SECONDS, local_to_utc


class LedgerError(ValueError):
    """A ledger does not add up to what its clock says."""


class Dated(NamedTuple):
    """A calendar version: from which instant it rules, None for since ever, and its number."""

    since: int | None
    number: int


class Stretch(NamedTuple):
    """Time [start, end) in one state, under one promise and one version of its calendar.

    `calendar` is the name in the terms ("business-hours@3"), empty where nothing was promised;
    `version` is the number in force in this stretch.
    """

    start: int
    end: int
    state: State
    cause: str
    calendar: str
    version: int | None
    terms_key: str
    counted_seconds: int


class Day(NamedTuple):
    """One local day of a running stretch, or several closed ones in a row.

    `spans` are the open intervals in UTC. `is_holiday` says that the calendar closes that date,
    `is_special` that its hours are other than those of the weekday.
    """

    first: date
    last: date
    spans: tuple[tuple[int, int], ...]
    counted_seconds: int
    is_holiday: bool = False
    is_special: bool = False


class Days(NamedTuple):
    """The days of a stretch; what lies behind the most that is listed stays one sum."""

    listed: tuple[Day, ...]
    more_days: int
    more_seconds: int


def stretches(
    reading: Reading,
    calendars: Mapping[str, BusinessCalendar],
    versions: Mapping[str, Sequence[Dated]],
    now: int,
) -> tuple[Stretch, ...]:
    """Return the ledger of a reading, cut where the calendar version changes.

    `versions` holds, per calendar name of the terms, what that name knows of. Raises LedgerError
    when the ledger has a gap, or does not sum to the elapsed seconds to the second.
    """
    found: list[Stretch] = []
    for segment in reading.ledger:
        parts = list(_cut(segment, calendars, versions.get(segment.calendar, ())))
        counted = sum(part.counted_seconds for part in parts)
        if counted != segment.counted_seconds:
            raise LedgerError(
                f"{reading.metric}/{reading.cycle}: {segment.counted_seconds} s were counted from "
                f"{segment.start} to {segment.end}, by calendar version they are {counted} s."
            )
        found.extend(parts)
    _check(reading, found, now)
    return tuple(found)


def _cut(
    segment: Segment, calendars: Mapping[str, BusinessCalendar], versions: Sequence[Dated]
) -> Iterator[Stretch]:
    for start, end, number in _ruled(versions, segment.start, segment.end):
        counted = 0
        if segment.state == "running":
            counted = calendars[segment.calendar].elapsed(start, end)
        yield Stretch(
            start,
            end,
            segment.state,
            segment.cause,
            segment.calendar,
            number,
            segment.terms_key,
            counted,
        )


def _ruled(
    versions: Sequence[Dated], start: int, end: int
) -> Iterator[tuple[int, int, int | None]]:
    """Yield [start, end) in the parts in which one version rules; the first rules before it."""
    if not versions:
        yield start, end, None
        return
    dated = sorted((-FOREVER if one.since is None else one.since, one.number) for one in versions)
    dated[0] = (-FOREVER, dated[0][1])
    for (since, number), (until, _) in pairwise([*dated, (FOREVER, 0)]):
        if max(since, start) < min(until, end):
            yield max(since, start), min(until, end), number


def _check(reading: Reading, found: Sequence[Stretch], now: int) -> None:
    """Refuse a ledger with a gap, a wrong end, or another sum than the clock's."""
    name = f"{reading.metric}/{reading.cycle}"
    total = sum(part.counted_seconds for part in found)
    if total != reading.elapsed_seconds:
        raise LedgerError(
            f"{name}: the ledger sums to {total} s, the clock says {reading.elapsed_seconds} s."
        )
    if reading.remaining_seconds != reading.target_seconds - total:
        raise LedgerError(f"{name}: what is left is not the target less what has elapsed.")
    for one, other in pairwise(found):
        if one.end != other.start:
            raise LedgerError(f"{name}: nothing is said about {one.end} to {other.start}.")
    if found:
        end = now if reading.stopped_at is None else reading.stopped_at
        if (found[0].start, found[-1].end) != (reading.started_at, end):
            raise LedgerError(f"{name}: the ledger does not reach from its start to its end.")


def days_of(stretch: Stretch, calendar: BusinessCalendar, most: int) -> Days:
    """Unfold a running stretch into its local days, at most so many of them.

    Days that are closed by the week's hours are joined; a holiday stands for itself.
    """
    definition = calendar.definition_at(stretch.start)
    zone = definition.zone
    ordinal = datetime.fromtimestamp(stretch.start, zone).toordinal()
    last = datetime.fromtimestamp(max(stretch.start, stretch.end - 1), zone).toordinal()
    listed: list[Day] = []
    counted = 0
    while ordinal <= last and len(listed) < most:
        since = max(stretch.start, local_to_utc(zone, ordinal, 0))
        until = min(stretch.end, local_to_utc(zone, ordinal, DAY_SECONDS))
        day = date.fromordinal(ordinal)
        spans = tuple(calendar.open_spans(since, until))
        seconds = sum(end - start for start, end in spans)
        holiday = day in definition.closed_dates
        special = day in definition.special_hours or day in definition.breaks
        one = Day(day, day, spans, seconds, holiday, special)
        if listed and _is_shut(one) and _is_shut(listed[-1]):
            listed[-1] = listed[-1]._replace(last=day)
        else:
            listed.append(one)
        counted += seconds
        ordinal += 1
    if ordinal > last and counted != stretch.counted_seconds:
        raise LedgerError(
            f"The days from {stretch.start} to {stretch.end} sum to {counted} s, "
            f"the stretch to {stretch.counted_seconds} s."
        )
    return Days(tuple(listed), last + 1 - ordinal, stretch.counted_seconds - counted)


def _is_shut(day: Day) -> bool:
    """Whether nothing counts on a day and nothing particular is to be said about it."""
    return not (day.spans or day.is_holiday or day.is_special)
