"""A tier by decision: an agent asks beside a ticket, ops decide, the customer reads what comes."""

import re
from collections.abc import Callable

import pytest

from people.models import User
from people.tests.login_kit import give_totp
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import signs_in, signs_in_by_two_steps
from tickets.models import Ticket
from tiers.tasks import tend_overrides

pytestmark = pytest.mark.browser

REASON = "Their second warehouse goes live in March"


@pytest.mark.parametrize("by_phone", [False, True], ids=["wide", "phone"])
def test_an_override_is_asked_for_approved_read_by_the_customer_and_ends(
    stage: Stage,
    by_phone: bool,
    agnes: User,
    oscar: User,
    stella: User,
    open_for: Callable[..., Ticket],
) -> None:
    ticket = open_for(stella)
    hers, his, customers = (stage.comes(by_phone=by_phone) for _person in range(3))

    # Beside the ticket, the agent asks; she cannot decide.
    key = give_totp(agnes)
    hers.opens(f"/desk/tickets/{ticket.reference}/override/")
    signs_in_by_two_steps(hers, agnes, key)
    hers.arrives("Ask for another tier for Stella Storage")
    hers.picks("Tier", "Enterprise")
    hers.writes("Until, not included", "2026-04-10")
    hers.writes("Reason", REASON)
    hers.presses("Ask for approval")
    hers.sees("Enterprise was asked for.")
    hers.opens(f"/desk/tickets/{ticket.reference}/override/")
    hers.arrives("Ask for another tier for Stella Storage")
    hers.sees("Waits for a decision", REASON)

    # Ops see what it would change, and approve.
    key = give_totp(oscar)
    his.opens("/ops/overrides/")
    signs_in_by_two_steps(his, oscar, key)
    his.arrives("Overrides")
    his.presses(re.compile("^Decide"))
    his.arrives("Override to Enterprise for Stella Storage")
    his.sees("Without the override it would be Starter.")
    his.writes("A word to it (optional)", "Until the quarter ends")
    his.presses("Approve")
    his.sees("Stella Storage is Enterprise by override now.")
    his.arrives("Stella Storage")
    his.sees("An override sets Enterprise; it ends on 10 Apr 2026.")
    history = his.region("Tier history")
    his.sees("Oscar Ops approved the override.", "“Until the quarter ends”", within=history)

    # The customer reads what they have and until when, without the reason.
    signs_in(customers, stella)
    customers.arrives("Good morning, Stella")
    plan = customers.region("Your plan")
    customers.sees(
        "You have Enterprise by special agreement until 10 Apr 2026.",
        "your plan is Starter from 10 Apr 2026 on.",
        within=plan,
    )
    customers.misses(REASON)

    # On its day it ends, and everybody reads so.
    for visitor in (hers, his, customers):
        visitor.forgets()
    stage.passes(days=31)
    tend_overrides()
    late = stage.comes(by_phone=by_phone)
    signs_in(late, stella)
    late.arrives("Good morning, Stella")
    late.sees("Starter", within=late.region("Your plan"))
    late.misses("special agreement")
