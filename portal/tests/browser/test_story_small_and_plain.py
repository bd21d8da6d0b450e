"""The customer's pages on a small window, and without any script."""

from collections.abc import Callable

import pytest

from people.models import User
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import signs_in
from portal.tests.browser.visitor import Visitor
from tickets.actions import reply_as_agent
from tickets.models import Ticket
from tickets.tasks import ask_for_ratings

pytestmark = pytest.mark.browser

LONG = "Barcode-0123456789-0123456789-0123456789-0123456789 cannot be read by any scanner in hall 4"


def test_a_phone_shows_every_page_without_scrolling_sideways(
    comes: Callable[..., Visitor], ada: User, colin: User, open_for: Callable[..., Ticket]
) -> None:
    for severity in (1, 2, 3, 4):
        open_for(ada, subject=f"{LONG} {severity}", severity=severity, body=f"{LONG * 3}\n\n{LONG}")
    her = comes(by_phone=True)
    signs_in(her, ada)
    her.arrives("Good morning, Ada")
    her.presses("My tickets")
    her.arrives("Tickets")
    her.presses(f"{LONG} 1")
    her.arrives(f"{LONG} 1")
    her.presses("Home")
    her.presses("New ticket")
    her.arrives("What can we do for you?")
    her.presses("Organization")
    her.arrives("Analytical Engines")
    her.presses("Invite somebody")
    her.arrives("Invite somebody to Analytical Engines")
    for page, heading in {
        "/profile/": "You",
        "/profile/tokens/": "API tokens",
        "/accounts/email/": "E-mail",
        "/accounts/2fa/": "Two-step sign-in",
        "/accounts/sessions/": "Devices",
    }.items():
        her.opens(page)
        her.arrives(heading)


def test_everything_a_customer_does_works_without_scripts(
    stage: Stage, stella: User, agnes: User
) -> None:
    her = stage.comes(has_scripts=False)
    signs_in(her, stella)
    her.arrives("Good morning, Stella")
    her.presses("New ticket")
    her.arrives("What can we do for you?")
    her.writes("What is it about?", "The printer prints nothing")
    her.chooses("High")
    her.writes("What happened, and what did you expect?", "It hums, and that is all.")
    her.presses("Send")
    her.arrives("The printer prints nothing")
    her.writes("Your message", "Now it does not even hum.")
    her.presses("Send")
    her.sees("Now it does not even hum.", within=her.region("Conversation"))

    # What was left out is said beside the field, and nothing that was typed is lost.
    her.opens("/tickets/new/")
    her.writes("What is it about?", "Only a subject")
    with her.is_refused(422):
        her.presses("Send")
        her.arrives("What can we do for you?")
    her.sees("This field is required.")
    assert her.page.get_by_label("What is it about?").input_value() == "Only a subject"

    ticket = Ticket.objects.get()
    reply_as_agent(
        ticket=ticket, author=agnes, body="Plug it in.", status="solved", now=stage.now()
    )
    stage.passes(minutes=5)
    ask_for_ratings()
    her.opens(f"/tickets/{ticket.reference}/")
    her.arrives("The printer prints nothing")
    her.chooses("3 of 5 stars")
    her.presses("Send the rating")
    her.sees("Thank you. Your rating is stored.")
    her.unfolds("Still a problem?")
    her.writes("What still happens?", "It is plugged in.")
    her.presses("Open it again")
    her.sees("It is plugged in.", within=her.region("Conversation"))
