"""From local words to UTC intervals: one definition, some stretch of time, daylight saving exact.

Each endpoint is mapped by itself (see `local_to_utc`), then the span is clipped to its own local
date. Without the clip a date that never happened, such as 2011-12-30 in Samoa, would lend its
hours to the day after.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from tiers.rules.business_time.definition import (
    DAY_SECONDS,
    EPOCH_ORDINAL,
    CalendarDefinition,
    Spans,
    local_to_utc,
)

Interval = tuple[int, int]

# Local dates reach at most 14 hours ahead of and 12 behind UTC; two days are always enough.
MARGIN_DAYS = 2


def open_intervals(definition: CalendarDefinition, since: int, until: int) -> list[Interval]:
    """Return the sorted, disjoint open intervals of a definition within [since, until)."""
    zone = definition.zone
    first = since // DAY_SECONDS + EPOCH_ORDINAL - MARGIN_DAYS
    last = until // DAY_SECONDS + EPOCH_ORDINAL + MARGIN_DAYS
    found: list[Interval] = []
    for ordinal in range(first, last + 1):
        day = date.fromordinal(ordinal)
        hours = definition.hours_on(day)
        if not hours:
            continue
        intervals = on_date(zone, ordinal, hours)
        pauses = definition.breaks.get(day)
        if pauses:
            intervals = without(intervals, on_date(zone, ordinal, pauses))
        found.extend(intervals)
    return united(
        (max(start, since), min(end, until))
        for start, end in found
        if start < until and end > since
    )


def on_date(zone: ZoneInfo, ordinal: int, spans: Spans) -> list[Interval]:
    """Map one date's local spans to UTC, each clipped to that date, empty ones left out.

    A start never lies before its date; an end that a gap moved forward may lie behind it.
    """
    next_midnight = local_to_utc(zone, ordinal, DAY_SECONDS)
    return united(
        (
            local_to_utc(zone, ordinal, start),
            min(local_to_utc(zone, ordinal, end), next_midnight),
        )
        for start, end in spans
    )


def united(intervals: Iterable[Interval]) -> list[Interval]:
    """Sort intervals and join those that touch or overlap; drop the empty ones."""
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if result and start <= result[-1][1]:
            if end > result[-1][1]:
                result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result


def without(intervals: list[Interval], holes: list[Interval]) -> list[Interval]:
    """Take sorted, disjoint holes out of sorted, disjoint intervals."""
    result: list[Interval] = []
    for start, end in intervals:
        rest = start
        for hole_start, hole_end in holes:
            if hole_end <= rest or hole_start >= end:
                continue
            if hole_start > rest:
                result.append((rest, hole_start))
            rest = hole_end
        if rest < end:
            result.append((rest, end))
    return result
