"""Operations change a promise: a draft, its differences, publishing, and what a contract says."""

from collections.abc import Callable

import pytest

from people.models import Organization, User
from people.tests.login_kit import give_totp
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import signs_in_by_two_steps
from tickets.models import Ticket
from tiers.models import TierPolicy
from tiers.promises import promise_for
from tiers.tests.review_kit import signed_off

pytestmark = pytest.mark.browser


def test_a_promise_is_changed_in_a_draft_compared_and_published(
    stage: Stage, oscar: User, ada: User, open_for: Callable[..., Ticket]
) -> None:
    ticket = open_for(ada, severity=2)
    secret = give_totp(oscar)
    his = stage.comes()
    his.opens("/ops/")
    signs_in_by_two_steps(his, oscar, secret)
    his.arrives("Operations")
    his.presses("Promises")
    his.arrives("Promises, version 1: Launch program")
    his.presses("Make a draft of it")
    his.arrives("Promises, version 2: Launch program")

    his.presses("Change First reply, High", within=his.region("Promises of Enterprise"))
    his.arrives("First reply")
    his.writes("Target", "2")
    with his.is_refused(422):
        his.presses("Save")
    his.sees("Say whether “2” is hours or minutes, for example 2 h.")
    his.arrives("First reply")
    his.writes("Target", "2 h")
    his.presses("Save")
    his.arrives("Promises, version 2: Launch program")
    his.sees("was 4 h", within=his.region("Promises of Enterprise"))

    his.presses("Changes since version 1")
    his.arrives("From version 1 to version 2")
    his.sees("1 thing differs.", "First reply: target", within=his.page.locator("main"))

    signed_off(TierPolicy.objects.get(version=2), by=oscar, now=stage.now())
    his.opens("/ops/policy/2/promises/")
    his.presses("Publish…")
    his.arrives("Publish version 2")
    his.chooses("Only tickets opened from now on get the new promise")
    his.writes("What changed and why", "High is answered within two hours")
    his.presses("Publish", within=his.page.locator("main"))
    his.sees("It is published and counts from now on.")
    his.looks_around()
    his.opens("/ops/policy/versions/")
    his.arrives("Versions of the support program")
    his.sees("High is answered within two hours", "1 open ticket under it")
    ticket.refresh_from_db()
    assert ticket.terms.policy_version == 1
    assert open_for(ada, severity=2, now=stage.now()).terms.policy_version == 2


def test_what_a_contract_says_is_agreed_and_ended(
    stage: Stage, oscar: User, enterprise: Organization
) -> None:
    secret = give_totp(oscar)
    his = stage.comes()
    his.opens(f"/ops/organizations/{enterprise.public_id}/contract/")
    signs_in_by_two_steps(his, oscar, secret)
    his.arrives("Custom SLAs of Analytical Engines")
    his.presses("Agree a custom SLA", within=his.page.locator("main"))
    his.arrives("Custom SLA for Analytical Engines")
    his.writes("Target", "30 min")
    his.writes("Floor", "1 h")
    his.picks("Calendar", "Around the clock")
    his.writes("Reason", "Contract 2026-17, annex 2")
    his.chooses("Only tickets opened from now on get the new promise")
    his.presses("Approve and agree")
    his.arrives("Custom SLAs of Analytical Engines")
    his.sees("First reply: 30 min", "counts now", "Contract 2026-17, annex 2")
    promised = promise_for(enterprise, stage.now()).target(1, "first_reply")
    assert promised is not None
    assert promised.by == "contract"

    his.presses("End First reply, Critical")
    his.arrives("End First reply: 30 min")
    his.chooses("Only tickets opened from now on get the new promise")
    his.presses("End it")
    his.arrives("Custom SLAs of Analytical Engines")
    his.sees("ended")
