"""The clock engine: whole tickets evaluated per second, in one thread, without a database.

A ticket of nine events under a promise with four metrics and the default warning ladder, in its
middle and at its end. The floor asks the calendar the same questions in the same order and does
nothing else.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bench.measures.business_time import YEARS, definition, rates
from bench.result import measure
from tickets.rules.clocks import Event, Target, Terms, evaluate
from tiers.rules.business_time import BusinessCalendar

ROUNDS = 2_000
MINUTE, HOUR, DAY = 60, 3600, 86_400
OPENED = int(datetime(2024, 3, 4, 9, tzinfo=UTC).timestamp())
# A prototype in plain Python, the same nine events and four metrics, on another machine.
PROTOTYPE = 46_472


def run(size: int) -> Iterator[dict[str, Any]]:
    """Yield the lines."""
    import holidays

    calendar = BusinessCalendar(
        [(None, definition(list(holidays.country_holidays("DE", years=YEARS))))]
    )
    events = story()
    for name, now in (("running", OPENED + 4 * DAY), ("solved", OPENED + 30 * DAY)):
        known = [event for event in events if event.at <= now or name == "solved"]
        shown = known if name == "solved" else known[:-1]
        asked = Asked(calendar)
        evaluate(shown, {"hours": asked}, now)  # type: ignore[dict-item]  # it answers as one
        questions = asked.questions
        ours, floor = rates(
            (lambda: [evaluate(shown, {"hours": calendar}, now) for _ in range(ROUNDS)], ROUNDS),  # noqa: B023
            (lambda: [[ask(*args) for ask, args in questions] for _ in range(ROUNDS)], ROUNDS),  # noqa: B023
        )
        yield measure(
            f"whole tickets evaluated, {name}", ours, unit="tickets/s", events=len(shown),
            metrics=4, floor=measure("its questions to the calendar", floor)["value"],
            questions=len(questions), prototype_elsewhere=PROTOTYPE,
        )  # fmt: skip


def story() -> Sequence[Event]:
    """Return nine events: two rounds of question and answer, two pauses, one change, a solve."""
    targets = {
        (severity, metric): Target(seconds=hours * HOUR, calendar="hours", pause_on=pause_on)
        for severity in (1, 2, 3, 4)
        for metric, hours, pause_on in (
            ("first_reply", 4, frozenset[str]()),
            ("next_reply", 8, frozenset[str]()),
            ("periodic_update", 16, frozenset({"pending"})),
            ("resolution", 40, frozenset({"pending"})),
        )
    }
    terms = Terms(key="a", tier="professional", policy_version=1, targets=targets)
    return [
        Event(OPENED, 1, "opened", "customer", status="new", severity=3, terms=terms),
        Event(OPENED + 2 * HOUR, 2, "message", "agent"),
        Event(OPENED + 2 * HOUR, 3, "status", "agent", status="pending"),
        Event(OPENED + 26 * HOUR, 4, "message", "customer"),
        Event(OPENED + 26 * HOUR, 5, "status", "customer", status="open"),
        Event(OPENED + 27 * HOUR, 6, "severity", "agent", severity=2),
        Event(OPENED + 30 * HOUR, 7, "message", "agent"),
        Event(OPENED + 31 * HOUR, 8, "message", "customer"),
        Event(OPENED + 9 * DAY, 9, "status", "agent", status="solved"),
    ]


class Asked:
    """A calendar that remembers what it was asked."""

    def __init__(self, calendar: BusinessCalendar) -> None:
        self.calendar = calendar
        self.questions: list[tuple[Any, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        ask = getattr(self.calendar, name)

        def remembered(*args: Any) -> Any:
            self.questions.append((ask, args))
            return ask(*args)

        return remembered
