"""Business time against other engines' own specs; schema in reference/sla.md, section C."""

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tiers.rules.business_time import BusinessCalendar, CalendarDefinition, local_to_utc
from tiers.rules.business_time.vectorised import Column
from tiers.tests.oracle_files import entries, instant, judged

pytestmark = pytest.mark.oracle

Case = dict[str, Any]


def calendar_of(case: Case) -> BusinessCalendar:
    described = case["calendar"]
    if "explicit_open" in described:
        return BusinessCalendar.from_intervals(
            (instant(start), instant(end)) for start, end in described["explicit_open"]
        )
    return BusinessCalendar([(None, CalendarDefinition.from_json(described))])


def check_add(case: Case) -> None:
    """Check one convention, or both.

    The sources differ on the boundary: zendesk/biz answers with the next opening, all others
    with closing time, and a zero amount may be identity. A case says so in `boundary` or
    `both_conventions`; the cases that biz executed itself do not, but follow biz.
    """
    calendar, start = calendar_of(case), instant(case["args"]["start"])
    closing, next_open = calendar.instants(start, case["args"]["seconds"])
    assert closing <= next_open
    assert calendar.due(start, case["args"]["seconds"]) == closing
    assert calendar.last_moment(start, case["args"]["seconds"]) == next_open
    column, seconds = Column(calendar_of(case)), [case["args"]["seconds"]]
    assert column.due(start, seconds).tolist() == [closing]
    assert column.last_moment(start, seconds).tolist() == [next_open]
    expected = instant(case["expected"])
    boundary = case.get("boundary")
    if both := case.get("both_conventions"):
        assert (closing, next_open) == (instant(both["closing"]), instant(both["next_open"]))
        assert expected in (closing, next_open)
    elif boundary in ("closing", "identity"):
        assert closing == expected
    elif boundary == "next_open" or case["source"]["repo"] == "zendesk/biz":
        assert next_open == expected
    else:
        assert closing == next_open == expected


def check_subtract(case: Case) -> None:
    start, seconds = instant(case["args"]["start"]), case["args"]["seconds"]
    assert calendar_of(case).subtract(start, seconds) == instant(case["expected"])
    column = Column(calendar_of(case))
    assert column.subtract([start], seconds).tolist() == [instant(case["expected"])]


def check_between(case: Case) -> None:
    args, expected = case["args"], case["expected"]
    elapsed = calendar_of(case).elapsed(instant(args["start"]), instant(args["end"]))
    column = Column(calendar_of(case))
    assert column.elapsed([instant(args["start"])], [instant(args["end"])]).tolist() == [elapsed]
    if case.get("expected_unit") == "minutes_rounded":
        elapsed = (elapsed + 30) // 60
    assert elapsed == expected


def check_is_open(case: Case) -> None:
    assert calendar_of(case).is_open(instant(case["args"]["at"])) is case["expected"]


def check_periods_after(case: Case) -> None:
    found = calendar_of(case).periods_after(instant(case["args"]["start"]), case["args"]["count"])
    assert found == [(instant(start), instant(end)) for start, end in case["expected"]]


def check_periods_before(case: Case) -> None:
    found = calendar_of(case).periods_before(instant(case["args"]["start"]), case["args"]["count"])
    assert found == [(instant(start), instant(end)) for start, end in case["expected"]]


def check_add_days(case: Case) -> None:
    found = calendar_of(case).add_days(instant(case["args"]["start"]), case["args"]["days"])
    assert found == instant(case["expected"])


def check_subtract_days(case: Case) -> None:
    found = calendar_of(case).subtract_days(instant(case["args"]["start"]), case["args"]["days"])
    assert found == instant(case["expected"])


def check_local(case: Case) -> None:
    day, _, clock = case["args"]["local"].partition("T")
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    found = local_to_utc(
        ZoneInfo(case["calendar"]["timezone"]),
        date.fromisoformat(day).toordinal(),
        hours * 3600 + minutes * 60 + seconds,
    )
    assert found == instant(case["expected"])


CHECKS: dict[str, Callable[[Case], None]] = {
    "add_business_seconds": check_add,
    "subtract_business_seconds": check_subtract,
    "business_seconds_between": check_between,
    "is_open": check_is_open,
    "periods_after": check_periods_after,
    "periods_before": check_periods_before,
    "add_business_days": check_add_days,
    "subtract_business_days": check_subtract_days,
    "local_to_utc": check_local,
}


@pytest.mark.parametrize("case", entries("op"))
def test_business_time_agrees_with_the_case(case: Case) -> None:
    with judged(case):
        CHECKS[case["op"]](case)
