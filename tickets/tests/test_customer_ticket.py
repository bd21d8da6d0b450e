"""A customer's ticket page: what is shown, what is not, and what can be done there."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from conftest import TUESDAY
from people.models import Notice, User
from tickets.actions import (
    assign,
    close_solved_tickets,
    reply_as_agent,
    set_severity,
    set_status,
    sweep_clocks,
)
from tickets.models import Message, Ticket, TicketFollower
from tickets.tests.pages_kit import form_key_of, words_of

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def tuesday():
    with time_machine.travel(TUESDAY + HOUR, tick=False) as traveller:
        yield traveller


def page_of(ticket: Ticket) -> str:
    return f"/tickets/{ticket.reference}/"


def test_the_page_shows_what_was_said_and_what_is_promised(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    page = words_of(at_door(stella).get(page_of(ticket)))
    assert "Received" in page
    assert (
        "First answer Thu 10:00 We answer by Thursday 12 March, 10:00 CET: 2 working days" in page
    )
    assert "Since this morning no barcode is read." in page
    reply_as_agent(ticket=ticket, author=agnes, body="Which **model**?", now=TUESDAY + HOUR)
    answer = at_door(stella).get(page_of(ticket))
    page = words_of(answer)
    assert "We are on it" in page
    assert "Agnes Agent Tidewater" in page
    assert "<strong>model</strong>" in answer.content.decode()
    assert "First answer in time just now" in page


def test_nothing_internal_is_on_the_page(
    ada: User, lena: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(ada)
    reply_as_agent(ticket=ticket, author=lena, body="MARK-NOTE", is_public=False, now=TUESDAY)
    assign(ticket=ticket, agent=lena, by=lena, now=TUESDAY)
    Notice.objects.update(dead_at=timezone.now(), last_error="MARK-UNDELIVERED")
    answer = at_door(ada).get(page_of(ticket))
    content = answer.content.decode()
    for mark in ("MARK-NOTE", "MARK-UNDELIVERED", "Enterprise Support", "enterprise accounts"):
        assert mark.lower() not in content.lower()


def test_the_name_of_a_trigger_is_not_shown_as_a_reason(
    ada: User, lena: User, at_door: Any, open_for: Any
) -> None:
    from tickets.models import Trigger

    Trigger.objects.create(
        name="Grumpy customers first",
        event="ticket_created",
        position=99,
        actions=[{"do": "set_severity", "value": 2}],
    )
    ticket = open_for(ada)
    set_severity(ticket=ticket, severity=1, reason="The line stands", by=lena, now=TUESDAY + HOUR)
    page = words_of(at_door(ada).get(page_of(ticket)))
    assert "The severity changed from Normal to High" in page
    assert "Grumpy" not in page
    assert "Lena Lead changed the severity from High to Critical: “The line stands”" in page


def test_a_paused_promise_says_why_and_since_when(
    stella: User, agnes: User, at_door: Any, open_for: Any, tuesday: Any
) -> None:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=agnes, body="?", status="pending", now=TUESDAY + HOUR)
    tuesday.shift(timedelta(days=3))
    page = words_of(at_door(stella).get(page_of(ticket)))
    assert "We wait for your reply Since Tue 11:00." in page
    assert (
        "The time stands still since Tuesday 10 March, 11:00 CET while we wait for you; "
        "79 h of working time are left."
    ) in page


def test_a_broken_promise_is_admitted(ada: User, at_door: Any, open_for: Any, tuesday: Any) -> None:
    ticket = open_for(ada, severity=1)
    tuesday.shift(2 * HOUR)
    sweep_clocks(now=TUESDAY + 3 * HOUR)
    page = words_of(at_door(ada).get(page_of(ticket)))
    assert (
        "First answer 2 h late We owed you an answer by Tuesday 10 March, 11:00 CET, 2 h ago."
        in page
    )


def test_a_foreign_ticket_is_the_same_page_as_a_missing_one(
    stella: User, olga: User, at_door: Any, open_for: Any
) -> None:
    theirs = open_for(olga)
    browser = at_door(stella)
    for action in ("", "reply/", "solve/", "reopen/", "follow/", "unfollow/", "rate/"):
        ask = browser.post if action else browser.get
        foreign = ask(f"{page_of(theirs)}{action}", {"body": "hi", "score": "5"})
        missing = ask(f"/tickets/T-999999/{action}", {"body": "hi", "score": "5"})
        assert foreign.status_code == missing.status_code == 404
        assert foreign.content == missing.content
    assert Message.objects.filter(ticket=theirs).count() == 1


def test_a_reply_lands_in_the_conversation(stella: User, at_door: Any, open_for: Any) -> None:
    ticket = open_for(stella)
    log = SimpleUploadedFile("scanner.log", b"E42")
    answer = at_door(stella).post(
        f"{page_of(ticket)}reply/", {"body": "Here is the log", "attachments": log}
    )
    message = ticket.messages.latest("pk")
    assert answer["Location"] == f"{page_of(ticket)}#message-{message.pk}"
    page = words_of(at_door(stella).get(page_of(ticket)))
    assert "Here is the log" in page
    assert "scanner.log 3 bytes" in page


def test_a_reply_sent_twice_is_said_once(stella: User, at_door: Any, open_for: Any) -> None:
    ticket = open_for(stella)
    browser = at_door(stella)
    sent = {"body": "And again", "form_key": form_key_of(browser.get(page_of(ticket)))}
    first, second = (browser.post(f"{page_of(ticket)}reply/", sent) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert ticket.messages.count() == 2


def test_an_empty_reply_says_so_and_a_refused_file_keeps_the_text(
    stella: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    browser = at_door(stella)
    empty = browser.post(f"{page_of(ticket)}reply/", {"body": "  "})
    assert empty.status_code == 422
    bad = SimpleUploadedFile("run.exe", b"MZ")
    refused = browser.post(f"{page_of(ticket)}reply/", {"body": "A long story", "attachments": bad})
    assert refused.status_code == 422
    assert "run.exe: this type of file is not accepted" in words_of(refused)
    assert ">A long story</textarea>" in refused.content.decode()
    assert ticket.messages.count() == 1


def test_this_solves_it_settles_the_matter_with_the_message(
    stella: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    at_door(stella).post(f"{page_of(ticket)}reply/", {"body": "A cable", "marks_solved": "on"})
    ticket.refresh_from_db()
    assert ticket.status == "solved"


def test_a_customer_solves_and_finds_the_way_back(
    stella: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    browser = at_door(stella)
    page = words_of(browser.post(f"{page_of(ticket)}solve/", follow=True))
    assert "Good to hear. The ticket is solved." in page
    assert "If we hear nothing more, it is closed on Tuesday 24 March." in page
    assert "Still a problem?" in page
    page = words_of(browser.post(f"{page_of(ticket)}reopen/", {"body": ""}, follow=True))
    assert "You opened it again" in page
    ticket.refresh_from_db()
    assert ticket.status == "open"


def test_still_a_problem_can_say_what(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=agnes, body="Done", status="solved", now=TUESDAY + HOUR)
    at_door(stella).post(f"{page_of(ticket)}reopen/", {"body": "It is back"})
    ticket.refresh_from_db()
    assert ticket.status == "open"
    assert ticket.messages.latest("pk").body == "It is back"
    # Somebody waits for an answer again, and the promise says so.
    assert ticket.rank_metric == "next_reply"


def test_solving_twice_changes_nothing_the_second_time(
    stella: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    browser = at_door(stella)
    for _ in range(2):
        assert browser.post(f"{page_of(ticket)}solve/").status_code == 302
    assert ticket.events.filter(kind="status").count() == 1


def test_a_closed_ticket_says_before_that_a_message_opens_a_new_one(
    stella: User, at_door: Any, open_for: Any, tuesday: Any
) -> None:
    ticket = open_for(stella)
    set_status(ticket=ticket, status="solved", by=stella, now=TUESDAY + HOUR)
    tuesday.shift(timedelta(days=20))
    close_solved_tickets(now=TUESDAY + timedelta(days=20))
    browser = at_door(stella)
    page = words_of(browser.get(page_of(ticket)))
    assert "A message here opens a new ticket that goes on from this one." in page
    assert "Open a follow-up" in page
    assert "Still a problem?" not in page
    landed = browser.post(f"{page_of(ticket)}reply/", {"body": "It is back"}, follow=True)
    follow_up = Ticket.objects.get(follow_up_of=ticket)
    assert landed.redirect_chain[-1][0] == page_of(follow_up)
    assert f"{follow_up.reference} is open. It goes on from {ticket.reference}." in words_of(landed)
    assert f"It goes on in {follow_up.reference}" in words_of(browser.get(page_of(ticket)))


def test_a_closed_ticket_cannot_be_opened_again(
    stella: User, at_door: Any, open_for: Any, tuesday: Any
) -> None:
    ticket = open_for(stella)
    set_status(ticket=ticket, status="solved", by=stella, now=TUESDAY + HOUR)
    tuesday.shift(timedelta(days=20))
    close_solved_tickets(now=TUESDAY + timedelta(days=20))
    for action in ("solve", "reopen"):
        assert at_door(stella).post(f"{page_of(ticket)}{action}/").status_code == 409


def test_nothing_changes_by_looking(stella: User, at_door: Any, open_for: Any) -> None:
    ticket = open_for(stella)
    browser, events = at_door(stella), ticket.events.count()
    for action in ("reply", "solve", "reopen", "follow", "unfollow", "rate"):
        assert browser.get(f"{page_of(ticket)}{action}/").status_code == 405
    for place in ("", "?whole", "?since=0", "?status=solved&marks_solved=on&body=x&score=5"):
        assert browser.get(f"{page_of(ticket)}{place}").status_code == 200
    assert ticket.events.count() == events
    assert not ticket.followers.exists()


def test_news_comes_by_itself_and_nothing_comes_when_there_is_none(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    browser = at_door(stella)
    page = browser.get(page_of(ticket)).content.decode()
    since = page.split('name="since" value="')[1].split('"')[0]
    headers = {"HX-Request": "true", "HX-Target": "conversation"}
    asked = f"{page_of(ticket)}?since={since}"
    assert browser.get(asked, headers=headers).status_code == 204
    reply_as_agent(ticket=ticket, author=agnes, body="psst", is_public=False, now=TUESDAY + HOUR)
    assert browser.get(asked, headers=headers).status_code == 204
    reply_as_agent(ticket=ticket, author=agnes, body="Hello", status="pending", now=TUESDAY + HOUR)
    news = browser.get(asked, headers=headers)
    assert news.status_code == 200
    assert "Hello" in words_of(news)
    assert "We wait for your reply" in words_of(news)
    assert b"<html" not in news.content
    assert b"psst" not in news.content
    for part in ("ticket-head", "ticket-banner", "promises"):
        assert f'id="{part}"'.encode() in news.content
    assert news.content.count(b'hx-swap-oob="true"') == 3
    assert "There is news on this ticket." in words_of(news)
    # Somebody may be writing in the banner's form: without another status it stays.
    quiet = browser.get(f"{asked}&status=pending", headers=headers)
    assert b'id="ticket-banner"' not in quiet.content


def test_managers_follow_and_stop_following(
    ada: User, colin: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(colin)
    browser = at_door(ada)
    browser.post(f"{page_of(ticket)}follow/")
    browser.post(f"{page_of(ticket)}follow/")
    assert [row.user for row in ticket.followers.all()] == [ada]
    assert browser.post(f"{page_of(ticket)}unfollow/")["Location"] == page_of(ticket)
    assert not ticket.followers.exists()


def test_the_requester_brings_in_a_colleague_who_can_then_read(
    ada: User, colin: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(ada)
    assert at_door(colin).get(page_of(ticket)).status_code == 404
    assert "Bring in a colleague" in words_of(at_door(ada).get(page_of(ticket)))
    at_door(ada).post(f"{page_of(ticket)}follow/", {"person": colin.email})
    assert at_door(colin).get(page_of(ticket)).status_code == 200


def test_a_follower_cannot_bring_in_others_nor_send_them_away(
    ada: User, colin: User, at_door: Any, open_for: Any, enterprise: Any
) -> None:
    from conftest import _contact

    dora = _contact("dora@analytical.example", "Dora", enterprise)
    ticket = open_for(ada)
    TicketFollower.objects.create(ticket=ticket, user=colin)
    TicketFollower.objects.create(ticket=ticket, user=dora)
    browser = at_door(colin)
    assert "Bring in a colleague" not in words_of(browser.get(page_of(ticket)))
    assert browser.post(f"{page_of(ticket)}unfollow/", {"person": dora.email}).status_code == 403
    ticket.followers.filter(user=dora).delete()
    assert browser.post(f"{page_of(ticket)}follow/", {"person": dora.email}).status_code == 403
    assert [row.user for row in ticket.followers.all()] == [colin]


def test_nobody_from_outside_can_be_brought_in(
    ada: User, stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(ada)
    for stranger in (stella.email, agnes.email, "nobody@nowhere.example", "%"):
        answer = at_door(ada).post(f"{page_of(ticket)}follow/", {"person": stranger})
        assert answer.status_code == 403
    assert not ticket.followers.exists()


def test_who_stops_following_and_may_no_longer_read_lands_on_the_list(
    ada: User, colin: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(ada)
    TicketFollower.objects.create(ticket=ticket, user=colin)
    answer = at_door(colin).post(f"{page_of(ticket)}unfollow/")
    assert answer["Location"] == "/tickets/"


def test_staff_look_at_the_customers_page_and_act_at_the_desk(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=agnes, body="MARK-NOTE", is_public=False, now=TUESDAY)
    browser = at_door(agnes)
    answer = browser.get(page_of(ticket))
    assert "This is what the customer sees." in words_of(answer)
    assert b"MARK-NOTE" not in answer.content
    assert b"<form" not in answer.content.split(b"<main")[1]
    for action in ("reply", "solve", "reopen", "follow", "unfollow", "rate"):
        answer = browser.post(f"{page_of(ticket)}{action}/", {"body": "hi", "score": "5"})
        assert answer.status_code == 403
    assert ticket.messages.count() == 2


def test_what_people_type_cannot_run(stella: User, at_door: Any, open_for: Any) -> None:
    attack = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) ![p](https://t.example/p.png)"
    ticket = open_for(stella, subject=attack, body=attack)
    content = at_door(stella).get(page_of(ticket)).content.decode()
    main = content.split("<main")[1].split("</main>")[0]
    assert "<img" not in main
    assert not [place for place in main.split('href="')[1:] if place.startswith("javascript")]
    assert 'src="https' not in main


def test_the_page_costs_the_same_for_a_short_and_a_long_conversation(
    ada: User, colin: User, lena: User, at_door: Any, open_for: Any,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    ticket = open_for(ada)
    browser = at_door(ada)
    reply_as_agent(ticket=ticket, author=lena, body="Hello", now=TUESDAY)
    with django_assert_max_num_queries(18) as few:
        browser.get(page_of(ticket))
    most = len(few) + 1  # the files
    for number in range(20):
        log = SimpleUploadedFile("a.txt", b"x")
        browser.post(f"{page_of(ticket)}reply/", {"body": f"{number}", "attachments": log})
    TicketFollower.objects.create(ticket=ticket, user=colin)
    with django_assert_max_num_queries(most):
        browser.get(page_of(ticket))
