"""Ops make a trigger, are warned, try it on a ticket, switch it on, and a customer meets it."""

from collections.abc import Callable

import pytest

from people.models import User
from people.tests.login_kit import give_totp
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import signs_in, signs_in_by_two_steps
from tickets.actions.queues import add_queue, set_queue_members
from tickets.models import Ticket, Trigger
from tickets.tasks import follow_tiers
from tiers.actions import record_facts

pytestmark = pytest.mark.browser

RULE = "Outages first"


def test_a_trigger_from_the_first_word_to_the_ticket_that_it_routes(
    stage: Stage,
    oscar: User,
    stella: User,
    agnes: User,
    lena: User,
    open_for: Callable[..., Ticket],
) -> None:
    earlier = open_for(stella, subject="Gate offline since noon", severity=2)
    outages = add_queue(name="Outages", by=oscar, now=stage.now())
    set_queue_members(queue=outages, agents=[lena], by=oscar, now=stage.now())
    secret = give_totp(oscar)
    his, hers = stage.comes(), stage.comes()
    his.opens("/ops/triggers/")
    signs_in_by_two_steps(his, oscar, secret)
    his.arrives("Triggers")
    his.presses("Add trigger", within=his.page.locator("header").first)
    his.arrives("Add trigger")
    sheet = his.page.locator("[data-trigger-sheet]")
    sheet.locator("[name=name]").fill(RULE)
    conditions = his.region("If all of these hold")
    conditions.locator("[name=all-0-field]").select_option("subject")
    conditions.locator("[name=all-0-op]").select_option("contains")
    conditions.locator("[name=all-0-value]").fill("offline")
    actions = his.region("Then")
    actions.locator("[name=then-0-do]").select_option("set_queue")
    actions.locator("[name=then-0-value]").fill("Outages")

    # Before it is saved: what is odd about it, and what it would make of a ticket.
    his.writes("Ticket", earlier.reference)
    his.presses("Check")
    his.sees("Is this meant?", "“Everybody else to General” wins because it goes first.")
    tried = his.region("Try it first")
    his.sees("would fire", "subject contains “offline”", within=tried)
    his.sees("came first and set queue already", within=tried)
    sheet.get_by_role("button", name="Save trigger").last.click()
    his.sees(f"“{RULE}” was saved. It is off")

    # First in the order, the overlap is meant; then it is switched on.
    row = Trigger.objects.get(name=RULE)
    for _step in range(3):
        his.page.get_by_role("button", name=f"Move “{RULE}” up").click()
        his.arrives("Triggers")
    his.page.get_by_role("button", name=f"Switch on {RULE}").click()
    his.sees(f"“{RULE}” is on.")
    his.page.locator(f"#trigger-{row.pk}").get_by_role("link", name=RULE).click()
    his.arrives(RULE)
    his.presses("History", within=his.page.locator("header").first)
    his.arrives("History")
    his.sees("as it is now", "Switched", "Place")

    # A customer meets it, and ops see why.
    signs_in(hers, stella)
    hers.arrives("Good morning, Stella")
    hers.presses("New ticket")
    hers.arrives("What can we do for you?")
    hers.writes("What is it about?", "Scanner offline again")
    hers.chooses("High")
    hers.writes("What happened, and what did you expect?", "It should be online.")
    hers.presses("Send")
    hers.arrives("Scanner offline again")
    ticket = Ticket.objects.get(subject="Scanner offline again")
    assert ticket.queue == outages
    his.opens(f"/ops/triggers/explain/?ticket={ticket.reference}&event=ticket_created")
    his.arrives("Which trigger would fire?")
    his.sees("Queue", "General", "Outages", within=his.region("The ticket would become"))
    his.sees("would fire", within=his.region(f"1. {RULE}"))


def test_a_tier_that_changes_takes_the_open_tickets_along(
    stage: Stage, lena: User, stella: User, open_for: Callable[..., Ticket]
) -> None:
    ticket = open_for(stella, subject="Gate offline since noon")
    record_facts(
        organization=ticket.organization, values={"acv": "42000"}, source="ops", now=stage.now()
    )
    follow_tiers()
    secret = give_totp(lena)
    hers = stage.comes()
    hers.opens(f"/desk/tickets/{ticket.reference}/")
    signs_in_by_two_steps(hers, lena, secret)
    hers.sees(
        "Starter became Enterprise: moved from General to Enterprise Support",
        "The promise of this ticket stays as it was; the next one gets the new promise.",
    )
    hers.arrives(ticket.subject)
