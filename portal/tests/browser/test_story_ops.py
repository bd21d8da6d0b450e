"""Operations: a fact changes a tier, a tier changes a queue, and the numbers tell of it."""

from collections.abc import Callable

import pytest

from people.models import User
from people.tests.login_kit import give_totp
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import signs_in, signs_in_by_two_steps
from tickets.actions import rate, reply_as_agent
from tickets.models import Ticket
from tickets.tasks import sweep_clocks

pytestmark = pytest.mark.browser

NOTE = "Order form signed on 9 March"
ROUTE = "Enterprise accounts to Enterprise Support"


def test_a_fact_makes_a_tier_and_the_next_ticket_lands_in_its_queue(
    stage: Stage, oscar: User, stella: User
) -> None:
    secret = give_totp(oscar)
    his, hers = stage.comes(), stage.comes()
    his.opens("/ops/")
    signs_in_by_two_steps(his, oscar, secret)
    his.arrives("Operations")
    his.presses("Organizations")
    his.arrives("Organizations")
    his.presses("Stella Storage")
    his.arrives("Stella Storage")
    his.sees("Why Starter", "900")

    # One fact, with its source; the tier follows at once and says why.
    his.presses("Record facts")
    his.arrives("Facts about Stella Storage")
    his.writes("Annual contract value", "42000")
    his.writes("How do you know?", NOTE)
    his.presses("Record facts", within=his.page.locator("form"))
    his.sees("Stella Storage is now Enterprise (was Starter).")
    his.arrives("Stella Storage")
    why = his.region("Why Enterprise")
    his.sees("ACV is USD 42,000; keeping Enterprise needs at least USD 23,000.", within=why)
    his.sees(NOTE, within=his.region("Facts"))

    # The customer is greeted by the new tier, and what she asks now goes to its queue.
    signs_in(hers, stella)
    hers.arrives("Good morning, Stella")
    hers.sees("Enterprise", within=hers.region("Your plan"))
    hers.presses("New ticket")
    hers.arrives("What can we do for you?")
    hers.writes("What is it about?", "The gate does not open")
    hers.chooses("High")
    hers.writes("What happened, and what did you expect?", "It should open by itself.")
    hers.presses("Send")
    hers.arrives("The gate does not open")
    his.presses("Queues")
    his.arrives("Queues")
    row = his.page.get_by_role("row").filter(has_text="Enterprise Support")
    his.sees("1", within=row)


def test_ops_ask_which_trigger_fires_and_switch_one_off_and_on(
    stage: Stage, oscar: User, ada: User, open_for: Callable[..., Ticket]
) -> None:
    ticket = open_for(ada)
    secret = give_totp(oscar)
    his = stage.comes()
    his.opens("/ops/triggers/")
    signs_in_by_two_steps(his, oscar, secret)
    his.arrives("Triggers")
    his.presses("Which would fire?")
    his.arrives("Which trigger would fire?")
    his.writes("Ticket", ticket.reference)
    his.presses("Ask")
    his.sees("would fire", "met", within=his.region(f"1. {ROUTE}"))
    his.sees("would not fire", within=his.region("2. Professional accounts to Professional"))
    his.arrives("Which trigger would fire?")

    his.opens("/ops/triggers/")
    his.presses(f"Switch off {ROUTE}")
    his.sees(f"“{ROUTE}” is off.")
    his.arrives("Triggers")
    assert open_for(ada).queue.key == "enterprise", "the promise still names its queue"
    his.presses(f"Switch on {ROUTE}")
    his.sees(f"“{ROUTE}” is on.")
    his.arrives("Triggers")


def test_the_report_tells_the_numbers_of_each_tier(
    stage: Stage,
    oscar: User,
    ada: User,
    stella: User,
    agnes: User,
    lena: User,
    open_for: Callable[..., Ticket],
) -> None:
    # What happened: Stella is helped within half an hour and rates it; Ada waits too long.
    hers = open_for(stella, subject="How do I print labels twice?")
    open_for(ada, subject="All scanners show E42", severity=1)
    stage.passes(minutes=30)
    reply_as_agent(
        ticket=hers, author=agnes, body="Set copies to 2.", status="solved", handle_seconds=300,
        now=stage.now(),
    )  # fmt: skip
    rate(ticket=hers, by=stella, score=5, comment="", now=stage.now())
    stage.passes(hours=1)
    sweep_clocks()

    secret = give_totp(oscar)
    his = stage.comes()
    his.opens("/ops/")
    signs_in_by_two_steps(his, oscar, secret)
    his.arrives("Operations")
    his.sees("All scanners show E42", within=his.region("Promises now"))
    his.presses("Tier report")
    his.arrives("Tier report")
    his.sees("Enterprise is below the goal")
    his.sees("2 tickets came in and 1 was solved.")
    his.sees("Satisfied were 100 % (Starter).", "Half of the first replies came within 30 min")
    with his.page.expect_download() as download:
        his.presses("Download CSV")
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("starter,opened,") and ",1," in line for line in lines), lines
