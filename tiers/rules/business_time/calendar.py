"""The compiled calendar: sorted UTC intervals with prefix sums, and the questions asked of them.

A table is `(since, until, starts, ends, before, total)`: everything open within [since, until),
where `before[i]` is the open time, in seconds, from an arbitrary origin up to `starts[i]`, and
`total` the open time from that origin up to `until`. The first interval is an empty sentinel at
`since`, so an instant inside the table always has an interval at or before it. Tables grow by
whole UTC years, on demand, in both directions, and are replaced rather than changed: threads may
share a calendar without a lock.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Self

from tiers.rules.business_time.compiling import Interval, open_intervals, united
from tiers.rules.business_time.definition import (
    DAY_SECONDS,
    EPOCH_ORDINAL,
    CalendarDefinition,
    CalendarError,
    NeverOpenError,
    NoOpeningError,
    local_to_utc,
)

Table = tuple[int, int, list[int], list[int], list[int], int]

FOREVER = 1 << 62
# How far from its start a search goes before it gives up, and the years that can be compiled.
SEARCH_YEARS = 60
SEARCH_SECONDS = SEARCH_YEARS * 366 * DAY_SECONDS
FIRST_YEAR, LAST_YEAR = 1900, 2300


def new_year(year: int) -> int:
    """Return the first instant of a UTC year."""
    return (date(year, 1, 1).toordinal() - EPOCH_ORDINAL) * DAY_SECONDS


def year_of(instant: int) -> int:
    """Return the UTC year of an instant, if it is one that can be compiled."""
    if not new_year(FIRST_YEAR) <= instant < new_year(LAST_YEAR):
        raise CalendarError(
            f"Instant {instant} lies outside the years {FIRST_YEAR} to {LAST_YEAR - 1}."
        )
    return datetime.fromtimestamp(instant, UTC).year


def table_of(since: int, until: int, intervals: Sequence[Interval], origin: int) -> Table:
    """Build a table from sorted, disjoint intervals; `origin` is the open time before `since`."""
    starts, ends, before = [since], [since], [origin]
    for start, end in intervals:
        starts.append(start)
        ends.append(end)
        before.append(origin)
        origin += end - start
    return since, until, starts, ends, before, origin


class BusinessCalendar:
    """Dated versions of a calendar definition, compiled lazily.

    `versions` are pairs (valid_from, definition); the earliest also governs all time before it.
    Each version rules from its instant until the next one's, so an edit never changes the past.
    """

    __slots__ = ("_table", "_versions")

    def __init__(self, versions: Sequence[tuple[int | None, CalendarDefinition]]) -> None:
        if not versions:
            raise NeverOpenError("A calendar needs at least one version.")
        dated = sorted(
            ((-FOREVER if since is None else since, definition) for since, definition in versions),
            key=lambda version: version[0],
        )
        for (one, _), (other, _) in pairwise(dated):
            if one == other:
                raise CalendarError("Two versions of a calendar start at the same instant.")
        dated[0] = (-FOREVER, dated[0][1])
        self._versions: tuple[tuple[int, CalendarDefinition], ...] = tuple(dated)
        self._table: Table | None = None

    @classmethod
    def from_intervals(cls, intervals: Iterable[Interval]) -> Self:
        """Return a calendar open exactly during these UTC intervals and never else."""
        spans = united(intervals)
        if not spans:
            raise NeverOpenError("A calendar needs at least one open interval.")
        calendar = cls.__new__(cls)
        calendar._versions = ()
        calendar._table = table_of(-FOREVER, FOREVER, spans, 0)
        return calendar

    def elapsed(self, a: int, b: int) -> int:
        """Return the open seconds within [a, b); 0 when b is not after a."""
        if b <= a:
            return 0
        table = self._table
        if table is None or a < table[0] or b > table[1]:
            table = self.covering(a, b)
        _, _, starts, ends, before, _ = table
        i = bisect_right(starts, b) - 1
        end = ends[i]
        at_b = before[i] + (b if b < end else end) - starts[i]
        if a >= starts[i]:  # both in one interval, or in the closed time after it
            return at_b - before[i] - (a if a < end else end) + starts[i]
        i = bisect_right(starts, a) - 1
        end = ends[i]
        return at_b - before[i] - (a if a < end else end) + starts[i]

    def due(self, a: int, seconds: int) -> int:
        """Return the earliest t with elapsed(a, t) >= seconds: closing time on the boundary."""
        if seconds <= 0:
            return self._refuse_negative(seconds) or a
        table = self._table
        if table is None or a < table[0] or a > table[1]:
            table = self.covering(a, a)
        _, _, starts, ends, before, total = table
        i = bisect_right(starts, a) - 1
        end = ends[i]
        position = before[i] + (a if a < end else end) - starts[i] + seconds
        if position > total:
            _, _, starts, _, before, _ = self._reaching(a, position)
        i = bisect_left(before, position) - 1
        due = starts[i] + position - before[i]
        if due - a > SEARCH_SECONDS:
            self._refuse_far()
        return due

    def instants(self, a: int, seconds: int) -> tuple[int, int]:
        """Return `due` and `last_moment` together; they differ only on a boundary."""
        table = self._table
        if seconds <= 0 or table is None or a < table[0] or a > table[1]:
            return self.due(a, seconds), self.last_moment(a, seconds)
        _, _, starts, ends, before, total = table
        i = bisect_right(starts, a) - 1
        end = ends[i]
        position = before[i] + (a if a < end else end) - starts[i] + seconds
        if position >= total:
            _, _, starts, ends, before, _ = self._reaching(a, position + 1)
        i = bisect_left(before, position) - 1
        due = starts[i] + position - before[i]
        last = due if due < ends[i] else starts[i + 1]
        if last - a > SEARCH_SECONDS:
            self._refuse_far()
        return due, last

    def dues(self, a: int, amounts: Sequence[int]) -> list[int]:
        """Return `due(a, seconds)` for each of several amounts, all positive and ascending."""
        table = self._table
        if table is None or a < table[0] or a > table[1]:
            table = self.covering(a, a)
        _, _, starts, ends, before, total = table
        i = bisect_right(starts, a) - 1
        end = ends[i]
        origin = before[i] + (a if a < end else end) - starts[i]
        if origin + amounts[-1] > total:
            _, _, starts, _, before, _ = self._reaching(a, origin + amounts[-1])
        found = []
        for seconds in amounts:
            position = origin + seconds
            i = bisect_left(before, position, i) - 1
            found.append(starts[i] + position - before[i])
        if found[-1] - a > SEARCH_SECONDS:
            self._refuse_far()
        return found

    def last_moment(self, a: int, seconds: int) -> int:
        """Return the last t with elapsed(a, t) <= seconds: next opening on the boundary."""
        if seconds < 0:
            self._refuse_negative(seconds)
        table = self._table
        if table is None or a < table[0] or a > table[1]:
            table = self.covering(a, a)
        _, _, starts, ends, before, total = table
        i = bisect_right(starts, a) - 1
        end = ends[i]
        position = before[i] + (a if a < end else end) - starts[i] + seconds
        if position >= total:
            _, _, starts, _, before, _ = self._reaching(a, position + 1)
        i = bisect_right(before, position) - 1
        last = starts[i] + position - before[i]
        if last - a > SEARCH_SECONDS:
            self._refuse_far()
        return last

    def subtract(self, b: int, seconds: int) -> int:
        """Return the latest t with elapsed(t, b) >= seconds; for 0 the last open moment up to b."""
        if seconds < 0:
            self._refuse_negative(seconds)
        table, position = self._position(b)
        position -= seconds
        # For 0 the answer is the end of an interval, which must begin before the position.
        least = position if seconds else position - 1
        if table[4][0] > least:
            table = self._reaching_back(b, least)
        i = (bisect_right if seconds else bisect_left)(table[4], position) - 1
        instant = table[2][i] + position - table[4][i]
        if b - instant > SEARCH_SECONDS:
            self._refuse_far()
        return instant

    def is_open(self, t: int) -> bool:
        """Whether the second starting at t is open; closing time itself is not."""
        _, _, starts, ends, _, _ = self.covering(t, t + 1)
        return t < ends[bisect_right(starts, t) - 1]

    def next_opening(self, t: int) -> int:
        """Return t when open, else the next opening after it."""
        return self.last_moment(t, 0)

    def closing(self, t: int) -> int | None:
        """Return the end of the open time running at t, or of the next; None when it never ends."""
        opening = self.next_opening(t)
        for years in range(SEARCH_YEARS):
            table, _ = self._position(opening)
            end = table[3][bisect_right(table[2], opening) - 1]
            if end < table[1]:
                return end
            if end >= FOREVER:
                return None
            self._grown(new_year(year_of(opening) + years + 1))
        return None

    def open_spans(self, a: int, b: int) -> list[Interval]:
        """Return the open intervals within [a, b), clipped to it, in order."""
        if b <= a:
            return []
        _, _, starts, ends, _, _ = self.covering(a, b)
        first, last = bisect_right(ends, a), bisect_left(starts, b)
        return [(max(starts[i], a), min(ends[i], b)) for i in range(first, last)]

    def periods_after(self, t: int, count: int) -> list[Interval]:
        """Return the next open intervals from t on; the first is clipped to start at t."""
        found: list[Interval] = []
        while len(found) < count:
            opening = self.next_opening(t)
            end = self.closing(opening)
            if end is None:
                raise NoOpeningError("This calendar never closes, so it has no next opening.")
            found.append((opening, end))
            t = end
        return found

    def periods_before(self, t: int, count: int) -> list[Interval]:
        """Return the previous open intervals up to t, latest first, clipped to end at t."""
        found: list[Interval] = []
        while len(found) < count:
            end = self.subtract(t, 0)
            table, _ = self._position(end)
            i = bisect_left(table[2], end) - 1
            while i <= 1 and table[2][i] == table[0]:  # may have begun before the table does
                if table[0] <= -FOREVER:
                    raise NoOpeningError("This calendar was always open before that instant.")
                table = self._grown(table[0] - 1)
                i = bisect_left(table[2], end) - 1
            found.append((table[2][i], end))
            t = table[2][i]
        return found

    def add_days(self, t: int, days: int) -> int:
        """Go on by business days at the same local time, then to the next open moment."""
        return self.next_opening(self._days_away(t, days, 1))

    def subtract_days(self, t: int, days: int) -> int:
        """Go back by business days at the same local time, then to the last open moment."""
        return self.subtract(self._days_away(t, days, -1), 0)

    def definition_at(self, t: int) -> CalendarDefinition:
        """Return the version in force at t."""
        if not self._versions:
            raise CalendarError("A calendar made of plain intervals has no local days.")
        return self._versions[bisect_right(self._versions, t, key=lambda v: v[0]) - 1][1]

    def _days_away(self, t: int, days: int, step: int) -> int:
        if days < 0:
            self._refuse_negative(days)
        zone = self.definition_at(t).zone
        local = datetime.fromtimestamp(t, zone)
        ordinal, limit = local.toordinal(), SEARCH_YEARS * 366
        second = local.hour * 3600 + local.minute * 60 + local.second
        while days:
            ordinal += step
            limit -= 1
            if limit < 0:
                raise NoOpeningError(f"No business day found within {SEARCH_YEARS} years.")
            noon = local_to_utc(zone, ordinal, DAY_SECONDS // 2)
            days -= self.definition_at(noon).opens_on(date.fromordinal(ordinal))
        return local_to_utc(zone, ordinal, second) if local.toordinal() != ordinal else t

    @staticmethod
    def _refuse_negative(amount: int) -> None:
        if amount < 0:
            raise CalendarError("An amount of business time cannot be negative.")

    def _position(self, t: int) -> tuple[Table, int]:
        """Return the table holding t, and the open seconds from the origin up to t."""
        table = self._table
        if table is None or t < table[0] or t > table[1]:
            table = self.covering(t, t)
        _, _, starts, ends, before, _ = table
        i = bisect_right(starts, t) - 1
        end = ends[i]
        return table, before[i] + (t if t < end else end) - starts[i]

    @property
    def is_searched(self) -> bool:
        """Whether it is compiled as far as asked for, and a search has to end somewhere."""
        return bool(self._versions)

    def covering(self, a: int, b: int) -> Table:
        """Return a table holding both ends of [a, b)."""
        table = self._table
        if table is None or a < table[0] or a > table[1]:
            table = self._grown(a)
        return table if b <= table[1] else self._grown(b)

    def reaching(self, a: int, position: int) -> Table:
        """Return a table whose open time reaches a position, or all that is searched from a."""
        table = self.covering(a, a)
        limit = min(a + SEARCH_SECONDS, new_year(LAST_YEAR))
        while table[5] < position and self._versions and table[1] < limit:
            table = self._grown(table[1] + 1)
        return table

    def reaching_back(self, b: int, position: int) -> Table:
        """Return a table that begins by a position, or all that is searched back from b."""
        table = self.covering(b, b)
        limit = max(b - SEARCH_SECONDS, new_year(FIRST_YEAR))
        while table[4][0] > position and self._versions and table[0] > limit:
            table = self._grown(table[0] - 1)
        return table

    def _reaching(self, a: int, position: int) -> Table:
        table = self.reaching(a, position)
        if table[5] < position:
            raise NoOpeningError(f"Not enough open time within {SEARCH_YEARS} years.")
        return table

    def _reaching_back(self, b: int, position: int) -> Table:
        table = self.reaching_back(b, position)
        if table[4][0] > position:
            raise NoOpeningError(f"Not enough open time within the last {SEARCH_YEARS} years.")
        return table

    def _refuse_far(self) -> None:
        """Refuse an answer that is there only because somebody has asked farther out before."""
        if self._versions:
            raise NoOpeningError(f"Not enough open time within {SEARCH_YEARS} years.")

    def _grown(self, t: int) -> Table:
        """Return a table holding t, compiling the years between it and what is there."""
        table = self._table
        if table is None:
            since, until = new_year(year_of(t)), new_year(year_of(t) + 1)
            table = table_of(since, until, self._compiled(since, until), 0)
        elif t < table[0]:
            since = new_year(year_of(t))
            added = self._compiled(since, table[0])
            origin = table[4][0] - sum(end - start for start, end in added)
            known = zip(table[2], table[3], strict=True)
            table = table_of(since, table[1], united([*added, *known]), origin)
        elif t > table[1]:
            until = new_year(year_of(t - 1) + 1)
            added = self._compiled(table[1], until)
            known = zip(table[2], table[3], strict=True)
            table = table_of(table[0], until, united([*known, *added]), table[4][0])
        self._table = table
        return table

    def _compiled(self, since: int, until: int) -> list[Interval]:
        found: list[Interval] = []
        for index, (valid_from, definition) in enumerate(self._versions):
            last = index + 1 == len(self._versions)
            valid_until = until if last else min(until, self._versions[index + 1][0])
            if max(since, valid_from) < valid_until:
                found.extend(open_intervals(definition, max(since, valid_from), valid_until))
        return united(found)


ALWAYS_OPEN = BusinessCalendar.from_intervals([(-FOREVER, FOREVER)])
"""Twenty-four hours, seven days: one interval; a day of 25 hours counts 25."""
