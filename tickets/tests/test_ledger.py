"""The ledger as evidence: cut at calendar versions, unfolded into days, and right to the second."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.rules.clocks import Event, Reading, Segment, Target, evaluate
from tickets.rules.ledger import Dated, LedgerError, Stretch, days_of, stretches
from tickets.tests.clock_stories import CALENDARS, HOUR, MINUTE, MONDAY, Story, at, terms
from tickets.tests.test_clock_laws import gaps, quick, tickets
from tiers.rules.business_time import ALWAYS_OPEN, BusinessCalendar, CalendarDefinition


def office(closing: str, *holidays: str, **more: Any) -> CalendarDefinition:
    weekdays = ("mon", "tue", "wed", "thu", "fri")
    return CalendarDefinition.from_json(
        {
            "timezone": "Europe/Berlin",
            "weekly": {day: [["09:00", closing]] for day in weekdays},
            "holidays": list(holidays),
            **more,
        }
    )


TUESDAY_NOON = at("03-05T11:00")
# From Tuesday noon on the office closes at eight.
LONGER = BusinessCalendar([(None, office("17:00")), (TUESDAY_NOON, office("20:00"))])
VERSIONS = {"office": [Dated(None, 1), Dated(TUESDAY_NOON, 2)], "always": [Dated(None, 1)]}


def reading_of(minute: int) -> Reading:
    story = Story(
        terms(resolution=Target(40 * HOUR, "office", pause_on=frozenset({"pending"})))
    ).status(60, "pending")
    story.status(120, "open")
    calendars = {"office": LONGER, "always": ALWAYS_OPEN}
    found = evaluate(story.events, calendars, MONDAY + minute * MINUTE)
    return next(reading for reading in found if reading.metric == "resolution")


def test_a_stretch_is_cut_where_another_version_of_its_calendar_comes_into_force():
    parts = stretches(
        reading_of(3 * 1440), {"office": LONGER}, VERSIONS, MONDAY + 3 * 1440 * MINUTE
    )
    # An hour, a pause of one, and then on.
    assert [(part.state, part.version) for part in parts] == [
        ("running", 1),
        ("paused", 1),
        ("running", 1),
        ("running", 2),
    ]
    before, after = parts[-2:]
    assert before.end == after.start == TUESDAY_NOON
    assert before.cause == after.cause
    # Tuesday from noon to eight, Wednesday from nine to eight.
    assert after.counted_seconds == (8 + 11) * HOUR


def test_the_first_version_also_rules_the_time_before_it():
    versions = {"office": [Dated(at("03-05T00:00"), 4), Dated(at("03-06T00:00"), 7)]}
    parts = stretches(reading_of(60), CALENDARS, versions, MONDAY + 60 * MINUTE)
    assert [part.version for part in parts] == [4]


def test_a_retroactive_version_rules_from_its_instant_whatever_its_number():
    versions = {
        "office": [Dated(None, 1), Dated(MONDAY + 30 * MINUTE, 3), Dated(at("03-20T00:00"), 2)]
    }
    parts = stretches(reading_of(60), CALENDARS, versions, MONDAY + 60 * MINUTE)
    assert [(part.version, part.counted_seconds) for part in parts] == [(1, 1800), (3, 1800)]


def test_a_calendar_of_unknown_versions_is_not_cut():
    parts = stretches(reading_of(60), CALENDARS, {}, MONDAY + 60 * MINUTE)
    assert [part.version for part in parts] == [None]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda one: one._replace(elapsed_seconds=one.elapsed_seconds + 1),
        lambda one: one._replace(remaining_seconds=one.remaining_seconds - 1),
        lambda one: one._replace(ledger=one.ledger[:1] + one.ledger[2:]),
        lambda one: one._replace(ledger=one.ledger[:-1]),
        lambda one: one._replace(
            ledger=(one.ledger[0]._replace(counted_seconds=1), *one.ledger[1:])
        ),
        lambda one: one._replace(started_at=one.started_at - 1),
    ],
    ids=["sum", "rest", "gap", "end", "stretch", "start"],
)
def test_a_ledger_that_does_not_add_up_is_an_error_and_never_shown(wrong: Any) -> None:
    reading = reading_of(300)
    now = MONDAY + 300 * MINUTE
    assert len(stretches(reading, {"office": LONGER}, VERSIONS, now)) >= 2
    with pytest.raises(LedgerError):
        stretches(wrong(reading), {"office": LONGER}, VERSIONS, now)


versions_of_a_calendar = st.lists(
    st.tuples(
        gaps.map(lambda minutes: MONDAY + minutes * MINUTE), st.sampled_from([12, 17, 20, 24])
    ),
    max_size=3,
    unique_by=lambda one: one[0],
)


@quick
@given(tickets(), gaps, versions_of_a_calendar)
def test_whatever_happens_every_ledger_sums_to_the_second_through_any_versions(
    events: list[Event], more: int, later: list[tuple[int, int]]
) -> None:
    calendar = BusinessCalendar(
        [(None, office("17:00")), *((since, office(f"{end}:00")) for since, end in later)]
    )
    calendars = {"office": calendar, "always": ALWAYS_OPEN}
    versions = {
        "office": [Dated(None, 1), *(Dated(one[0], n) for n, one in enumerate(later, start=2))],
        "always": [Dated(None, 1)],
    }
    now = events[-1].at + more * MINUTE
    for reading in evaluate(events, calendars, now):
        parts = stretches(reading, calendars, versions, now)
        assert sum(part.counted_seconds for part in parts) == reading.elapsed_seconds
        for part in parts:
            if part.state != "running" or part.calendar == "always":
                continue
            days = days_of(part, calendar, most=400)
            assert sum(day.counted_seconds for day in days.listed) == part.counted_seconds
            assert days.more_seconds == days.more_days == 0
            few = days_of(part, calendar, most=1)
            assert (
                sum(day.counted_seconds for day in few.listed) + few.more_seconds
                == part.counted_seconds
            )


def running(start: int, end: int, calendar: BusinessCalendar) -> Stretch:
    return Stretch(start, end, "running", "opened", "office", 1, "v1", calendar.elapsed(start, end))


def test_a_stretch_unfolds_into_its_days_with_holidays_special_hours_and_closed_days():
    calendar = BusinessCalendar(
        [(None, office("17:00", "2024-03-05", shifts={"2024-03-06": [["10:00", "14:00"]]}))]
    )
    stretch = running(at("03-04T10:00"), at("03-12T09:00"), calendar)
    days = days_of(stretch, calendar, most=31).listed
    told = [(day.first.day, day.last.day, day.counted_seconds // HOUR) for day in days]
    assert told == [
        (4, 4, 6),
        (5, 5, 0),
        (6, 6, 4),
        (7, 7, 8),
        (8, 8, 8),
        (9, 10, 0),
        (11, 11, 8),
        (12, 12, 1),
    ]
    assert [day.first for day in days if day.is_holiday] == [date(2024, 3, 5)]
    assert [day.first for day in days if day.is_special] == [date(2024, 3, 6)]


def test_a_night_shift_belongs_to_both_of_its_days_and_the_lost_hour_is_not_counted():
    nights = CalendarDefinition.from_json(
        {
            "timezone": "Europe/Berlin",
            "weekly": {"sat": [["20:00", "24:00"]], "sun": [["00:00", "06:00"]]},
            "holidays": [],
        }
    )
    calendar = BusinessCalendar([(None, nights)])
    # 2024-03-31: the hour from two to three does not exist in Berlin.
    stretch = running(at("03-30T00:00"), at("03-31T22:00"), calendar)
    days = days_of(stretch, calendar, most=31).listed
    assert [day.counted_seconds // HOUR for day in days] == [4, 5]


def test_a_very_long_stretch_lists_some_days_and_sums_up_the_rest():
    calendar = BusinessCalendar([(None, office("17:00"))])
    stretch = running(at("01-01T00:00"), at("12-31T00:00"), calendar)
    days = days_of(stretch, calendar, most=31)
    assert len(days.listed) == 31
    listed = sum(day.counted_seconds for day in days.listed)
    assert days.more_days > 300
    assert listed + days.more_seconds == stretch.counted_seconds


def test_a_stretch_whose_days_do_not_add_up_is_an_error():
    calendar = BusinessCalendar([(None, office("17:00"))])
    stretch = running(at("03-04T10:00"), at("03-12T09:00"), calendar)
    with pytest.raises(LedgerError):
        days_of(stretch._replace(counted_seconds=1), calendar, most=31)


def test_a_segment_of_the_engine_has_what_a_stretch_needs():
    assert set(Segment._fields) <= set(Stretch._fields)
