"""Whether the promises of a program fit together: what an editor should hear before publishing.

Nothing here forbids anything; a program may be odd on purpose. Two targets in different
calendars are compared by how long they take on average: 8 hours of a 40-hour week are 33.6
hours on the wall, 8 hours around the clock are 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from tiers.rules.evaluation.reasons import Param, Reason, gettext_noop

WEEK_SECONDS = 7 * 24 * 3600
CLOSE_FLOOR = 1.25
"""A floor within this factor of the target leaves no time to set priorities in between."""
REPLIES = ("first_reply", "next_reply", "periodic_update")
SEVERITIES = (1, 2, 3, 4)


class FairnessReason(Reason):
    """A sentence about promises that sit oddly beside each other."""

    TEMPLATES: ClassVar[Mapping[str, str]] = {
        "lower_tier_sooner": gettext_noop(
            "{tier} waits longer than {other}, a lower tier: {metric} at {severity} takes "
            "{seconds} {calendar} against {less} {calendar_less}."
        ),
        "higher_tier_without": gettext_noop(
            "{tier} is not promised {metric} at {severity}, but {other}, a lower tier, is."
        ),
        "milder_sooner": gettext_noop(
            "{tier}: {metric} comes later at {severity} ({seconds} {calendar}) than at "
            "{milder} ({less} {calendar_less})."
        ),
        "milder_alone": gettext_noop(
            "{tier}: {metric} is promised at {milder} but not at {severity}, which is worse."
        ),
        "reply_after_solution": gettext_noop(
            "{tier}, {severity}: {metric} ({seconds} {calendar}) is due later than the solution "
            "({less} {calendar_less})."
        ),
        "close_floor": gettext_noop(
            "{tier}, {severity}, {metric}: the floor ({seconds}) is close to the target ({less}). "
            "A late ticket is then pulled ahead almost at once."
        ),
        "unwarned": gettext_noop(
            "{tier}, {severity}, {metric}: nobody hears of it before it is broken."
        ),
    }


@dataclass(frozen=True)
class Offer:
    """One promise as this room compares it: business seconds, and the calendar's open share."""

    seconds: int
    floor_seconds: int
    calendar: str
    open_seconds: int
    """Open seconds in a usual week of the calendar."""
    warns: bool = True

    @property
    def pace(self) -> float:
        """Seconds on the wall that it takes on average."""
        return self.seconds * WEEK_SECONDS / max(self.open_seconds, 1)

    def is_longer_than(self, other: Offer) -> bool:
        """Whether it takes longer; in one calendar exactly, in two on average."""
        if self.calendar == other.calendar:
            return self.seconds > other.seconds
        return self.pace > other.pace


Offers = Mapping[tuple[str, int, str], Offer]
"""(tier, severity, metric) -> what is promised."""


def fairness(order: Sequence[str], offers: Offers) -> tuple[FairnessReason, ...]:
    """Return what is odd about the promises; `order` are the tiers, the lowest first."""
    return tuple(
        reason
        for check in (_tiers, _severities, _replies, _floors, _warnings)
        for reason in check(order, offers)
    )


def _of(offer: Offer, less: Offer) -> dict[str, Param]:
    return {
        "seconds": offer.seconds,
        "calendar": offer.calendar,
        "less": less.seconds,
        "calendar_less": less.calendar,
    }


def _tiers(order: Sequence[str], offers: Offers) -> Iterator[FairnessReason]:
    for lower, higher in pairwise(order):
        for (tier, severity, metric), offer in _in_turn(offers):
            if tier != lower:
                continue
            above = offers.get((higher, severity, metric))
            place: dict[str, Param] = {
                "tier": higher,
                "other": lower,
                "severity": severity,
                "metric": metric,
            }
            if above is None:
                yield FairnessReason("higher_tier_without", place)
            elif above.is_longer_than(offer):
                yield FairnessReason("lower_tier_sooner", place | _of(above, offer))


def _severities(order: Sequence[str], offers: Offers) -> Iterator[FairnessReason]:
    for (tier, milder, metric), offer in _in_turn(offers):
        severity = milder - 1
        if severity < SEVERITIES[0]:
            continue
        worse = offers.get((tier, severity, metric))
        place: dict[str, Param] = {
            "tier": tier,
            "severity": severity,
            "milder": milder,
            "metric": metric,
        }
        if worse is None:
            yield FairnessReason("milder_alone", place)
        elif worse.is_longer_than(offer):
            yield FairnessReason("milder_sooner", place | _of(worse, offer))


def _replies(order: Sequence[str], offers: Offers) -> Iterator[FairnessReason]:
    for (tier, severity, metric), offer in _in_turn(offers):
        solved = offers.get((tier, severity, "resolution"))
        if metric in REPLIES and solved is not None and offer.is_longer_than(solved):
            yield FairnessReason(
                "reply_after_solution",
                {"tier": tier, "severity": severity, "metric": metric, **_of(offer, solved)},
            )


def _floors(order: Sequence[str], offers: Offers) -> Iterator[FairnessReason]:
    for (tier, severity, metric), offer in _in_turn(offers):
        if offer.floor_seconds < CLOSE_FLOOR * offer.seconds:
            yield FairnessReason(
                "close_floor",
                {
                    "tier": tier,
                    "severity": severity,
                    "metric": metric,
                    "seconds": offer.floor_seconds,
                    "less": offer.seconds,
                },
            )


def _warnings(order: Sequence[str], offers: Offers) -> Iterator[FairnessReason]:
    for (tier, severity, metric), offer in _in_turn(offers):
        if not offer.warns:
            yield FairnessReason("unwarned", {"tier": tier, "severity": severity, "metric": metric})


def _in_turn(offers: Offers) -> list[tuple[tuple[str, int, str], Offer]]:
    return sorted(offers.items(), key=lambda pair: pair[0])
