"""The start page greets by tier: hours, tickets, or people first."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from conftest import TUESDAY
from people.actions import give_membership, name_account_team_member
from people.models import Organization, User
from tickets.actions import reply_as_agent, sweep_clocks
from tickets.tests.pages_kit import words_of

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def tuesday():
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


def test_starter_reads_that_somebody_is_there_and_until_when(stella: User, at_door: Any) -> None:
    page = words_of(at_door(stella).get("/"))
    assert "Good morning, Stella" in page
    assert "We are here until 17:00 CET" in page
    assert "asked now has our first answer by Thursday 12 March, 10:00 CET" in page
    assert "Monday to Friday 09:00–17:00 Saturday and Sunday closed" in page


def test_starter_reads_when_it_opens_again(stella: User, at_door: Any, tuesday: Any) -> None:
    tuesday.move_to(datetime(2026, 3, 13, 19, 0, tzinfo=BERLIN))  # Friday evening
    page = words_of(at_door(stella).get("/"))
    assert "Good evening, Stella" in page
    assert "Closed now. We are back Monday 16 March, 09:00 CET" in page


def test_the_next_opening_jumps_over_a_holiday_which_is_told(
    stella: User, at_door: Any, tuesday: Any
) -> None:
    tuesday.move_to(datetime(2026, 4, 2, 18, 0, tzinfo=BERLIN))  # the evening before Good Friday
    page = words_of(at_door(stella).get("/"))
    assert "We are back Tuesday 7 April, 09:00 CEST" in page
    assert "Also closed Fri 3 Apr, Mon 6 Apr" in page


def test_hours_are_told_on_the_visitors_own_clock(stella: User, at_door: Any) -> None:
    stella.time_zone = "America/New_York"
    stella.save(update_fields=["time_zone"])
    page = words_of(at_door(stella).get("/"))
    assert "We are here until 12:00 EDT" in page
    assert "Berlin time 04:00–12:00 on your clock" in page


def test_starter_can_see_its_open_tickets(stella: User, at_door: Any, open_for: Any) -> None:
    ticket = open_for(stella)
    page = words_of(at_door(stella).get("/"))
    assert ticket.subject in page
    assert "First answer Thu 10:00 Received" in page


def test_professional_sees_the_next_promised_moment(
    paul: User, at_door: Any, open_for: Any
) -> None:
    open_for(paul, subject="Later", severity=4)
    open_for(paul, subject="Sooner", severity=1)
    page = words_of(at_door(paul).get("/"))
    assert page.index("Sooner") < page.index("Later")
    assert "First answer in 2 h" in page


def test_enterprise_sees_its_people_by_name_and_face(
    ada: User, enterprise: Organization, lena: User, agnes: User, at_door: Any
) -> None:
    long_ago = TUESDAY - timedelta(days=90)
    name_account_team_member(organization=enterprise, user=agnes, duty="backup", now=long_ago)
    name_account_team_member(organization=enterprise, user=lena, duty="tam", now=long_ago)
    page = words_of(at_door(ada).get("/"))
    assert page.index("Lena Lead Technical Account Manager") < page.index("Agnes Agent Backup")
    assert "A Slack channel of your own" in page
    for not_open_yet in ("Knowledge base", "Community", "Assistant", "Tickets by e-mail"):
        assert not_open_yet not in page
    assert "An account review every quarter" in page


def test_somebody_who_no_longer_serves_is_not_named(
    ada: User, enterprise: Organization, lena: User, agnes: User, at_door: Any
) -> None:
    name_account_team_member(
        organization=enterprise, user=agnes, duty="tam", now=TUESDAY - timedelta(days=90)
    )
    name_account_team_member(
        organization=enterprise, user=lena, duty="tam", now=TUESDAY - timedelta(days=1)
    )
    page = words_of(at_door(ada).get("/"))
    assert "Lena Lead" in page
    assert "Agnes Agent" not in page


def test_the_plan_says_each_promise_in_plain_words(ada: User, stella: User, at_door: Any) -> None:
    enterprise, starter = (words_of(at_door(person).get("/")) for person in (ada, stella))
    assert (
        "Critical Answer in 1 hour Solved in 8 hours Each further answer in 1 hour day and night"
        in enterprise
    )
    assert "Normal Answer in 4 working hours Solved in 3 working days" in enterprise
    assert "Critical Answer in 4 working hours Solved in 5 working days" in starter
    assert "Low Answer in 3 working days Solved in 15 working days" in starter


def test_a_custom_promise_of_the_contract_is_the_one_shown(
    ada: User, enterprise: Organization, oscar: User, at_door: Any
) -> None:
    from tiers.models import Calendar, OrganizationTarget

    OrganizationTarget.objects.create(
        organization=enterprise,
        severity=1,
        metric="first_reply",
        target_seconds=900,
        floor_seconds=1800,
        calendar=Calendar.objects.get(key="around-the-clock"),
        reason="contract 2026",
        approved_by=oscar,
        valid_from=TUESDAY - timedelta(days=1),
    )
    browser = at_door(ada)
    assert "Critical Answer in 15 minutes" in words_of(browser.get("/"))
    assert "First answer by Tuesday 10 March, 10:15 CET" in words_of(browser.get("/tickets/new/"))


def test_what_waits_for_the_customer_is_said_first(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=agnes, body="Model?", status="pending", now=TUESDAY)
    assert "One ticket waits for your reply" in words_of(at_door(stella).get("/"))


def test_a_broken_promise_is_not_hidden(
    ada: User, at_door: Any, open_for: Any, tuesday: Any
) -> None:
    open_for(ada, severity=1)
    tuesday.shift(timedelta(hours=3))
    sweep_clocks(now=TUESDAY + timedelta(hours=3))
    assert "First answer 2 h late" in words_of(at_door(ada).get("/"))


def test_members_see_their_own_and_managers_everybodys(
    ada: User, colin: User, at_door: Any, open_for: Any
) -> None:
    open_for(ada, subject="Asked by Ada")
    open_for(colin, subject="Asked by Colin")
    manager, member = (words_of(at_door(person).get("/")) for person in (ada, colin))
    assert "Asked by Ada" in manager
    assert "Asked by Colin" in manager
    assert "Asked by Ada" not in member


def test_people_in_several_organizations_see_one_at_a_time(
    ada: User, starter: Organization, at_door: Any, open_for: Any, stella: User
) -> None:
    give_membership(user=ada, organization=starter, role="manager")
    open_for(stella, subject="Asked by Stella")
    browser = at_door(ada)
    assert "Asked by Stella" not in words_of(browser.get("/"))
    assert "Asked by Stella" in words_of(browser.get(f"/?organization={starter.public_id}"))


def test_a_foreign_organization_in_the_address_shows_ones_own(
    ada: User, outside: Organization, at_door: Any
) -> None:
    page = words_of(at_door(ada).get(f"/?organization={outside.public_id}"))
    assert "Analytical Engines" in page
    assert "Outside Ltd" not in page


def test_people_without_an_organization_find_a_page_that_helps(stella: User, at_door: Any) -> None:
    stella.memberships.update(status="waiting")
    answer = at_door(stella).get("/", follow=True)
    assert answer.redirect_chain == [("/organization/none/", 302)]
    assert answer.status_code == 200


def test_staff_find_their_doors(agnes: User, oscar: User, at_door: Any) -> None:
    agent, ops = (words_of(at_door(person).get("/")) for person in (agnes, oscar))
    assert "You work here, so these are your doors" in agent
    assert "Ops Accounts" not in agent
    assert "Ops Accounts" in ops


def test_the_start_page_costs_the_same_for_one_ticket_and_for_fifty(
    ada: User, colin: User, at_door: Any, open_for: Any, django_assert_max_num_queries: Any
) -> None:
    browser = at_door(ada)
    open_for(colin)
    with django_assert_max_num_queries(16) as few:
        browser.get("/")
    most = len(few)
    for _ in range(49):
        open_for(colin)
    with django_assert_max_num_queries(most):
        browser.get("/")
