"""Scores, the days in which they may be given and changed, and what a set of them says."""

from datetime import UTC, datetime, timedelta

import pytest

from tickets.rules.satisfaction import (
    csat,
    is_satisfied,
    is_score,
    may_change,
    may_rate,
    share_of,
    wilson,
)

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("score", [1, 2, 3])
def test_up_to_three_is_not_satisfied(score):
    assert not is_satisfied(score)


@pytest.mark.parametrize("score", [4, 5])
def test_four_and_five_are_satisfied(score):
    assert is_satisfied(score)


@pytest.mark.parametrize("score", [0, 6, -1, 4.5, True, None, "5"])
def test_anything_else_is_no_score(score):
    assert not is_score(score)
    with pytest.raises(ValueError, match="1 to 5"):
        is_satisfied(score)


def test_a_ticket_may_be_rated_from_its_solution_for_thirty_days():
    assert not may_rate(None, AT)
    assert not may_rate(AT, AT - SECOND)
    assert may_rate(AT, AT)
    assert may_rate(AT, AT + timedelta(days=30) - SECOND)
    assert not may_rate(AT, AT + timedelta(days=30))


def test_a_rating_may_be_changed_for_seven_days():
    assert may_change(AT, AT)
    assert may_change(AT, AT + timedelta(days=7) - SECOND)
    assert not may_change(AT, AT + timedelta(days=7))
    assert may_change(AT, AT + timedelta(days=7), days=8)


def test_the_share_carries_the_wilson_interval_of_the_reference():
    answer = csat([5] * 45 + [2] * 5)

    assert (answer.satisfied, answer.rated, answer.share) == (45, 50, 0.9)
    assert answer.low == pytest.approx(0.7863977, abs=1e-7)
    assert answer.high == pytest.approx(0.9565242, abs=1e-7)
    assert share_of(45, 50) == answer


def test_without_ratings_there_is_no_share():
    answer = csat([])

    assert (answer.rated, answer.share, answer.low, answer.high) == (0, None, None, None)


def test_a_single_rating_says_little():
    one = csat([5])

    assert one.share == 1.0
    assert one.high == 1.0
    assert one.low == pytest.approx(0.2065493, abs=1e-7)
    assert csat([1]).low == 0.0


@pytest.mark.parametrize(("successes", "total"), [(1, 0), (2, 1), (-1, 3)])
def test_impossible_counts_are_refused(successes, total):
    with pytest.raises(ValueError, match="at least one answer"):
        wilson(successes, total)
