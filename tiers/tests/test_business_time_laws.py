"""Laws of business time for any calendar whatever.

Three ways to the same answers: a slow walker that asks every quarter of an hour whether it is
open (the reference), the compiled tables, and whole columns of questions at once.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tiers.rules.business_time import (
    BusinessCalendar,
    CalendarDefinition,
    NeverOpenError,
    NoOpeningError,
)
from tiers.rules.business_time.vectorised import Column

HOUR, DAY = 3600, 86_400
TOKYO = CalendarDefinition("Asia/Tokyo", {0: ((9 * HOUR, 17 * HOUR),)})

# Deterministic, so that a failure on one machine is one on every machine.
quick = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

STEP = 15 * 60  # every offset, span and question below lies on this grid
CHANGES = [
    ("Europe/Berlin", date(2024, 3, 31)),
    ("Europe/Berlin", date(2024, 10, 27)),
    ("America/New_York", date(2024, 3, 10)),
    ("America/New_York", date(2024, 11, 3)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Africa/Casablanca", date(2024, 3, 10)),
    ("Africa/Casablanca", date(2024, 4, 14)),
    ("Australia/Lord_Howe", date(2024, 4, 7)),
    ("Australia/Lord_Howe", date(2024, 10, 6)),
    ("America/Sao_Paulo", date(2015, 10, 18)),
    ("Etc/UTC", date(2024, 2, 29)),
    # Calendars are compiled by UTC years; a year may not show.
    ("Asia/Tokyo", date(2025, 1, 1)),
    ("America/New_York", date(2025, 1, 1)),
]
BEFORE, AFTER = 4, 6  # days around a change

spans = st.lists(
    st.tuples(st.integers(0, 95), st.integers(1, 96)).map(sorted).filter(lambda s: s[0] < s[1]),
    max_size=3,
).map(lambda found: tuple((start * 900, end * 900) for start, end in found))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[CalendarDefinition, int]:
    """Return a calendar full of exceptions, and the first instant of a week the clocks change."""
    zone, change = draw(st.sampled_from(CHANGES))
    near = st.integers(-BEFORE, AFTER).map(lambda days: change + timedelta(days=days))
    try:
        definition = CalendarDefinition(
            zone,
            draw(st.dictionaries(st.integers(0, 6), spans, min_size=3)),
            draw(st.frozensets(near, max_size=2)),
            draw(st.dictionaries(near, spans, max_size=2)),
            draw(st.dictionaries(near, spans, max_size=3)),
        )
    except NeverOpenError:
        definition = CalendarDefinition(zone, {0: ((0, DAY),)})
    return definition, int(datetime(*change.timetuple()[:3], tzinfo=UTC).timestamp())


moments = st.integers(-BEFORE * 96, AFTER * 96).map(lambda steps: steps * STEP)


def endpoint(zone: ZoneInfo, day: date, second: int) -> int:
    """Map a wall-clock time by trying the offsets in use around it, without PEP 495."""
    wall = int(datetime(*day.timetuple()[:3], tzinfo=UTC).timestamp()) + second

    def offset(instant: int) -> int:
        found = datetime.fromtimestamp(instant, zone).utcoffset()
        return int(found.total_seconds()) if found else 0

    nearby = {offset(wall + hours * HOUR) for hours in range(-36, 37)}
    hits = [wall - o for o in nearby if offset(wall - o) == o]
    if hits:
        return min(hits)
    earlier = max(t for t in range(wall - 2 * DAY, wall + 2 * DAY, STEP) if t + offset(t) < wall)
    return wall - offset(earlier)


def walked(definition: CalendarDefinition, since: int, until: int) -> Iterator[tuple[int, bool]]:
    """Walk the grid and say for each step whether it is open: slow, and by other means."""
    zone = definition.zone
    known: dict[date, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = {}
    for instant in range(since, until, STEP):
        day = datetime.fromtimestamp(instant, zone).date()
        if day not in known:
            local = definition.special_hours.get(day, definition.weekly.get(day.weekday(), ()))
            if day in definition.closed_dates:
                local = ()
            known[day] = (
                [(endpoint(zone, day, s), endpoint(zone, day, e)) for s, e in local],
                [
                    (endpoint(zone, day, s), endpoint(zone, day, e))
                    for s, e in definition.breaks.get(day, ())
                ],
            )
        hours, pauses = known[day]
        inside = any(s <= instant < e for s, e in hours)
        yield instant, inside and not any(s <= instant < e for s, e in pauses)


def agree(hours: BusinessCalendar, steps: list[tuple[int, bool]], a: int, b: int) -> None:
    """Check the compiled and the vectorised answers against the walked steps around [a, b)."""
    column, instants = Column(hours), np.array([instant for instant, _ in steps])
    assert [hours.is_open(instant) for instant, _ in steps] == [is_open for _, is_open in steps]
    counted = [sum(STEP for at, is_open in steps if is_open and a <= at < t) for t in instants]
    assert [hours.elapsed(a, t) for t in instants.tolist()] == counted
    assert column.elapsed(a, instants).tolist() == counted
    ahead = [instant for instant, is_open in steps if is_open and instant >= a]
    amounts = [count * STEP for count in range(len(ahead))]
    assert [hours.due(a, amount + STEP) - STEP for amount in amounts] == ahead
    assert [hours.last_moment(a, amount) for amount in amounts] == ahead
    assert (column.due(a, np.array(amounts, int) + STEP) - STEP).tolist() == ahead
    assert column.last_moment(a, amounts).tolist() == ahead
    behind = [instant for instant, is_open in reversed(steps) if is_open and instant < b]
    amounts = [count * STEP for count in range(1, len(behind) + 1)]
    assert [hours.subtract(b, amount) for amount in amounts] == behind
    assert column.subtract(b, amounts).tolist() == behind


class TestAgainstTheWalker:
    @settings(quick, max_examples=250)
    @given(worlds(), moments, moments)
    def test_compiled_vectorised_and_walked_time_agree_when_the_clocks_change(
        self, world: tuple[CalendarDefinition, int], one: int, other: int
    ) -> None:
        definition, change = world
        steps = list(walked(definition, change - BEFORE * DAY, change + AFTER * DAY))
        a, b = sorted((change + one, change + other))
        agree(BusinessCalendar([(None, definition)]), steps, a, b)

    @settings(quick, max_examples=100)
    @given(worlds(), worlds(), moments, moments, moments)
    def test_they_agree_when_one_version_follows_another(
        self,
        before: tuple[CalendarDefinition, int],
        after: tuple[CalendarDefinition, int],
        edit: int,
        one: int,
        other: int,
    ) -> None:
        change = before[1]
        valid_from, since, until = change + edit, change - BEFORE * DAY, change + AFTER * DAY
        old, new = walked(before[0], since, until), walked(after[0], since, until)
        steps = [
            earlier if earlier[0] < valid_from else later
            for earlier, later in zip(old, new, strict=True)
        ]
        a, b = sorted((change + one, change + other))
        agree(BusinessCalendar([(None, before[0]), (valid_from, after[0])]), steps, a, b)


seconds_away = st.integers(-BEFORE * DAY, AFTER * DAY)
amounts = st.integers(0, 60 * HOUR)


class TestLaws:
    @quick
    @given(worlds(), st.lists(seconds_away, min_size=3, max_size=3))
    def test_time_adds_up(self, world: tuple[CalendarDefinition, int], away: list[int]) -> None:
        hours, change = BusinessCalendar([(None, world[0])]), world[1]
        a, b, c = (change + seconds for seconds in sorted(away))
        assert hours.elapsed(a, c) == hours.elapsed(a, b) + hours.elapsed(b, c)

    @quick
    @given(worlds(), seconds_away, amounts)
    def test_adding_and_measuring_are_inverse(
        self, world: tuple[CalendarDefinition, int], away: int, amount: int
    ) -> None:
        hours, start = lasting(world[0]), world[1] + away
        due, last = hours.instants(start, amount)
        assert start <= due <= last
        assert hours.elapsed(start, due) == hours.elapsed(start, last) == amount
        assert hours.elapsed(start, last + 1) == amount + 1
        assert not amount or hours.elapsed(start, due - 1) == amount - 1
        assert (due, last) == (hours.due(start, amount), hours.last_moment(start, amount))
        back = hours.subtract(due, amount)
        assert hours.elapsed(back, due) == amount
        assert not amount or hours.elapsed(back + 1, due) == amount - 1

    @quick
    @given(worlds(), seconds_away, seconds_away, amounts, amounts)
    def test_later_starts_and_larger_amounts_are_never_due_earlier(
        self, world: tuple[CalendarDefinition, int], one: int, other: int, less: int, more: int
    ) -> None:
        hours, change = lasting(world[0]), world[1]
        a, b = change + min(one, other), change + max(one, other)
        small, large = min(less, more), max(less, more)
        for ask in (hours.due, hours.last_moment):
            assert ask(a, small) <= ask(a, large)
            assert ask(a, large) <= ask(b, large)

    @quick
    @given(worlds(), seconds_away, amounts, st.integers(-BEFORE, AFTER))
    def test_closing_a_date_never_brings_a_deadline_forward(
        self, world: tuple[CalendarDefinition, int], away: int, amount: int, days: int
    ) -> None:
        definition, change = world
        hours = lasting(definition)
        closed = datetime.fromtimestamp(change, UTC).date() + timedelta(days=days)
        fewer = lasting(definition, closed)
        assert hours.due(change + away, amount) <= fewer.due(change + away, amount)

    @quick
    @given(worlds(), seconds_away, amounts)
    def test_a_later_version_changes_nothing_before_it(
        self, world: tuple[CalendarDefinition, int], away: int, amount: int
    ) -> None:
        hours, start = lasting(world[0]), world[1] + away
        due = hours.due(start, amount)
        edited = BusinessCalendar([(None, hours.definition_at(start)), (due, TOKYO)])
        assert edited.due(start, amount) == due
        assert edited.elapsed(start - DAY, due) == hours.elapsed(start - DAY, due)


class TestColumns:
    @quick
    @given(
        worlds(),
        st.lists(st.tuples(seconds_away, seconds_away, amounts), max_size=40),
        st.booleans(),
        st.booleans(),
    )
    def test_a_column_answers_each_row_as_the_calendar_does(
        self,
        world: tuple[CalendarDefinition, int],
        asked: list[tuple[int, int, int]],
        in_order: bool,
        fresh: bool,
    ) -> None:
        hours, change = BusinessCalendar([(None, world[0])]), world[1]
        # A fresh table must grow by the column's own questions.
        column = Column(BusinessCalendar([(None, world[0])]) if fresh else hours)
        questions = sorted(asked) if in_order else asked
        ones = [change + one for one, _, _ in questions]
        others = [change + other for _, other, _ in questions]
        lengths = [amount for _, _, amount in questions]
        assert column.elapsed(ones, others).tolist() == [
            hours.elapsed(a, b) for a, b in zip(ones, others, strict=True)
        ]
        for name in ("due", "last_moment", "subtract"):
            found = getattr(column, name)(ones, lengths, never=-1).tolist()
            pairs = zip(ones, lengths, strict=True)
            assert found == [answer(getattr(hours, name), a, amount) for a, amount in pairs]


def answer(ask: Callable[[int, int], int], instant: int, amount: int) -> int:
    try:
        return ask(instant, amount)
    except NoOpeningError:
        return -1


def lasting(definition: CalendarDefinition, *closed: date) -> BusinessCalendar:
    """Return the calendar, open on Wednesdays at least, so that every amount comes due."""
    weekly = {2: ((10 * HOUR, 18 * HOUR),), **definition.weekly}
    return BusinessCalendar(
        [
            (
                None,
                CalendarDefinition(
                    definition.time_zone,
                    weekly,
                    definition.closed_dates | frozenset(closed),
                    definition.special_hours,
                    definition.breaks,
                ),
            )
        ]
    )
