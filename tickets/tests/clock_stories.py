"""Tickets told in a few words, for the tests of the clocks."""

from datetime import UTC, datetime
from typing import Any

from tickets.rules.clocks import Event, Reading, Target, Terms, evaluate
from tiers.rules.business_time import ALWAYS_OPEN, BusinessCalendar, CalendarDefinition

MINUTE, HOUR = 60, 3600
OFFICE = BusinessCalendar(
    [
        (
            None,
            CalendarDefinition.from_json(
                {
                    "timezone": "Europe/Berlin",
                    "weekly": {
                        day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")
                    },
                    "holidays": [],
                }
            ),
        )
    ]
)
CALENDARS = {"always": ALWAYS_OPEN, "office": OFFICE}
CRITICAL, NORMAL = 1, 3


def at(text: str) -> int:
    return int(datetime.fromisoformat(f"2024-{text}").replace(tzinfo=UTC).timestamp())


MONDAY = at("03-04T08:00")  # 09:00 in Berlin


def terms(key: str = "v1", severity: int = NORMAL, /, **seconds: Any) -> Terms:
    """Return terms with the given metrics; a number is a target around the clock."""
    targets = {
        (severity, metric): value if isinstance(value, Target) else Target(value, "always")
        for metric, value in seconds.items()
    }
    return Terms(key, "professional", 1, targets)


class Story:
    """A ticket told in minutes after Monday 09:00 in Berlin."""

    def __init__(self, promised: Terms | None, /, **opened: Any) -> None:
        self.events: list[Event] = []
        opened = {"by": "customer", "status": "new", "severity": NORMAL, **opened}
        self.then(0, "opened", terms=promised, **opened)

    def then(self, minute: int, kind: Any, **more: Any) -> "Story":
        self.events.append(Event(MONDAY + minute * MINUTE, len(self.events), kind, **more))
        return self

    def customer(self, minute: int, **more: Any) -> "Story":
        return self.then(minute, "message", by="customer", **more)

    def agent(self, minute: int, **more: Any) -> "Story":
        return self.then(minute, "message", by="agent", **more)

    def status(self, minute: int, status: str) -> "Story":
        return self.then(minute, "status", status=status)

    def readings(self, minute: int, **more: Any) -> tuple[Reading, ...]:
        return evaluate(self.events, CALENDARS, MONDAY + minute * MINUTE, **more)

    def reading(self, metric: str, minute: int, **more: Any) -> Reading:
        return [r for r in self.readings(minute, **more) if r.metric == metric][-1]

    def told(self, metric: str, minute: int) -> list[tuple[str, int]]:
        """Return status and elapsed minutes per cycle."""
        return [
            (r.status, r.elapsed_seconds // MINUTE)
            for r in self.readings(minute)
            if r.metric == metric
        ]
