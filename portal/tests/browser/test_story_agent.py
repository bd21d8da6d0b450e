"""The lead at the desk: comes in by two steps, works by keyboard, keeps the promise."""

import re
from collections.abc import Callable

import pytest

from people.models import User
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import sets_up_an_app, shown_by_app, signs_in, signs_out
from portal.tests.browser.mails import mails_to
from tickets.models import Ticket

pytestmark = pytest.mark.browser

SUBJECT = "All scanners show E42"


def test_a_lead_comes_in_by_two_steps_and_works_the_right_ticket_by_keyboard(
    stage: Stage, lena: User, ada: User, colin: User, paul: User, open_for: Callable[..., Ticket]
) -> None:
    open_for(paul, subject="The label is too small")
    open_for(colin, subject="Labels print twice")
    ticket = open_for(ada, subject=SUBJECT, severity=1)
    hers = stage.comes()

    # A password alone opens nothing: the first way leads to the second step.
    signs_in(hers, lena, at="/desk/")
    secret = sets_up_an_app(hers)
    signs_out(hers, lena)
    hers.arrives("Sign in")
    stage.passes(seconds=30)
    signs_in(hers, lena, at="/desk/")
    hers.arrives("Your second step")
    hers.writes(re.compile("code", re.IGNORECASE), shown_by_app(secret))
    hers.presses("Sign in")

    # The view of the tier says who is next, and why.
    hers.arrives("Enterprise")
    rows = hers.region("Tickets").get_by_role("listitem")
    hers.sees(SUBJECT, "Analytical Engines", "First reply due 11:00", within=rows.first)
    hers.misses("The label is too small", within=hers.region("Tickets"))
    hers.hits("?")
    hers.sees("Take the next ticket", within=hers.region("Keys"))
    hers.looks_around()
    hers.hits("Escape", "j", "Enter")
    hers.arrives(SUBJECT)
    hers.sees("new", "Nobody")

    # She takes what is due next, and writes to her team, then to the customer.
    hers.hits("t")
    hers.sees(f"{ticket.reference} is yours.")
    hers.arrives(SUBJECT)
    hers.hits("n")
    hers.page.keyboard.type("Same antenna as in March.")
    hers.hits("Control+Enter")
    hers.sees("Your note is added.", "Same antenna as in March.")
    hers.hits("r")
    hers.page.keyboard.type("Please restart gate 4. What does its lamp show?")
    hers.unfolds("and set")
    hers.presses("Pending", within=hers.region("Conversation").or_(hers.page.locator("form")))
    hers.sees("Your reply is sent.", "kept", "paused")
    hers.looks_around()
    assert [letter.subject for letter in mails_to(ada)][0].startswith(f"[{ticket.reference}] New")
    assert "antenna" not in str(mails_to(ada)[0].body)
