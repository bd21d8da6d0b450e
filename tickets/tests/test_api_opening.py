"""Opening tickets by the API."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import TUESDAY
from people.actions import create_organization, give_membership, issue_token
from people.models import User
from tickets.models import Clock, Message, Ticket
from tickets.tests.api_kit import PROBLEM, TICKETS, Program

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tuesday():
    with time_machine.travel(TUESDAY, tick=False):
        yield


def test_a_program_opens_a_ticket_and_reads_its_promise(ada: User) -> None:
    answer = Program(ada).post(TICKETS, {**PROBLEM, "severity": 1, "category": "defect"})
    assert answer.status_code == 201
    ticket = Ticket.objects.get()
    body = answer.json()
    assert answer["Location"] == f"/api/v1/tickets/{ticket.reference}"
    assert body["reference"] == ticket.reference
    assert (body["status"], body["severity"], body["channel"]) == ("new", 1, "api")
    assert (body["tier"], body["category"]) == ("enterprise", "defect")
    assert body["requester"] == {"name": "Ada Byron", "email": "ada@analytical.example"}
    first = next(clock for clock in body["clocks"] if clock["metric"] == "first_reply")
    row = Clock.objects.get(ticket=ticket, metric="first_reply")
    assert row.due_at == TUESDAY + timedelta(hours=1)
    assert first == {
        "metric": "first_reply",
        "cycle": 1,
        "status": "running",
        "started_at": "2026-03-10T09:00:00Z",
        "due_at": "2026-03-10T10:00:00Z",
        "breaches_after": "2026-03-10T10:00:00Z",
        "breached_at": None,
        "stopped_at": None,
        "paused_reason": "",
        "calendar": "around-the-clock",
        "calendar_version": 1,
        "target_seconds": 3600,
        "elapsed_seconds": 0,
        "remaining_seconds": 3600,
    }


def test_severity_is_normal_when_nothing_is_said(stella: User) -> None:
    assert Program(stella).post(TICKETS, PROBLEM).json()["severity"] == 3


def test_the_location_of_a_new_ticket_answers_the_same_ticket(stella: User) -> None:
    program = Program(stella)
    opened = program.post(TICKETS, PROBLEM)
    assert program.get(opened["Location"]).json() == opened.json()


@pytest.mark.parametrize("address", [TICKETS, f"{TICKETS}/"])
def test_a_slash_at_the_end_makes_no_difference(stella: User, address: str) -> None:
    assert Program(stella).post(address, PROBLEM).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": "   "}, "subject"),
        ({"subject": 5}, "subject"),
        ({"subject": ["a"]}, "subject"),
        ({"subject": None}, "subject"),
        ({"subject": "a" * 201}, "subject"),
        ({"subject": "a\u0000b"}, "subject"),
        ({"subject": "\ud800"}, "subject"),
        ({"body": {"text": "a"}}, "body"),
        ({"body": "a" * 100_001}, "body"),
        ({"severity": True}, "severity"),
        ({"severity": 0}, "severity"),
        ({"severity": 5}, "severity"),
        ({"severity": -(10**30)}, "severity"),
        ({"severity": 1.5}, "severity"),
        ({"severity": 2.0}, "severity"),
        ({"severity": "high"}, "severity"),
        ({"severity": [1]}, "severity"),
        ({"severity": None}, "severity"),
        ({"category": 7}, "category"),
        ({"category": "c" * 41}, "category"),
        ({"organization": "000000000000"}, "organization"),
        ({"organization": {"id": 1}}, "organization"),
        ({"requester": "no address"}, "requester"),
        ({"tier": "enterprise"}, "tier"),
        ({"Subject": "x"}, "Subject"),
        ({"attachments": []}, "attachments"),
    ],
)
def test_what_does_not_fit_is_named_and_opens_nothing(
    stella: User, change: dict[str, Any], field: str
) -> None:
    answer = Program(stella).post(TICKETS, {**PROBLEM, **change})
    assert answer.status_code == 400
    body = answer.json()
    assert set(body) == {"code", "message", "fields"}
    assert list(body["fields"]) == [field]
    assert all(isinstance(sentence, str) for sentence in body["fields"][field])
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"[{}]", 400),
        (b'"text"', 400),
        (b"null", 400),
        (b"7", 400),
        (b'{"subject": "\xff"}', 400),
        (b"\x00", 400),
        (b'{"severity": NaN}', 400),
        (b'{"severity": ' + b"9" * 5000 + b"}", 400),
        (b'{"subject": "a", "subject": "b"}', 400),
        (b"[" * 100_000, 400),
        (b'{"body":' * 100_000, 400),
        (b'{"body": "' + b"a" * 10_000_000 + b'"}', 413),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_broken_body_is_refused_and_never_breaks_us(
    stella: User, content: bytes, status: int
) -> None:
    answer = Program(stella).send(TICKETS, content)
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "fields"}
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "nonsense", ""])
def test_a_body_of_another_kind_is_415(stella: User, content_type: str) -> None:
    answer = Program(stella).send(TICKETS, b'{"subject": "a", "body": "b"}', content_type)
    assert answer.status_code == 415
    assert set(answer.json()) == {"code", "message", "fields"}


@pytest.mark.parametrize("charset", ["rot13", "zlib_codec", "utf-16", "klingon"])
def test_a_claimed_charset_cannot_change_how_json_is_read(stella: User, charset: str) -> None:
    content = b'{"subject": "a", "body": "b"}'
    answer = Program(stella).send(TICKETS, content, f"application/json; charset={charset}")
    assert answer.status_code == 201


def test_without_a_token_nothing_opens(stella: User, client: Any) -> None:
    answer = client.post(TICKETS, PROBLEM, content_type="application/json")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert set(answer.json()) == {"code", "message", "fields"}


def test_a_revoked_token_opens_nothing(stella: User, client: Any) -> None:
    row, token = issue_token(user=stella, name="old", now=TUESDAY)
    row.revoked_at = TUESDAY
    row.save(update_fields=["revoked_at"])
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post(TICKETS, PROBLEM, content_type="application/json", headers=headers)
    assert answer.status_code == 401


def test_a_session_opens_a_ticket_only_with_its_csrf_token(stella: User, at_door: Any) -> None:
    browser = at_door(stella)
    browser.handler.enforce_csrf_checks = True
    answer = browser.post(TICKETS, PROBLEM, content_type="application/json")
    assert answer.status_code == 403
    assert set(answer.json()) == {"code", "message", "fields"}
    browser.handler.enforce_csrf_checks = False
    assert browser.post(TICKETS, PROBLEM, content_type="application/json").status_code == 201


def test_who_belongs_to_several_organizations_names_one(ada: User, professional: Any) -> None:
    give_membership(user=ada, organization=professional)
    program = Program(ada)
    refused = program.post(TICKETS, PROBLEM)
    assert refused.status_code == 400
    assert "organization" in refused.json()["fields"]
    opened = program.post(TICKETS, {**PROBLEM, "organization": professional.public_id})
    assert opened.json()["tier"] == "professional"


def test_somebody_elses_organization_is_as_unknown_as_none(stella: User, outside: Any) -> None:
    program = Program(stella)
    foreign = program.post(TICKETS, {**PROBLEM, "organization": outside.public_id})
    missing = program.post(TICKETS, {**PROBLEM, "organization": "000000000000"})
    assert foreign.status_code == missing.status_code == 400
    assert foreign.content == missing.content


def test_a_customer_cannot_ask_for_somebody_else(stella: User, paul: User) -> None:
    answer = Program(stella).post(TICKETS, {**PROBLEM, "requester": paul.email})
    assert answer.status_code == 403
    assert not Ticket.objects.exists()


def test_staff_open_for_a_customer_and_say_so(agnes: User, stella: User) -> None:
    answer = Program(agnes).post(TICKETS, {**PROBLEM, "requester": "STELLA@storage.example"})
    assert answer.status_code == 201
    ticket = Ticket.objects.get()
    assert ticket.requester == stella
    assert Message.objects.get().author == agnes


def test_staff_who_name_nobody_are_asked_for_whom(agnes: User) -> None:
    answer = Program(agnes).post(TICKETS, PROBLEM)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["requester"]


def test_staff_cannot_open_for_staff(agnes: User, lena: User) -> None:
    answer = Program(agnes).post(TICKETS, {**PROBLEM, "requester": lena.email})
    assert list(answer.json()["fields"]) == ["requester"]


def test_ops_look_but_do_not_open(oscar: User, stella: User) -> None:
    answer = Program(oscar).post(TICKETS, {**PROBLEM, "requester": stella.email})
    assert answer.status_code == 403


def test_an_agent_may_open_what_is_routed_beyond_their_queue(agnes: User, ada: User) -> None:
    program = Program(agnes)
    answer = program.post(TICKETS, {**PROBLEM, "requester": ada.email})
    assert answer.status_code == 201
    assert answer.json()["clocks"]
    assert program.get(answer["Location"]).status_code == 404


def test_who_belongs_nowhere_cannot_open(db: None) -> None:
    from people.actions import create_user

    lost = create_user(email="lost@nowhere.example", email_is_verified=True)
    answer = Program(lost).post(TICKETS, PROBLEM)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_organization")


def test_a_suspended_organization_opens_nothing(stella: User, starter: Any) -> None:
    starter.is_suspended = True
    starter.save(update_fields=["is_suspended"])
    assert Program(stella).post(TICKETS, PROBLEM).status_code == 403


def test_a_suspended_organization_is_not_a_choice(stella: User, starter: Any) -> None:
    other = create_organization(name="Other")
    give_membership(user=stella, organization=other)
    starter.is_suspended = True
    starter.save(update_fields=["is_suspended"])
    answer = Program(stella).post(TICKETS, PROBLEM)
    assert answer.json()["organization"]["name"] == "Other"


def test_files_come_as_multipart(stella: User) -> None:
    log = SimpleUploadedFile("scanner log.txt", b"E42 at 09:58")
    answer = Program(stella).upload(TICKETS, **PROBLEM, severity="2", attachments=[log])
    assert answer.status_code == 201, answer.content
    assert answer.json()["severity"] == 2
    attachment = Message.objects.get().attachments.get()
    assert attachment.name == "scanner_log.txt"


def test_a_file_that_is_not_accepted_opens_nothing(stella: User) -> None:
    program_file = SimpleUploadedFile("setup.exe", b"MZ")
    answer = Program(stella).upload(TICKETS, **PROBLEM, attachments=[program_file])
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["attachments"]
    assert not Ticket.objects.exists()


def test_a_file_under_another_name_is_an_unknown_field(stella: User) -> None:
    log = SimpleUploadedFile("a.txt", b"x")
    answer = Program(stella).upload(TICKETS, **PROBLEM, files=[log])
    assert list(answer.json()["fields"]) == ["files"]


def test_attachments_as_text_are_an_unknown_field(stella: User) -> None:
    answer = Program(stella).upload(TICKETS, **PROBLEM, attachments="text")
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["attachments"]
