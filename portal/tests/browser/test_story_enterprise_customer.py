"""The Enterprise customer: knows her people, asks, and watches the promise run."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload

from conftest import TUESDAY
from people.models import AccountTeamMember, User
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import signs_in
from portal.tests.browser.visitor import Visitor
from tickets.models import Ticket

pytestmark = pytest.mark.browser

SUBJECT = "All scanners show E42"
LOG = FilePayload(name="scanner.log", mimeType="text/plain", buffer=b"10:01:07 E42 no carrier\n")


@pytest.fixture
def her_team(ada: User, lena: User, agnes: User) -> None:
    """Name two of our people to Ada's organization."""
    organization = ada.memberships.get().organization
    for person, duty in (
        (lena, AccountTeamMember.Duty.TAM),
        (agnes, AccountTeamMember.Duty.BACKUP),
    ):
        AccountTeamMember.objects.create(
            organization=organization, user=person, duty=duty, valid_from=TUESDAY
        )


def test_an_enterprise_customer_asks_and_watches_the_promise_run(
    stage: Stage, ada: User, her_team: None
) -> None:
    her = stage.comes()
    signs_in(her, ada)
    her.arrives("Good morning, Ada")
    her.sees("Your plan", "Enterprise", "Lena Lead", "Technical Account Manager")
    her.sees("Agnes Agent", "Backup", "Nothing is open")

    # She says how bad it is and reads what will happen by when before she sends it.
    her.presses("New ticket")
    her.arrives("What can we do for you?")
    her.writes("What is it about?", SUBJECT)
    promise = her.page.locator("#what-happens")
    her.sees("Tuesday 10 March, 14:00 CET", within=promise)
    her.chooses("Critical")
    her.sees("Tuesday 10 March, 11:00 CET", within=promise)
    her.writes("What happened, and what did you expect?", "Since ten no scanner reads anything.")
    her.page.get_by_label("Attachments").set_input_files(LOG)
    her.sees("scanner.log")
    her.presses("Send")

    # Afterwards the same promise runs, and the file is there to open.
    her.arrives(SUBJECT)
    her.sees("We answer by Tuesday 10 March, 11:00 CET", "Received", "Critical", "First answer")
    her.sees("in 59 min", within=her.region("What we promise"))
    with her.page.expect_download() as download:
        her.presses(re.compile(r"^scanner\.log"))
    assert download.value.path().read_bytes() == LOG["buffer"]

    # A quarter of the hour that was promised goes by on the open page.
    stage.passes(minutes=50)
    her.sees("left", within=her.region("What we promise"))
    her.presses("Home")
    her.arrives("Good morning, Ada")
    her.sees(SUBJECT, within=her.region("Main").or_(her.page.locator("main")))


def test_a_ticket_is_read_by_who_asked_who_follows_and_who_manages(
    comes: Callable[..., Visitor], ada: User, colin: User, open_for: Callable[..., Ticket]
) -> None:
    hers = open_for(ada, subject=SUBJECT, severity=1)
    his = open_for(colin, subject="Labels print twice")
    his_place, her_place = comes(), comes()

    # Her colleague finds his own ticket, and no trace of hers.
    signs_in(his_place, colin)
    his_place.arrives("Good morning, Colin")
    his_place.misses(SUBJECT)
    his_place.presses("My tickets")
    his_place.arrives("My tickets")
    his_place.sees(his.subject)
    his_place.misses(SUBJECT)
    with his_place.is_refused(404):
        his_place.opens(f"/tickets/{hers.reference}/")
        his_place.arrives("There is nothing here.")

    # She manages: she finds both, and brings him in.
    signs_in(her_place, ada)
    her_place.arrives("Good morning, Ada")
    her_place.presses("My tickets")
    her_place.arrives("Tickets")
    her_place.sees(SUBJECT, his.subject, "Colin Babbage")
    her_place.presses("Mine")
    her_place.misses(his.subject)
    her_place.presses(SUBJECT)
    her_place.arrives(SUBJECT)
    her_place.unfolds("Bring in a colleague")
    her_place.picks("Colleague", "Colin Babbage")
    her_place.presses("Add")
    her_place.sees("Colin Babbage can now read this ticket")
    her_place.arrives(SUBJECT)

    # Now he may read it.
    his_place.opens("/tickets/")
    his_place.presses(SUBJECT)
    his_place.arrives(SUBJECT)
    his_place.sees("Since this morning no barcode is read.")
