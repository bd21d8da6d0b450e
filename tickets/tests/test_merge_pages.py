"""The pages and doors of merging: what is asked, what is shown before, what customers see after."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from conftest import TUESDAY
from people.models import User
from tickets.actions import merge_tickets, reply_as_agent, reply_as_customer
from tickets.models import Ticket, TicketEvent
from tickets.tests.api_kit import TICKETS, Program
from tickets.tests.pages_kit import words_of

pytestmark = pytest.mark.django_db


def later(minutes: int) -> datetime:
    return TUESDAY + timedelta(minutes=minutes)


@pytest.fixture(autouse=True)
def one_hour_later() -> Any:
    with time_machine.travel(later(60), tick=False):
        yield


@pytest.fixture
def older(ada: User, open_for: Any) -> Ticket:
    ticket: Ticket = open_for(ada, subject="The scanner shows E42", body="No barcode is read.")
    return ticket


@pytest.fixture
def colins(colin: User, open_for: Any) -> Ticket:
    ticket: Ticket = open_for(colin, subject="E42 again", body="Mine too.", now=later(30))
    return ticket


def page(ticket: Ticket) -> str:
    return f"/desk/tickets/{ticket.reference}/merge/"


def test_the_page_offers_the_other_tickets_of_the_organization(
    older: Ticket, colins: Ticket, stella: User, lena: User, open_for: Any, at_door: Any
) -> None:
    foreign = open_for(stella, subject="Something else")
    words = words_of(at_door(lena).get(page(colins)))
    assert older.subject in words
    assert foreign.subject not in words


def test_it_shows_what_happens_and_changes_nothing_before_it_is_confirmed(
    older: Ticket, colins: Ticket, lena: User, at_door: Any
) -> None:
    door = at_door(lena)
    answer = door.get(page(colins), {"into": older.reference, "from_opening": "on"})
    words = words_of(answer)
    assert f"{colins.reference} is closed for good and points to {older.reference}" in words
    assert "Colin Babbage follows" in words
    assert "First reply" in words
    assert not TicketEvent.objects.filter(kind__in=["merged", "took_in"]).exists()
    done = door.post(page(colins), {"into": older.reference, "from_opening": "on"})
    assert done.url.startswith(f"/desk/tickets/{older.reference}/")
    told = words_of(door.get(done.url))
    assert f"{colins.reference} is merged into {older.reference}." in told
    assert "Mine too." in told
    assert "merged another ticket into this one" in told
    assert f"merged into {older.reference}" in words_of(
        door.get(f"/desk/tickets/{colins.reference}/")
    )


@pytest.mark.parametrize(
    ("into", "words"),
    [
        ("", "Say into which ticket."),
        ("T-999999", "There is no such ticket"),
        ("itself", "cannot be merged into itself"),
    ],
)
def test_it_says_what_is_wrong_with_the_choice(
    older: Ticket, lena: User, at_door: Any, into: str, words: str
) -> None:
    into = older.reference if into == "itself" else into
    for ask in (at_door(lena).get, at_door(lena).post):
        answer = ask(page(older), {"into": into})
        assert answer.status_code == 422
        assert words in words_of(answer)


def test_an_agent_finds_only_what_they_may_see(
    older: Ticket, stella: User, agnes: User, open_for: Any, at_door: Any
) -> None:
    own = open_for(stella)
    door = at_door(agnes)
    assert door.get(page(older)).status_code == 404
    answer = door.get(page(own), {"into": older.reference})
    assert "There is no such ticket, or none that you may see." in words_of(answer)


class TestCustomers:
    def test_the_source_says_where_it_goes_on_and_takes_no_rating(
        self, older: Ticket, colins: Ticket, lena: User, at_door: Any
    ) -> None:
        merge_tickets(source=colins, target=older, by=lena, now=later(40))
        door = at_door(colins.requester)
        words = words_of(door.get(f"/tickets/{colins.reference}/"))
        assert f"This goes on in {older.reference}" in words
        assert f"Send to {older.reference}" in words
        answer = door.post(f"/tickets/{colins.reference}/reply/", {"body": "And?"})
        assert answer.url.startswith(f"/tickets/{older.reference}/")
        assert f"Your message is in {older.reference}." in words_of(door.get(answer.url))

    def test_each_reads_their_own_past_and_the_common_future(
        self, older: Ticket, colins: Ticket, ada: User, lena: User, at_door: Any
    ) -> None:
        reply_as_agent(ticket=older, author=lena, body="To Ada alone", now=later(20))
        Ticket.objects.filter(pk=older.pk).update(requester=ada)
        ada.memberships.update(role="member")
        merge_tickets(source=colins, target=older, by=lena, now=later(40))
        reply_as_agent(ticket=older, author=lena, body="To you both", now=later(50))
        address = f"/tickets/{older.reference}/"
        colin_reads = words_of(at_door(colins.requester).get(address))
        ada_reads = words_of(at_door(ada).get(address))
        assert "Mine too." in colin_reads
        assert "To you both" in colin_reads
        assert "No barcode is read." not in colin_reads
        assert "To Ada alone" not in colin_reads
        assert "No barcode is read." in ada_reads
        assert "To you both" in ada_reads
        assert "Mine too." not in ada_reads
        said = Program(colins.requester).get(f"{TICKETS}/{older.reference}/replies").json()
        assert [one["body"] for one in said["results"]] == ["Mine too.", "To you both"]


class TestTheApi:
    def test_an_agents_program_merges(self, older: Ticket, colins: Ticket, lena: User) -> None:
        program = Program(lena)
        answer = program.post(f"{TICKETS}/{colins.reference}/merge", {"into": older.reference})
        assert answer.status_code == 200
        assert answer.json()["reference"] == older.reference
        source = program.get(f"{TICKETS}/{colins.reference}").json()
        assert (source["status"], source["merged_into"]) == ("closed", older.reference)
        again = program.post(f"{TICKETS}/{colins.reference}/merge", {"into": older.reference})
        assert (again.status_code, again.json()["code"]) == (409, "already_merged")

    def test_a_customers_does_not(self, older: Ticket, colins: Ticket, ada: User) -> None:
        answer = Program(ada).post(f"{TICKETS}/{colins.reference}/merge", {"into": older.reference})
        assert answer.status_code == 403
        unknown = Program(ada).post(f"{TICKETS}/{colins.reference}/merge", {"into": "T-99999"})
        assert (unknown.status_code, list(unknown.json()["fields"])) == (400, ["into"])

    def test_a_reply_to_the_merged_ticket_lands_where_it_goes_on(
        self, older: Ticket, colins: Ticket, lena: User
    ) -> None:
        merge_tickets(source=colins, target=older, by=lena, now=later(40))
        program = Program(colins.requester)
        answer = program.post(f"{TICKETS}/{colins.reference}/replies", {"body": "And?"}).json()
        assert (answer["ticket"], answer["follow_up_of"]) == (older.reference, None)
        assert answer["message"]["ticket"] == older.reference

    def test_it_splits_and_ends_waits(self, older: Ticket, ada: User, lena: User) -> None:
        reply_as_agent(ticket=older, author=lena, body="Try this.", now=later(20))
        _landed, message = reply_as_customer(
            ticket=older, author=ada, body="Thanks! The invoice is wrong.", now=later(30)
        )
        assert message is not None
        program = Program(lena)
        new = program.post(
            f"{TICKETS}/{older.reference}/split", {"message": message.pk, "subject": "Invoice"}
        )
        assert (new.status_code, new.json()["split_from"]) == (201, older.reference)
        done = program.post(f"{TICKETS}/{older.reference}/no-reply-needed", {"reason": "split"})
        assert done.status_code == 200
        clocks = {clock["metric"]: clock["status"] for clock in done.json()["clocks"]}
        assert clocks["next_reply"] == "cancelled"
        refused = program.post(f"{TICKETS}/{older.reference}/no-reply-needed", {})
        assert (refused.status_code, refused.json()["code"]) == (409, "no_reply_awaited")
        wrong = program.post(
            f"{TICKETS}/{older.reference}/split", {"message": 999999, "subject": "x"}
        )
        assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["message"])
