"""How numbers spread: mean, median and 90th percentile per tier.

The one place of this room where the databases differ. PostgreSQL computes
``percentile_cont`` itself; SQLite has none, so there the numbers are read and the same
definition is applied here. Both interpolate linearly between the two nearest ranks
(SQL:2003 ``percentile_cont``), which a test holds them to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

MEDIAN, NINE_OF_TEN = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Spread:
    """A set of durations, in seconds; all but ``count`` are None for an empty set."""

    count: int = 0
    mean: float | None = None
    median: float | None = None
    p90: float | None = None


EMPTY = Spread()


def spreads(rows: "QuerySet[Any, tuple[Any, ...]]") -> Mapping[str, Spread]:
    """Return the spread per tier of a queryset of (tier, duration); a null duration is no case.

    Durations are seconds or intervals. One query, whatever the number of tiers.
    """
    if connection.vendor == "postgresql":
        return _in_the_database(rows)
    return spreads_of(rows)


def spreads_of(rows: Iterable[tuple[str, Any]]) -> dict[str, Spread]:
    """Return the spread per tier of (tier, duration) pairs."""
    numbers: dict[str, list[float]] = {}
    for tier, duration in rows:
        if duration is not None:
            numbers.setdefault(tier, []).append(_seconds(duration))
    return {tier: spread_of(found) for tier, found in numbers.items()}


def spread_of(numbers: Sequence[float]) -> Spread:
    """Return the spread of some durations in seconds."""
    if not numbers:
        return EMPTY
    ordered = sorted(numbers)
    return Spread(
        count=len(ordered),
        mean=sum(ordered) / len(ordered),
        median=percentile(ordered, MEDIAN),
        p90=percentile(ordered, NINE_OF_TEN),
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of the ordered values lie, interpolated linearly."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _in_the_database(rows: "QuerySet[Any, tuple[Any, ...]]") -> dict[str, Spread]:
    try:
        sql, parameters = rows.order_by().query.sql_with_params()
    except EmptyResultSet:  # the filter alone shows that there is nothing
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT tier, count(duration), avg(duration),
                   percentile_cont({MEDIAN}) WITHIN GROUP (ORDER BY duration),
                   percentile_cont({NINE_OF_TEN}) WITHIN GROUP (ORDER BY duration)
            FROM ({sql}) AS measured (tier, duration)
            WHERE duration IS NOT NULL
            GROUP BY tier
            """,  # noqa: S608  (a compiled queryset and two constants)
            parameters,
        )
        return {
            tier: Spread(count, _seconds(mean), _seconds(median), _seconds(p90))
            for tier, count, mean, median, p90 in cursor.fetchall()
        }


def _seconds(duration: Any) -> float:
    if isinstance(duration, timedelta):
        return duration.total_seconds()
    return float(duration)
