"""Talking by the API: replies, notes, files, status."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import TUESDAY
from people.models import User
from tickets.actions import close_solved_tickets, reply_as_agent, set_status
from tickets.models import Message, Ticket, TicketFollower
from tickets.tests.api_kit import TICKETS, Program

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tuesday():
    with time_machine.travel(TUESDAY + timedelta(hours=2), tick=False) as traveller:
        yield traveller


def replies_of(ticket: Ticket) -> str:
    return f"{TICKETS}/{ticket.reference}/replies"


def status_of(ticket: Ticket) -> str:
    return f"{TICKETS}/{ticket.reference}/status"


def test_a_customer_writes_and_reads_the_conversation(
    stella: User, agnes: User, open_for: Any
) -> None:
    ticket = open_for(stella)
    reply_as_agent(
        ticket=ticket, author=agnes, body="Which **model**?", now=TUESDAY + timedelta(hours=1)
    )
    program = Program(stella)
    answer = program.post(replies_of(ticket), {"body": "The MX-3"})
    assert answer.status_code == 201
    assert answer.json()["ticket"] == ticket.reference
    assert answer.json()["message"]["author"] == "Stella Shelf"
    said = program.get(replies_of(ticket)).json()["results"]
    assert [(row["by"], row["author"], row["body"]) for row in said] == [
        ("customer", "Stella Shelf", "Since this morning no barcode is read."),
        ("agent", "Agnes Agent", "Which **model**?"),
        ("customer", "Stella Shelf", "The MX-3"),
    ]
    assert "<strong>model</strong>" in said[1]["body_html"]


def test_internal_notes_are_read_by_staff_alone(stella: User, agnes: User, open_for: Any) -> None:
    ticket = open_for(stella)
    staff, customer = Program(agnes), Program(stella)
    noted = staff.post(replies_of(ticket), {"body": "Old contract, be quick", "internal": True})
    assert noted.status_code == 201
    assert noted.json()["message"]["internal"] is True
    assert len(staff.get(replies_of(ticket)).json()["results"]) == 2
    assert len(customer.get(replies_of(ticket)).json()["results"]) == 1
    assert b"Old contract" not in customer.get(replies_of(ticket)).content


def test_a_customer_cannot_write_a_note(stella: User, open_for: Any) -> None:
    ticket = open_for(stella)
    answer = Program(stella).post(replies_of(ticket), {"body": "psst", "internal": True})
    assert answer.status_code == 403
    assert Message.objects.filter(ticket=ticket).count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"body": ""}, "body"),
        ({"body": 1}, "body"),
        ({"body": "x", "internal": "perhaps"}, "internal"),
        ({"body": "x", "internal": {}}, "internal"),
        ({"body": "x", "status": "gone"}, "status"),
        ({"body": "x", "status": "open"}, "status"),
        ({"body": "x", "public": True}, "public"),
    ],
)
def test_a_reply_that_does_not_fit_is_named_and_not_said(
    stella: User, open_for: Any, body: dict[str, Any], field: str
) -> None:
    ticket = open_for(stella)
    answer = Program(stella).post(replies_of(ticket), body)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert Message.objects.filter(ticket=ticket).count() == 1


def test_a_message_can_settle_the_matter(stella: User, open_for: Any) -> None:
    ticket = open_for(stella)
    answer = Program(stella).post(replies_of(ticket), {"body": "Found it", "status": "solved"})
    assert answer.json()["status"] == "solved"


def test_an_agent_answers_and_waits_for_the_customer(
    stella: User, agnes: User, open_for: Any
) -> None:
    ticket = open_for(stella)
    answer = Program(agnes).post(replies_of(ticket), {"body": "Which model?", "status": "pending"})
    assert (answer.status_code, answer.json()["status"]) == (201, "pending")


def test_a_message_on_a_solved_ticket_opens_it_again(stella: User, open_for: Any) -> None:
    ticket = open_for(stella)
    set_status(ticket=ticket, status="solved", by=stella, now=TUESDAY + timedelta(hours=1))
    answer = Program(stella).post(replies_of(ticket), {"body": "It is back"})
    assert (answer.json()["ticket"], answer.json()["status"]) == (ticket.reference, "open")


def test_a_message_on_a_closed_ticket_opens_a_follow_up_and_says_so(
    stella: User, open_for: Any, tuesday: Any
) -> None:
    ticket = open_for(stella)
    set_status(ticket=ticket, status="solved", by=stella, now=TUESDAY + timedelta(hours=1))
    tuesday.shift(timedelta(days=15))
    close_solved_tickets(now=TUESDAY + timedelta(days=15))
    answer = Program(stella).post(replies_of(ticket), {"body": "It is back"})
    body = answer.json()
    assert answer.status_code == 201
    assert body["follow_up_of"] == ticket.reference
    assert body["ticket"] != ticket.reference
    assert answer["Location"].endswith(body["ticket"])
    assert body["message"]["body"] == "It is back"
    follow_up = Program(stella).get(answer["Location"]).json()
    assert follow_up["follow_up_of"] == ticket.reference


def test_a_follower_may_write_and_a_stranger_may_not(
    ada: User, colin: User, olga: User, open_for: Any
) -> None:
    ticket = open_for(ada)
    assert Program(colin).post(replies_of(ticket), {"body": "me too"}).status_code == 404
    TicketFollower.objects.create(ticket=ticket, user=colin)
    assert Program(colin).post(replies_of(ticket), {"body": "me too"}).status_code == 201
    assert Program(olga).post(replies_of(ticket), {"body": "hi"}).status_code == 404
    assert Program(olga).get(replies_of(ticket)).status_code == 404


def test_ops_read_and_do_not_write(oscar: User, stella: User, open_for: Any) -> None:
    ticket = open_for(stella)
    program = Program(oscar)
    assert program.get(replies_of(ticket)).status_code == 200
    assert program.post(replies_of(ticket), {"body": "hi"}).status_code == 403
    assert program.post(status_of(ticket), {"status": "solved"}).status_code == 403


def test_an_agent_of_another_queue_finds_nothing(agnes: User, ada: User, open_for: Any) -> None:
    ticket = open_for(ada)
    program = Program(agnes)
    assert program.post(replies_of(ticket), {"body": "hi"}).status_code == 404
    assert program.post(status_of(ticket), {"status": "solved"}).status_code == 404


def test_a_customer_solves_and_opens_again(stella: User, open_for: Any) -> None:
    ticket = open_for(stella)
    program = Program(stella)
    solved = program.post(status_of(ticket), {"status": "solved"})
    assert (solved.status_code, solved.json()["status"]) == (200, "solved")
    assert solved.json()["solved_at"] == "2026-03-10T11:00:00Z"
    assert program.post(f"{status_of(ticket)}/", {"status": "open"}).json()["status"] == "open"


@pytest.mark.parametrize("status", ["pending", "on_hold", "closed", "new"])
def test_moves_that_are_not_the_customers_are_409(stella: User, open_for: Any, status: str) -> None:
    ticket = open_for(stella)
    reply_status = Program(stella).post(status_of(ticket), {"status": status})
    ticket.refresh_from_db()
    if status == "new":  # where it is already
        assert reply_status.status_code == 200
    else:
        assert (reply_status.status_code, reply_status.json()["code"]) == (409, "move_not_allowed")
    assert ticket.status == "new"


@pytest.mark.parametrize("body", [{}, {"status": None}, {"status": 1}, {"status": "x"}])
def test_a_status_that_is_none_is_400(stella: User, open_for: Any, body: Any) -> None:
    assert Program(stella).post(status_of(open_for(stella)), body).status_code == 400


def test_files_travel_with_a_reply_and_open_with_the_same_token(
    stella: User, olga: User, open_for: Any
) -> None:
    ticket = open_for(stella)
    program = Program(stella)
    log = SimpleUploadedFile("scanner.log", b"E42 again")
    answer = program.upload(replies_of(ticket), body="The log", attachments=[log])
    assert answer.status_code == 201, answer.content
    file = answer.json()["message"]["attachments"][0]
    assert (file["name"], file["size"]) == ("scanner.log", 9)
    address = file["url"].removeprefix("http://localhost:8000")
    download = program.get(address)
    assert b"".join(download.streaming_content) == b"E42 again"
    assert download["Content-Disposition"] == 'attachment; filename="scanner.log"'
    assert download["Cache-Control"] == "private, no-store"
    foreign, missing = Program(olga).get(address), Program(olga).get("/api/v1/attachments/none")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content


def test_reading_a_long_conversation_takes_the_same_queries(
    stella: User, open_for: Any, django_assert_max_num_queries: Any
) -> None:
    ticket = open_for(stella)
    program = Program(stella)
    for number in range(30):
        files = [SimpleUploadedFile("a.txt", b"x")] if number % 3 == 0 else []
        program.upload(replies_of(ticket), body=f"{number}", attachments=files)
    with django_assert_max_num_queries(8):
        said = program.get(replies_of(ticket)).json()
    assert len(said["results"]) == 31
