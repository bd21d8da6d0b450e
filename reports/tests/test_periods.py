"""Periods are whole days of the reader's zone, also on the days that have 23 or 25 hours."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.forms import PeriodForm
from reports.periods import Period

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
TODAY = date(2026, 3, 10)


def test_the_last_seven_days_end_with_today() -> None:
    period = Period.ending(TODAY, 7, BERLIN)
    assert (period.first, period.last, period.days) == (date(2026, 3, 4), TODAY, 7)
    assert period.start == datetime(2026, 3, 3, 23, tzinfo=UTC)
    assert period.end == datetime(2026, 3, 10, 23, tzinfo=UTC)


def test_a_day_of_the_clock_change_has_23_hours() -> None:
    spring = Period(date(2026, 3, 29), date(2026, 3, 29), BERLIN)
    assert spring.end - spring.start == timedelta(hours=23)
    autumn = Period(date(2026, 10, 25), date(2026, 10, 25), BERLIN)
    assert autumn.end - autumn.start == timedelta(hours=25)


@pytest.mark.parametrize(
    ("days", "blocks", "first"), [(7, 7, 1), (30, 5, 2), (90, 13, 6), (365, 14, 1)]
)
def test_longer_periods_have_longer_blocks_and_only_the_first_may_be_short(
    days: int, blocks: int, first: int
) -> None:
    found = Period.ending(TODAY, days, BERLIN).blocks()
    assert len(found) == blocks
    assert (found[0][1] - found[0][0]).days + 1 == first
    assert found[-1][1] == TODAY


@given(st.integers(1, 366), st.dates(date(2024, 1, 1), date(2027, 1, 1)))
def test_every_day_lies_in_exactly_its_block(days: int, last: date) -> None:
    period = Period.ending(last, days, BERLIN)
    blocks = period.blocks()
    assert blocks[0][0] == period.first
    for number in range(days):
        day = period.first + timedelta(days=number)
        start, end = blocks[period.block_of(day)]
        assert start <= day <= end


def asked(**query: str) -> PeriodForm:
    """Return the form with what was asked for."""
    return PeriodForm(query, today=TODAY, zone=BERLIN)


def test_nothing_asked_means_the_usual_thirty_days() -> None:
    assert asked().period() == Period.ending(TODAY, 30, BERLIN)
    assert asked().chosen_days == 30


def test_days_of_ones_own_are_taken_as_given() -> None:
    form = asked(first="2026-01-01", last="2026-01-31", days="7")
    assert form.period() == Period(date(2026, 1, 1), date(2026, 1, 31), BERLIN)
    assert form.chosen_days is None


@pytest.mark.parametrize(
    "query",
    [
        {"days": "8"},
        {"days": "x"},
        {"first": "2026-01-01"},
        {"last": "2026-01-01"},
        {"first": "2026-02-01", "last": "2026-01-01"},
        {"first": "2026-03-01", "last": "2026-03-11"},
        {"first": "1999-12-31", "last": "2000-01-02"},
        {"first": "2025-03-09", "last": "2026-03-10"},
        {"first": "yesterday", "last": "today"},
    ],
)
def test_nonsense_is_refused_in_words_and_the_usual_days_are_shown(query: dict[str, str]) -> None:
    form = asked(**query)
    assert form.errors
    assert form.period() == Period.ending(TODAY, 30, BERLIN)


def test_a_whole_leap_year_is_allowed() -> None:
    form = asked(first="2025-03-10", last="2026-03-10")
    assert not form.errors
    assert form.period().days == 366
