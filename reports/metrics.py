"""The metrics, each defined once: name, unit, what it means and how it is computed.

The page, the CSV file and the tests read these definitions and nothing else, so that a
number never means one thing here and another there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.words import METRICS as PROMISE_METRICS
from portal.kit.words import Words
from reports.figures import TierFigures


class Unit(StrEnum):
    """What a value counts. Shares are fractions from 0 to 1, durations are seconds."""

    TICKETS = "tickets"
    RATINGS = "ratings"
    SHARE = "share"
    SECONDS = "seconds"
    BUSINESS_SECONDS = "business_seconds"


@dataclass(frozen=True, slots=True)
class Value:
    """A value of one metric for one tier.

    None: there was nothing to compute it from, which is not zero. ``cases`` is
    how many rows stand behind it; ``low`` and ``high`` bound a share of ratings
    with 95 % confidence.
    """

    number: float | int | None
    cases: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: ``sentence`` says what it means, ``rule`` how it is computed."""

    key: str
    name: Words
    unit: Unit
    sentence: Words
    rule: Words
    read: Callable[[TierFigures], Value]


# What the house aims at, as shares; drawn as a line in the charts.
ATTAINMENT_GOAL = 0.95
SATISFACTION_GOAL = 0.90


def _satisfaction(figures: TierFigures) -> Value:
    found = figures.satisfaction
    return Value(found.share, found.rated, found.low, found.high)


def _response_rate(figures: TierFigures) -> Value:
    share = figures.answered_of_asked / figures.asked if figures.asked else None
    return Value(share, figures.asked)


def _attainment(metric: str) -> Callable[[TierFigures], Value]:
    def read(figures: TierFigures) -> Value:
        found = figures.promises.get(metric)
        return Value(found.share, found.decided) if found else Value(None, 0)

    return read


DECIDED = gettext_lazy(
    "kept / (kept + answered late + broken). A kept promise counts on the day its clock stopped, "
    "a broken one on the day it broke, answered since or not: each promise counts once, and a "
    "past period never changes. Cancelled clocks do not count."
)

OPENED = Metric(
    "opened",
    gettext_lazy("Opened"),
    Unit.TICKETS,
    gettext_lazy("Tickets that came in."),
    gettext_lazy("Opened in the period, under the tier the account had when it was opened."),
    lambda figures: Value(figures.opened, figures.opened),
)
SOLVED = Metric(
    "solved",
    gettext_lazy("Solved"),
    Unit.TICKETS,
    gettext_lazy("Tickets that were solved and have not been reopened."),
    gettext_lazy("Solved last in the period, under the tier the ticket is worked under."),
    lambda figures: Value(figures.solved, figures.solved),
)
OPEN_NOW = Metric(
    "open_now",
    gettext_lazy("Open now"),
    Unit.TICKETS,
    gettext_lazy("Tickets that somebody still owes something, at this moment."),
    gettext_lazy("New, open, waiting for the customer or for a third party; not of the period."),
    lambda figures: Value(figures.open_now, figures.open_now),
)
SATISFACTION = Metric(
    "satisfaction",
    gettext_lazy("Satisfied customers (CSAT)"),
    Unit.SHARE,
    gettext_lazy("How many of those who rated were satisfied."),
    gettext_lazy(
        "Ratings of 4 and 5 among all ratings first given in the period; bounds by the Wilson "
        "score interval, 95 %."
    ),
    _satisfaction,
)
RESPONSES = Metric(
    "responses",
    gettext_lazy("Ratings"),
    Unit.RATINGS,
    gettext_lazy("How many ratings the satisfaction rests on."),
    gettext_lazy("Ratings first given in the period."),
    lambda figures: Value(figures.satisfaction.rated, figures.satisfaction.rated),
)
RESPONSE_RATE = Metric(
    "response_rate",
    gettext_lazy("Response rate"),
    Unit.SHARE,
    gettext_lazy("How many of those we asked for a rating gave one."),
    gettext_lazy("Asked in the period, and rated by now."),
    _response_rate,
)
HANDLE_MEAN = Metric(
    "handle_mean",
    gettext_lazy("Handle time, average"),
    Unit.SECONDS,
    gettext_lazy("How long agents were active on a solved ticket, on average."),
    gettext_lazy(
        "Sum of the active seconds of all its replies and notes, per ticket solved in the period; "
        "tickets without any recorded time do not count."
    ),
    lambda figures: Value(figures.handle.mean, figures.handle.count),
)
HANDLE_MEDIAN = Metric(
    "handle_median",
    gettext_lazy("Handle time, median"),
    Unit.SECONDS,
    gettext_lazy("How long agents were active on the ticket in the middle."),
    gettext_lazy("As the average, but half of the tickets took less and half took more."),
    lambda figures: Value(figures.handle.median, figures.handle.count),
)
ATTAINMENT = Metric(
    "attainment",
    gettext_lazy("Promises kept"),
    Unit.SHARE,
    gettext_lazy("How many of all promises that were decided were kept."),
    DECIDED,
    lambda figures: Value(figures.all_promises.share, figures.all_promises.decided),
)
REPLY_MEDIAN = Metric(
    "first_reply_median",
    gettext_lazy("First reply, median"),
    Unit.BUSINESS_SECONDS,
    gettext_lazy("Half of the first replies came within this time."),
    gettext_lazy(
        "Time counted by the clock of the promise, in its calendar, until the first public reply, "
        "for replies given in the period."
    ),
    lambda figures: Value(figures.reply_business.median, figures.reply_business.count),
)
REPLY_P90 = Metric(
    "first_reply_p90",
    gettext_lazy("First reply, 9 of 10"),
    Unit.BUSINESS_SECONDS,
    gettext_lazy("Nine of ten first replies came within this time."),
    gettext_lazy("90th percentile of the same times, interpolated linearly."),
    lambda figures: Value(figures.reply_business.p90, figures.reply_business.count),
)
REPLY_MEDIAN_WALL = Metric(
    "first_reply_median_wall",
    gettext_lazy("First reply on the wall clock, median"),
    Unit.SECONDS,
    gettext_lazy("How long half of the customers waited, nights and weekends included."),
    gettext_lazy("From opening to the first public reply, for replies given in the period."),
    lambda figures: Value(figures.reply_wall.median, figures.reply_wall.count),
)
REPLY_P90_WALL = Metric(
    "first_reply_p90_wall",
    gettext_lazy("First reply on the wall clock, 9 of 10"),
    Unit.SECONDS,
    gettext_lazy("How long nine of ten customers waited at most, nights and weekends included."),
    gettext_lazy("90th percentile of the same times, interpolated linearly."),
    lambda figures: Value(figures.reply_wall.p90, figures.reply_wall.count),
)
ATTAINMENT_OF: dict[str, Metric] = {
    key: Metric(
        f"attainment_{key}",
        words.desk_label,
        Unit.SHARE,
        gettext_lazy("How many promises of this kind were kept, of those that were decided."),
        DECIDED,
        _attainment(key),
    )
    for key, words in PROMISE_METRICS.items()
}

BEFORE_PROMISES = (OPENED, SOLVED, OPEN_NOW, SATISFACTION, RESPONSES, RESPONSE_RATE)
AFTER_PROMISES = (
    REPLY_MEDIAN,
    REPLY_P90,
    REPLY_MEDIAN_WALL,
    REPLY_P90_WALL,
    HANDLE_MEAN,
    HANDLE_MEDIAN,
)


def metrics_for(promised: Iterable[str]) -> list[Metric]:
    """Return all metrics in the order of the report, with those of the promised kinds."""
    kinds = set(promised)
    of_kinds = [metric for key, metric in ATTAINMENT_OF.items() if key in kinds]
    return [*BEFORE_PROMISES, ATTAINMENT, *of_kinds, *AFTER_PROMISES]


def name_of(metric: Metric) -> str:
    """Return a metric's name as it stands alone, outside its group."""
    if metric in ATTAINMENT_OF.values():
        return _("Promises kept: %(kind)s") % {"kind": metric.name}
    return str(metric.name)
