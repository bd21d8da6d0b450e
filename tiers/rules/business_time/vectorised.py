"""Business time for whole columns: the questions of `BusinessCalendar`, asked of arrays.

The same compiled tables, so the same answers, tens of millions a second instead of one. For
what touches very many clocks at once: recomputing after an edit, counting what an edit breaks.

>>> from tiers.rules.business_time import ALWAYS_OPEN
>>> Column(ALWAYS_OPEN).due([0, 60], 3600).tolist()
[3600, 3660]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tiers.rules.business_time.calendar import SEARCH_SECONDS, BusinessCalendar, Table
from tiers.rules.business_time.definition import CalendarError, NoOpeningError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Seconds = NDArray[np.int64]
    Places = NDArray[np.intp]

# Beyond it, sums of instants and amounts might leave 64 bits; it lies 36 thousand million
# years away.
FARTHEST = 1 << 60
LARGEST = (1 << 63) - 1
# Rows at a time, so that what lies in between stays in the processor's cache.
BLOCK = 1 << 14


class Column:
    """A calendar that answers for arrays of instants; cheap to make, worth keeping for many asks.

    Instants and amounts are whole seconds in any integer arrays that NumPy broadcasts together;
    answers are int64. Each row gets the number that the calendar itself would answer, and what
    the calendar would refuse for one row is refused for all (`CalendarError`). Where there is no
    answer within the years that are searched, `never` is put when it is given; else
    `NoOpeningError` says which row is the first.
    """

    __slots__ = ("_calendar", "_read")

    def __init__(self, calendar: BusinessCalendar) -> None:
        self._calendar = calendar
        # What was read last, and of which table; replaced as one, so threads may share it.
        self._read: tuple[Table, Arrays] | None = None

    def elapsed(self, a: ArrayLike, b: ArrayLike) -> Seconds:
        """Return the open seconds within [a, b); 0 where b is not after a."""
        shape, since, until = rows(a, b)
        answers = np.zeros(since.size, np.int64)
        if since.size:
            self._calendar.covering(int(since.min()), int(since.max()))
            arrays = self._arrays(self._calendar.covering(int(until.min()), int(until.max())))
            for block in blocks(since.size):
                counted = arrays.positions(until[block]) - arrays.positions(since[block])
                np.maximum(counted, 0, out=answers[block])
        return answers.reshape(shape)

    def due(self, a: ArrayLike, seconds: ArrayLike, never: int | None = None) -> Seconds:
        """Return the earliest t with elapsed(a, t) >= seconds: closing time on the boundary."""
        shape, starts, amounts = rows(a, seconds)
        answers = self._ahead(starts, amounts, never, closing=True)
        return np.where(amounts == 0, starts, answers).reshape(shape)

    def last_moment(self, a: ArrayLike, seconds: ArrayLike, never: int | None = None) -> Seconds:
        """Return the last t with elapsed(a, t) <= seconds: next opening on the boundary."""
        shape, starts, amounts = rows(a, seconds)
        return self._ahead(starts, amounts, never, closing=False).reshape(shape)

    def subtract(self, b: ArrayLike, seconds: ArrayLike, never: int | None = None) -> Seconds:
        """Return the latest t with elapsed(t, b) >= seconds; for 0 the last open moment up to b."""
        shape, ends, amounts = rows(b, seconds)
        refuse_negative(amounts)
        if not ends.size:
            return ends.reshape(shape)
        arrays = self._arrays(self._calendar.covering(int(ends.min()), int(ends.max())))
        positions = arrays.all_positions(ends)
        positions -= amounts
        # For 0 the answer is the end of an interval, which must begin before the position.
        seats = positions - (amounts == 0)
        short = seats < arrays.before[0]
        if short.any():
            table = self._calendar.reaching_back(int(ends[short].min()), int(seats.min()))
            arrays = self._arrays(table)
        answers = np.empty_like(ends)
        for block in blocks(ends.size):
            answers[block] = arrays.instants(positions[block], seats[block])
        missing = seats < arrays.before[0]
        if self._calendar.is_searched:
            missing |= ends - answers > SEARCH_SECONDS
        return without_missing(answers, missing, never).reshape(shape)

    def _ahead(
        self, starts: Seconds, amounts: Seconds, never: int | None, *, closing: bool
    ) -> Seconds:
        refuse_negative(amounts)
        if not starts.size:
            return starts
        arrays = self._arrays(self._calendar.covering(int(starts.min()), int(starts.max())))
        positions = arrays.all_positions(starts)
        positions += amounts
        # Closing time is the end of the interval in which the second before it lies.
        step = 1 if closing else 0
        needed = int(positions.max()) + 1 - step
        if needed > arrays.total:
            short = positions - step >= arrays.total
            table = self._calendar.reaching(int(starts[short].max()), needed)
            arrays = self._arrays(table)
        answers = np.empty_like(starts)
        for block in blocks(starts.size):
            answers[block] = arrays.instants(positions[block], positions[block] - step)
        missing = positions - step >= arrays.total
        if closing:
            missing &= amounts > 0
        if self._calendar.is_searched:
            missing |= answers - starts > SEARCH_SECONDS
        return without_missing(answers, missing, never)

    def _arrays(self, table: Table) -> Arrays:
        read = self._read
        if read is None or read[0] is not table:
            read = self._read = table, Arrays.of(table)
        return read[1]


class Arrays(NamedTuple):
    """A table as arrays: what is open, and what was open before it."""

    ends: Seconds
    before: Seconds
    offsets: Seconds  # from an instant within an interval to the open time up to it
    total: int
    by_start: Finder
    by_position: Finder

    @classmethod
    def of(cls, table: Table) -> Arrays:
        """Copy a compiled table."""
        starts = np.array(table[2], np.int64)
        before = np.array(table[4], np.int64)
        return cls(
            np.array(table[3], np.int64),
            before,
            before - starts,
            # Of a calendar that never closes it is just too large, and never reached.
            min(table[5], LARGEST),
            Finder(starts),
            Finder(before),
        )

    def positions(self, instants: Seconds) -> Seconds:
        """Return the open seconds from the origin up to each instant."""
        places = self.by_start.places(instants)
        found: Seconds = np.minimum(instants, self.ends.take(places))
        found += self.offsets.take(places)
        return found

    def all_positions(self, instants: Seconds) -> Seconds:
        """Return the same for more instants than are good to take at once."""
        found = np.empty_like(instants)
        for block in blocks(instants.size):
            found[block] = self.positions(instants[block])
        return found

    def instants(self, positions: Seconds, seats: Seconds) -> Seconds:
        """Return where positions lie, in the intervals that hold the seats."""
        return positions - self.offsets.take(self.by_position.places(seats))


class Finder:
    """Finds the last edge at or before each of many values; edges are sorted.

    A table of equal steps leads next to the edge at once, where a binary search would guess its
    way: ten times faster on values in no order. Edges too unequal for that are searched.
    """

    __slots__ = ("edges", "following", "guesses", "rounds", "shift")

    STEPS_PER_EDGE = 8
    MOST_ROUNDS = 4
    WIDEST = 1 << 40

    def __init__(self, edges: Seconds) -> None:
        self.edges = edges
        first = int(edges[0])
        width = int(edges[-1]) - first
        self.rounds = self.MOST_ROUNDS + 1
        if width > self.WIDEST:
            return
        self.shift = (width // (self.STEPS_PER_EDGE * edges.size)).bit_length()
        steps = first + (np.arange((width >> self.shift) + 2, dtype=np.int64) << self.shift)
        self.guesses: Places = np.searchsorted(edges, steps, side="right") - 1
        self.following = np.append(edges[1:], LARGEST)
        # So many edges may lie between a step and a value before the next step.
        self.rounds = int(np.diff(self.guesses).max())

    def places(self, values: Seconds) -> Places:
        """Return the index per value; one before the first edge gets any index."""
        if self.rounds > self.MOST_ROUNDS:
            return np.searchsorted(self.edges[1:], values, side="right")
        steps = (values - self.edges[0]) >> self.shift
        found: Places = self.guesses.take(steps, mode="clip")
        for _round in range(self.rounds):
            found += self.following.take(found) <= values
        return found


def rows(one: ArrayLike, other: ArrayLike) -> tuple[tuple[int, ...], Seconds, Seconds]:
    """Return the common shape of two columns, and both as flat arrays of it."""
    first, second = np.broadcast_arrays(whole(one), whole(other))
    return first.shape, first.ravel(), second.ravel()


def whole(values: ArrayLike) -> Seconds:
    """Return values as int64; refuse what would have to be rounded, cut or wrapped."""
    array = np.asarray(values)
    if not array.size:
        return array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise CalendarError("Instants and amounts are whole seconds, given as 64-bit integers.")
    if array.min() < -FARTHEST or array.max() > FARTHEST:
        raise CalendarError("An instant or an amount lies too far away to be counted with.")
    return array.astype(np.int64, copy=False)


def blocks(size: int) -> Iterator[slice]:
    return (slice(place, place + BLOCK) for place in range(0, size, BLOCK))


def refuse_negative(amounts: Seconds) -> None:
    if amounts.size and amounts.min() < 0:
        raise CalendarError("An amount of business time cannot be negative.")


def without_missing(answers: Seconds, missing: NDArray[np.bool_], never: int | None) -> Seconds:
    """Put `never` where there is no answer, or refuse."""
    if missing.any():
        if never is None:
            raise NoOpeningError(
                f"{int(missing.sum())} of {missing.size} rows have not enough open time within"
                f" reach; the first is row {int(missing.argmax())}."
            )
        answers[missing] = never
    return answers
