"""A contract that promises every metric there is, from the promise to the number in the report.

Two of them above all, which no program that ships promises: how long the customer waited in all,
and how long the work lay with us.
"""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from time_machine import travel

from conftest import TUESDAY
from people.models import User
from portal.kit.words import METRICS
from tickets.actions import (
    agree_custom_sla,
    reply_as_agent,
    reply_as_customer,
    set_status,
    sweep_clocks,
)
from tickets.models import Clock, ClockEvent, Ticket
from tickets.tests.pages_kit import words_of

pytestmark = pytest.mark.django_db

Opened = Callable[..., Ticket]
HOUR = timedelta(hours=1)
# Hours around the clock. Waiting in all breaks at the fifth hour, work on our side never.
PROMISED = {
    "first_reply": 2,
    "next_reply": 4,
    "periodic_update": 30,
    "requester_wait": 4,
    "agent_work": 4,
    "resolution": 40,
    "first_resolution": 40,
}


@pytest.fixture
def story(paul: User, lena: User, oscar: User, open_for: Opened) -> Ticket:
    """One hour open, two pending, one open, three on hold, one open, solved."""
    for metric, hours in PROMISED.items():
        agree_custom_sla(
            organization=paul.memberships.get().organization, severity=3, metric=metric,
            target_seconds=hours * 3600, floor_seconds=hours * 7200,
            calendar_key="around-the-clock", reason="Contract 7, annex B",
            valid_from=TUESDAY - HOUR, valid_to=None, warn_at=None, tell=None,
            treatment="next_ticket", by=oscar, now=TUESDAY - HOUR,
        )  # fmt: skip
    ticket = open_for(paul)

    def after(hours: int) -> Any:
        return TUESDAY + hours * HOUR

    reply_as_agent(ticket=ticket, author=lena, body="Which?", status="pending", now=after(1))
    reply_as_customer(ticket=ticket, author=paul, body="The MX-3", now=after(3))
    reply_as_agent(ticket=ticket, author=lena, body="We ask.", status="on_hold", now=after(4))
    set_status(ticket=ticket, status="open", by=lena, now=after(7))
    reply_as_agent(ticket=ticket, author=lena, body="Done.", status="solved", now=after(8))
    sweep_clocks(now=after(9))
    ticket.refresh_from_db()
    return ticket


def test_each_clock_counts_what_its_metric_means(story: Ticket) -> None:
    found = {
        clock.metric: (clock.elapsed_seconds // 3600, clock.status)
        for clock in Clock.objects.filter(ticket=story).order_by("cycle")
    }
    assert found["requester_wait"] == (1 + 1 + 3 + 1, Clock.Status.MET_LATE)
    assert found["agent_work"] == (1 + 1 + 1, Clock.Status.MET)
    assert found["resolution"][1] == found["first_resolution"][1] == Clock.Status.MET
    assert set(found) == set(PROMISED)
    broken = ClockEvent.objects.get(kind=ClockEvent.Kind.BREACH)
    assert broken.clock.metric == "requester_wait"
    # Four hours of waiting were full at the sixth hour; two of the six were the customer's own.
    assert broken.at == TUESDAY + 6 * HOUR + timedelta(seconds=1)


def test_the_customer_the_agent_and_the_file_tell_the_same(
    story: Ticket, paul: User, lena: User, at_door: Any
) -> None:
    pages = {
        paul: f"/tickets/{story.reference}/promises/",
        lena: f"/desk/tickets/{story.reference}/clocks/",
    }
    with travel(TUESDAY + 9 * HOUR, tick=False):
        words = {person: words_of(at_door(person).get(page)) for person, page in pages.items()}
        files = {
            person: at_door(person).get(f"{page}csv/").content.decode("utf-8-sig")
            for person, page in pages.items()
        }
    for metric in PROMISED:
        assert str(METRICS[metric].label) in words[paul]
        assert str(METRICS[metric].desk_label) in words[lena]
    for file in files.values():
        rows = list(csv.DictReader(StringIO(file)))
        counted = dict.fromkeys(PROMISED, 0)
        for row in rows:
            counted[row["metric"]] += int(row["counted_seconds"])
        assert counted["requester_wait"] == 6 * 3600
        assert counted["agent_work"] == 3 * 3600


def test_the_plan_names_what_is_promised_of_them(story: Ticket, paul: User, at_door: Any) -> None:
    with travel(TUESDAY + 9 * HOUR, tick=False):
        ticket = words_of(at_door(paul).get(f"/tickets/{story.reference}/"))
        start = words_of(at_door(paul).get("/"))
    assert "Your waiting time" in ticket
    assert "Each further answer in 4 hours" in start
    assert "News at least every 30 hours" in start
    assert "You wait at most 4 hours in total" in start
    assert "We work on it for at most 4 hours in total" in start
    assert "Solved for the first time in 40 hours" in start


def test_the_report_counts_the_broken_wait_and_the_kept_work(
    story: Ticket, oscar: User, at_door: Any
) -> None:
    with travel(TUESDAY + 9 * HOUR, tick=False):
        page = words_of(at_door(oscar).get("/ops/reports/tiers/"))
        file = at_door(oscar).get("/ops/reports/tiers/csv/").content.decode("utf-8-sig")
    shares = {
        row["metric"]: row["value"]
        for row in csv.DictReader(StringIO(file))
        if row["tier"] == "professional"
    }
    assert "Requester wait" in page
    assert "Agent work" in page
    assert float(shares["attainment_requester_wait"]) == 0
    assert float(shares["attainment_agent_work"]) == 1
