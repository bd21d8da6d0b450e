"""Business time against the libraries most alike: adds and differences per second.

One calendar for everybody: 9 to 17 on weekdays in Berlin, with the German holidays. Targets of
half an hour to 72 hours, spans up to 20 days, the same aware datetimes for all, and the answers
are checked equal before a time counts. The rounds of the rivals alternate, so that a busy moment
of the machine hits all of them.

The product keeps instants as aware datetimes and counts in epoch seconds, so the way there and
back, as every caller goes it (``portal.kit.clock``), belongs to the time with datetimes.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from datetime import time as wall
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pytz
from business_duration import businessDuration
from businesstimedelta import BusinessTimeDelta, HolidayRule, Rules, WorkDayRule

from bench.result import measure
from portal.kit.clock import from_epoch, to_epoch
from tiers.rules.business_time import BusinessCalendar, CalendarDefinition
from tiers.rules.business_time.definition import WEEKDAYS
from tiers.rules.business_time.vectorised import Column

RUNS = 7
ROWS, PEER_ROWS = 20_000, 150
COLUMN = 1_000_000
# At least so many times as fast as businesstimedelta, as business-duration; rows per second.
TIMES_TIMEDELTA, TIMES_DURATION, VECTORISED = 200, 20, 5_000_000

ZONE = "Europe/Berlin"
OPEN, CLOSE = wall(9), wall(17)
YEARS = range(2020, 2033)
SINCE = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
HOUR, DAY = 3600, 86_400

Work = Callable[[], object]


def run(size: int) -> Iterator[dict[str, Any]]:
    """Yield the lines."""
    days_off = holidays.country_holidays("DE", years=YEARS)
    calendar = BusinessCalendar([(None, definition(list(days_off)))])
    chance = random.Random(42)
    starts = [SINCE + chance.randrange(2 * 365 * DAY) for _row in range(ROWS)]
    amounts = [chance.randrange(HOUR // 2, 72 * HOUR) for _row in range(ROWS)]
    ends = [start + chance.randrange(20 * DAY) for start in starts]
    calendar.elapsed(min(starts), max(ends) + 300 * DAY)  # compiled once per process
    for zone in (ZoneInfo(ZONE), UTC):
        yield from with_datetimes(calendar, days_off, zone, (starts, amounts, ends))
    yield from with_integers(calendar, starts, amounts, ends)
    yield from with_columns(calendar)
    yield compiling(calendar)


def definition(days_off: Sequence[Any]) -> CalendarDefinition:
    """Return what every rival is told as well."""
    return CalendarDefinition.from_json(
        {
            "timezone": ZONE,
            "weekly": {day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]},
            "holidays": [day.isoformat() for day in sorted(days_off)],
        }
    )


def with_datetimes(
    calendar: BusinessCalendar,
    days_off: Mapping[Any, str],
    zone: Any,
    rows: tuple[list[int], list[int], list[int]],
) -> Iterator[dict[str, Any]]:
    """Measure adds and differences with aware datetimes in and out, in one zone."""
    starts = [datetime.fromtimestamp(start, zone) for start in rows[0]]
    ends = [datetime.fromtimestamp(end, zone) for end in rows[2]]
    amounts = rows[1]
    berlin = pytz.timezone(ZONE)
    week = WorkDayRule(OPEN, CLOSE, [0, 1, 2, 3, 4], tz=berlin)
    rules = Rules([week, HolidayRule(days_off, tz=berlin)])
    deltas = [BusinessTimeDelta(rules, seconds=amount) for amount in amounts[:PEER_ROWS]]
    local = ZoneInfo(ZONE)

    def add() -> list[datetime]:
        due = calendar.due
        return [
            from_epoch(due(to_epoch(start), amount))
            for start, amount in zip(starts, amounts, strict=True)
        ]

    def peer_add() -> list[datetime]:
        return [start + delta for start, delta in zip(starts, deltas, strict=False)]

    def difference() -> list[int]:
        elapsed = calendar.elapsed
        return [
            elapsed(to_epoch(start), to_epoch(end)) for start, end in zip(starts, ends, strict=True)
        ]

    def peer_difference() -> list[int]:
        found = [
            rules.difference(start, end)
            for start, end in zip(starts[:PEER_ROWS], ends, strict=False)
        ]
        return [int(delta.timedelta.total_seconds()) for delta in found]

    def duration() -> list[int]:
        # It knows no zones: who has other ones must bring them home first.
        moments = zip(starts[:PEER_ROWS], ends, strict=False)
        pairs = (
            moments
            if zone is local
            else ((start.astimezone(local), end.astimezone(local)) for start, end in moments)
        )
        return [
            businessDuration(start, end, OPEN, CLOSE, holidaylist=days_off, unit="sec")
            for start, end in pairs
        ]

    expect("businesstimedelta, adds", peer_add(), add()[:PEER_ROWS])
    expect("businesstimedelta, differences", peer_difference(), difference()[:PEER_ROWS])
    expect("business-duration, differences", duration(), difference()[:PEER_ROWS])
    ours, peer = rates((add, ROWS), (peer_add, PEER_ROWS))
    yield compared(
        f"business time adds, datetimes in {zone}",
        ours,
        TIMES_TIMEDELTA,
        {"businesstimedelta": peer},
    )
    ours, peer, other = rates(
        (difference, ROWS), (peer_difference, PEER_ROWS), (duration, PEER_ROWS)
    )
    yield compared(
        f"business time differences, datetimes in {zone}", ours, TIMES_TIMEDELTA,
        {"businesstimedelta": peer, "business-duration": other},
    )  # fmt: skip


def with_integers(
    calendar: BusinessCalendar, starts: list[int], amounts: list[int], ends: list[int]
) -> Iterator[dict[str, Any]]:
    """Measure the scalar path as the engine uses it: epoch seconds in and out."""

    def nothing(one: int, other: int) -> int:
        return one

    for name, ask, others in (
        ("adds", calendar.due, amounts),
        ("differences", calendar.elapsed, ends),
    ):
        pairs = list(zip(starts, others, strict=True))
        ours, floor = rates(
            (lambda: [ask(*pair) for pair in pairs], ROWS),  # noqa: B023  (called at once)
            (lambda: [nothing(*pair) for pair in pairs], ROWS),  # noqa: B023
        )
        yield measure(
            f"business time {name}, integers", ours, unit="rows/s",
            floor=measure("a call", floor)["value"],
        )  # fmt: skip


def with_columns(calendar: BusinessCalendar) -> Iterator[dict[str, Any]]:
    """Measure a million rows at once, in no order and sorted; the floor is one addition each."""
    chance = np.random.default_rng(42)
    starts = SINCE + chance.integers(0, 2 * 365 * DAY, COLUMN)
    amounts = chance.integers(HOUR // 2, 72 * HOUR, COLUMN)
    ends = starts + chance.integers(0, 20 * DAY, COLUMN)
    column = Column(calendar)
    for order in ("in no order", "sorted"):
        if order == "sorted":
            place = np.argsort(starts)
            starts, amounts, ends = starts[place], amounts[place], ends[place]
        some = slice(0, COLUMN, 50)
        for name, ask, scalar, others in (
            ("adds", column.due, calendar.due, amounts),
            ("next openings", column.last_moment, calendar.last_moment, amounts),
            ("differences", column.elapsed, calendar.elapsed, ends),
            ("subtractions", column.subtract, calendar.subtract, amounts),
        ):
            pairs = zip(starts[some].tolist(), others[some].tolist(), strict=True)
            expect(name, [scalar(*pair) for pair in pairs], ask(starts, others)[some].tolist())
            ours, floor = rates(
                (lambda: ask(starts, others), COLUMN),  # noqa: B023  (called at once)
                (lambda: np.add(starts, others), COLUMN),  # noqa: B023
            )
            yield measure(
                f"business time {name}, 1,000,000 rows {order}", ours, unit="rows/s",
                target=VECTORISED, floor=measure("np.add", floor)["value"],
            )  # fmt: skip


def compiling(calendar: BusinessCalendar) -> dict[str, Any]:
    """Measure what a process pays once per calendar version: four years."""
    took = []
    for _run in range(RUNS):
        fresh = BusinessCalendar([(None, calendar.definition_at(SINCE))])
        started = time.perf_counter()
        fresh.elapsed(SINCE, SINCE + 4 * 365 * DAY)
        took.append((time.perf_counter() - started) * 1000)
    return measure("business time, compiling four years", took)


def rates(*works: tuple[Work, int]) -> list[list[float]]:
    """Return rows per second of each work in each run, taking turns."""
    found: list[list[float]] = [[] for _work in works]
    for _run in range(RUNS):
        for kept, (work, count) in zip(found, works, strict=True):
            started = time.perf_counter()
            work()
            kept.append(count / (time.perf_counter() - started))
    return found


def compared(
    name: str, ours: list[float], times: int, peers: Mapping[str, list[float]]
) -> dict[str, Any]:
    """Return a line with each peer's rate and how many times as fast we are."""
    wanted = {"businesstimedelta": times, "business-duration": TIMES_DURATION}
    middle = {peer: statistics.median(rate) for peer, rate in peers.items()}
    return measure(
        name, ours, unit="rows/s",
        peers={peer: round(rate, 1) for peer, rate in middle.items()},
        times={peer: round(statistics.median(ours) / rate, 1) for peer, rate in middle.items()},
        target_times={peer: wanted[peer] for peer in peers},
    )  # fmt: skip


def expect(name: str, theirs: Sequence[object], ours: Sequence[object]) -> None:
    """Refuse a time for answers that differ."""
    wrong = [row for row, pair in enumerate(zip(theirs, ours, strict=True)) if pair[0] != pair[1]]
    if wrong:
        row = wrong[0]
        raise SystemExit(
            f"{name}: {len(wrong)} of {len(ours)} rows differ; in row {row} they say {theirs[row]}"
            f" and we {ours[row]}"
        )
