"""The pictures of the README, made anew by ``make screenshots``.

Not collected with the tests: it asserts nothing about the product that the stories do
not, and writes into ``docs/``. The demo company is always loaded for the same Tuesday
morning, so that a picture changes only when the page does.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from people.models import User
from portal.demo import logins
from portal.demo.seeding import load_demo
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import EMAIL
from portal.tests.browser.visitor import Visitor
from tickets.models import Ticket
from tickets.tasks import announce_clock_events, send_alerts, sweep_clocks

DOCS = Path(__file__).resolve().parents[3] / "docs"

# A ticket with a conversation, whose next promise is near.
OPENED = "All scanners offline in Bergen"

# One that was waited for, so that its ledger has something to tell.
COUNTED = "Put-away suggests bins that are full (aisle G03)"

pytestmark = pytest.mark.browser


def signs_in(visitor: Visitor, address: str, *, at: str) -> None:
    """Sign in as one of the demo's people."""
    visitor.opens(at)
    visitor.writes(EMAIL, address)
    visitor.writes("Password", logins.DEMO_PASSWORD)
    visitor.presses("Sign in")
    visitor.page.wait_for_url(f"**{at}**")


def takes(visitor: Visitor, name: str) -> None:
    """Write what the window shows into a file of the README."""
    visitor.page.evaluate("document.fonts.ready")
    visitor.page.screenshot(path=DOCS / name, animations="disabled", caret="hide")


def test_the_pictures_of_the_readme(stage: Stage, settings: Any) -> None:
    settings.MFA_REQUIRED_FOR_STAFF = False
    load_demo(now=stage.now(), say=print)
    stage.passes(minutes=3)
    sweep_clocks()
    announce_clock_events()
    send_alerts()
    desk, customer, ops = stage.comes(), stage.comes(), stage.comes()

    signs_in(desk, logins.AGENT_OF_ALL, at="/desk/")
    desk.presses(OPENED)
    desk.sees(re.compile("."), within=desk.page.get_by_role("article", name=OPENED))
    takes(desk, "desk.png")

    signs_in(customer, logins.ENTERPRISE_MANAGER, at="/")
    name = User.objects.get(email=logins.ENTERPRISE_MANAGER).get_short_name()
    customer.sees(f"Good morning, {name}")
    takes(customer, "customer.png")

    counted = Ticket.objects.filter(
        subject=COUNTED, organization__memberships__user__email=logins.ENTERPRISE_MANAGER
    )
    customer.opens(f"/tickets/{counted.latest('pk').reference}/promises/#resolution-1")
    customer.sees("What we promised, and how it was counted")
    takes(customer, "evidence.png")

    signs_in(ops, logins.OPS, at="/ops/")
    ops.presses("Tier report")
    ops.sees("The numbers behind it")
    takes(ops, "ops.png")
    # Nobody judges pages here; the stories do.
    for visitor in stage.visitors:
        visitor.forgets()
