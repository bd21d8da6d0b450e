"""Customer satisfaction: a score from 1 to 5 per solved ticket, and what a set of them says.

A score of 4 or 5 counts as satisfied (the "top two boxes"). A share is never shown without its
Wilson score interval, because ten ratings do not tell 90 % from 60 %.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

SCORES: tuple[int, ...] = (1, 2, 3, 4, 5)
SATISFIED_FROM = 4
RATE_WITHIN_DAYS = 30
"""Days after solving within which a rating is accepted."""
CHANGE_WITHIN_DAYS = 7
"""Days after the first rating within which it may be changed."""
Z_95 = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""


def is_score(score: object) -> bool:
    """Whether `score` is one of 1, 2, 3, 4, 5 (a whole number, not a yes/no)."""
    return isinstance(score, int) and not isinstance(score, bool) and score in SCORES


def is_satisfied(score: int) -> bool:
    """4 and 5 are satisfied; a score outside 1..5 is a ValueError, never "unsatisfied"."""
    if not is_score(score):
        raise ValueError(f"A score is a whole number from 1 to 5, not {score!r}.")
    return score >= SATISFIED_FROM


def may_rate(solved_at: datetime | None, now: datetime, *, days: int = RATE_WITHIN_DAYS) -> bool:
    """Whether a ticket solved at `solved_at` may be rated: from that moment, for `days` days."""
    return solved_at is not None and solved_at <= now < solved_at + timedelta(days=days)


def may_change(rated_at: datetime, now: datetime, *, days: int = CHANGE_WITHIN_DAYS) -> bool:
    """Whether a rating first given at `rated_at` may still be changed. The end is exclusive."""
    return now < rated_at + timedelta(days=days)


@dataclass(frozen=True)
class Satisfaction:
    """How many were satisfied of how many who rated; shares are fractions, None without ratings.

    `low` and `high` bound the share with 95 % confidence (Wilson 1927, no continuity correction).
    """

    satisfied: int
    rated: int
    share: float | None
    low: float | None
    high: float | None


def wilson(successes: int, total: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson score interval of a share, as fractions within 0..1; `total` is 1 or more."""
    if total < 1 or not 0 <= successes <= total:
        raise ValueError("A share needs at least one answer and no more successes than answers.")
    share = successes / total
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    centre = share + z * z / (2 * total)
    scale = 1 + z * z / total
    # The exact ends at 0 and 1 are lost to rounding otherwise.
    low = 0.0 if successes == 0 else max(0.0, (centre - spread) / scale)
    high = 1.0 if successes == total else min(1.0, (centre + spread) / scale)
    return low, high


def share_of(satisfied: int, rated: int) -> Satisfaction:
    """The same answer from two counts, for sums that the database already made."""
    if rated == 0:
        return Satisfaction(0, 0, None, None, None)
    low, high = wilson(satisfied, rated)
    return Satisfaction(satisfied, rated, satisfied / rated, low, high)


def csat(scores: Iterable[int]) -> Satisfaction:
    """The satisfaction that a set of scores expresses."""
    judged = [is_satisfied(score) for score in scores]
    return share_of(sum(judged), len(judged))
