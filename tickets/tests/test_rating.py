"""Rating an answer: by the link of a mail, or on the ticket's page."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client

from conftest import TUESDAY
from people.models import Notice, User
from portal.kit.refused import NotPermitted
from tickets.actions import ask_for_ratings, rate, rating_link, reply_as_agent, set_status
from tickets.models import SatisfactionRating, Ticket, TicketFollower
from tickets.tests.pages_kit import words_of

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SOLVED_AT = TUESDAY + HOUR


@pytest.fixture(autouse=True)
def tuesday():
    with time_machine.travel(TUESDAY + 2 * HOUR, tick=False) as traveller:
        yield traveller


@pytest.fixture
def solved(stella: User, agnes: User, open_for: Any) -> Ticket:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=agnes, body="Done", status="solved", now=SOLVED_AT)
    ticket.refresh_from_db()
    return ticket


def link_of(ticket: Ticket) -> str:
    return rating_link(ticket, ticket.requester).removeprefix("http://localhost:8000")


def score_of(ticket: Ticket) -> int | None:
    rating = SatisfactionRating.objects.filter(ticket=ticket).first()
    return rating.score if rating else None


def test_opening_the_link_changes_nothing_however_often(solved: Ticket, client: Client) -> None:
    for _ in range(3):
        for query in ("", "?score=1", "?score=5"):
            assert client.get(f"{link_of(solved)}{query}").status_code == 200
            assert client.head(f"{link_of(solved)}{query}").status_code == 200
    assert not SatisfactionRating.objects.exists()
    assert not solved.events.filter(kind="rated").exists()


def test_a_star_in_the_mail_opens_the_page_with_that_star_chosen(
    solved: Ticket, client: Client
) -> None:
    content = client.get(f"{link_of(solved)}?score=4").content.decode()
    assert content.count(" checked") == 1
    assert 'value="4" required checked' in content
    for nonsense in ("6", "0", "x", "4%22", ""):
        page = client.get(f"{link_of(solved)}?score={nonsense}")
        assert " checked" not in page.content.decode()


def test_sending_the_page_stores_the_rating_without_a_login(
    solved: Ticket, stella: User, client: Client
) -> None:
    answer = client.post(link_of(solved), {"score": "4", "comment": "Quick!"})
    assert (answer.status_code, answer["Location"]) == (302, link_of(solved))
    rating = SatisfactionRating.objects.get()
    assert (rating.ticket, rating.score, rating.comment) == (solved, 4, "Quick!")
    assert (rating.rated_by, rating.rated_at) == (stella, TUESDAY + 2 * HOUR)
    assert "Thank you: we have your 4 of 5 stars." in words_of(client.get(link_of(solved)))


def test_the_page_names_the_ticket_by_its_number_alone(solved: Ticket, client: Client) -> None:
    rate(
        ticket=solved, by=solved.requester, score=2, comment="MARK-COMMENT",
        now=TUESDAY + 2 * HOUR,
    )  # fmt: skip
    content = client.get(link_of(solved)).content.decode()
    assert solved.reference in content
    for secret in (solved.subject, "Stella", "MARK-COMMENT", "Agnes"):
        assert secret not in content


def test_the_link_is_kept_out_of_caches(solved: Ticket, client: Client) -> None:
    assert "no-store" in client.get(link_of(solved))["Cache-Control"]


def test_a_rating_may_be_changed_for_some_days_and_keeps_its_comment(
    solved: Ticket, client: Client, tuesday: Any
) -> None:
    client.post(link_of(solved), {"score": "2", "comment": "Slow"})
    tuesday.shift(6 * DAY)
    client.post(link_of(solved), {"score": "4", "comment": ""})
    rating = SatisfactionRating.objects.get()
    assert (rating.score, rating.comment) == (4, "Slow")
    assert rating.rated_at == TUESDAY + 2 * HOUR
    assert rating.changed_at == TUESDAY + 2 * HOUR + 6 * DAY


def test_after_those_days_it_is_final_and_the_page_says_so(
    solved: Ticket, client: Client, tuesday: Any
) -> None:
    client.post(link_of(solved), {"score": "2"})
    tuesday.shift(7 * DAY)
    for answer in (client.get(link_of(solved)), client.post(link_of(solved), {"score": "5"})):
        assert answer.status_code == 410
        assert "Your rating is final now" in words_of(answer)
    assert score_of(solved) == 2


def test_after_a_month_nothing_can_be_rated(solved: Ticket, client: Client, tuesday: Any) -> None:
    link = link_of(solved)
    tuesday.shift(30 * DAY)
    assert client.get(link).status_code in {404, 410}
    client.post(link, {"score": "5"})
    assert score_of(solved) is None


def test_a_ticket_that_was_opened_again_cannot_be_rated_now(
    solved: Ticket, stella: User, client: Client
) -> None:
    set_status(ticket=solved, status="open", by=stella, now=TUESDAY + 2 * HOUR)
    answer = client.get(link_of(solved))
    assert answer.status_code == 410
    assert "This ticket cannot be rated now" in words_of(answer)


@pytest.mark.parametrize("change", ["", "x", "cut", "forged", "salted"])
def test_a_link_that_is_none_gets_a_page_that_says_so(
    solved: Ticket, client: Client, change: str
) -> None:
    token = link_of(solved).split("/")[2]
    forged = {
        "": "nonsense",
        "x": f"{token}x",
        "cut": token[:-3],
        "forged": token.replace(token[0], "X", 1),
        "salted": signing.dumps([solved.pk, solved.requester_id], salt="another"),
    }[change]
    for answer in (client.get(f"/rate/{forged}/"), client.post(f"/rate/{forged}/", {"score": 5})):
        assert answer.status_code == 404
        assert "This link does not work" in words_of(answer)
    assert score_of(solved) is None


@pytest.mark.parametrize("score", ["", "0", "6", "x", "4.5", "-1", "４"])
def test_a_score_that_is_none_asks_again(solved: Ticket, client: Client, score: str) -> None:
    answer = client.post(link_of(solved), {"score": score, "comment": "kept"})
    if score == "４":  # a digit of another script is still the digit four
        assert answer.status_code in {302, 422}
        return
    assert answer.status_code == 422
    assert "Choose one to five stars." in words_of(answer)
    assert ">kept</textarea>" in answer.content.decode().replace("\n", "")
    assert score_of(solved) is None


def test_the_link_needs_the_forms_own_token(solved: Ticket) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(link_of(solved), {"score": "5"}).status_code == 403
    assert score_of(solved) is None


def test_the_requester_rates_on_the_ticket(solved: Ticket, stella: User, at_door: Any) -> None:
    browser = at_door(stella)
    page = f"/tickets/{solved.reference}/"
    assert "How was our help?" in words_of(browser.get(page))
    answer = browser.post(f"{page}rate/", {"score": "5", "comment": "Great"}, follow=True)
    assert "Thank you. Your rating is stored." in words_of(answer)
    assert "Your rating" in words_of(answer)
    assert "You gave 5 of 5 stars" in words_of(answer)
    assert score_of(solved) == 5


def test_nobody_rates_for_somebody_else(
    ada: User, colin: User, lena: User, at_door: Any, open_for: Any
) -> None:
    ticket = open_for(colin)
    reply_as_agent(ticket=ticket, author=lena, body="Done", status="solved", now=SOLVED_AT)
    page = f"/tickets/{ticket.reference}/"
    assert "How was our help?" not in words_of(at_door(ada).get(page))
    assert at_door(ada).post(f"{page}rate/", {"score": "1"}).status_code == 403
    with pytest.raises(NotPermitted):
        rate(ticket=ticket, by=ada, score=1, comment="", now=TUESDAY + 2 * HOUR)
    assert score_of(ticket) is None


def test_an_open_ticket_is_not_rated(stella: User, at_door: Any, open_for: Any) -> None:
    ticket = open_for(stella)
    page = f"/tickets/{ticket.reference}/"
    assert "How was our help?" not in words_of(at_door(stella).get(page))
    assert at_door(stella).post(f"{page}rate/", {"score": "5"}).status_code == 409


def test_a_score_that_is_none_on_the_page_changes_nothing(
    solved: Ticket, stella: User, at_door: Any
) -> None:
    answer = at_door(stella).post(f"/tickets/{solved.reference}/rate/", {}, follow=True)
    assert "Choose one to five stars." in words_of(answer)
    assert score_of(solved) is None


def test_the_requester_alone_is_asked_once(
    ada: User, colin: User, lena: User, open_for: Any
) -> None:
    ticket = open_for(colin)
    TicketFollower.objects.create(ticket=ticket, user=ada)
    reply_as_agent(ticket=ticket, author=lena, body="Done", status="solved", now=SOLVED_AT)
    now = SOLVED_AT + timedelta(minutes=5)
    assert ask_for_ratings(now=now) == 1
    assert ask_for_ratings(now=now + HOUR) == 0
    assert [notice.recipient for notice in Notice.objects.filter(kind="rating_asked")] == [colin]


def test_who_settled_it_alone_is_not_asked(stella: User, open_for: Any) -> None:
    ticket = open_for(stella)
    set_status(ticket=ticket, status="solved", by=stella, now=SOLVED_AT)
    assert ask_for_ratings(now=SOLVED_AT + HOUR) == 0


def test_the_links_of_the_mail_lead_to_the_page(solved: Ticket, client: Client) -> None:
    ask_for_ratings(now=SOLVED_AT + timedelta(minutes=5))
    notice = Notice.objects.get(kind="rating_asked")
    links = [word for word in notice.body_text.split() if "/rate/" in word]
    assert [link[-1] for link in links] == ["5", "4", "3", "2", "1"]
    for link in links:
        assert link in notice.body_html.replace("&amp;", "&")
        page = client.get(link.removeprefix("http://localhost:8000"))
        assert f'value="{link[-1]}" required checked' in page.content.decode()
