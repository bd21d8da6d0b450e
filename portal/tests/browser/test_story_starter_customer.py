"""The Starter customer: reads when we are there, asks, gets an answer, and rates it."""

import re

import pytest

from people.models import User
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import EMAIL, signs_in
from portal.tests.browser.mails import code_in, html_of, newest_mail
from tickets.actions import reply_as_agent
from tickets.models import Ticket
from tickets.tasks import ask_for_ratings

pytestmark = pytest.mark.browser

NEW_YORK = "America/New_York"
SUBJECT = "How do I print labels twice?"


def test_a_starter_customer_signs_in_by_a_code_and_reads_our_hours_in_her_own_time(
    stage: Stage, stella: User
) -> None:
    her = stage.comes(zone=NEW_YORK)
    her.opens("/")
    her.arrives("Sign in")
    her.presses("Send me a code by e-mail")
    her.arrives("Sign in without a password")
    her.writes(EMAIL, stella.email)
    her.presses("Send the code")
    her.arrives("Type in the code")
    her.writes(re.compile("^Code"), code_in(newest_mail(stella)))
    her.presses("Confirm")
    her.arrives("Good morning, Stella")
    her.sees("Starter", "We are here until 17:00 CET", "Thursday 12 March, 10:00 CET")

    # She has moved to New York: her device says so, and she takes it over.
    her.unfolds("Menu of Stella Shelf")
    her.presses("You")
    her.arrives("You")
    her.presses("Use the zone of this device: America/New York")
    her.presses("Save")
    her.sees("Saved")
    her.arrives("You")
    her.presses("Home")
    her.arrives("Good morning, Stella")
    her.sees("We are here until 12:00 EDT", "Thursday 12 March, 05:00 EDT", "America/New_York")

    # In the evening nobody is here, and the page says so instead of promising at once.
    stage.passes(hours=12)
    her.presses("Home")
    her.arrives("Good afternoon, Stella")
    her.sees("Closed now. We are back Wednesday 11 March, 04:00 EDT")


def test_a_starter_customer_asks_is_answered_and_rates_the_answer_without_signing_in(
    stage: Stage, stella: User, agnes: User
) -> None:
    her = stage.comes()
    signs_in(her, stella)
    her.arrives("Good morning, Stella")
    her.presses("Write to us")
    her.arrives("What can we do for you?")
    her.writes("What is it about?", SUBJECT)
    her.writes("What happened, and what did you expect?", "One label per box is not enough.")
    her.presses("Send")
    her.sees("We answer by Thursday 12 March, 10:00 CET")
    her.arrives(SUBJECT)
    her.writes("Your message", "The boxes are 40 by 60.")
    her.presses("Send")
    her.sees("The boxes are 40 by 60.", within=her.region("Conversation"))
    her.arrives(SUBJECT)

    # The answer comes by mail, and the mail leads to the page.
    stage.passes(minutes=30)
    ticket = Ticket.objects.get()
    reply_as_agent(
        ticket=ticket, author=agnes, body="Set copies to 2.", is_public=True, now=stage.now()
    )
    letter = newest_mail(stella, about="New answer")
    her.reads_mail(html_of(letter))
    her.sees("Agnes Agent answered", "Set copies to 2.")
    her.presses("Answer on the ticket's page")
    her.arrives(SUBJECT)
    her.sees("Agnes Agent", "Set copies to 2.", "We are on it")
    her.presses("It is solved")
    her.sees("Good to hear. The ticket is solved.")
    her.arrives(SUBJECT)

    # She is asked how it was, and answers on another device, where nobody is signed in.
    stage.passes(minutes=5)
    assert ask_for_ratings() == 1
    letter = newest_mail(stella, about="How was our help?")
    phone = stage.comes(by_phone=True)
    phone.reads_mail(html_of(letter))
    phone.presses(re.compile("4$"))
    phone.arrives("How was our help?")
    phone.misses(SUBJECT)
    phone.writes(re.compile("^What should we keep or change"), "Quick and to the point.")
    phone.presses("Send the rating")
    phone.sees("Thank you: we have your 4 of 5 stars.")
    phone.arrives("Did you change your mind?")

    # She changes her mind, and the first device knows it.
    phone.chooses("5 of 5 stars")
    phone.presses("Send the rating")
    phone.sees("Thank you: we have your 5 of 5 stars.")
    phone.arrives("Did you change your mind?")
    her.opens(f"/tickets/{ticket.reference}/")
    her.arrives(SUBJECT)
    her.sees("Your rating", "Quick and to the point.")
    assert her.page.get_by_role("img", name="5 of 5 stars").is_visible()
