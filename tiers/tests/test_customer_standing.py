"""What customers read about their own tier: why, and what is to come; nothing internal."""

from datetime import timedelta
from typing import Any

from django.test import Client

from conftest import TUESDAY
from people.models import Organization, User
from tiers.actions import (
    approve_override,
    draft_from_live,
    evaluate_organization,
    give_override,
    record_facts,
)
from tiers.actions.overriding import extend_override
from tiers.customer_standing import CustomerStanding, customer_standing
from tiers.models import Criterion, TierAssignment, TierRule
from tiers.tests.policy_kit import put_in_force

DAY = timedelta(days=1)
SECRETS = ("Key account of the board", "Lena", "Oscar", "strategic", "criticality", "health", "USD")


def standing(organization: Organization, days: int = 0) -> CustomerStanding:
    """Evaluate and say it so many days after the Tuesday."""
    now = TUESDAY + days * DAY
    evaluate_organization(organization=organization, now=now)
    return customer_standing(organization, now)


def words(said: CustomerStanding) -> str:
    """Return everything that is said."""
    return said.why + (said.change.sentence if said.change else "")


def lend(organization: Organization, tier: str, by: User, approver: User) -> Any:
    """Give an override for thirty days."""
    return give_override(
        organization=organization, tier=tier, reason="Key account of the board",
        requested_by=by, approved_by=approver, starts=TUESDAY.date(),
        expires=(TUESDAY + 30 * DAY).date(), now=TUESDAY,
    )  # fmt: skip


def test_a_plan_that_follows_from_the_contract_says_so_without_any_amount(
    professional: Organization,
) -> None:
    said = standing(professional)
    assert said.why == "Professional is the plan that goes with the size of your contract."
    assert said.change is None


def test_a_plan_that_follows_from_internal_facts_does_not_name_them(
    starter: Organization, oscar: User
) -> None:
    draft = draft_from_live(author=oscar, now=TUESDAY)
    rule = TierRule.objects.create(policy=draft, tier="enterprise", precedence=0)
    Criterion.objects.create(rule=rule, fact="strategic", op="eq", value=True)
    put_in_force(draft, TUESDAY)
    record_facts(organization=starter, values={"strategic": "yes"}, source="ops", now=TUESDAY)
    said = standing(starter)
    assert TierAssignment.objects.open().get(organization=starter).tier == "enterprise"
    assert said.why == "Enterprise is the plan that goes with your agreement with us."


def test_a_contract_that_guarantees_a_tier_is_named(starter: Organization) -> None:
    signed = {"contract_floor": "professional"}
    record_facts(organization=starter, values=signed, source="ops", now=TUESDAY)
    assert standing(starter).why == "Your contract includes Professional."


def test_the_end_of_the_grace_is_told_with_its_day_and_the_next_step(
    enterprise: Organization,
) -> None:
    record_facts(organization=enterprise, values={"acv": "100"}, source="ops", now=TUESDAY)
    said = standing(enterprise, 10)
    assert said.change is not None
    assert (said.change.tier, said.change.day) == ("professional", (TUESDAY + 60 * DAY).date())
    assert said.change.sentence.startswith(
        "You keep Enterprise at least until 9 May 2026. As things stand, your plan is Professional"
    )


def test_the_grace_never_threatens_with_less_than_is_signed(
    enterprise: Organization, oscar: User
) -> None:
    draft = draft_from_live(author=oscar, now=TUESDAY)
    draft.max_step_down = 2
    draft.save()
    put_in_force(draft, TUESDAY)
    record_facts(
        organization=enterprise, values={"acv": "100", "contract_floor": "professional"},
        source="ops", now=TUESDAY,
    )  # fmt: skip
    said = standing(enterprise, 1)
    assert said.change is not None
    assert said.change.tier == "professional"


def test_the_end_of_the_grace_is_that_of_the_version_in_force(
    enterprise: Organization, oscar: User
) -> None:
    record_facts(organization=enterprise, values={"acv": "100"}, source="ops", now=TUESDAY)
    draft = draft_from_live(author=oscar, now=TUESDAY + DAY)
    draft.demote_grace_days = 30
    draft.save()
    put_in_force(draft, TUESDAY + DAY)
    change = standing(enterprise, 2).change
    assert change is not None
    assert change.day == (TUESDAY + 30 * DAY).date()


def test_a_fact_that_went_silent_frightens_nobody(
    enterprise: Organization,
) -> None:
    record_facts(organization=enterprise, values={"acv": "30000"}, source="hubspot", now=TUESDAY)
    said = standing(enterprise, 30)
    assert TierAssignment.objects.open().get(organization=enterprise).source == "hold"
    assert said == CustomerStanding(
        "Enterprise is the plan that goes with your agreement with us.", None
    )


def test_an_override_is_an_agreement_with_an_end_and_says_what_follows(
    starter: Organization, lena: User, oscar: User
) -> None:
    lend(starter, "enterprise", lena, oscar)
    said = standing(starter, 1)
    assert said.why == "You have Enterprise by special agreement until 9 Apr 2026."
    assert said.change is not None
    assert said.change.is_lower
    assert said.change.sentence == (
        "As things stand today, your plan is Starter from 9 Apr 2026 on."
    )
    assert not any(secret in words(said) for secret in SECRETS)


def test_an_extension_is_one_agreement(
    starter: Organization, lena: User, oscar: User, agnes: User
) -> None:
    first = lend(starter, "enterprise", lena, oscar)
    longer = extend_override(
        override=first, reason="More", by=agnes, expires=(TUESDAY + 60 * DAY).date(), now=TUESDAY
    )
    approve_override(request=longer, by=oscar, now=TUESDAY)
    assert standing(starter, 1).why.endswith("until 9 May 2026.")


def test_an_override_to_what_the_account_has_anyway_announces_no_change(
    professional: Organization, lena: User, oscar: User
) -> None:
    lend(professional, "professional", lena, oscar)
    assert standing(professional, 1).change is None


def test_an_override_to_a_lower_tier_ends_in_a_rise(
    enterprise: Organization, lena: User, oscar: User
) -> None:
    lend(enterprise, "starter", lena, oscar)
    change = standing(enterprise, 1).change
    assert change is not None
    assert (change.tier, change.is_lower) == ("enterprise", False)


def test_who_was_never_evaluated_has_the_plan_of_everybody(starter: Organization) -> None:
    TierAssignment.objects.all().delete()
    assert customer_standing(starter, TUESDAY).why == (
        "This is the plan that everybody starts with."
    )


def test_the_customers_page_says_it_and_leaks_nothing(
    starter: Organization, stella: User, lena: User, oscar: User, at_door: Any, time_machine: Any
) -> None:
    time_machine.move_to(TUESDAY, tick=False)
    record_facts(
        organization=starter, values={"strategic": "yes", "usage_criticality": 5},
        source="ops", by=oscar, note="Key account of the board", now=TUESDAY,
    )  # fmt: skip
    lend(starter, "enterprise", lena, oscar)
    client: Client = at_door(stella)
    page = client.get("/").content.decode()
    assert "by special agreement until 9 Apr 2026." in page
    assert "your plan is Starter from 9 Apr 2026 on." in page
    assert not [secret for secret in SECRETS if secret in page]
