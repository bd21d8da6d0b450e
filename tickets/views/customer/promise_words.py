"""What a plan promises, said as a customer would repeat it to a colleague."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy

from portal.kit import clock
from portal.kit.words import METRICS, SEVERITIES, Words
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
    """What one severity is promised; a metric that is not promised is None.

    ``further`` says in a sentence each what is promised besides the first answer and the
    solution. ``is_contract``: the customer's own contract says any of it, not the plan.
    """

    level: int
    label: Words
    description: Words
    first_reply: PromisedIn | None
    resolution: PromisedIn | None
    further: tuple[str, ...] = ()
    is_contract: bool = False


FURTHER: dict[str, Words] = {
    "next_reply": gettext_lazy("Each further answer in %(time)s"),
    "periodic_update": gettext_lazy("News at least every %(time)s"),
    "requester_wait": gettext_lazy("You wait at most %(time)s in total"),
    "agent_work": gettext_lazy("We work on it for at most %(time)s in total"),
    "first_resolution": gettext_lazy("Solved for the first time in %(time)s"),
}


def promised_per_severity(
    promise: Promise, calendars: Mapping[str, BusinessCalendar], now: datetime
) -> list[SeverityPromise]:
    """Return what is promised for each severity, the worst first."""
    rows = []
    for level, severity in SEVERITIES.items():
        found = {
            metric: one
            for metric in METRICS
            if (one := _promised(promise, calendars, level, metric, now)) is not None
        }
        rows.append(
            SeverityPromise(
                level=level,
                label=severity.label,
                description=severity.description,
                first_reply=found.get("first_reply"),
                resolution=found.get("resolution"),
                further=tuple(
                    sentence % {"time": found[metric].within}
                    for metric, sentence in FURTHER.items()
                    if metric in found
                ),
                is_contract=any(one.is_contract for one in found.values()),
            )
        )
    return rows


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
