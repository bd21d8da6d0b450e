"""Columns of questions: their shapes, their edges, what they refuse."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from tiers.rules.business_time import (
    ALWAYS_OPEN,
    BusinessCalendar,
    CalendarDefinition,
    CalendarError,
    NoOpeningError,
)
from tiers.rules.business_time.vectorised import BLOCK, FARTHEST, Column, Finder

HOUR, DAY = 3600, 86_400
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
OPENING = int(datetime(2024, 3, 4, 8, tzinfo=UTC).timestamp())  # Monday 09:00 in Berlin
HALF_HOURS = [["09:00", "12:00"], ["12:30", "17:00"]]


def define(**more: Any) -> CalendarDefinition:
    weekly = more.pop("weekly", dict.fromkeys(WORKDAYS, HALF_HOURS))
    return CalendarDefinition.from_json({"timezone": "Europe/Berlin", "weekly": weekly, **more})


def calendar(**more: Any) -> BusinessCalendar:
    return BusinessCalendar([(None, define(**more))])


def once() -> BusinessCalendar:
    """Open for one hour of one day, and never again."""
    return calendar(weekly={}, shifts={"2024-03-04": [["09:00", "10:00"]]})


@pytest.mark.parametrize("order", ["in order", "in no order"])
def test_many_rows_over_many_years_are_what_the_calendar_says_one_by_one(order: str) -> None:
    chance = np.random.default_rng(7)
    count = BLOCK + 500  # more than one block
    starts = OPENING + chance.integers(-5 * 366 * DAY, 5 * 366 * DAY, count)
    if order == "in order":
        starts.sort()
    amounts = chance.integers(0, 400 * HOUR, count)
    ends = starts + chance.integers(-DAY, 40 * DAY, count)
    column, hours = Column(calendar()), calendar()
    pairs = list(zip(starts.tolist(), amounts.tolist(), strict=True))
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    assert column.due(starts, amounts).tolist() == [hours.due(*pair) for pair in pairs]
    assert column.last_moment(starts, amounts).tolist() == [hours.last_moment(*p) for p in pairs]
    assert column.subtract(starts, amounts).tolist() == [hours.subtract(*pair) for pair in pairs]
    assert column.elapsed(starts, ends).tolist() == [hours.elapsed(*span) for span in spans]


def test_versions_count_as_in_the_calendar() -> None:
    edit = OPENING + 30 * DAY
    short = define(weekly={day: [["10:00", "11:00"]] for day in WORKDAYS})
    hours = BusinessCalendar([(None, define()), (edit, short)])
    starts = np.arange(OPENING, OPENING + 60 * DAY, 7 * HOUR)
    assert Column(hours).due(starts, 12 * HOUR).tolist() == [
        hours.due(start, 12 * HOUR) for start in starts.tolist()
    ]


def test_a_column_notices_that_its_calendar_has_grown() -> None:
    hours = calendar()
    column = Column(hours)
    before = column.due([OPENING], HOUR)
    later = OPENING + 9 * 365 * DAY
    assert hours.is_open(later) in (True, False)
    assert column.due([OPENING], HOUR) == before
    assert column.elapsed([OPENING], [later]) == hours.elapsed(OPENING, later)


def test_one_target_for_many_starts_keeps_their_shape() -> None:
    starts = OPENING + np.arange(6).reshape(2, 3) * DAY
    due = Column(calendar()).due(starts, HOUR)
    assert due.shape == (2, 3)
    assert due[0, 1] == calendar().due(OPENING + DAY, HOUR)
    assert Column(calendar()).elapsed(OPENING, OPENING + HOUR).shape == ()


def test_no_rows_are_no_answers() -> None:
    column = Column(calendar())
    for ask in (column.due, column.last_moment, column.subtract, column.elapsed):
        found = ask([], [])
        assert found.shape == (0,)
        assert found.dtype == np.int64


def test_always_open_is_plain_arithmetic_to_the_far_end() -> None:
    column = Column(ALWAYS_OPEN)
    starts = np.array([0, -FARTHEST, FARTHEST])
    assert column.due(starts, FARTHEST).tolist() == [FARTHEST, 0, 2 * FARTHEST]
    assert column.last_moment(starts, 5).tolist() == [5, 5 - FARTHEST, FARTHEST + 5]
    assert column.subtract(starts, 5).tolist() == [-5, -FARTHEST - 5, FARTHEST - 5]
    assert column.elapsed(starts - 7 * np.sign(starts), starts).tolist() == [0, 0, 7]


@pytest.mark.parametrize(
    "values",
    [[FARTHEST + 1], [-FARTHEST - 1], [2**64], np.array([2**63], np.uint64)],
    ids=["too far", "too early", "no machine number", "unsigned"],
)
def test_what_might_leave_64_bits_is_refused_and_never_wraps(values: Any) -> None:
    with pytest.raises(CalendarError, match=r"too far|64-bit"):
        Column(ALWAYS_OPEN).due(values, 1)
    with pytest.raises(CalendarError, match=r"too far|64-bit"):
        Column(ALWAYS_OPEN).due([0], values)


@pytest.mark.parametrize("values", [[1.5], [True], ["1"], [None]])
def test_what_is_no_whole_second_is_refused(values: Any) -> None:
    with pytest.raises(CalendarError, match="whole seconds"):
        Column(calendar()).elapsed(values, [1])


@pytest.mark.parametrize("ask", ["due", "last_moment", "subtract"])
def test_one_negative_amount_is_refused(ask: str) -> None:
    with pytest.raises(CalendarError, match="cannot be negative"):
        getattr(Column(calendar()), ask)([OPENING, OPENING], [1, -1])


def test_instants_beyond_all_reason_are_refused() -> None:
    with pytest.raises(CalendarError, match="1900 to 2299"):
        Column(calendar()).elapsed([OPENING], [OPENING + 500 * 366 * DAY])


def test_a_row_without_answer_is_named_or_marked_and_spoils_no_other() -> None:
    column, amounts = Column(once()), [HOUR, HOUR + 1, 1]
    with pytest.raises(NoOpeningError, match=r"1 of 3 rows .* row 1"):
        column.due([OPENING] * 3, amounts)
    found = column.due([OPENING] * 3, amounts, never=0)
    assert found.tolist() == [OPENING + HOUR, 0, OPENING + 1]
    assert column.last_moment([OPENING] * 3, amounts, never=0).tolist() == [0, 0, OPENING + 1]
    assert column.subtract([OPENING + HOUR] * 3, amounts, never=0).tolist() == [
        OPENING, 0, OPENING + HOUR - 1,
    ]  # fmt: skip


def test_a_calendar_of_intervals_ends_where_they_do() -> None:
    column = Column(BusinessCalendar.from_intervals([(0, 10), (20, 30)]))
    assert column.due([0, 0, 5], [10, 20, 20], never=-1).tolist() == [10, 30, -1]
    assert column.last_moment([0, 0], [10, 20], never=-1).tolist() == [20, -1]
    assert column.subtract([30, 30, 30], [0, 20, 21], never=-1).tolist() == [30, 0, -1]


def test_who_asked_farther_out_before_changes_no_answer() -> None:
    rare = {"2024-03-04": [["09:00", "10:00"]], "2099-03-04": [["09:00", "10:00"]]}
    asked, fresh = calendar(weekly={}, shifts=rare), calendar(weekly={}, shifts=rare)
    assert asked.elapsed(OPENING, OPENING + 80 * 366 * DAY) == 2 * HOUR
    for hours in (asked, fresh):
        for ask in (hours.due, hours.last_moment):
            with pytest.raises(NoOpeningError):
                ask(OPENING, HOUR + 1)
        assert Column(hours).due([OPENING], HOUR + 1, never=-1) == -1
        assert Column(hours).last_moment([OPENING], HOUR, never=-1) == -1
        assert Column(hours).subtract([OPENING + 77 * 365 * DAY], 2 * HOUR, never=-1) == -1
        with pytest.raises(NoOpeningError):
            hours.subtract(OPENING + 77 * 365 * DAY, 2 * HOUR)


def test_the_last_year_ends_a_search_without_an_error_of_another_kind() -> None:
    late = int(datetime(2299, 12, 30, tzinfo=UTC).timestamp())
    early = int(datetime(1900, 1, 3, tzinfo=UTC).timestamp())
    with pytest.raises(NoOpeningError):
        calendar().due(late, 100 * HOUR)
    with pytest.raises(NoOpeningError):
        calendar().subtract(early, 100 * HOUR)
    assert Column(calendar()).due([late], 100 * HOUR, never=-1) == -1
    assert Column(calendar()).subtract([early], 100 * HOUR, never=-1) == -1


@pytest.mark.parametrize(
    "edges",
    [[0], [5, 5], [0, 1, 2, 3, 10_000_000], [-(2**62), 0, 2**62], list(range(0, 70_000, 7))],
)
def test_finding_by_steps_is_the_same_as_searching(edges: list[int]) -> None:
    chance = np.random.default_rng(3)
    values = np.concatenate(
        [np.array(edges), np.array(edges) + 1, chance.integers(edges[0], edges[-1] + 9, 500)]
    )
    found = Finder(np.array(edges)).places(values)
    assert (found == np.searchsorted(np.array(edges), values, side="right") - 1).all()
