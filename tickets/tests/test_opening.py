"""Opening a ticket in the browser: what is promised before, and what comes of it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import TUESDAY
from people.actions import give_membership
from people.models import Organization, User
from tickets.models import Attachment, Clock, Message, Ticket
from tickets.tests.pages_kit import form_key_of, words_of

pytestmark = pytest.mark.django_db

ASKED = {
    "subject": "The scanner shows E42",
    "body": "Since this morning no barcode is read.",
    "severity": "3",
    "category": "defect",
}


@pytest.fixture(autouse=True)
def tuesday():
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


def test_the_form_promises_each_severity_in_the_customers_own_time(ada: User, at_door: Any) -> None:
    page = words_of(at_door(ada).get("/tickets/new/"))
    assert "First answer by Tuesday 10 March, 11:00 CET within 1 hour, day and night" in page
    assert "First answer by Tuesday 10 March, 14:00 CET within 4 hours, day and night" in page
    assert "First answer by Tuesday 10 March, 14:00 CET within 4 working hours" in page
    assert "First answer by Wednesday 11 March, 10:00 CET within 1 working day" in page


def test_the_form_speaks_in_the_zone_of_whoever_looks(stella: User, at_door: Any) -> None:
    stella.time_zone = "America/New_York"
    stella.save(update_fields=["time_zone"])
    page = words_of(at_door(stella).get("/tickets/new/"))
    # 4 working hours from 10:00 in Berlin; New York has put its clocks forward on 8 March.
    assert "First answer by Tuesday 10 March, 09:00 EDT within 4 working hours" in page


def test_before_sending_one_line_says_what_will_happen(stella: User, at_door: Any) -> None:
    browser = at_door(stella)
    page = words_of(browser.get("/tickets/new/"))
    assert (
        "If you send this now, we answer by Thursday 12 March, 10:00 CET "
        "and have it solved by Tuesday 24 March, 10:00 CET." in page
    )


def test_another_severity_changes_that_line_alone(stella: User, at_door: Any) -> None:
    answer = at_door(stella).get(
        "/tickets/new/?severity=1",
        headers={"HX-Request": "true", "HX-Target": "what-happens"},
    )
    assert words_of(answer).startswith(
        "If you send this now, we answer by Tuesday 10 March, 14:00 CET"
    )
    assert b"<form" not in answer.content
    assert {"HX-Request", "HX-Target"} <= set(answer["Vary"].replace(" ", "").split(","))


def test_what_the_form_promised_is_what_the_ticket_gets(stella: User, at_door: Any) -> None:
    browser = at_door(stella)
    promised = words_of(browser.get("/tickets/new/?severity=2"))
    answer = browser.post("/tickets/new/", {**ASKED, "severity": "2"}, follow=True)
    clock = Clock.objects.get(metric="first_reply")
    assert clock.due_at == TUESDAY + timedelta(days=1)  # one working day
    assert "we answer by Wednesday 11 March, 10:00 CET" in promised
    assert "is open. We answer by Wednesday 11 March, 10:00 CET" in words_of(answer)
    assert "We answer by Wednesday 11 March, 10:00 CET: 1 working day" in words_of(answer)


def test_a_sent_form_opens_a_routed_ticket(paul: User, at_door: Any) -> None:
    answer = at_door(paul).post("/tickets/new/", ASKED)
    ticket = Ticket.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/tickets/{ticket.reference}/")
    assert (ticket.requester, ticket.channel, ticket.category) == (paul, "web", "defect")
    assert (ticket.tier, ticket.queue.key) == ("professional", "professional")
    assert Message.objects.get().body == ASKED["body"]


def test_sending_twice_opens_one_ticket(stella: User, at_door: Any) -> None:
    browser = at_door(stella)
    sent = {**ASKED, "form_key": form_key_of(browser.get("/tickets/new/"))}
    first, second = browser.post("/tickets/new/", sent), browser.post("/tickets/new/", sent)
    assert first["Location"] == second["Location"]
    assert Ticket.objects.count() == 1


def test_sending_files_twice_stores_them_once(stella: User, at_door: Any) -> None:
    browser = at_door(stella)
    key = form_key_of(browser.get("/tickets/new/"))
    for _ in range(2):
        log = SimpleUploadedFile("a.txt", b"E42")
        browser.post("/tickets/new/", {**ASKED, "form_key": key, "attachments": log})
    assert Attachment.objects.count() == 1


def test_going_back_and_changing_the_words_asks_before_opening_a_second(
    stella: User, at_door: Any
) -> None:
    browser = at_door(stella)
    sent = {**ASKED, "form_key": form_key_of(browser.get("/tickets/new/"))}
    browser.post("/tickets/new/", sent)
    asked = browser.post("/tickets/new/", {**sent, "subject": "Another matter"})
    assert asked.status_code == 422
    assert "You have sent this form before" in words_of(asked)
    assert Ticket.objects.count() == 1
    again = {**sent, "subject": "Another matter", "form_key": form_key_of(asked)}
    assert browser.post("/tickets/new/", again).status_code == 302
    assert Ticket.objects.count() == 2


def test_a_form_without_a_key_still_works(stella: User, at_door: Any) -> None:
    at_door(stella).post("/tickets/new/", {**ASKED, "form_key": ""})
    at_door(stella).post("/tickets/new/", {**ASKED, "form_key": "ü" * 10})
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"subject": ""}, "This field is required."),
        ({"subject": "\u200b \t"}, ""),
        ({"body": ""}, "This field is required."),
        ({"severity": "9"}, "Select a valid choice."),
        ({"severity": ""}, "This field is required."),
        ({"category": "nonsense"}, "Select a valid choice."),
        ({"subject": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_what_does_not_fit_stands_beside_its_field_and_keeps_the_rest(
    stella: User, at_door: Any, change: dict[str, str], sentence: str
) -> None:
    answer = at_door(stella).post("/tickets/new/", {**ASKED, **change})
    if not sentence:  # a blank that is none for the machine: better a ticket than a riddle
        assert answer.status_code == 302
        return
    assert answer.status_code == 422
    assert sentence in words_of(answer)
    kept = set(ASKED) - set(change)
    if "body" in kept:
        assert ASKED["body"] in answer.content.decode()
    assert not Ticket.objects.exists()


def test_a_refused_file_says_why_and_opens_nothing(stella: User, at_door: Any) -> None:
    program = SimpleUploadedFile("setup.exe", b"MZ")
    answer = at_door(stella).post("/tickets/new/", {**ASKED, "attachments": program})
    assert answer.status_code == 422
    assert "setup.exe: this type of file is not accepted" in words_of(answer)
    assert not Ticket.objects.exists()


def test_who_has_one_organization_is_not_asked_for_it(stella: User, at_door: Any) -> None:
    assert "For which organization?" not in words_of(at_door(stella).get("/tickets/new/"))


def test_who_has_several_chooses_and_the_promises_follow(
    ada: User, starter: Organization, at_door: Any
) -> None:
    give_membership(user=ada, organization=starter)
    browser = at_door(ada)
    assert "For which organization?" in words_of(browser.get("/tickets/new/"))
    cards = browser.get(
        f"/tickets/new/?organization={starter.public_id}&severity=1",
        headers={"HX-Request": "true", "HX-Target": "severities"},
    )
    assert "within 4 working hours" in words_of(cards)
    assert b'hx-swap-oob="true"' in cards.content
    browser.post("/tickets/new/", {**ASKED, "organization": starter.public_id})
    assert Ticket.objects.get().organization == starter


def test_somebody_elses_organization_cannot_be_chosen(
    ada: User, starter: Organization, outside: Organization, at_door: Any
) -> None:
    give_membership(user=ada, organization=starter)
    answer = at_door(ada).post("/tickets/new/", {**ASKED, "organization": outside.public_id})
    assert answer.status_code == 422
    assert not Ticket.objects.exists()


def test_with_one_organization_the_field_is_ignored(
    stella: User, starter: Organization, outside: Organization, at_door: Any
) -> None:
    at_door(stella).post("/tickets/new/", {**ASKED, "organization": outside.public_id})
    assert Ticket.objects.get().organization == starter


def test_staff_and_people_without_an_organization_are_sent_home(
    agnes: User, stella: User, at_door: Any
) -> None:
    stella.memberships.update(status="waiting")
    for person in (agnes, stella):
        for answer in (
            at_door(person).get("/tickets/new/"),
            at_door(person).post("/tickets/new/", ASKED),
        ):
            assert (answer.status_code, answer["Location"]) == (302, "/")
    assert not Ticket.objects.exists()


def test_strangers_are_asked_to_sign_in(db: None, client: Any) -> None:
    answer = client.get("/tickets/new/?severity=1")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/tickets/new/")


def test_a_link_may_fill_in_the_form_but_never_sends_it(stella: User, at_door: Any) -> None:
    page = at_door(stella).get("/tickets/new/?subject=Bay+14&severity=1&severity=<b>&category=wish")
    content = page.content.decode()
    assert 'value="Bay 14"' in content
    assert "<b>" not in content.split("<main")[1].split("</form>")[0]
    assert not Ticket.objects.exists()
