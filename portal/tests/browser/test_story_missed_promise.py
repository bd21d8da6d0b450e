"""The promise that is missed: noticed by the sweep, said to everybody it concerns."""

from collections.abc import Callable

import pytest

from people.models import User
from people.tests.login_kit import give_totp
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import signs_in, signs_in_by_two_steps
from portal.tests.browser.mails import html_of, mails_to, newest_mail
from tickets.models import Ticket
from tickets.tasks import announce_clock_events, send_alerts, sweep_clocks

pytestmark = pytest.mark.browser

SUBJECT = "All scanners show E42"


def test_a_missed_promise_is_noticed_told_and_admitted(
    stage: Stage, lena: User, ada: User, open_for: Callable[..., Ticket]
) -> None:
    ticket = open_for(ada, subject=SUBJECT, severity=1)
    secret = give_totp(lena)
    hers, customer = stage.comes(), stage.comes()
    signs_in(customer, ada)
    customer.arrives("Good morning, Ada")
    customer.presses(SUBJECT)
    customer.arrives(SUBJECT)
    promise = customer.region("What we promise")
    customer.sees("First answer", "in 59 min", within=promise)

    # Nobody takes it. Shortly before the end the leads hear of it.
    stage.passes(minutes=55)
    assert sweep_clocks() > 0
    assert announce_clock_events() > 0
    assert send_alerts() > 0
    assert sweep_clocks() == announce_clock_events() == send_alerts() == 0
    assert "First reply at 90 %, due Tuesday 10 March, 11:00 CET" in newest_mail(lena).subject

    # An hour is over: the sweep writes the breach once, however often it runs.
    stage.passes(minutes=8)
    assert sweep_clocks() == 1
    assert sweep_clocks() == 0
    announce_clock_events()
    assert send_alerts() == 1
    told = len(mails_to(lena))
    announce_clock_events()
    send_alerts()
    assert len(mails_to(lena)) == told

    # The lead reads it in her mail, comes by its link, and sees it in words and by its shape.
    hers.reads_mail(html_of(newest_mail(lena, about=ticket.reference)))
    hers.presses("Open the ticket")
    signs_in_by_two_steps(hers, lena, secret)
    hers.arrives(SUBJECT)
    row = hers.region("Tickets").get_by_role("listitem").filter(has_text=SUBJECT)
    hers.sees("3 min late", "First reply was due 3 min ago", within=row)
    head = hers.page.get_by_role("article", name=SUBJECT).locator("header").first
    hers.sees("3 min late", within=head)
    hers.shows("octagon-x", within=row)
    hers.shows("octagon-x", within=head)

    # The customer's open page says it without being asked; so does a fresh one.
    customer.sees("3 min late", within=promise)
    customer.presses("Home")
    customer.arrives("Good morning, Ada")
    customer.sees("3 min late")
    customer.presses(SUBJECT)
    customer.arrives(SUBJECT)
    customer.sees("We are late, and we know it.", within=promise)
    customer.shows("octagon-x", within=promise)

    # Both ask why, and read the same account of it.
    customer.presses("How we count this")
    customer.arrives("What we promised, and how it was counted")
    customer.sees("We owed you an answer by", "counting", "You opened the ticket")
    hers.presses("Why this time?")
    hers.arrives("Why this time?")
    hers.sees("We owed you an answer by", "Warning ladder", "the promise was broken")
