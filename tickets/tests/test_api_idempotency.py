"""The same request again: the first answer again, and nothing done twice."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from conftest import TUESDAY
from people.models import IdempotentRequest, User
from tickets.models import Message, Ticket
from tickets.tests.api_kit import PROBLEM, TICKETS, Program

KEY = {"Idempotency-Key": "order-66"}


@pytest.fixture
def tuesday():
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


@pytest.mark.django_db
def test_a_repeat_gets_the_same_bytes_and_opens_nothing(stella: User, tuesday: Any) -> None:
    program = Program(stella)
    first = program.post(TICKETS, PROBLEM, **KEY)
    tuesday.shift(timedelta(hours=2))
    again = program.post(TICKETS, PROBLEM, **KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Ticket.objects.count() == 1


@pytest.mark.django_db
def test_keys_in_another_order_and_a_slash_are_the_same_request(stella: User) -> None:
    program = Program(stella)
    program.post(TICKETS, PROBLEM, **KEY)
    turned = dict(reversed(PROBLEM.items()))
    assert program.post(f"{TICKETS}/", turned, **KEY)["Idempotent-Replayed"] == "true"


@pytest.mark.django_db
def test_the_same_key_with_other_words_is_422(stella: User) -> None:
    program = Program(stella)
    program.post(TICKETS, PROBLEM, **KEY)
    answer = program.post(TICKETS, {**PROBLEM, "severity": 1}, **KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Ticket.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_at_another_door_is_422(stella: User, open_for: Any) -> None:
    ticket = open_for(stella)
    program = Program(stella)
    replies = f"{TICKETS}/{ticket.reference}/replies"
    program.post(replies, {"body": "Hello"}, **KEY)
    assert program.post(TICKETS, PROBLEM, **KEY).status_code == 422


@pytest.mark.django_db
def test_two_people_may_use_the_same_key(stella: User, paul: User) -> None:
    assert Program(stella).post(TICKETS, PROBLEM, **KEY).status_code == 201
    answer = Program(paul).post(TICKETS, PROBLEM, **KEY)
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer
    assert Ticket.objects.count() == 2


@pytest.mark.django_db
def test_without_a_key_two_requests_are_two_tickets(stella: User) -> None:
    program = Program(stella)
    program.post(TICKETS, PROBLEM)
    program.post(TICKETS, PROBLEM)
    assert Ticket.objects.count() == 2


@pytest.mark.django_db
def test_what_was_refused_may_be_corrected_under_the_same_key(stella: User) -> None:
    program = Program(stella)
    assert program.post(TICKETS, {**PROBLEM, "subject": ""}, **KEY).status_code == 400
    assert program.post(TICKETS, PROBLEM, **KEY).status_code == 201


@pytest.mark.django_db
def test_a_key_is_forgotten_after_a_day(stella: User, tuesday: Any) -> None:
    program = Program(stella)
    program.post(TICKETS, PROBLEM, **KEY)
    tuesday.shift(timedelta(hours=24))
    assert "Idempotent-Replayed" not in program.post(TICKETS, PROBLEM, **KEY)
    assert Ticket.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "a b", "k" * 101, "schlüssel"])
def test_a_key_that_is_none_is_refused(stella: User, key: str) -> None:
    answer = Program(stella).post(TICKETS, PROBLEM, **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
    assert not Ticket.objects.exists()


@pytest.mark.django_db
def test_the_same_files_in_another_envelope_are_the_same_request(stella: User) -> None:
    program = Program(stella)

    def send(content: bytes) -> Any:
        file = SimpleUploadedFile("a.txt", content)
        return program.client.post(TICKETS, {**PROBLEM, "attachments": file}, headers=KEY)

    assert send(b"one").status_code == 201
    assert send(b"one")["Idempotent-Replayed"] == "true"
    assert send(b"two").status_code == 422
    assert Ticket.objects.count() == 1


@pytest.mark.django_db
def test_a_repeated_reply_is_said_once(stella: User, open_for: Any) -> None:
    ticket = open_for(stella)
    program = Program(stella)
    replies = f"{TICKETS}/{ticket.reference}/replies"
    first = program.post(replies, {"body": "And another thing"}, **KEY)
    again = program.post(replies, {"body": "And another thing"}, **KEY)
    assert first.content == again.content
    assert Message.objects.filter(ticket=ticket).count() == 2


@pytest.mark.django_db
def test_a_request_in_flight_is_409(stella: User, tuesday: Any) -> None:
    program = Program(stella)
    opened = program.post(TICKETS, PROBLEM, **KEY)
    # As another connection would see it before the first has finished, were it not locked.
    IdempotentRequest.objects.update(status=None, answer=None)
    answer = program.post(TICKETS, PROBLEM, **KEY)
    assert (answer.status_code, answer.json()["code"]) == (409, "request_in_progress")
    assert opened.status_code == 201
    assert Ticket.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_at_once_open_one_ticket(stella: User) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: SQLite has one writer at a time")
    answers, gate = [], threading.Barrier(4)
    program = Program(stella)
    token = program.client.defaults["HTTP_AUTHORIZATION"]

    def send() -> None:
        from django.test import Client

        client = Client(headers={"Authorization": token})
        gate.wait()
        try:
            answers.append(
                client.post(TICKETS, PROBLEM, content_type="application/json", headers=KEY)
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert Ticket.objects.count() == 1
