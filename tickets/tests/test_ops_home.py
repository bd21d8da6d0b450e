"""The ops home page: what is broken and what is due soon, per tier, at constant cost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import TUESDAY
from people.actions import queue_notice
from people.models import Notice, User
from people.viewers import viewer_of
from tickets.actions import reply_as_agent, sweep_clocks
from tickets.models import Clock, Ticket
from tickets.views.ops.panels import late_tickets
from tiers.tests.ops_kit import main_of

Door = Callable[..., Client]
Opened = Callable[..., Ticket]
HOUR = timedelta(hours=1)


def home(at_door: Door, oscar: User) -> str:
    """Return the words of the home page."""
    return main_of(at_door(oscar).get(reverse("wagtailadmin_home")))


def test_broken_and_due_promises_are_counted_per_tier_and_the_longest_waiting_named(
    ada: User, paul: User, oscar: User, at_door: Door, open_for: Opened, time_machine: Any
) -> None:
    late = open_for(ada, subject="Everything is down", severity=1)
    open_for(paul, subject="A bit slow", severity=1)
    now = TUESDAY + timedelta(minutes=90)
    sweep_clocks(now=now)
    time_machine.move_to(now, tick=False)
    shown = home(at_door, oscar)
    assert "Promises now" in shown
    assert "E Enterprise 1 0 1 P Professional 0 1 1 S Starter 0 0 0" in shown
    assert f"{late.reference} Everything is down Analytical Engines · nobody has it" in shown
    assert "First reply: 30 min ago" in shown


def test_an_answered_ticket_is_no_longer_late(
    ada: User, lena: User, oscar: User, open_for: Opened
) -> None:
    ticket = open_for(ada, severity=1)
    now = TUESDAY + 2 * HOUR
    sweep_clocks(now=now)
    viewer = viewer_of(oscar)
    assert list(late_tickets(viewer, now)) == [ticket]
    reply_as_agent(ticket=ticket, author=lena, body="We are on it.", now=now)
    assert not late_tickets(viewer, now + HOUR).exists()


def test_past_its_due_moment_but_in_time_until_the_calendar_opens_is_not_broken(
    stella: User, oscar: User, open_for: Opened
) -> None:
    # Opened as the day begins: three whole days later the time is used up at closing.
    ticket = open_for(stella, severity=4, now=TUESDAY - HOUR)
    clock = Clock.objects.get(ticket=ticket, metric="first_reply")
    assert clock.due_at
    assert clock.breaches_after
    assert clock.breaches_after > clock.due_at
    between = clock.due_at + (clock.breaches_after - clock.due_at) / 2
    sweep_clocks(now=between)
    assert not late_tickets(viewer_of(oscar), between).exists()
    sweep_clocks(now=clock.breaches_after + HOUR)
    assert list(late_tickets(viewer_of(oscar), clock.breaches_after + HOUR)) == [ticket]


def test_what_needs_repair_is_counted(
    stella: User, oscar: User, at_door: Door, open_for: Opened
) -> None:
    open_for(stella)
    Clock.objects.filter(metric="first_reply").update(fault="unreadable")
    queue_notice(
        kind="x", recipient=stella, dedupe_key="x", subject="x", body_text="x", now=TUESDAY
    )
    Notice.objects.filter(dedupe_key="x").update(dead_at=TUESDAY)
    shown = home(at_door, oscar)
    assert "Undelivered notices 1 people who were not told" in shown
    assert "Faulty clocks 1 set aside by the sweep" in shown


def test_while_nothing_is_late_nobody_is_alarmed(oscar: User, at_door: Door) -> None:
    shown = home(at_door, oscar)
    assert "E Enterprise 0 0 0" in shown
    assert "Waiting longest" not in shown
    assert "Undelivered notices 0 everybody was told" in shown


def test_the_home_page_costs_the_same_with_much_work(
    ada: User, stella: User, oscar: User, at_door: Door, open_for: Opened, time_machine: Any
) -> None:
    client = at_door(oscar)

    def cost() -> int:
        client.get(reverse("wagtailadmin_home"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("wagtailadmin_home"))
        return len(queries)

    time_machine.move_to(TUESDAY + 5 * HOUR, tick=False)
    for user in (ada, stella):
        open_for(user, severity=1)
    sweep_clocks(now=TUESDAY + 5 * HOUR)
    before = cost()
    for user in (ada, stella) * 6:
        open_for(user, severity=1)
    sweep_clocks(now=TUESDAY + 5 * HOUR)
    assert cost() == before
    assert before <= 30


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_the_home_page_speaks_the_viewers_zone(
    zone: str, ada: User, oscar: User, at_door: Door, open_for: Opened, time_machine: Any
) -> None:
    User.objects.filter(pk=oscar.pk).update(time_zone=zone)
    open_for(ada, severity=1)
    sweep_clocks(now=TUESDAY + 2 * HOUR)
    time_machine.move_to(TUESDAY + 2 * HOUR, tick=False)
    markup = at_door(oscar).get(reverse("wagtailadmin_home")).content.decode()
    due = "11:00 CET" if zone == "Europe/Berlin" else "06:00 EDT"
    assert f"Tuesday 10 March 2026, {due}" in markup
