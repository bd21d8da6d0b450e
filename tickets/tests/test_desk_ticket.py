"""The ticket page of the desk: head, story, account; and who may see what of it."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import TUESDAY
from people.models import AccountTeamMember, Notice, Organization, User
from tickets.actions import (
    assign,
    change_queue,
    close_solved_tickets,
    reply_as_agent,
    reply_as_customer,
    set_severity,
    set_status,
    sweep_clocks,
)
from tickets.models import Queue, QueueMember, Ticket, Trigger
from tickets.tests.pages_kit import words_of
from tickets.views.desk import timeline
from tiers.actions import give_override, record_facts
from tiers.models import Calendar, OrganizationTarget

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "work"}


@pytest.fixture(autouse=True)
def tuesday() -> Any:
    with time_machine.travel(TUESDAY + HOUR, tick=False) as traveller:
        yield traveller


def address(ticket: Ticket) -> str:
    return f"/desk/tickets/{ticket.reference}/"


def head_of(answer: Any) -> str:
    found = re.search(
        r'<header class="ticket-head"[^>]*>.*?</header>', answer.content.decode(), re.S
    )
    assert found
    return words_of(type("Part", (), {"content": found.group(0).encode()}))


def story_of(answer: Any) -> str:
    found = re.search(r'<ol class="talk".*?</ol>', answer.content.decode(), re.S)
    assert found
    return words_of(type("Part", (), {"content": found.group(0).encode()}))


# --- Head -------------------------------------------------------------------------


def test_the_next_promise_is_the_large_one_and_the_others_stand_beside_it(
    ada: User, lena: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(ada, severity=2)
    answer = at_door(lena).get(address(ticket))
    content = answer.content.decode()
    large = re.search(r'class="next-promise".*?</span>\s*</span>', content, re.S)
    assert large
    assert "First reply" in large.group(0)
    assert "in 3 h" in large.group(0)
    assert content.count("next-promise__metric") == 1
    head = head_of(answer)
    assert "Resolution in 23 h" in head
    for word in (ticket.subject, ticket.reference, "New", "High", "Enterprise Support"):
        assert word in head


def test_a_paused_promise_says_why_and_what_was_promised(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=agnes, body="?", status="pending", now=TUESDAY + HOUR)
    answer = at_door(agnes).get(address(ticket))
    assert "Waiting for the customer, no clock running" in head_of(answer)
    assert "80 h, business hours · waiting for the customer" in words_of(answer)


def test_mails_that_were_given_up_are_told(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket, other = open_for(stella), open_for(stella)
    door = at_door(agnes)
    assert "could not be delivered" not in words_of(door.get(address(ticket)))
    Notice.objects.filter(about=f"ticket:{ticket.pk}").update(dead_at=TUESDAY)
    assert "1 mail could not be delivered" in head_of(door.get(address(ticket)))
    assert "could not be delivered" not in words_of(door.get(address(other)))


# --- Story ------------------------------------------------------------------------


def test_the_story_tells_messages_notes_changes_and_clocks_in_their_order(
    stella: User, agnes: User, lena: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella, severity=1)
    assign(ticket=ticket, agent=agnes, by=lena, now=TUESDAY + 10 * MINUTE)
    reply_as_agent(
        ticket=ticket, author=agnes, body="NOTE", is_public=False, now=TUESDAY + 20 * MINUTE
    )
    sweep_clocks(now=TUESDAY + 5 * HOUR)
    reply_as_agent(ticket=ticket, author=agnes, body="ANSWER", now=TUESDAY + 5 * HOUR)
    set_severity(ticket=ticket, severity=2, reason="It prints", by=agnes, now=TUESDAY + 6 * HOUR)
    story = story_of(at_door(lena).get(address(ticket)))
    told = [
        "Tuesday 10 March",
        "Since this morning",
        "Lena Lead assigned it to Agnes Agent",
        "Internal note, never shown to the customer",
        "NOTE",
        "First reply: 90 % of the time is used, and 2 changes before",
        "First reply: the promise was broken",
        "Agnes Agent to the customer",
        "ANSWER",
        "Agnes Agent set the status to Open",
        "Agnes Agent changed the severity from Critical to High: It prints",
    ]
    places = [story.find(words) for words in told]
    assert -1 not in places, dict(zip(told, places, strict=True))
    assert places == sorted(places), story


def test_a_breach_is_told_at_its_true_instant_not_when_it_was_found(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella, severity=1)
    sweep_clocks(now=TUESDAY + 7 * HOUR)
    content = at_door(agnes).get(address(ticket)).content.decode()
    broken = content.split("the promise was broken")[1][:200]
    # Used up at 14:00 local; broken from the second after it.
    assert "2026-03-10T13:00:01" in broken


def test_what_one_person_writes_in_one_breath_stands_together(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    for minutes in (2, 4, 40):
        reply_as_customer(
            ticket=ticket, author=stella, body=f"And {minutes}", now=TUESDAY + minutes * MINUTE
        )
    content = at_door(agnes).get(address(ticket)).content.decode()
    assert content.count("msg msg--customer msg--more") == 2
    assert content.count('class="msg msg--customer"') == 2


def test_a_note_does_not_melt_into_the_reply_before_it(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=agnes, body="Public", now=TUESDAY)
    reply_as_agent(ticket=ticket, author=agnes, body="Secret", is_public=False, now=TUESDAY)
    content = at_door(agnes).get(address(ticket)).content.decode()
    assert "msg--note msg--more" not in content
    assert 'class="msg msg--note"' in content


def test_files_stand_with_the_message_they_came_with(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    files = [SimpleUploadedFile(f"log{n}.txt", b"E42") for n in range(3)]
    ticket = open_for(stella, files=files)
    reply_as_customer(ticket=ticket, author=stella, body="Nothing new", now=TUESDAY + HOUR)
    content = at_door(agnes).get(address(ticket)).content.decode()
    first, second = re.findall(r'<li class="msg .*?</li>', content, re.S)
    assert [f"log{n}.txt" in first for n in range(3)] == [True] * 3
    assert first.count("Since this morning") == 1
    assert "log" not in second


def test_a_long_story_begins_in_the_middle_unless_asked(
    stella: User, agnes: User, at_door: Any, open_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "LATEST_SHOWN", 3)
    ticket = open_for(stella, body="THE-BEGINNING")
    for number in range(4):
        reply_as_customer(ticket=ticket, author=stella, body=f"Part {number}", now=TUESDAY)
    door = at_door(agnes)
    page = door.get(address(ticket))
    assert "THE-BEGINNING" not in page.content.decode()
    assert "Part 3" in page.content.decode()
    assert "Show everything from the beginning" in words_of(page)
    assert "THE-BEGINNING" in door.get(address(ticket) + "?whole").content.decode()


def test_changes_say_who_did_what_and_why(
    ada: User, agnes: User, lena: User, root: User, at_door: Any, open_for: Any
) -> None:
    QueueMember.objects.create(queue=Queue.objects.get(key="enterprise"), agent=agnes)
    Trigger.objects.create(
        name="Cranes are urgent",
        event="ticket_created",
        position=99,
        conditions={"all": [{"field": "subject", "op": "contains", "value": "crane"}]},
        actions=[{"do": "add_tag", "value": "crane"}, {"do": "set_severity", "value": 2}],
    )
    ticket = open_for(ada, subject="The crane stands still")
    assign(ticket=ticket, agent=agnes, by=agnes, now=TUESDAY)
    assign(ticket=ticket, agent=None, by=lena, now=TUESDAY)
    change_queue(
        ticket=ticket, queue=Queue.objects.get(key="general"), reason="Wrong door", by=lena,
        now=TUESDAY,
    )  # fmt: skip
    set_status(ticket=ticket, status="on_hold", by=lena, now=TUESDAY)
    set_status(ticket=ticket, status="solved", by=lena, now=TUESDAY)
    reply_as_customer(ticket=ticket, author=ada, body="No!", now=TUESDAY)
    story = story_of(at_door(lena).get(address(ticket)))
    for words in (
        "The trigger “Cranes are urgent” added the tag crane",
        "The trigger “Cranes are urgent” changed the severity from Normal to High",
        "Agnes Agent took it",
        "Lena Lead took it from Agnes Agent",
        "Lena Lead moved it from Enterprise Support to General: Wrong door",
        "Lena Lead set the status to On hold",
        "Lena Lead marked it as solved",
        "Ada Byron opened it again",
    ):
        assert words in story, (words, story)


def test_a_follow_up_and_its_origin_lead_to_each_other(
    stella: User, agnes: User, at_door: Any, open_for: Any, tuesday: Any
) -> None:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=agnes, body="Done", status="solved", now=TUESDAY)
    close_solved_tickets(now=TUESDAY + timedelta(days=20))
    tuesday.move_to(TUESDAY + timedelta(days=21))
    follow_up, _message = reply_as_customer(
        ticket=ticket, author=stella, body="Again", now=TUESDAY + timedelta(days=21)
    )
    door = at_door(agnes)
    assert f'href="{address(follow_up)}"' in door.get(address(ticket)).content.decode()
    new = door.get(address(follow_up))
    assert f"goes on from {ticket.reference}" in head_of(new)
    closed = words_of(door.get(address(ticket)))
    assert "Closed by itself: solved, and nobody came back to it" in closed
    assert "a reply of the customer opens a follow-up" in closed
    assert "Public reply" not in closed


# --- Account ----------------------------------------------------------------------


def test_agents_read_a_band_where_leads_and_ops_read_the_number(
    enterprise: Organization, ada: User, agnes: User, lena: User, oscar: User, at_door: Any,
    open_for: Any,
) -> None:  # fmt: skip
    QueueMember.objects.create(queue=Queue.objects.get(key="enterprise"), agent=agnes)
    ticket = open_for(ada)
    agents_page = words_of(at_door(agnes).get(address(ticket)))
    assert "Annual value USD 25,000 and above" in agents_page
    assert "ACV is USD 25,000 and above; Enterprise needs at least USD 25,000." in agents_page
    assert "60" not in at_door(agnes).get(address(ticket)).content.decode().split("Tier, and")[1]
    for user in (lena, oscar):
        page = words_of(at_door(user).get(address(ticket)))
        assert "Annual value USD 60,000" in page
        assert "ACV is USD 60,000; Enterprise needs at least USD 25,000." in page


@pytest.mark.parametrize(
    ("acv", "band"),
    [
        ("0", "below USD 5,000"),
        ("4999.99", "below USD 5,000"),
        ("5000", "USD 5,000 up to USD 25,000"),
        ("24999.99", "USD 5,000 up to USD 25,000"),
        ("25000", "USD 25,000 and above"),
    ],
)
def test_bands_begin_where_they_say(
    starter: Organization, stella: User, agnes: User, at_door: Any, open_for: Any, acv: str,
    band: str,
) -> None:  # fmt: skip
    QueueMember.objects.create(queue=Queue.objects.get(key="enterprise"), agent=agnes)
    ticket = open_for(stella)
    record_facts(organization=starter, values={"acv": Decimal(acv)}, source="ops", now=TUESDAY)
    page = words_of(at_door(agnes).get(address(ticket)))
    assert f"Annual value {band}" in page


def test_the_panel_tells_contract_custom_promises_team_and_other_tickets(
    enterprise: Organization, ada: User, colin: User, agnes: User, lena: User, oscar: User,
    at_door: Any, open_for: Any,
) -> None:  # fmt: skip
    facts = {"contract_start": "2024-05-01", "contract_renewal": "2026-04-09"}
    record_facts(organization=enterprise, values=facts, source="ops", now=TUESDAY)
    OrganizationTarget.objects.create(
        organization=enterprise, severity=1, metric="first_reply", target_seconds=1800,
        floor_seconds=3600, calendar=Calendar.objects.get(key="around-the-clock"),
        reason="Contract § 4", approved_by=oscar, valid_from=TUESDAY,
    )  # fmt: skip
    for user, duty, until in (
        (agnes, "tam", None),
        (lena, "backup", None),
        (oscar, "success", TUESDAY + MINUTE),
    ):
        AccountTeamMember.objects.create(
            organization=enterprise, user=user, duty=duty, valid_from=TUESDAY, valid_to=until
        )
    ticket = open_for(ada)
    other = open_for(colin, subject="The other matter")
    done = open_for(colin, subject="The old matter")
    set_status(ticket=done, status="solved", by=lena, now=TUESDAY)
    page = words_of(at_door(lena).get(address(ticket)))
    assert "Since 1 May 2024 Renews 9 Apr 2026 in 30 days" in page
    assert "Critical · First reply 30 min Around the clock · Contract § 4" in page
    assert "Agnes Agent Technical Account Manager" in page
    assert "Lena Lead Backup" in page
    assert "Customer success" not in page
    panel = page.split("Other open tickets")[1]
    assert f"The other matter {other.reference}" in panel
    assert "The old matter" not in panel
    assert ticket.subject not in panel


def test_other_tickets_are_shown_to_those_who_may_see_them_alone(
    enterprise: Organization, ada: User, agnes: User, lena: User, at_door: Any, open_for: Any
) -> None:
    ticket, _hidden = open_for(ada), open_for(ada, subject="Hidden matter")
    assign(ticket=ticket, agent=lena, by=lena, now=TUESDAY)
    Ticket.objects.filter(pk=ticket.pk).update(assignee=agnes)
    page = words_of(at_door(agnes).get(address(ticket)))
    assert "Hidden matter" not in page
    assert "None that you may see." in page
    assert "Hidden matter" in words_of(at_door(lena).get(address(ticket)))


def test_a_ticket_says_when_it_is_worked_under_another_tier_than_the_accounts(
    starter: Organization, stella: User, agnes: User, lena: User, oscar: User, root: User,
    at_door: Any, open_for: Any,
) -> None:  # fmt: skip
    ticket = open_for(stella)
    assert "goes on under" not in words_of(at_door(agnes).get(address(ticket)))
    give_override(
        organization=starter, tier="professional", reason="Pilot", requested_by=oscar,
        approved_by=root, starts=TUESDAY.date(), expires=TUESDAY.date() + timedelta(days=30),
        now=TUESDAY,
    )  # fmt: skip
    page = words_of(at_door(agnes).get(address(ticket)))
    assert "This ticket goes on under Starter, the tier it came in with." in page
    assert "An override sets Professional" in page


def test_an_organization_that_was_never_judged_is_no_error(
    ada: User, lena: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(ada)
    ticket.organization.tier_assignments.all().delete()
    ticket.organization.facts.all().delete()
    page = words_of(at_door(lena).get(address(ticket)))
    assert "No tier yet" in page
    assert "Not evaluated yet." in page
    assert "Annual value –" in page


# --- Doors ------------------------------------------------------------------------


def test_htmx_gets_the_ticket_alone_and_the_title_with_it(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    content = at_door(agnes).get(address(ticket), **HTMX).content.decode()
    assert "<html" not in content
    assert f"<title>{ticket.reference} {ticket.subject}" in content
    assert 'class="trow"' not in content
    assert 'data-composer="desk-' in content


def test_a_ticket_of_another_queue_is_as_missing_as_one_that_never_was(
    ada: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(ada)
    door = at_door(agnes)
    there = door.get(address(ticket))
    nowhere = door.get("/desk/tickets/T-999999/")
    assert there.status_code == nowhere.status_code == 404
    assert there.content == nowhere.content
    for name in ("reply", "assign", "status", "severity", "queue"):
        assert door.post(f"{address(ticket)}{name}/", {}).status_code == 404
    assert door.get("/desk/tickets/nonsense/").status_code == 404


def test_an_agent_sees_a_ticket_of_another_queue_that_is_assigned_to_them(
    ada: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(ada)
    Ticket.objects.filter(pk=ticket.pk).update(assignee=agnes)
    assert at_door(agnes).get(address(ticket)).status_code == 200


def test_ops_read_everything_and_change_nothing(
    stella: User, oscar: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    door = at_door(oscar)
    page = door.get(address(ticket))
    assert "You are looking on" in words_of(page)
    assert "<textarea" not in page.content.decode()
    before = Ticket.objects.filter(pk=ticket.pk).values().get()
    general = Queue.objects.get(key="general")
    enterprise = Queue.objects.get(key="enterprise")
    for name, values in (
        ("reply", {"body": "x", "visibility": "public", "seen_seq": 99}),
        ("assign", {"agent": agnes.pk}),
        ("status", {"status": "solved"}),
        ("severity", {"severity": 1, "reason": "x"}),
        ("queue", {"queue": enterprise.key, "reason": "x"}),
    ):
        assert door.post(f"{address(ticket)}{name}/", values).status_code == 403, name
    assert Ticket.objects.filter(pk=ticket.pk).values().get() == before
    assert general.tickets.count() == 1


def test_what_people_write_cannot_run(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    evil = '"><script>alert(1)</script>'
    ticket = open_for(stella, subject=evil, body=f"{evil} [x](javascript:alert(1))")
    content = at_door(agnes).get(address(ticket)).content.decode()
    assert "<script>alert" not in content
    assert 'href="javascript' not in content
