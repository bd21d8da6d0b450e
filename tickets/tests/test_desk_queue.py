"""The queue page of the desk: views, rows with their reasons, refresh, take next, search."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from conftest import TUESDAY
from people.models import User
from tickets.actions import (
    assign,
    reply_as_agent,
    reply_as_customer,
    set_status,
    sweep_clocks,
)
from tickets.models import Queue, QueueMember, Ticket
from tickets.queue_page import PAGE_SIZE
from tickets.tests.desk_kit import many_tickets
from tickets.tests.pages_kit import words_of

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "rows"}


@pytest.fixture(autouse=True)
def tuesday() -> Any:
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


def subjects(answer: Any) -> list[str]:
    found = re.findall(r"data-row[^>]*>([^<]+)</a>", answer.content.decode())
    return [str(subject) for subject in found]


def row_words(answer: Any, ticket: Ticket) -> str:
    found = re.search(
        rf'<li class="trow" id="row-{ticket.pk}">(.*?)</li>', answer.content.decode(), re.DOTALL
    )
    assert found, f"{ticket} is not in the list"
    return words_of(type("Part", (), {"content": found.group(1).encode()}))


def test_the_desk_opens_with_the_first_view_of_whoever_comes(
    agnes: User, lena: User, at_door: Any
) -> None:
    assert at_door(agnes).get("/desk/").url == "/desk/views/starter/"
    assert at_door(lena).get("/desk/").url == "/desk/views/enterprise/"


def test_an_agent_without_a_queue_still_has_a_desk(agnes: User, at_door: Any) -> None:
    QueueMember.objects.all().delete()
    assert at_door(agnes).get("/desk/").url == "/desk/views/mine/"
    answer = at_door(agnes).get("/desk/views/all/")
    assert answer.status_code == 200
    assert "All done here" in words_of(answer)


def test_a_view_that_is_not_ones_own_is_not_there(agnes: User, at_door: Any) -> None:
    for key in ("enterprise", "professional", "nonsense", "all'"):
        assert at_door(agnes).get(f"/desk/views/{key}/").status_code == 404


def test_what_is_due_next_stands_first(ada: User, lena: User, at_door: Any, open_for: Any) -> None:
    open_for(ada, subject="Low", severity=4)
    open_for(ada, subject="Critical", severity=1)
    open_for(ada, subject="High", severity=2)
    answer = at_door(lena).get("/desk/views/enterprise/")
    assert subjects(answer) == ["Critical", "High", "Low"]


def test_each_row_says_why_it_stands_where_it_stands(
    stella: User, agnes: User, at_door: Any, open_for: Any, tuesday: Any
) -> None:
    ticket = open_for(stella, severity=1)
    door = at_door(agnes)

    def row() -> str:
        return row_words(door.get("/desk/views/all/"), ticket)

    assert "Stella Storage" in row()
    assert "First reply due 14:00" in row()
    assert "in 4 h" in row()
    tuesday.move_to(TUESDAY + 6 * HOUR)
    sweep_clocks(now=TUESDAY + 6 * HOUR)
    assert "First reply was due 2 h ago" in row()
    assert "2 h late" in row()
    reply_as_agent(ticket=ticket, author=agnes, body="?", status="pending", now=TUESDAY + 6 * HOUR)
    assert "Waiting for the customer, no clock running" in row()
    assert "paused" in row()
    assert "Agnes Agent" in door.get("/desk/views/all/").content.decode()
    set_status(ticket=ticket, status="solved", by=agnes, now=TUESDAY + 6 * HOUR)
    tuesday.move_to(TUESDAY + 7 * HOUR)
    assert "Solved 1 h ago" in row_words(door.get("/desk/views/solved/"), ticket)


def test_a_promise_due_at_closing_time_is_not_called_late_before_opening(
    stella: User, agnes: User, at_door: Any, open_for: Any, tuesday: Any
) -> None:
    """Eight business hours from Tuesday 10:00 local end at Wednesday 10:00; from 09:00 at 17:00."""
    tuesday.move_to(TUESDAY - HOUR)
    ticket = open_for(stella, severity=2, now=TUESDAY - HOUR)
    assert ticket.rank_at == datetime(2026, 3, 10, 16, 0, tzinfo=TUESDAY.tzinfo)
    tuesday.move_to(TUESDAY + 9 * HOUR)
    sweep_clocks(now=TUESDAY + 9 * HOUR)
    row = row_words(at_door(agnes).get("/desk/views/all/"), ticket)
    assert "First reply was due 17:00, still in time" in row
    assert "late" not in row


def test_views_show_how_many_tickets_they_hold(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    one, _two = open_for(stella), open_for(stella)
    assign(ticket=one, agent=agnes, by=agnes, now=TUESDAY)
    page = words_of(at_door(agnes).get("/desk/views/all/"))
    assert "Starter 2" in page
    assert "Mine 1" in page
    assert "Unassigned 1" in page
    assert "Solved 0" in page
    assert "2 tickets" in page


def test_pages_follow_one_another_without_gap_or_repetition(
    stella: User, lena: User, at_door: Any
) -> None:
    many_tickets(stella, 2 * PAGE_SIZE + 3, TUESDAY, status="open")
    door = at_door(lena)
    seen: list[str] = []
    address = "/desk/views/all/"
    for _page in range(3):
        answer = door.get(address)
        seen += subjects(answer)
        found = re.search(r'href="([^"]+)" rel="next"', answer.content.decode())
        address = found.group(1) if found else ""
    assert not address
    assert len(seen) == len(set(seen)) == 2 * PAGE_SIZE + 3
    assert "Back to the first page" in words_of(answer)


def test_an_odd_cursor_shows_the_first_page(
    stella: User, lena: User, at_door: Any, open_for: Any
) -> None:
    open_for(stella)
    for after in ("x", "%00", "9" * 300, "MTIz"):
        answer = at_door(lena).get("/desk/views/all/", {"after": after})
        assert len(subjects(answer)) == 1


def test_a_refresh_brings_the_list_and_the_counts_alone(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    open_for(stella)
    content = at_door(agnes).get("/desk/views/all/", **HTMX).content.decode()
    assert "<html" not in content
    assert 'id="rows"' in content
    assert 'id="views-list" hx-swap-oob="true"' in content
    assert 'data-said="1 ticket"' in content
    # It goes on refreshing itself.
    assert 'hx-get="/desk/views/all/"' in content
    assert 'hx-trigger="desk:refresh from:body"' in content


def test_a_refresh_of_a_later_page_stays_there(stella: User, lena: User, at_door: Any) -> None:
    many_tickets(stella, PAGE_SIZE + 2, TUESDAY, status="open")
    first = at_door(lena).get("/desk/views/all/").content.decode()
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following
    second = at_door(lena).get(following.group(1))
    assert f'hx-get="{following.group(1)}"' in second.content.decode()
    assert subjects(at_door(lena).get(following.group(1), **HTMX)) == subjects(second)


def test_rows_work_without_a_script(stella: User, agnes: User, at_door: Any, open_for: Any) -> None:
    ticket = open_for(stella)
    content = at_door(agnes).get("/desk/views/all/").content.decode()
    assert f'href="/desk/tickets/{ticket.reference}/?view=all"' in content
    answer = at_door(agnes).get(f"/desk/tickets/{ticket.reference}/", {"view": "all"})
    assert 'aria-current="true"' in answer.content.decode()
    assert subjects(answer) == [ticket.subject]


def test_take_next_opens_what_is_due_next_in_the_view(
    ada: User, paul: User, lena: User, at_door: Any, open_for: Any
) -> None:
    first = open_for(ada, severity=1)
    professional = open_for(paul, severity=4)
    answer = at_door(lena).post("/desk/next/", {"view": "professional"})
    assert answer.url == f"/desk/tickets/{professional.reference}/?view=professional"
    answer = at_door(lena).post("/desk/next/", {"view": "all"})
    assert answer.url == f"/desk/tickets/{first.reference}/?view=all"
    assert set(Ticket.objects.values_list("assignee_id", flat=True)) == {lena.pk}


def test_when_nothing_is_left_to_take_the_desk_says_so(agnes: User, at_door: Any) -> None:
    answer = at_door(agnes).post("/desk/next/", {"view": "starter"}, follow=True)
    assert answer.redirect_chain == [("/desk/views/starter/", 302)]
    assert "Nothing waits for somebody to take it here" in words_of(answer)


def test_ops_look_at_queues_but_take_nothing(
    stella: User, oscar: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    door = at_door(oscar)
    page = door.get("/desk/views/all/")
    assert subjects(page) == [ticket.subject]
    assert "Take next" not in words_of(page)
    assert door.post("/desk/next/", {"view": "all"}).status_code == 403
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_customers_do_not_come_in(stella: User, at_door: Any) -> None:
    assert at_door(stella).get("/desk/").status_code == 403
    assert at_door(stella).get("/desk/views/all/").status_code == 403
    assert at_door(None).get("/desk/views/all/").status_code == 302


# --- Search -----------------------------------------------------------------------


def test_an_exact_reference_leads_straight_to_the_ticket(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    for text in (ticket.reference, ticket.reference.lower(), f" {ticket.reference} "):
        answer = at_door(agnes).get("/desk/search/", {"q": text})
        assert answer.url == f"/desk/tickets/{ticket.reference}/?view=starter"


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("scanner", True),
        ("SCANNER shows", True),
        ("scan", True),
        ("e42", True),
        ("Stella", True),
        ("stella stor", True),
        ("stella@storage", True),
        ("printer", False),
        ("scanner printer", False),
        ("'; drop", False),
        ("%", False),
        ("& | !", False),
        ("", False),
    ],
)
def test_tickets_are_found_by_subject_organization_and_address(
    stella: User, agnes: User, at_door: Any, open_for: Any, text: str, is_found: bool
) -> None:
    ticket = open_for(stella)
    answer = at_door(agnes).get("/desk/search/", {"q": text})
    assert answer.status_code == 200
    assert (subjects(answer) == [ticket.subject]) is is_found


def test_a_number_alone_finds_its_ticket(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    tickets = [open_for(stella, subject=f"Matter {letter}") for letter in "abcdefghijk"]
    answer = at_door(agnes).get("/desk/search/", {"q": str(tickets[-1].pk)})
    assert "Matter k" in subjects(answer)


def test_the_search_finds_nothing_of_other_peoples_queues(
    ada: User, agnes: User, lena: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(ada, subject="Confidential crane")
    for text in ("crane", "Analytical", "ada@", ticket.reference, str(ticket.pk)):
        answer = at_door(agnes).get("/desk/search/", {"q": text})
        assert answer.status_code == 200
        assert "Confidential" not in answer.content.decode()
    assert subjects(at_door(lena).get("/desk/search/", {"q": "crane"})) == ["Confidential crane"]


def test_what_is_found_is_cut_off_and_says_so(stella: User, lena: User, at_door: Any) -> None:
    many_tickets(stella, 60, TUESDAY, status="open")
    answer = at_door(lena).get("/desk/search/", {"q": "ticket"})
    assert len(subjects(answer)) == 50
    assert "The newest 50" in words_of(answer)


def test_a_ticket_moved_to_another_queue_leaves_the_views_of_those_who_do_not_serve_it(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    Ticket.objects.filter(pk=ticket.pk).update(queue=Queue.objects.get(key="enterprise"))
    assert subjects(at_door(agnes).get("/desk/views/all/")) == []


# --- News of the open ticket --------------------------------------------------------


def refreshed(door: Any, ticket: Ticket, seen: Any) -> str:
    values = {"open": ticket.reference, "seen_seq": seen}
    content: str = door.get("/desk/views/all/", values, **HTMX).content.decode()
    return content


def test_a_refresh_tells_what_came_in_on_the_open_ticket(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    door = at_door(agnes)
    seen = ticket.last_event_seq
    assert "Something new came in" not in refreshed(door, ticket, seen)
    reply_as_agent(ticket=ticket, author=agnes, body="My own", now=TUESDAY)
    assert "Something new came in" not in refreshed(door, ticket, seen)
    reply_as_customer(ticket=ticket, author=stella, body="FRESH-WORDS", now=TUESDAY)
    answer = refreshed(door, ticket, seen)
    assert "Something new came in" in answer
    found = re.search(r'hx-get="([^"]+news=)"', answer)
    assert found
    news = door.get(found.group(1).replace("&amp;", "&"), **HTMX).content.decode()
    assert "FRESH-WORDS" in news
    # What is being written is not touched.
    assert "<textarea" not in news
    ticket.refresh_from_db()
    assert f'id="seen-seq" value="{ticket.last_event_seq}" hx-swap-oob="true"' in news
    assert "Something new came in" not in refreshed(door, ticket, ticket.last_event_seq)


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 40, "٣"])
def test_an_odd_question_for_news_is_no_error(
    stella: User, agnes: User, at_door: Any, open_for: Any, seen: str
) -> None:
    ticket = open_for(stella)
    assert "Something new came in" not in refreshed(at_door(agnes), ticket, seen)


def test_the_news_of_other_peoples_tickets_are_not_told(
    ada: User, agnes: User, lena: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(ada)
    reply_as_agent(ticket=ticket, author=lena, body="Psst", now=TUESDAY)
    assert "Something new came in" not in refreshed(at_door(agnes), ticket, 0)
    assert "Something new came in" not in refreshed(at_door(lena), ticket, ticket.last_event_seq)
