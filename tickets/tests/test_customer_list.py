"""My tickets, or my organization's: what is listed, filtered, found, and at what cost."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from conftest import TUESDAY
from people.models import User
from tickets.actions import reply_as_agent, set_status
from tickets.models import Ticket, TicketFollower
from tickets.tests.pages_kit import words_of
from tickets.views.customer.my_tickets import PAGE_SIZE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tuesday():
    with time_machine.travel(TUESDAY + timedelta(hours=1), tick=False) as traveller:
        yield traveller


def listed(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return re.findall(r'class="list__link[^"]*" href="/tickets/(T-\d+)/"', answer.content.decode())


def test_members_see_their_own_and_what_they_follow(
    ada: User, colin: User, at_door: Any, open_for: Any
) -> None:
    hers, followed, his = open_for(ada), open_for(ada), open_for(colin)
    TicketFollower.objects.create(ticket=followed, user=colin)
    page = at_door(colin).get("/tickets/")
    assert listed(page) == [his.reference, followed.reference]
    assert "Everybody's" not in words_of(page)
    assert hers.reference not in words_of(page)


def test_managers_choose_between_mine_and_everybodys(
    ada: User, colin: User, at_door: Any, open_for: Any
) -> None:
    hers, his = open_for(ada), open_for(colin)
    browser = at_door(ada)
    assert listed(browser.get("/tickets/")) == [his.reference, hers.reference]
    assert listed(browser.get("/tickets/?whose=mine")) == [hers.reference]


def test_other_organizations_are_not_there_whatever_is_asked(
    ada: User, olga: User, at_door: Any, open_for: Any
) -> None:
    theirs = open_for(olga)
    browser = at_door(ada)
    for query in ("", "?whose=all&show=all", f"?show=all&q={theirs.reference}", "?q=E42&show=all"):
        assert listed(browser.get(f"/tickets/{query}")) == []


def test_states_filter_and_count(stella: User, agnes: User, at_door: Any, open_for: Any) -> None:
    new, waiting, solved = open_for(stella), open_for(stella), open_for(stella)
    reply_as_agent(ticket=waiting, author=agnes, body="Model?", status="pending", now=TUESDAY)
    set_status(ticket=solved, status="solved", by=stella, now=TUESDAY)
    browser = at_door(stella)
    page = browser.get("/tickets/")
    assert listed(page) == [waiting.reference, new.reference]
    assert "Open 2 Waiting for you 1 Solved 1 All 3" in words_of(page)
    assert listed(browser.get("/tickets/?show=waiting")) == [waiting.reference]
    assert listed(browser.get("/tickets/?show=solved")) == [solved.reference]
    assert len(listed(browser.get("/tickets/?show=all"))) == 3
    assert listed(browser.get("/tickets/?show=nonsense")) == listed(page)


def test_a_search_finds_by_words_and_by_number(stella: User, at_door: Any, open_for: Any) -> None:
    bay = open_for(stella, subject="Cycle counts freeze on BAY 14")
    open_for(stella)
    browser = at_door(stella)
    assert listed(browser.get("/tickets/?q=bay 14")) == [bay.reference]
    assert listed(browser.get(f"/tickets/?q={bay.reference.lower()}")) == [bay.reference]
    for harmless in ("%", "_", "'", '"><script>', "\x00", "\\", "x" * 5000):
        assert browser.get("/tickets/", {"q": harmless}).status_code == 200
    assert listed(browser.get("/tickets/", {"q": "%"})) == []


def test_a_row_says_what_comes_next_and_whose_turn_it_is(
    stella: User, agnes: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(stella)
    assert "First answer tomorrow" not in words_of(at_door(stella).get("/tickets/"))
    assert "First answer Thu 10:00 Received" in words_of(at_door(stella).get("/tickets/"))
    reply_as_agent(ticket=ticket, author=agnes, body="Model?", status="pending", now=TUESDAY)
    page = words_of(at_door(stella).get("/tickets/"))
    assert "Waiting for you" in page
    assert "First answer" not in page


def test_what_staff_do_among_themselves_moves_nothing_in_the_list(
    stella: User, agnes: User, at_door: Any, open_for: Any, tuesday: Any
) -> None:
    ticket = open_for(stella)
    before = words_of(at_door(stella).get("/tickets/"))
    reply_as_agent(
        ticket=ticket,
        author=agnes,
        body="An internal thought",
        is_public=False,
        now=TUESDAY + timedelta(minutes=30),
    )
    assert words_of(at_door(stella).get("/tickets/")) == before


def test_pages_go_on_where_the_last_one_ended(stella: User, at_door: Any, open_for: Any) -> None:
    made = [open_for(stella).reference for _ in range(PAGE_SIZE + 3)][::-1]
    browser = at_door(stella)
    first = browser.get("/tickets/")
    assert listed(first) == made[:PAGE_SIZE]
    older = re.search(r'rel="next" href="([^"]+)"', first.content.decode())
    assert older
    open_for(stella)  # news on top does not shift the second page
    second = browser.get("/tickets/" + older.group(1).replace("&amp;", "&"))
    assert listed(second) == made[PAGE_SIZE:]
    newer = re.search(r'rel="prev" href="([^"]+)"', second.content.decode())
    assert newer
    assert (
        listed(browser.get("/tickets/" + newer.group(1).replace("&amp;", "&"))) == made[:PAGE_SIZE]
    )


@pytest.mark.parametrize(
    "place", ["before=x", "before=-1", "after=", "before=" + "9" * 400, "after=٣"]
)
def test_an_odd_place_in_the_list_breaks_nothing(
    stella: User, at_door: Any, open_for: Any, place: str
) -> None:
    open_for(stella)
    assert at_door(stella).get(f"/tickets/?{place}").status_code == 200


def test_no_page_uses_an_offset(
    stella: User, at_door: Any, open_for: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(PAGE_SIZE + 1):
        open_for(stella)
    browser = at_door(stella)
    newest = Ticket.objects.latest("pk")
    with django_assert_max_num_queries(10) as queries:
        browser.get(f"/tickets/?before={newest.pk - 3}")
    assert not any("OFFSET" in query["sql"].upper() for query in queries.captured_queries)


def test_the_list_costs_the_same_for_one_and_for_twenty_five(
    ada: User, colin: User, at_door: Any, open_for: Any, django_assert_max_num_queries: Any
) -> None:
    browser = at_door(ada)
    open_for(colin)
    with django_assert_max_num_queries(10) as few:
        browser.get("/tickets/")
    most = len(few)
    for _ in range(PAGE_SIZE):
        open_for(colin)
    with django_assert_max_num_queries(most):
        assert len(listed(browser.get("/tickets/"))) == PAGE_SIZE


def test_htmx_gets_the_list_without_the_page(stella: User, at_door: Any, open_for: Any) -> None:
    ticket = open_for(stella)
    headers = {"HX-Request": "true", "HX-Target": "list"}
    part = at_door(stella).get("/tickets/?show=all", headers=headers)
    assert listed(part) == [ticket.reference]
    assert b"<html" not in part.content


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "No open tickets"),
        ("?show=waiting", "Nothing waits for you"),
        ("?show=solved", "Nothing solved yet"),
        ("?q=bay", "Nothing here for “bay”"),
    ],
)
def test_an_empty_list_says_what_to_do_next(
    stella: User, at_door: Any, query: str, sentence: str
) -> None:
    assert sentence in words_of(at_door(stella).get(f"/tickets/{query}"))


def test_staff_have_their_own_lists(lena: User, at_door: Any) -> None:
    assert at_door(lena).get("/tickets/")["Location"] == "/"
