"""The lead at the desk: comes in by two steps, works by keyboard, keeps the promise."""

import re
from collections.abc import Callable

import pytest

from people.models import User
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import sets_up_an_app, shown_by_app, signs_in, signs_out
from portal.tests.browser.mails import mails_to, newest_mail
from tickets.actions import reply_as_customer
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
    hers.presses("Go on")
    hers.arrives("Enterprise")
    signs_out(hers, lena)
    hers.arrives("Sign in")

    # From now on it takes both, each time.
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
    hers.hits("Escape")
    hers.misses("Take the next ticket")
    hers.hits("j", "Enter")
    hers.arrives(SUBJECT)

    # She takes what is due next, and writes to her team, then to the customer.
    hers.hits("t")
    hers.sees(f"{ticket.reference} is yours.")
    hers.arrives(SUBJECT)
    talk = hers.region("Conversation")
    hers.hits("n")
    hers.page.keyboard.type("Same antenna as in March.")
    hers.hits("Control+Enter")
    hers.sees("Internal note, never shown to the customer", within=talk)
    hers.sees(re.compile("^Same antenna as in March.$"), within=talk)
    hers.hits("r")
    hers.page.keyboard.type("Please restart gate 4. What does its lamp show?")
    hers.looks_around()
    hers.unfolds("and set")
    hers.presses("Pending", within=hers.page.locator("form[data-composer]"))
    hers.sees(re.compile("^Please restart gate 4. What does its lamp show.$"), within=talk)

    # The first promise is kept; the other one stands still, and says for whom.
    head = hers.page.get_by_role("article", name=SUBJECT).locator("header").first
    hers.sees("Pending", "Waiting for the customer, no clock running", within=head)
    hers.sees("kept", "paused", within=head)
    hers.looks_around()
    letter = newest_mail(ada)
    assert "restart gate 4" in str(letter.body)
    assert not any("antenna" in str(letter.body) for letter in mails_to(ada))

    # The customer answers: the clock goes on. It is less bad than it looked, and then solved.
    stage.passes(hours=1)
    reply_as_customer(ticket=ticket, author=ada, body="Green. It works again.", now=stage.now())
    hers.presses(re.compile("^Mine"))
    hers.arrives("Mine")
    hers.hits("j", "Enter")
    hers.arrives(SUBJECT)
    hers.sees("Green. It works again.", within=talk)
    hers.sees("Next reply", "in 59 min", within=head)
    hers.hits(".")
    hers.chooses("Normal")
    hers.writes("Why? The customer can read this.", "The way around works.")
    hers.presses("Change severity")
    hers.sees("Severity: Normal. The promises follow it.")
    hers.sees("Normal", "in 23 h", within=head)
    hers.looks_around()
    hers.hits("s")
    hers.presses("Solved", within=hers.page.locator("form[action$='/status/']"))
    hers.sees("Solved", "Done, no clock running", within=head)
    hers.looks_around()
