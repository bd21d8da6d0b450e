"""Business time: its words, its edges, daylight saving, what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tiers.rules.business_time import (
    ALWAYS_OPEN,
    BusinessCalendar,
    CalendarDefinition,
    CalendarError,
    MalformedCalendarError,
    NeverOpenError,
    NoOpeningError,
    UnknownTimeZoneError,
)

HOUR, DAY = 3600, 86_400
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def define(zone: str = "Europe/Berlin", **more: Any) -> CalendarDefinition:
    weekly = more.pop("weekly", {day: [["09:00", "17:00"]] for day in WORKDAYS})
    return CalendarDefinition.from_json({"timezone": zone, "weekly": weekly, **more})


def calendar(zone: str = "Europe/Berlin", **more: Any) -> BusinessCalendar:
    return BusinessCalendar([(None, define(zone, **more))])


class TestTheTwoInstants:
    def test_inside_the_day_both_are_the_same(self) -> None:
        monday = at("2024-03-04T09:00")
        assert calendar("Etc/UTC").instants(monday, HOUR) == (monday + HOUR, monday + HOUR)

    def test_a_full_day_is_due_at_closing_and_breaks_after_the_next_opening(self) -> None:
        due, last = calendar("Etc/UTC").instants(at("2024-03-08T09:00"), 8 * HOUR)
        assert (due, last) == (at("2024-03-08T17:00"), at("2024-03-11T09:00"))

    def test_a_reply_before_opening_is_on_time_under_either_reading(self) -> None:
        hours, start = calendar("Etc/UTC"), at("2024-03-08T09:00")
        assert hours.elapsed(start, at("2024-03-11T08:59")) == 8 * HOUR
        assert hours.elapsed(start, at("2024-03-11T09:00:01")) == 8 * HOUR + 1

    def test_nothing_is_due_at_once_and_holds_until_the_next_opening(self) -> None:
        hours, night = calendar("Etc/UTC"), at("2024-03-08T22:00")
        assert hours.instants(night, 0) == (night, at("2024-03-11T09:00"))

    def test_going_back_ends_at_the_last_open_moment(self) -> None:
        hours = calendar("Etc/UTC")
        assert hours.subtract(at("2024-03-11T09:30"), HOUR) == at("2024-03-08T16:30")
        assert hours.subtract(at("2024-03-11T08:00"), 0) == at("2024-03-08T17:00")
        assert hours.subtract(at("2024-03-11T17:00"), 8 * HOUR) == at("2024-03-11T09:00")

    def test_the_turn_of_the_year_is_no_boundary(self) -> None:
        last_day = at("2024-12-31T09:00")
        both = (at("2024-12-31T17:00"), at("2025-01-01T09:00"))
        assert calendar("Etc/UTC").instants(last_day, 8 * HOUR) == both
        assert calendar("Etc/UTC").due(last_day, 8 * HOUR) == both[0]
        assert calendar("Etc/UTC").last_moment(last_day, 8 * HOUR) == both[1]
        assert calendar("Etc/UTC").subtract(at("2024-01-01T05:00"), 0) == at("2023-12-29T17:00")
        assert calendar("Etc/UTC").subtract(at("2024-01-01T10:00"), 2 * HOUR) == at(
            "2023-12-29T16:00"
        )

    @pytest.mark.parametrize("ask", ["due", "last_moment", "subtract", "instants"])
    def test_negative_amounts_are_refused(self, ask: str) -> None:
        with pytest.raises(CalendarError, match="cannot be negative"):
            getattr(calendar(), ask)(at("2024-03-04T09:00"), -1)

    def test_time_does_not_run_backwards(self) -> None:
        assert calendar().elapsed(at("2024-03-05T12:00"), at("2024-03-04T12:00")) == 0


class TestOpenAndClosed:
    def test_closing_time_itself_is_not_open(self) -> None:
        hours = calendar("Etc/UTC")
        assert hours.is_open(at("2024-03-04T09:00"))
        assert hours.is_open(at("2024-03-04T16:59:59"))
        assert not hours.is_open(at("2024-03-04T17:00"))
        assert not hours.is_open(at("2024-03-03T12:00"))

    def test_the_next_opening_is_now_while_open(self) -> None:
        hours = calendar("Etc/UTC")
        assert hours.next_opening(at("2024-03-04T11:00")) == at("2024-03-04T11:00")
        assert hours.next_opening(at("2024-03-08T17:00")) == at("2024-03-11T09:00")

    def test_open_across_new_year_is_open_at_new_year(self) -> None:
        nights = calendar("Asia/Tokyo", weekly={"wed": [["08:00", "10:00"]]})
        new_year = at("2025-01-01T00:00")  # Wednesday 09:00 in Tokyo
        assert nights.elapsed(new_year - DAY, new_year) == HOUR
        assert nights.is_open(new_year)
        assert nights.closing(new_year) == new_year + HOUR

    def test_closing_looks_across_midnight_and_new_year(self) -> None:
        nights = calendar(
            "Etc/UTC", weekly={"tue": [["22:00", "24:00"]], "wed": [["00:00", "6:00"]]}
        )
        assert nights.closing(at("2024-12-31T23:00")) == at("2025-01-01T06:00")
        assert nights.periods_after(at("2024-12-31T00:00"), 1) == [
            (at("2024-12-31T22:00"), at("2025-01-01T06:00"))
        ]
        assert nights.periods_before(at("2025-01-02T00:00"), 1) == [
            (at("2024-12-31T22:00"), at("2025-01-01T06:00"))
        ]

    def test_a_calendar_that_never_closes_says_so(self) -> None:
        around_the_clock = calendar(weekly={day: [["00:00", "24:00"]] for day in ALL_WEEK})
        assert around_the_clock.closing(at("2024-03-04T09:00")) is None
        assert ALWAYS_OPEN.closing(0) is None
        with pytest.raises(NoOpeningError, match="never closes"):
            ALWAYS_OPEN.periods_after(0, 1)
        with pytest.raises(NoOpeningError, match="always open"):
            ALWAYS_OPEN.periods_before(0, 1)

    def test_open_spans_are_clipped_to_the_question(self) -> None:
        spans = calendar("Etc/UTC").open_spans(at("2024-03-04T16:00"), at("2024-03-05T10:00"))
        assert spans == [
            (at("2024-03-04T16:00"), at("2024-03-04T17:00")),
            (at("2024-03-05T09:00"), at("2024-03-05T10:00")),
        ]
        assert calendar().open_spans(5, 5) == []

    def test_business_days_keep_the_local_time_and_skip_closed_dates(self) -> None:
        hours = calendar(holidays=["2024-04-01"])
        good_friday = at("2024-03-29T10:00")  # 11:00 in Berlin, before the clocks change
        assert hours.add_days(good_friday, 1) == at("2024-04-02T09:00")
        assert hours.subtract_days(at("2024-04-02T09:00"), 1) == good_friday
        assert hours.add_days(at("2024-03-30T12:00"), 0) == at("2024-04-02T07:00")
        with pytest.raises(CalendarError):
            hours.add_days(good_friday, -1)
        with pytest.raises(CalendarError, match="no local days"):
            ALWAYS_OPEN.add_days(good_friday, 1)


ALL_WEEK = (*WORKDAYS, "sat", "sun")


class TestDaylightSaving:
    def test_around_the_clock_counts_25_hours_on_the_long_day_and_23_on_the_short(self) -> None:
        hours = calendar(weekly={"sun": [["00:00", "24:00"]]})
        assert hours.elapsed(at("2024-10-26T12:00"), at("2024-10-28T12:00")) == 25 * HOUR
        assert hours.elapsed(at("2024-03-30T12:00"), at("2024-04-01T12:00")) == 23 * HOUR

    def test_a_closed_long_day_next_to_open_ones_is_closed_and_hangs_nothing(self) -> None:
        hours = calendar(
            weekly={day: [["00:00", "24:00"]] for day in ALL_WEEK}, holidays=["2024-10-27"]
        )
        saturday = at("2024-10-26T20:00")  # 22:00 in Berlin
        assert hours.instants(saturday, 2 * HOUR) == (
            at("2024-10-26T22:00"),
            at("2024-10-27T23:00"),
        )

    def test_a_skipped_start_moves_forward_by_the_gap(self) -> None:
        hours = calendar(weekly={"sun": [["02:30", "05:00"]]})
        spans = hours.open_spans(at("2024-03-31T00:00"), at("2024-04-01T00:00"))
        assert spans == [(at("2024-03-31T01:30"), at("2024-03-31T03:00"))]

    def test_a_span_that_the_gap_swallows_is_empty(self) -> None:
        hours = calendar(weekly={"sun": [["02:30", "03:15"]], "mon": [["09:00", "10:00"]]})
        assert hours.elapsed(at("2024-03-31T00:00"), at("2024-04-01T00:00")) == 0

    def test_a_repeated_time_means_its_first_occurrence(self) -> None:
        hours = calendar(weekly={"sun": [["01:00", "02:30"]]})
        spans = hours.open_spans(at("2024-10-26T12:00"), at("2024-10-28T00:00"))
        assert spans == [(at("2024-10-26T23:00"), at("2024-10-27T00:30"))]

    def test_a_date_that_never_happened_has_no_hours(self) -> None:
        hours = calendar("Pacific/Apia", weekly={"fri": [["09:00", "17:00"]]})
        assert hours.open_spans(at("2011-12-29T00:00"), at("2012-01-03T00:00")) == []

    def test_the_break_of_a_day_moves_with_its_clock(self) -> None:
        hours = calendar(
            weekly={"sun": [["08:00", "16:00"]]}, breaks={"2024-03-31": [["12:00", "13:00"]]}
        )
        assert hours.open_spans(at("2024-03-31T00:00"), at("2024-04-01T00:00")) == [
            (at("2024-03-31T06:00"), at("2024-03-31T10:00")),
            (at("2024-03-31T11:00"), at("2024-03-31T14:00")),
        ]


class TestExceptions:
    def test_special_hours_replace_the_date_and_a_closed_date_beats_them(self) -> None:
        hours = calendar(
            "Etc/UTC",
            shifts={"2024-03-09": [["10:00", "12:00"]], "2024-03-11": [["10:00", "12:00"]]},
            holidays=["2024-03-11"],
        )
        assert hours.elapsed(at("2024-03-09T00:00"), at("2024-03-10T00:00")) == 2 * HOUR
        assert hours.elapsed(at("2024-03-11T00:00"), at("2024-03-12T00:00")) == 0

    def test_a_break_past_closing_takes_only_what_is_open(self) -> None:
        hours = calendar("Etc/UTC", breaks={"2024-03-04": [["16:00", "18:00"]]})
        assert hours.elapsed(at("2024-03-04T00:00"), at("2024-03-05T00:00")) == 7 * HOUR

    def test_a_new_version_leaves_the_past_as_it_was(self) -> None:
        shorter = define("Etc/UTC", weekly={day: [["10:00", "12:00"]] for day in WORKDAYS})
        noon = at("2024-03-05T12:00")
        hours = BusinessCalendar([(noon, shorter), (None, define("Etc/UTC"))])
        assert hours.open_spans(at("2024-03-04T00:00"), at("2024-03-07T00:00")) == [
            (at("2024-03-04T09:00"), at("2024-03-04T17:00")),
            (at("2024-03-05T09:00"), noon),
            (at("2024-03-06T10:00"), at("2024-03-06T12:00")),
        ]
        assert hours.definition_at(noon - 1) == define("Etc/UTC")
        assert hours.definition_at(noon) == shorter

    def test_two_versions_may_not_start_together(self) -> None:
        with pytest.raises(CalendarError, match="same instant"):
            BusinessCalendar([(5, define()), (5, define())])
        with pytest.raises(NeverOpenError):
            BusinessCalendar([])


class TestRefusals:
    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"weekly": {"mon": [["09:00", "00:00"]]}}, "write midnight as 24:00"),
            ({"weekly": {"mon": [["17:00", "09:00"]]}}, "does not end after it starts"),
            ({"weekly": {"mon": [["09:00", "24:01"]]}}, "the last is 24:00"),
            ({"weekly": {"mon": [["09:00", "12:60"]]}}, "not a time of day"),
            ({"weekly": {"mon": [["nine", "12:00"]]}}, "not a time of day"),
            ({"weekly": {"mon": [["09:00"]]}}, "not a .from, to. pair"),
            ({"weekly": {"mon": "09:00"}}, "list of"),
            ({"weekly": {"monday": [["09:00", "17:00"]]}}, "not a weekday"),
            ({"holidays": ["25.12.2024"]}, "not a date"),
            ({"holiday": ["2024-12-25"]}, "Unknown calendar entries: holiday"),
        ],
    )
    def test_what_makes_no_sense_is_refused_in_words(self, more: Any, words: str) -> None:
        with pytest.raises(MalformedCalendarError, match=words):
            define(**more)

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe"])
    def test_an_unknown_time_zone_is_refused(self, zone: str) -> None:
        with pytest.raises(UnknownTimeZoneError, match="IANA"):
            define(zone)

    def test_a_time_zone_is_needed(self) -> None:
        with pytest.raises(MalformedCalendarError, match="needs a time zone"):
            CalendarDefinition.from_json({"weekly": {}})

    def test_spans_and_weekdays_have_bounds(self) -> None:
        with pytest.raises(MalformedCalendarError, match="between 00:00 and 24:00"):
            CalendarDefinition("Etc/UTC", {0: ((0, DAY + 1),)})
        with pytest.raises(MalformedCalendarError, match="Weekday"):
            CalendarDefinition("Etc/UTC", {7: ((0, DAY),)})

    def test_a_calendar_without_open_time_is_refused(self) -> None:
        with pytest.raises(NeverOpenError, match="no open hours"):
            define(weekly={})
        with pytest.raises(NeverOpenError):
            define(weekly={}, shifts={"2024-03-04": [["09:00", "10:00"]]}, holidays=["2024-03-04"])
        with pytest.raises(NeverOpenError):
            BusinessCalendar.from_intervals([(5, 5)])

    def test_a_search_without_end_is_given_up(self) -> None:
        once = calendar("Etc/UTC", weekly={}, shifts={"2024-03-04": [["09:00", "10:00"]]})
        start = at("2024-03-04T09:00")
        assert once.due(start, HOUR) == start + HOUR
        with pytest.raises(NoOpeningError, match="60 years"):
            once.last_moment(start, HOUR)
        with pytest.raises(NoOpeningError, match="60 years"):
            once.due(start, HOUR + 1)
        with pytest.raises(NoOpeningError, match="60 years"):
            once.subtract(start, 1)
        assert once.subtract(start + HOUR, HOUR) == start
        with pytest.raises(NoOpeningError, match="60 years"):
            once.add_days(start, 1)
        few = BusinessCalendar.from_intervals([(0, 10)])
        with pytest.raises(NoOpeningError):
            few.due(0, 11)

    def test_instants_beyond_all_reason_are_refused(self) -> None:
        with pytest.raises(CalendarError, match="1900 to 2299"):
            calendar().elapsed(0, at("2500-01-01T00:00"))


class TestKeeping:
    def test_json_comes_back_as_it_was(self) -> None:
        definition = define(
            weekly={
                "mon": [["13:00", "17:00"], ["09:00", "12:00:30"]],
                "sun": [["00:00", "24:00"]],
            },
            holidays=["2024-12-25"],
            breaks={"2024-12-24": [["12:00", "24:00"]]},
            shifts={"2024-12-21": [["10:00", "14:00"]]},
        )
        assert CalendarDefinition.from_json(definition.to_json()) == definition
        assert definition.to_json()["weekly"]["mon"] == [["09:00", "12:00:30"], ["13:00", "17:00"]]

    def test_spans_that_touch_or_overlap_become_one(self) -> None:
        hours = define(weekly={"mon": [["12:00", "17:00"], ["09:00", "12:00"], ["16:00", "18:00"]]})
        assert hours.weekly == {0: ((9 * HOUR, 18 * HOUR),)}

    def test_special_hours_alone_are_a_calendar(self) -> None:
        assert not define(weekly={}, shifts={"2024-03-04": [["09:00", "10:00"]]}).weekly

    def test_the_order_of_questions_changes_no_answer(self) -> None:
        one, other = calendar(), calendar()
        years = [at(f"{year}-06-03T10:00") for year in (2031, 2024, 2012, 2026)]
        answers = [one.instants(start, 100 * HOUR) for start in years]
        assert [other.instants(start, 100 * HOUR) for start in reversed(years)] == answers[::-1]
        assert one.elapsed(years[2], years[0]) == other.elapsed(years[2], years[0])

    def test_several_dues_at_once_are_the_single_ones(self) -> None:
        hours, start = calendar(), at("2024-12-30T10:00")
        amounts = [1, HOUR, 40 * HOUR, 3000 * HOUR]
        assert hours.dues(start, amounts) == [hours.due(start, amount) for amount in amounts]

    def test_always_open_is_plain_arithmetic(self) -> None:
        start = at("2024-03-31T00:00")
        assert ALWAYS_OPEN.instants(start, DAY) == (start + DAY, start + DAY)
        assert ALWAYS_OPEN.elapsed(start, start + 10 * DAY) == 10 * DAY
        assert ALWAYS_OPEN.subtract(start, DAY) == start - DAY
        assert ALWAYS_OPEN.is_open(start)
