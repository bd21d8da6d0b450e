"""The figures, on rows whose numbers can be counted on one's fingers."""

import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import TUESDAY
from people.models import User
from reports.figures import Promises, TierFigures, figures_of
from reports.metrics import (
    ATTAINMENT,
    ATTAINMENT_OF,
    HANDLE_MEAN,
    HANDLE_MEDIAN,
    OPEN_NOW,
    OPENED,
    REPLY_MEDIAN,
    REPLY_MEDIAN_WALL,
    REPLY_P90,
    RESPONSE_RATE,
    RESPONSES,
    SATISFACTION,
    SOLVED,
    Value,
)
from reports.periods import Period
from tickets.actions import rate, reply_as_agent, set_severity, set_status, sweep_clocks
from tickets.models import Clock, HandleTime, SatisfactionRating, Ticket
from tiers.actions import record_facts

Opened = Callable[..., Ticket]
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TIERS = ["enterprise", "professional", "starter"]
# The week in which everything of these tests happens, Wednesday to Tuesday.
WEEK = Period.ending(TUESDAY.date(), 7, BERLIN)


def figures(period: Period = WEEK) -> dict[str, TierFigures]:
    """Return the figures by tier."""
    return {one.tier: one for one in figures_of(period, TIERS)}


def solved(ticket: Ticket, agent: User, now: datetime) -> None:
    """Solve a ticket at an instant."""
    set_status(ticket=ticket, status="solved", by=agent, now=now)


def test_opened_counts_by_the_tier_at_opening_and_solved_by_the_tier_now(
    stella: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(stella, now=TUESDAY)
    Ticket.objects.filter(pk=ticket.pk).update(tier="professional")
    solved(ticket, lena, TUESDAY + HOUR)
    found = figures()
    assert (found["starter"].opened, found["starter"].solved) == (1, 0)
    assert (found["professional"].opened, found["professional"].solved) == (0, 1)


def test_the_period_begins_and_ends_at_midnight_of_the_readers_zone(
    stella: User, open_for: Opened
) -> None:
    first, last = WEEK.start, WEEK.end
    for instant in (first - timedelta(seconds=1), first, last - timedelta(seconds=1), last):
        open_for(stella, now=instant)
    assert figures()["starter"].opened == 2
    assert figures()["starter"].opened_by_block == [1, 0, 0, 0, 0, 0, 1]


def test_a_late_evening_belongs_to_the_readers_day(stella: User, open_for: Opened) -> None:
    late = datetime(2026, 3, 9, 22, 30, tzinfo=UTC)  # 23:30 in Berlin, next morning in Tokyo
    open_for(stella, now=late)
    tokyo = Period(WEEK.first, WEEK.last, zoneinfo.ZoneInfo("Asia/Tokyo"))
    assert figures()["starter"].opened_by_block[-2:] == [1, 0]
    assert figures(tokyo)["starter"].opened_by_block[-2:] == [0, 1]


def test_a_reopened_ticket_is_not_solved_until_it_is_solved_again(
    stella: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    solved(ticket, lena, TUESDAY + HOUR)
    set_status(ticket=ticket, status="open", by=lena, now=TUESDAY + 2 * HOUR)
    assert figures()["starter"].solved == 0
    assert OPEN_NOW.read(figures()["starter"]).number == 1
    solved(ticket, lena, TUESDAY + 3 * HOUR)
    assert figures()["starter"].solved == 1
    assert OPEN_NOW.read(figures()["starter"]).number == 0


def test_open_now_is_of_this_moment_not_of_the_period(stella: User, open_for: Opened) -> None:
    open_for(stella, now=TUESDAY - 100 * DAY)
    found = figures()["starter"]
    assert (OPENED.read(found).number, OPEN_NOW.read(found).number) == (0, 1)


def promised(tier: str, metric: str = "first_reply") -> Promises:
    """Return what was decided for a tier and metric in the week."""
    return figures()[tier].promises.get(metric, Promises())


def test_a_kept_promise_counts_when_the_answer_came(
    ada: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(ada, severity=1, now=TUESDAY)
    assert promised("enterprise") == Promises()
    reply_as_agent(ticket=ticket, author=lena, body="Hello", now=TUESDAY + HOUR)
    assert promised("enterprise") == Promises(kept=1)


def test_a_broken_promise_counts_from_the_moment_it_broke_answered_or_not(
    ada: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(ada, severity=1, now=TUESDAY)
    sweep_clocks(now=TUESDAY + 2 * HOUR)
    assert promised("enterprise") == Promises(broken=1)
    reply_as_agent(ticket=ticket, author=lena, body="Sorry", now=TUESDAY + 3 * HOUR)
    assert promised("enterprise") == Promises(late=1)


def test_a_late_answer_does_not_change_the_figures_of_a_period_that_is_over(
    ada: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(ada, severity=1, now=TUESDAY)
    sweep_clocks(now=TUESDAY + 2 * HOUR)
    before = figures()["enterprise"].all_promises.share
    reply_as_agent(ticket=ticket, author=lena, body="Sorry", now=TUESDAY + 9 * DAY)
    following = Period.ending(TUESDAY.date() + 9 * DAY, 7, BERLIN)
    assert figures()["enterprise"].promises["first_reply"] == Promises(late=1)
    # The resolution broke in the meantime; the first reply is not counted a second time.
    assert "first_reply" not in figures(following)["enterprise"].promises
    assert before == 0.0


def test_a_promise_that_still_runs_or_was_cancelled_does_not_count(
    stella: User, lena: User, open_for: Opened
) -> None:
    open_for(stella)
    done = open_for(stella)
    set_status(ticket=done, status="solved", by=stella, now=TUESDAY + HOUR)
    assert Clock.objects.filter(ticket=done, metric="first_reply", status="cancelled").exists()
    assert promised("starter") == Promises()
    assert figures()["starter"].promises.get("resolution") == Promises(kept=1)


def test_a_softened_severity_judges_by_the_promise_that_counted_in_the_end(
    ada: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(ada, severity=1, now=TUESDAY)
    sweep_clocks(now=TUESDAY + 2 * HOUR)
    set_severity(ticket=ticket, severity=4, reason="A wish", by=lena, now=TUESDAY + 2 * HOUR)
    reply_as_agent(ticket=ticket, author=lena, body="Noted", now=TUESDAY + 3 * HOUR)
    assert promised("enterprise") == Promises(kept=1)


def test_attainment_is_kept_of_decided_for_each_kind_and_for_all(
    ada: User, lena: User, open_for: Opened
) -> None:
    tickets = [open_for(ada, severity=1, now=TUESDAY) for _ in range(4)]
    for ticket in tickets[:3]:
        reply_as_agent(ticket=ticket, author=lena, body="Hello", now=TUESDAY + HOUR)
    sweep_clocks(now=TUESDAY + 2 * HOUR)
    solved(tickets[0], lena, TUESDAY + 3 * HOUR)
    found = figures()["enterprise"]
    assert ATTAINMENT_OF["first_reply"].read(found) == Value(0.75, 4)
    assert ATTAINMENT_OF["resolution"].read(found) == Value(1.0, 1)
    assert ATTAINMENT_OF["next_reply"].read(found) == Value(None, 0)
    assert ATTAINMENT.read(found) == Value(0.8, 5)


def rated(ticket: Ticket, by: User, lena: User, score: int | None, now: datetime = TUESDAY) -> None:
    """Solve a ticket and, when there is a score, rate it."""
    solved(ticket, lena, now)
    SatisfactionRating.objects.create(ticket=ticket, tier=ticket.tier, requested_at=now)
    if score is not None:
        rate(ticket=ticket, by=by, score=score, comment="", now=now + HOUR)


def test_satisfaction_is_the_share_of_fours_and_fives_with_its_wilson_interval(
    ada: User, lena: User, open_for: Opened
) -> None:
    for score in (5, 4, 4, 3, None):
        rated(open_for(ada), ada, lena, score)
    found = figures()["enterprise"]
    value = SATISFACTION.read(found)
    assert (value.number, value.cases) == (0.75, 4)
    # Wilson 1927 for 3 of 4 at 95 %, by hand.
    assert value.low == pytest.approx(0.3006, abs=1e-4)
    assert value.high == pytest.approx(0.9544, abs=1e-4)
    assert RESPONSES.read(found).number == 4
    assert RESPONSE_RATE.read(found) == Value(0.8, 5)


def test_nobody_asked_is_no_response_rate_and_no_rating_is_no_satisfaction(db: None) -> None:
    found = figures()["starter"]
    assert SATISFACTION.read(found) == Value(None, 0)
    assert RESPONSE_RATE.read(found) == Value(None, 0)


def test_handle_time_sums_a_ticket_and_leaves_out_those_without_any(
    stella: User, lena: User, open_for: Opened
) -> None:
    for number, seconds in enumerate(([300, 300], [1200], [60], [])):
        ticket = open_for(stella, subject=f"No {number}")
        for part in seconds:
            HandleTime.objects.create(ticket=ticket, agent=lena, seconds=part, at=TUESDAY)
        solved(ticket, lena, TUESDAY + HOUR)
    unsolved = open_for(stella)
    HandleTime.objects.create(ticket=unsolved, agent=lena, seconds=9999, at=TUESDAY)
    found = figures()["starter"]
    assert HANDLE_MEAN.read(found) == Value(620.0, 3)
    assert HANDLE_MEDIAN.read(found) == Value(600.0, 3)
    assert SOLVED.read(found).number == 4


def test_first_replies_are_measured_in_promised_hours_and_on_the_wall_clock(
    stella: User, lena: User, open_for: Opened
) -> None:
    # Friday 16:00 in Berlin to Monday 10:00: two business hours, 66 on the wall.
    friday = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)
    ticket = open_for(stella, now=friday)
    reply_as_agent(ticket=ticket, author=lena, body="Hello", now=friday + 66 * HOUR)
    found = figures()["starter"]
    assert REPLY_MEDIAN.read(found) == Value(7200.0, 1)
    assert REPLY_P90.read(found) == Value(7200.0, 1)
    assert REPLY_MEDIAN_WALL.read(found) == Value(66 * 3600.0, 1)


def test_an_unanswered_ticket_has_no_first_reply_to_measure(ada: User, open_for: Opened) -> None:
    open_for(ada, severity=1)
    sweep_clocks(now=TUESDAY + 3 * HOUR)
    assert REPLY_MEDIAN.read(figures()["enterprise"]) == Value(None, 0)


def test_a_tier_that_the_policy_dropped_is_shown_while_it_has_figures(
    stella: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    Ticket.objects.filter(pk=ticket.pk).update(tier="bronze", tier_at_opening="bronze")
    assert [one.tier for one in figures_of(WEEK, TIERS)] == [*TIERS, "bronze"]


def test_the_figures_cost_the_same_for_any_number_of_tickets_and_days(
    ada: User, stella: User, lena: User, open_for: Opened
) -> None:
    def cost(period: Period) -> int:
        with CaptureQueriesContext(connection) as queries:
            figures_of(period, TIERS)
        return len(queries)

    before = cost(WEEK)
    for user in (ada, stella) * 4:
        ticket = open_for(user)
        reply_as_agent(ticket=ticket, author=lena, body="Hello", now=TUESDAY + HOUR)
        rated(ticket, user, lena, 5)
    assert cost(WEEK) == before == 9
    assert cost(Period.ending(TUESDAY.date(), 366, BERLIN)) == before


def test_the_tier_of_a_promise_is_the_one_it_was_given_under(
    stella: User, lena: User, open_for: Opened, starter: Any
) -> None:
    ticket = open_for(stella)
    record_facts(organization=starter, values={"acv": "90000"}, source="ops", now=TUESDAY + HOUR)
    reply_as_agent(ticket=ticket, author=lena, body="Hello", now=TUESDAY + 2 * HOUR)
    assert promised("starter") == Promises(kept=1)
    assert promised("enterprise") == Promises()
