"""Operations change who gets which tier: a draft, its criteria, a second person, going live."""

from collections.abc import Callable

import pytest

from people.models import Organization, User
from people.tests.login_kit import give_totp
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import signs_in_by_two_steps
from portal.tests.browser.visitor import Visitor
from tickets.actions import publish_scheduled_policies
from tickets.models import Ticket
from tiers.actions import evaluate_organization
from tiers.models import PolicyEdit, TierPolicy

pytestmark = pytest.mark.browser


def comes_to_ops(stage: Stage, person: User) -> Visitor:
    """Bring somebody of ops to the versions."""
    secret = give_totp(person)
    visitor = stage.comes()
    visitor.opens("/ops/policy/versions/")
    signs_in_by_two_steps(visitor, person, secret)
    visitor.arrives("Versions of the support program")
    visitor.looks_around()
    return visitor


def test_criteria_are_drafted_signed_off_by_a_second_person_published_and_retired(
    stage: Stage,
    oscar: User,
    root: User,
    professional: Organization,
    enterprise: Organization,
    starter: Organization,
    ada: User,
    open_for: Callable[..., Ticket],
) -> None:
    his, hers = comes_to_ops(stage, oscar), comes_to_ops(stage, root)

    # Oscar lowers the threshold of Enterprise and sees at once whom that moves.
    his.presses("New draft")
    his.arrives("Promises, version 2: Launch program")
    his.presses("Tiers and criteria")
    his.arrives("Tiers and criteria, version 2: Launch program")
    first = his.page.locator("#rule-0-0")
    first.get_by_label("Value to keep the tier").fill("15000")
    first.get_by_label("Value to get the tier").fill("10000")
    his.sees("keeping the tier must be easier", within=his.page.locator("#criteria-live"))
    first.get_by_label("Value to keep the tier").fill("9000")
    counts = his.page.locator("#criteria-live table")
    his.sees("+1", within=counts.get_by_role("row", name="Enterprise"))
    his.sees("-1", within=counts.get_by_role("row", name="Professional"))
    his.looks_around()

    # A rule of two criteria for those who cannot do without us.
    his.presses("Add a rule")
    third = his.page.locator("#rule-2")
    third.get_by_label("Gets").select_option(label="Professional")
    third.locator("select[name=rule-2-0-fact]").select_option(label="Usage criticality")
    his.sees("of 5", within=his.page.locator("#rule-2-0"))
    his.page.locator("#rule-2-0").get_by_label("Value to get the tier").fill("4")
    his.presses("Save the draft")
    his.sees("Saved. Nothing counts before this draft is published.")
    assert PolicyEdit.objects.filter(policy__version=2, what="criteria").count() == 1

    # He asks for the review, and cannot give it to himself.
    his.presses("Review and publish", within=his.page.get_by_label("Pages of this version"))
    his.arrives("Review of version 2: Launch program")
    his.writes("What changed, and why", "Ten thousand a year is where our large customers begin")
    his.presses("Ask for a review", within=his.region("Ask for a review"))
    his.sees("Waiting for a second person", "You began this draft.")
    his.looks_around()
    assert his.page.get_by_role("button", name="Sign it off").count() == 0

    # Ruth reads what changes, asks something, and signs.
    hers.opens("/ops/policy/2/review/")
    hers.arrives("Review of version 2: Launch program")
    hers.sees("at least USD 10,000, kept with at least USD 9,000", "Ten thousand a year")
    hers.looks_around()
    hers.writes("Your words", "Finance agrees")
    hers.presses("Sign it off")
    hers.sees("You signed it off.", "Ready to be published")

    # It is published, and who is moved by it is.
    his.opens("/ops/policy/2/review/")
    his.sees("Ruth Root signed it off", "Finance agrees")
    his.presses("Publish now…")
    his.arrives("Publish version 2")
    his.chooses("Only tickets opened from now on get the new promise")
    his.writes("What changed and why", "Large customers begin at ten thousand")
    his.presses("Publish", within=his.page.locator("main"))
    his.sees("It is published and counts from now on.")
    his.looks_around()
    evaluate_organization(organization=professional, now=stage.now())
    his.opens(f"/ops/organizations/{professional.public_id}/")
    his.sees("Enterprise")
    his.looks_around()
    assert professional.tier_assignments.get(valid_to=None).tier == "enterprise"

    # The version before is retired and says what took its place.
    his.opens("/ops/policy/1/history/")
    his.sees("Retired: version 2 took its place")
    his.looks_around()
    his.opens("/ops/policy/2/history/")
    his.arrives("History of version 2: Launch program")
    his.sees("Published", "Signed off", "Review asked for", "USD 10,000")
    his.looks_around()
    his.opens("/ops/policy/versions/")
    his.sees("Retired", "Go back to it")


def test_a_version_is_scheduled_without_scripts_and_goes_live_at_its_time(
    stage: Stage, oscar: User, root: User, starter: Organization
) -> None:
    secret = give_totp(oscar)
    his, hers = stage.comes(has_scripts=False), comes_to_ops(stage, root)
    his.opens("/ops/policy/versions/")
    signs_in_by_two_steps(his, oscar, secret)
    his.presses("New draft")
    his.opens("/ops/policy/2/criteria/")
    his.presses("Add a rule")
    his.sees("3", within=his.page.locator("#rule-2"))
    his.presses("Take the rule out: 3")
    his.field("Days of grace before a step down").fill("30")
    his.presses("Save the draft")
    his.sees("Saved. Nothing counts before this draft is published.")
    his.opens("/ops/policy/2/review/")
    his.writes("What changed, and why", "A month is enough")
    his.presses("Ask for a review", within=his.region("Ask for a review"))
    his.looks_around()
    his.forgets()  # the other story judges these pages
    hers.opens("/ops/policy/2/review/")
    hers.presses("Sign it off")
    hers.sees("You signed it off.")
    hers.page.get_by_text("Publish later").click()
    hers.page.get_by_label("Publish at").fill("2026-03-11T08:00")
    hers.chooses("Only tickets opened from now on get the new promise")
    hers.presses("Schedule it")
    hers.sees("Goes live on 11 Mar 2026, 08:00")
    hers.looks_around()
    assert publish_scheduled_policies(now=stage.now()) == 0
    stage.passes(hours=23)
    assert publish_scheduled_policies(now=stage.now()) == 1
    assert TierPolicy.objects.live().get().demote_grace_days == 30
    hers.opens("/ops/policy/2/review/")
    hers.sees("Published")
