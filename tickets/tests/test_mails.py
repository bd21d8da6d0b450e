"""The mails of a ticket: plain words, the reader's own time, nothing that leaks."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import TUESDAY
from people.models import Notice, User
from tickets.actions import (
    announce_clock_events,
    ask_for_ratings,
    assign,
    open_ticket,
    reply_as_agent,
    reply_as_customer,
    send_alerts,
    set_status,
    sweep_clocks,
)
from tickets.models import Ticket, TicketFollower, Trigger

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
KINDS = (
    "ticket_opened", "ticket_replied", "ticket_status", "ticket_assigned", "ticket_arrived",
    "clock_warning", "clock_breach", "rating_asked",
)  # fmt: skip


@pytest.fixture(autouse=True)
def tuesday():
    with time_machine.travel(TUESDAY + HOUR, tick=False) as traveller:
        yield traveller


def mails(kind: str, recipient: User | None = None) -> list[Notice]:
    found = Notice.objects.filter(kind=kind).order_by("pk")
    return list(found if recipient is None else found.filter(recipient=recipient))


def whole_life(requester: User, agent: User, open_for: Any, **changes: Any) -> Ticket:
    """Let everything happen that somebody is told of."""
    Trigger.objects.create(
        name="Tell the leads of everything",
        event="ticket_created",
        position=500,
        actions=[{"do": "notify", "value": "lead"}],
    )
    ticket = open_for(requester, severity=1, **changes)
    for minutes in (220, 241):
        now = TUESDAY + timedelta(minutes=minutes)
        sweep_clocks(now=now)
        announce_clock_events(now=now)
        send_alerts(now=now)
    assign(ticket=ticket, agent=agent, by=User.objects.get(staff_role="lead"), now=TUESDAY + HOUR)
    reply_as_agent(ticket=ticket, author=agent, body="Which **model**?", now=TUESDAY + 2 * HOUR)
    reply_as_customer(ticket=ticket, author=requester, body="The MX-3", now=TUESDAY + 3 * HOUR)
    set_status(ticket=ticket, status="solved", by=agent, now=TUESDAY + 4 * HOUR)
    ask_for_ratings(now=TUESDAY + 5 * HOUR)
    return ticket


def test_every_kind_is_written_in_text_and_html_without_remote_content(
    stella: User, agnes: User, lena: User, open_for: Any
) -> None:
    ticket = whole_life(stella, agnes, open_for)
    for kind in KINDS:
        found = mails(kind)
        assert found, kind
        for mail in found:
            assert mail.subject.startswith(f"[{ticket.reference}] ")
            assert "\n" not in mail.subject
            assert ticket.reference in mail.body_text
            assert mail.about == f"ticket:{ticket.pk}"
            assert mail.in_reply_to == f"<ticket.{ticket.pk}@localhost>"
            for text in (mail.body_text, mail.body_html):
                assert "http://localhost:8000/" in text
                for left in ("{{", "{%", "None", "&amp;amp;"):
                    assert left not in text, (kind, left)
            assert not re.search(r"<(?!meta)[^>]+ (src|background)=", mail.body_html)
            assert "url(" not in mail.body_html
            assert "<script" not in mail.body_html
            assert "<html" not in mail.body_text
            assert not re.search(r"\n\n\n", mail.body_text)


def test_the_confirmation_says_by_when_in_the_readers_zone(stella: User, open_for: Any) -> None:
    stella.time_zone = "America/New_York"
    stella.save(update_fields=["time_zone"])
    ticket = open_for(stella)
    [mail] = mails("ticket_opened", stella)
    assert mail.subject == f"[{ticket.reference}] We have your ticket: The scanner shows E42"
    for text in (mail.body_text, mail.body_html):
        assert "Thursday 12 March, 05:00 EDT" in text
        assert f"http://localhost:8000/tickets/{ticket.reference}/" in text
    assert "First answer: Thursday 12 March, 05:00 EDT" in mail.body_text
    assert "Solved by: Tuesday 24 March, 05:00 EDT" in mail.body_text


def test_the_confirmation_promises_what_the_page_and_the_form_promise(
    ada: User, at_door: Any, tuesday: Any
) -> None:
    tuesday.move_to(TUESDAY)
    at_door(ada).post("/tickets/new/", {"subject": "a", "body": "b", "severity": "2"})
    [mail] = mails("ticket_opened", ada)
    assert "First answer: Tuesday 10 March, 14:00 CET" in mail.body_text


def test_an_answer_is_quoted_with_its_files_and_what_it_asks(
    stella: User, agnes: User, open_for: Any
) -> None:
    ticket = open_for(stella)
    reply_as_agent(
        ticket=ticket, author=agnes, body="Which **model**?", status="pending", now=TUESDAY + HOUR,
        files=[SimpleUploadedFile("howto.pdf", b"%PDF-")],
    )  # fmt: skip
    [mail] = mails("ticket_replied", stella)
    assert mail.subject == f"[{ticket.reference}] New answer: The scanner shows E42"
    assert "Agnes Agent answered" in mail.body_text
    assert "Which **model**?" in mail.body_text
    assert "<strong>model</strong>" in mail.body_html
    assert "howto.pdf" in mail.body_text
    assert "/files/" not in mail.body_text + mail.body_html
    assert "We wait for your reply" in mail.body_text
    # The status came with the answer: one mail, not two.
    assert not mails("ticket_status", stella)


def test_a_customers_message_goes_to_the_agent_with_the_way_to_the_desk(
    stella: User, agnes: User, open_for: Any
) -> None:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=agnes, body="?", now=TUESDAY + HOUR)
    reply_as_customer(ticket=ticket, author=stella, body="The MX-3", now=TUESDAY + 2 * HOUR)
    [mail] = mails("ticket_replied", agnes)
    assert "Stella Shelf of Stella Storage wrote" in mail.body_text
    assert f"http://localhost:8000/desk/tickets/{ticket.reference}/" in mail.body_text
    assert "Next reply: Friday 13 March, 12:00 CET" in mail.body_text


def test_internal_notes_are_mailed_to_nobody(stella: User, agnes: User, open_for: Any) -> None:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=agnes, body="MARK", is_public=False, now=TUESDAY + HOUR)
    assert not Notice.objects.filter(body_text__contains="MARK").exists()
    assert not mails("ticket_replied")


def test_followers_are_told_and_authors_are_not_told_of_themselves(
    ada: User, colin: User, lena: User, open_for: Any
) -> None:
    ticket = open_for(ada)
    TicketFollower.objects.create(ticket=ticket, user=colin)
    reply_as_agent(ticket=ticket, author=lena, body="Done", now=TUESDAY + HOUR)
    assert {mail.recipient for mail in mails("ticket_replied")} == {ada, colin}
    set_status(ticket=ticket, status="solved", by=ada, now=TUESDAY + 2 * HOUR)
    assert {mail.recipient for mail in mails("ticket_status")} == {colin}


def test_one_who_left_is_told_nothing_more(
    ada: User, colin: User, lena: User, open_for: Any
) -> None:
    ticket = open_for(ada)
    TicketFollower.objects.create(ticket=ticket, user=colin)
    colin.memberships.update(status="ended")
    reply_as_agent(ticket=ticket, author=lena, body="Done", now=TUESDAY + HOUR)
    assert {mail.recipient for mail in mails("ticket_replied")} == {ada}


def test_who_switched_a_kind_off_gets_none(stella: User, agnes: User, open_for: Any) -> None:
    stella.mail_on_reply = False
    stella.save(update_fields=["mail_on_reply"])
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=agnes, body="Done", now=TUESDAY + HOUR)
    assert not mails("ticket_replied", stella)


def test_an_address_that_nobody_proved_gets_no_text_that_somebody_typed(
    stella: User, agnes: User, lena: User, open_for: Any
) -> None:
    EmailAddress.objects.filter(user=stella).update(verified=False)
    mark = "MARK-TYPED"
    ticket = open_for(stella, subject=f"Buy at {mark}", body=f"Visit {mark}")
    reply_as_agent(ticket=ticket, author=agnes, body=f"See {mark}", now=TUESDAY + HOUR)
    set_status(ticket=ticket, status="solved", by=agnes, now=TUESDAY + 2 * HOUR)
    ask_for_ratings(now=TUESDAY + 3 * HOUR)
    told = Notice.objects.filter(recipient=stella)
    assert {mail.kind for mail in told} == {
        "ticket_opened", "ticket_replied", "ticket_status", "rating_asked",
    }  # fmt: skip
    for mail in told:
        for text in (mail.subject, mail.body_text, mail.body_html):
            assert mark not in text
        assert ticket.reference in mail.subject


def test_another_proved_address_of_the_same_person_does_not_count(
    stella: User, open_for: Any
) -> None:
    EmailAddress.objects.filter(user=stella).update(verified=False)
    EmailAddress.objects.create(user=stella, email="other@storage.example", verified=True)
    open_for(stella, subject="MARK-TYPED")
    [mail] = mails("ticket_opened", stella)
    assert "MARK-TYPED" not in mail.subject + mail.body_text + mail.body_html


def test_what_people_type_stays_text_in_subject_and_html(stella: User, open_for: Any) -> None:
    attack = 'Re: <b>"&\r\nBcc: victim@example.com'
    open_for(stella, subject=attack, body="<img src=https://t.example/p.png>")
    [mail] = mails("ticket_opened", stella)
    assert '<b>"&' in mail.subject
    assert "&quot;" not in mail.subject
    assert "\n" not in mail.subject
    assert "<b>" not in mail.body_html
    assert "&lt;b&gt;" in mail.body_html


def test_a_warning_says_how_much_is_gone_and_a_breach_that_it_is_broken(
    ada: User, lena: User, open_for: Any
) -> None:
    ticket = open_for(ada, severity=1)
    assign(ticket=ticket, agent=lena, by=lena, now=TUESDAY)
    for minutes in (55, 61):
        now = TUESDAY + timedelta(minutes=minutes)
        sweep_clocks(now=now)
        announce_clock_events(now=now)
        send_alerts(now=now)
    warning = mails("clock_warning", lena)[-1]
    assert warning.subject == (
        f"[{ticket.reference}] First reply at 90 %, due Tuesday 10 March, 11:00 CET: "
        "The scanner shows E42"
    )
    [breach] = mails("clock_breach", lena)
    assert f"{ticket.reference}: the promise “First reply” is broken" in breach.body_text
    assert "Analytical Engines · Enterprise · Critical" in breach.body_text
    assert not mails("clock_breach", ada)


def test_mails_speak_the_readers_language_frame(stella: User, open_for: Any) -> None:
    stella.language = "de"
    stella.save(update_fields=["language"])
    open_for(stella)
    [mail] = mails("ticket_opened", stella)
    assert '<html lang="de">' in mail.body_html
    assert "Donnerstag" in mail.body_text


def test_a_follow_up_for_somebody_else_tells_its_own_requester(
    ada: User, colin: User, lena: User
) -> None:
    ticket = open_ticket(
        organization=colin.memberships.get().organization, requester=colin, opened_by=lena,
        subject="Called in", body="By phone", severity=3, now=TUESDAY,
    )  # fmt: skip
    assert [mail.recipient for mail in mails("ticket_opened")] == [colin]
    assert ticket.requester == colin
