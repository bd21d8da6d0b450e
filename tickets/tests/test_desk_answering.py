"""Answer from the desk: once, never past unseen news, and with honest handle time."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import TUESDAY
from people.models import User
from tickets.actions import assign, reply_as_agent, reply_as_customer, set_status
from tickets.forms.desk import OPENED_SALT
from tickets.models import HandleTime, Message, Ticket
from tickets.tests.pages_kit import words_of

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "work"}


@pytest.fixture(autouse=True)
def tuesday() -> Any:
    with time_machine.travel(TUESDAY + HOUR, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ticket(stella: User, agnes: User, open_for: Any) -> Ticket:
    """A ticket in General, opened an hour ago."""
    opened: Ticket = open_for(stella)
    return opened


def address(ticket: Ticket) -> str:
    return f"/desk/tickets/{ticket.reference}/"


def composer_of(door: Any, ticket: Ticket, **values: Any) -> dict[str, Any]:
    """Fill in the composer as the page has it."""
    content = door.get(address(ticket)).content.decode()
    hidden = {
        name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', content)
        for name in ("form_key", "seen_seq", "opened", "active_seconds", "view")
    }
    missing = [name for name, found in hidden.items() if found is None]
    assert not missing, missing
    fields = {name: found.group(1) for name, found in hidden.items() if found}
    return {"visibility": "public", "body": "Try again now.", **fields, **values}


def send(door: Any, ticket: Ticket, values: dict[str, Any], **extra: Any) -> Any:
    return door.post(f"{address(ticket)}reply/", values, **extra)


def answers(ticket: Ticket) -> list[tuple[str, bool]]:
    rows = Message.objects.filter(ticket=ticket, by="agent").order_by("id")
    return list(rows.values_list("body", "is_public"))


def test_a_public_reply_goes_out_opens_the_ticket_and_gives_it_to_its_author(
    ticket: Ticket, agnes: User, at_door: Any
) -> None:
    door = at_door(agnes)
    answer = send(door, ticket, composer_of(door, ticket))
    assert answer.url == f"{address(ticket)}?view=starter"
    assert answers(ticket) == [("Try again now.", True)]
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee) == ("open", agnes)
    assert "Your reply is sent." in words_of(door.get(answer.url))


def test_a_note_stays_inside(ticket: Ticket, agnes: User, at_door: Any) -> None:
    door = at_door(agnes)
    send(door, ticket, composer_of(door, ticket, visibility="internal", body="Psst"))
    assert answers(ticket) == [("Psst", False)]
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee) == ("new", None)


@pytest.mark.parametrize("visibility", ["public", "internal"])
@pytest.mark.parametrize("status", ["pending", "on_hold", "solved", "open"])
def test_a_status_can_be_set_with_it(
    ticket: Ticket, agnes: User, at_door: Any, status: str, visibility: str
) -> None:
    door = at_door(agnes)
    send(door, ticket, composer_of(door, ticket, status=status, visibility=visibility))
    ticket.refresh_from_db()
    assert ticket.status == status


def test_the_page_offers_the_moves_that_the_table_allows_and_no_others(
    ticket: Ticket, agnes: User, at_door: Any
) -> None:
    def offered() -> list[str]:
        content = at_door(agnes).get(address(ticket)).content.decode()
        composer = content.split('class="composer"')[1]
        return re.findall(r'name="status" value="(\w+)"', composer)

    assert offered() == ["open", "pending", "on_hold", "solved"]
    set_status(ticket=ticket, status="solved", by=agnes, now=TUESDAY)
    assert offered() == ["open", "pending", "on_hold"]


def test_files_go_with_it(ticket: Ticket, agnes: User, at_door: Any) -> None:
    door = at_door(agnes)
    file = SimpleUploadedFile("fix.txt", b"set E42=0")
    send(door, ticket, composer_of(door, ticket, attachments=[file]))
    message = Message.objects.get(by="agent")
    assert [file.name for file in message.attachments.all()] == ["fix.txt"]


# --- Once ---------------------------------------------------------------------------


def test_sending_the_same_form_twice_posts_it_once(
    ticket: Ticket, agnes: User, at_door: Any
) -> None:
    door = at_door(agnes)
    values = composer_of(door, ticket)
    first, second = send(door, ticket, values), send(door, ticket, values)
    assert first.url == second.url
    # A browser that tried again a minute later has counted on; it is the same answer.
    third = send(door, ticket, values | {"active_seconds": "71"})
    assert third.status_code == 302
    assert len(answers(ticket)) == 1


def test_the_same_words_from_a_fresh_page_are_a_new_answer(
    ticket: Ticket, agnes: User, at_door: Any
) -> None:
    door = at_door(agnes)
    for _round in range(2):
        send(door, ticket, composer_of(door, ticket, body="Any news?"))
    assert len(answers(ticket)) == 2


def test_other_words_under_the_same_form_are_asked_about_not_dropped(
    ticket: Ticket, agnes: User, at_door: Any
) -> None:
    door = at_door(agnes)
    values = composer_of(door, ticket)
    send(door, ticket, values)
    answer = send(door, ticket, values | {"body": "And one more thing.", "seen_seq": "99"})
    assert answer.status_code == 422
    assert "You sent this before, with other words." in words_of(answer)
    assert "And one more thing.</textarea>" in answer.content.decode()
    assert len(answers(ticket)) == 1
    # The page that asks carries a key of its own: sending again adds the words.
    key = re.search(r'name="form_key"[^>]*value="([^"]*)"', answer.content.decode())
    assert key
    assert key.group(1) != values["form_key"]
    again = values | {"form_key": key.group(1), "body": "And one more thing.", "seen_seq": "99"}
    assert send(door, ticket, again).status_code == 302
    assert len(answers(ticket)) == 2


# --- News ---------------------------------------------------------------------------


def test_a_colleagues_answer_meanwhile_is_shown_before_mine_goes_out(
    ticket: Ticket, agnes: User, lena: User, at_door: Any
) -> None:
    door = at_door(agnes)
    values = composer_of(door, ticket, body="My long answer")
    reply_as_agent(ticket=ticket, author=lena, body="LENA-WAS-FASTER", now=TUESDAY + HOUR)
    answer = send(door, ticket, values)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Something new came in while you were writing" in words_of(answer)
    assert "LENA-WAS-FASTER" in page
    assert "My long answer</textarea>" in page
    assert answers(ticket) == [("LENA-WAS-FASTER", True)]
    # Seen now: the same form, as the page brought it back, goes out.
    seen = re.search(r'name="seen_seq"[^>]*value="(\d+)"', page)
    assert seen
    assert send(door, ticket, values | {"seen_seq": seen.group(1)}).status_code == 302
    assert answers(ticket)[1:] == [("My long answer", True)]


def test_with_htmx_the_composer_is_left_alone_and_the_news_comes_beside_it(
    ticket: Ticket, stella: User, agnes: User, at_door: Any
) -> None:
    door = at_door(agnes)
    values = composer_of(door, ticket)
    reply_as_customer(ticket=ticket, author=stella, body="IT-WORKS-AGAIN", now=TUESDAY + HOUR)
    answer = send(door, ticket, values, **HTMX)
    assert answer.status_code == 422
    assert answer["HX-Retarget"] == "#composer-says"
    content = answer.content.decode()
    assert "<textarea" not in content
    assert 'id="talk" hx-swap-oob="true"' in content
    assert "IT-WORKS-AGAIN" in content
    ticket.refresh_from_db()
    assert f'id="seen-seq" value="{ticket.last_event_seq}" hx-swap-oob="true"' in content


@pytest.mark.parametrize("what", ["status", "message"])
def test_what_others_say_or_decide_is_news(
    ticket: Ticket, stella: User, agnes: User, lena: User, at_door: Any, what: str
) -> None:
    door = at_door(agnes)
    values = composer_of(door, ticket)
    if what == "status":
        set_status(ticket=ticket, status="solved", by=lena, now=TUESDAY + HOUR)
    else:
        reply_as_customer(ticket=ticket, author=stella, body="Hello?", now=TUESDAY + HOUR)
    assert send(door, ticket, values).status_code == 422


def test_ones_own_doings_routing_and_assignment_are_no_news(
    ticket: Ticket, agnes: User, lena: User, at_door: Any
) -> None:
    door = at_door(agnes)
    values = composer_of(door, ticket)
    reply_as_agent(ticket=ticket, author=agnes, body="Other tab", now=TUESDAY + HOUR)
    assign(ticket=ticket, agent=lena, by=lena, now=TUESDAY + HOUR)
    assert send(door, ticket, values).status_code == 302


def test_a_note_goes_in_whatever_came_meanwhile(
    ticket: Ticket, stella: User, agnes: User, at_door: Any
) -> None:
    door = at_door(agnes)
    values = composer_of(door, ticket, visibility="internal")
    reply_as_customer(ticket=ticket, author=stella, body="Hello?", now=TUESDAY + HOUR)
    assert send(door, ticket, values).status_code == 302


# --- What is refused keeps what was typed ---------------------------------------------


def test_a_refused_file_does_not_cost_the_text(ticket: Ticket, agnes: User, at_door: Any) -> None:
    door = at_door(agnes)
    file = SimpleUploadedFile("tool.exe", b"MZ")
    values = composer_of(door, ticket, body="See the tool", visibility="internal")
    answer = send(door, ticket, values | {"attachments": [file]})
    assert answer.status_code == 422
    assert "tool.exe: this type of file is not accepted" in words_of(answer)
    page = answer.content.decode()
    assert "See the tool</textarea>" in page
    assert re.search(r'value="internal" checked', page)
    assert answers(ticket) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"body": "   "}, "Write something first."),
        ({"visibility": "everybody"}, "is not one of the available choices"),
        ({"status": "exploded"}, "is not one of the available choices"),
    ],
)
def test_what_cannot_be_sent_says_why(
    ticket: Ticket, agnes: User, at_door: Any, values: dict[str, str], words: str
) -> None:
    door = at_door(agnes)
    answer = send(door, ticket, composer_of(door, ticket) | values)
    assert answer.status_code == 422
    assert words in words_of(answer)
    assert answers(ticket) == []


def test_a_move_that_the_table_forbids_takes_the_reply_back_too(
    ticket: Ticket, agnes: User, at_door: Any
) -> None:
    door = at_door(agnes)
    answer = send(door, ticket, composer_of(door, ticket, status="closed"))
    assert answer.status_code == 409
    assert answers(ticket) == []


# --- Handle time -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claimed", "minutes_open", "noted"),
    [
        ("90", 5, 90),
        # The browser cannot have worked longer than the page was open.
        ("90", 1, 60),
        ("999999", 10, 600),
        # Nor more than half a day on one answer.
        ("999999", 60 * 24, 4 * 3600),
        ("0", 5, None),
        ("", 5, None),
    ],
)
def test_handle_time_is_what_the_browser_counted_within_what_we_measured(
    ticket: Ticket, agnes: User, at_door: Any, tuesday: Any, claimed: str, minutes_open: int,
    noted: int | None,
) -> None:  # fmt: skip
    door = at_door(agnes)
    values = composer_of(door, ticket, active_seconds=claimed)
    tuesday.move_to(TUESDAY + HOUR + timedelta(minutes=minutes_open))
    assert send(door, ticket, values).status_code == 302
    seconds = HandleTime.objects.values_list("seconds", flat=True).first()
    assert seconds == noted


@pytest.mark.parametrize("what", ["forged", "missing", "another ticket", "another agent"])
def test_a_wrong_proof_of_opening_counts_nothing_and_costs_nothing(
    ticket: Ticket, stella: User, agnes: User, lena: User, at_door: Any, open_for: Any, what: str
) -> None:
    door = at_door(agnes)
    long_ago = int(TUESDAY.timestamp()) - 9000
    opened = {
        "forged": "WzEsMSwxXQ:nonsense",
        "missing": "",
        "another ticket": signing.dumps([ticket.pk + 1, agnes.pk, long_ago], salt=OPENED_SALT),
        "another agent": signing.dumps([ticket.pk, lena.pk, long_ago], salt=OPENED_SALT),
    }[what]
    values = composer_of(door, ticket, active_seconds="500", opened=opened)
    assert send(door, ticket, values).status_code == 302
    assert not HandleTime.objects.exists()


def test_the_answer_to_htmx_is_the_fresh_ticket_with_a_word_of_success(
    ticket: Ticket, agnes: User, at_door: Any
) -> None:
    door = at_door(agnes)
    redirect = send(door, ticket, composer_of(door, ticket), **HTMX)
    assert redirect.status_code == 302
    content = door.get(redirect.url, **HTMX).content.decode()
    assert "Your reply is sent." in content
    assert 'hx-swap-oob="beforeend:#toasts"' in content
    assert "Try again now." in content
    assert ">Try again now.</textarea>" not in content
