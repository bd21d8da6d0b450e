"""Median and 90th percentile: one definition, computed by two hands, checked by a third."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, F, Value
from hypothesis import given
from hypothesis import strategies as st

from conftest import TUESDAY
from people.models import User
from reports.spreads import EMPTY, Spread, percentile, spread_of, spreads, spreads_of
from tickets.models import Clock, Ticket

Opened = Callable[..., Ticket]


@pytest.mark.parametrize(
    ("numbers", "median", "p90"),
    [
        # By hand: place = share x (n - 1), linear between the neighbours (SQL percentile_cont).
        ([10], 10, 10),
        ([10, 20], 15, 19),
        ([10, 20, 30, 40], 25, 37),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5.5, 9.1),
        ([60, 60, 60, 3600], 60, 2538),
        ([3, 1, 2], 2, 2.8),
        ([0, 0, 0], 0, 0),
    ],
)
def test_percentiles_are_those_computed_by_hand(
    numbers: list[float], median: float, p90: float
) -> None:
    found = spread_of(numbers)
    assert found.median == pytest.approx(median)
    assert found.p90 == pytest.approx(p90)
    assert found.count == len(numbers)
    assert found.mean == pytest.approx(sum(numbers) / len(numbers))


def test_nothing_has_no_median_which_is_not_zero() -> None:
    assert spread_of([]) == EMPTY == Spread(0, None, None, None)


@given(st.lists(st.floats(0, 1e7), min_size=1), st.floats(0, 1))
def test_a_percentile_lies_between_the_ends_and_never_falls(
    numbers: list[float], share: float
) -> None:
    ordered = sorted(numbers)
    found = percentile(ordered, share)
    assert ordered[0] <= found or found == pytest.approx(ordered[0])
    assert found <= ordered[-1] or found == pytest.approx(ordered[-1])
    assert percentile(ordered, 0) == ordered[0]
    assert percentile(ordered, 1) == ordered[-1]


def test_durations_and_seconds_are_the_same_and_a_missing_one_is_no_case() -> None:
    found = spreads_of([("a", 60), ("a", timedelta(seconds=120)), ("a", None), ("b", None)])
    assert found == {"a": Spread(2, 90.0, 90.0, 114.0)}


# Seconds per tier, with what is right for them by hand: count, mean, median, 90th percentile.
HANDMADE = {
    "enterprise": ([300, 600, 900, 1200], Spread(4, 750.0, 750.0, 1110.0)),
    "starter": ([3600], Spread(1, 3600.0, 3600.0, 3600.0)),
    "professional": ([60, 7200, 60], Spread(3, 2440.0, 60.0, 5772.0)),
}


@pytest.fixture
def measured(stella: User, open_for: Opened) -> None:
    """Clocks with the handmade times; one more with none, which is no case."""
    for tier, (seconds, _right) in HANDMADE.items():
        for elapsed in seconds:
            ticket = open_for(stella)
            Clock.objects.filter(ticket=ticket, metric="first_reply").update(
                tier=tier,
                elapsed_seconds=elapsed,
                started_at=TUESDAY,
                stopped_at=TUESDAY + timedelta(seconds=elapsed),
                status="met",
            )
    Clock.objects.filter(ticket=open_for(stella), metric="first_reply").update(
        stopped_at=None, elapsed_seconds=5
    )


def test_this_database_gives_the_numbers_made_by_hand(measured: None) -> None:
    rows = Clock.objects.filter(metric="first_reply", status="met")
    found = spreads(rows.values_list("tier", "elapsed_seconds"))
    assert found == {tier: right for tier, (_seconds, right) in HANDMADE.items()}


def test_intervals_give_the_same_numbers_as_seconds(measured: None) -> None:
    wall = ExpressionWrapper(F("stopped_at") - F("started_at"), output_field=DurationField())
    rows = Clock.objects.filter(metric="first_reply").annotate(wall=wall)
    found = spreads(rows.values_list("tier", "wall"))
    assert found == {tier: right for tier, (_seconds, right) in HANDMADE.items()}


def test_both_hands_agree_on_the_same_rows(measured: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: SQLite has one hand only")
    rows = Clock.objects.filter(metric="first_reply").values_list("tier", "elapsed_seconds")
    in_python = spreads_of(rows)
    in_the_database = spreads(rows)
    assert set(in_the_database) == set(in_python)
    for tier, one in in_the_database.items():
        other = in_python[tier]
        assert one.count == other.count
        assert (one.mean, one.median, one.p90) == pytest.approx(
            (other.mean, other.median, other.p90)
        )


def test_a_filter_value_with_a_percent_sign_does_not_break_the_query(measured: None) -> None:
    rows = Clock.objects.filter(ticket__subject__contains="100 % ' broken")
    assert spreads(rows.values_list("tier", "elapsed_seconds")) == {}
    assert spreads(Clock.objects.none().values_list("tier", Value(1))) == {}
