"""What a plan promises, said as a customer would repeat it to a colleague."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.kit import clock
from portal.kit.words import SEVERITIES, Words
from tickets.amount_words import within_words
from tiers.calendar_words import is_around_the_clock
from tiers.promises import Promise
from tiers.rules.business_time import BusinessCalendar


@dataclass(frozen=True, slots=True)
class PromisedIn:
    """One target: how soon in general, and by when if the clock started now."""

    within: str
    is_day_and_night: bool
    due_at: datetime
    is_contract: bool = False


@dataclass(frozen=True, slots=True)
class SeverityPromise:
    """What one severity is promised; a metric that is not promised is None."""

    level: int
    label: Words
    description: Words
    first_reply: PromisedIn | None
    resolution: PromisedIn | None

    @property
    def is_contract(self) -> bool:
        """Whether the customer's own contract says any of it, not the plan."""
        return any(
            one is not None and one.is_contract for one in (self.first_reply, self.resolution)
        )


def promised_per_severity(
    promise: Promise, calendars: Mapping[str, BusinessCalendar], now: datetime
) -> list[SeverityPromise]:
    """Return what is promised for each severity, the worst first."""
    return [
        SeverityPromise(
            level=level,
            label=severity.label,
            description=severity.description,
            first_reply=_promised(promise, calendars, level, "first_reply", now),
            resolution=_promised(promise, calendars, level, "resolution", now),
        )
        for level, severity in SEVERITIES.items()
    ]


def _promised(
    promise: Promise,
    calendars: Mapping[str, BusinessCalendar],
    severity: int,
    metric: str,
    now: datetime,
) -> PromisedIn | None:
    target = promise.target(severity, metric)
    if target is None:
        return None
    calendar, at = calendars[target.calendar], clock.to_epoch(now)
    hours = calendar.definition_at(at)
    return PromisedIn(
        within=within_words(target.seconds, hours),
        is_day_and_night=is_around_the_clock(hours),
        # The same arithmetic as the ticket's clock will use, so the same answer.
        due_at=clock.from_epoch(calendar.due(at, target.seconds)),
        is_contract=target.by == "contract",
    )
