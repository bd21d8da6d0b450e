"""Warnings at the desk and by the API: seeing them, acknowledging, and who may not."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import TUESDAY
from people.models import User
from tickets import actions
from tickets.models import ClockEvent, Queue, QueueMember, Ticket
from tickets.tests.alert_kit import mails_to, ring
from tickets.tests.api_kit import TICKETS, Program
from tickets.tests.pages_kit import words_of

pytestmark = pytest.mark.django_db

NOW = TUESDAY + timedelta(minutes=48)
CARE = "I take care of it"


@pytest.fixture(autouse=True)
def tuesday() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ticket(ada: User, agnes: User, lena: User, open_for: Any) -> Ticket:
    """A critical ticket nobody has, of whose 75 % Lena was told."""
    QueueMember.objects.create(queue=Queue.objects.get(key="enterprise"), agent=agnes)
    opened: Ticket = open_for(ada, severity=1)
    ring(TUESDAY + timedelta(minutes=46))
    return opened


def address(ticket: Ticket) -> str:
    return f"/desk/tickets/{ticket.reference}/"


def warning(ticket: Ticket, step: int = 75) -> ClockEvent:
    return ClockEvent.objects.get(ticket=ticket, step=step)


def test_the_mails_link_leads_to_the_button_and_opening_it_changes_nothing(
    ticket: Ticket, lena: User, at_door: Any
) -> None:
    [mail] = mails_to(lena)
    assert f"http://localhost:8000{address(ticket)}#warnings" in mail.body_html
    page = at_door(lena).get(address(ticket)).content.decode()
    assert 'id="warnings"' in page
    assert CARE in page
    assert warning(ticket).acknowledged_at is None


def test_taking_care_is_said_on_the_ticket_in_its_story_and_to_others(
    ticket: Ticket, lena: User, agnes: User, at_door: Any
) -> None:
    door = at_door(lena)
    answer = door.post(f"{address(ticket)}acknowledge/", {"warning": warning(ticket).pk})
    page = words_of(door.get(answer.url))
    assert "Noted: you take care of it." in page
    assert CARE not in page
    assert "Lena Lead takes care of it" in page
    assert "First reply: 75 % of the time is used" in page
    door = at_door(agnes)
    answer = door.post(f"{address(ticket)}acknowledge/", {"warning": warning(ticket).pk})
    assert "Lena Lead takes care of it already." in words_of(door.get(answer.url))
    assert warning(ticket).acknowledged_by == lena


def test_a_later_step_asks_again_and_an_answer_ends_it(
    ticket: Ticket, lena: User, at_door: Any, tuesday: Any
) -> None:
    actions.acknowledge(ticket=ticket, event=warning(ticket), by=lena, now=NOW)
    tuesday.move_to(TUESDAY + timedelta(minutes=62))
    ring(TUESDAY + timedelta(minutes=61))
    page = words_of(at_door(lena).get(address(ticket)))
    assert "First reply: the promise was broken" in page
    assert CARE in page
    actions.reply_as_agent(
        ticket=ticket, author=lena, body="Here", now=TUESDAY + timedelta(minutes=62)
    )
    assert CARE not in words_of(at_door(lena).get(address(ticket)))


@pytest.mark.parametrize("key", ["", "x", "-1", "0", "9" * 30, "999999"])
def test_what_is_no_warning_of_the_ticket_is_missing(
    ticket: Ticket, lena: User, at_door: Any, key: str
) -> None:
    assert at_door(lena).post(f"{address(ticket)}acknowledge/", {"warning": key}).status_code == 404


def test_a_warning_of_another_ticket_is_missing(
    ticket: Ticket, ada: User, lena: User, at_door: Any, open_for: Any
) -> None:
    other = open_for(ada)
    values = {"warning": warning(ticket).pk}
    assert at_door(lena).post(f"{address(other)}acknowledge/", values).status_code == 404
    assert warning(ticket).acknowledged_at is None


def test_ops_look_on_and_customers_stay_outside(
    ticket: Ticket, oscar: User, ada: User, at_door: Any
) -> None:
    values = {"warning": warning(ticket).pk}
    page = words_of(at_door(oscar).get(address(ticket)))
    assert "Nobody has acknowledged it" in page
    for somebody in (oscar, ada):
        assert at_door(somebody).post(f"{address(ticket)}acknowledge/", values).status_code == 403
    assert warning(ticket).acknowledged_at is None


def test_the_list_holds_what_reached_me_until_somebody_takes_care(
    ticket: Ticket, lena: User, agnes: User, at_door: Any
) -> None:
    page = words_of(at_door(lena).get("/desk/warnings/"))
    assert "1 ticket that nobody has acknowledged" in page
    assert ticket.subject in page
    assert "Nothing waits for you here" in words_of(at_door(agnes).get("/desk/warnings/"))
    actions.acknowledge(ticket=ticket, event=warning(ticket), by=agnes, now=NOW)
    assert "Nothing waits for you here" in words_of(at_door(lena).get("/desk/warnings/"))


def test_the_list_takes_as_many_queries_for_many_as_for_one(
    ada: User, lena: User, at_door: Any, open_for: Any
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert at_door(lena).get("/desk/warnings/").status_code == 200
        return len(queries)

    open_for(ada, severity=1)
    ring(TUESDAY + timedelta(minutes=46))
    one = cost()
    for _number in range(12):
        open_for(ada, severity=1)
    ring(TUESDAY + timedelta(minutes=47))
    page = at_door(lena).get("/desk/warnings/")
    assert "13 tickets that nobody has acknowledged" in words_of(page)
    assert cost() == one


def test_programs_of_staff_read_warnings_and_take_care_of_them(
    ticket: Ticket, agnes: User, lena: User
) -> None:
    program = Program(agnes)
    rows = program.get(f"{TICKETS}/{ticket.reference}/warnings").json()["results"]
    assert [(row["metric"], row["step"], row["acknowledged_by"]) for row in rows] == [
        ("first_reply", 50, None), ("first_reply", 75, None),
    ]  # fmt: skip
    place = f"{TICKETS}/{ticket.reference}/warnings/{warning(ticket).pk}/acknowledge"
    first, again = program.post(place, {}), Program(lena).post(place, {})
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["acknowledged_by"] == "Agnes Agent"
    assert (
        program.post(f"{TICKETS}/{ticket.reference}/warnings/0/acknowledge", {}).status_code == 404
    )


def test_programs_of_customers_do_not_hear_of_warnings(ticket: Ticket, ada: User) -> None:
    program = Program(ada)
    assert program.get(f"{TICKETS}/{ticket.reference}/warnings").status_code == 403
    place = f"{TICKETS}/{ticket.reference}/warnings/{warning(ticket).pk}/acknowledge"
    assert program.post(place, {}).status_code == 403
