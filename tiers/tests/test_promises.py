"""The question other rooms ask: what is owed to this organization, at this instant?"""

from datetime import timedelta

import pytest

from conftest import TUESDAY
from people.actions import create_organization
from people.models import Organization, User
from portal.kit.refused import Refused
from tiers.actions import draft_from_live, publish_policy, record_facts
from tiers.models import Calendar, OrganizationTarget, TierPolicy
from tiers.promises import promise_for, tier_of
from tiers.tests.review_kit import signed_off

HOUR = 3600
DAY = timedelta(days=1)


def test_each_tier_is_owed_its_own_first_answer(
    enterprise: Organization, professional: Organization, starter: Organization
) -> None:
    owed = {}
    for organization in (enterprise, professional, starter):
        target = promise_for(organization, TUESDAY).target(1, "first_reply")
        assert target is not None
        owed[organization.name] = (target.seconds, target.calendar, target.by)
    assert owed == {
        "Analytical Engines": (1 * HOUR, "around-the-clock", "tier"),
        "Paul's Pallets": (2 * HOUR, "business-hours", "tier"),
        "Stella Storage": (4 * HOUR, "business-hours", "tier"),
    }


def test_a_tier_brings_its_queue_its_people_and_its_channels(enterprise: Organization) -> None:
    promise = promise_for(enterprise, TUESDAY)
    assert (promise.queue_key, promise.account_team) == ("enterprise", ("tam", "backup"))
    assert "slack" in promise.channels
    assert promise.review_cadence_days == 91


def test_what_is_not_promised_has_no_target(starter: Organization) -> None:
    assert promise_for(starter, TUESDAY).target(3, "periodic_update") is None


def test_an_organization_that_was_never_evaluated_is_owed_the_default_tier(db: None) -> None:
    newcomer = create_organization(name="Just signed")
    assert promise_for(newcomer, TUESDAY).tier == "starter"


def test_the_past_keeps_its_promise(starter: Organization) -> None:
    record_facts(organization=starter, values={"acv": "60000"}, source="ops", now=TUESDAY + DAY)
    assert tier_of(starter, TUESDAY + DAY / 2) == "starter"
    assert tier_of(starter, TUESDAY + 2 * DAY) == "enterprise"


def test_a_contract_replaces_one_target_and_leaves_the_others(
    professional: Organization, oscar: User
) -> None:
    OrganizationTarget.objects.create(
        organization=professional,
        severity=1,
        metric="first_reply",
        target_seconds=HOUR // 2,
        floor_seconds=HOUR,
        calendar=Calendar.objects.get(key="around-the-clock"),
        reason="Order form, appendix B",
        approved_by=oscar,
        valid_from=TUESDAY,
        valid_to=TUESDAY + 30 * DAY,
    )
    during = promise_for(professional, TUESDAY)
    custom, usual = during.target(1, "first_reply"), during.target(2, "first_reply")
    assert custom is not None
    assert usual is not None
    assert (custom.seconds, custom.calendar, custom.by) == (1800, "around-the-clock", "contract")
    assert custom.warn_at == (50, 75, 90)
    assert (usual.seconds, usual.by) == (4 * HOUR, "tier")
    for outside in (TUESDAY - DAY, TUESDAY + 30 * DAY):
        target = promise_for(professional, outside).target(1, "first_reply")
        assert target is not None
        assert target.by == "tier"


def test_a_contract_may_promise_what_the_tier_does_not(starter: Organization, oscar: User) -> None:
    OrganizationTarget.objects.create(
        organization=starter,
        severity=2,
        metric="periodic_update",
        target_seconds=HOUR,
        floor_seconds=2 * HOUR,
        calendar=Calendar.objects.get(key="business-hours"),
        reason="Side letter",
        approved_by=oscar,
        valid_from=TUESDAY,
    )
    target = promise_for(starter, TUESDAY).target(2, "periodic_update")
    assert target is not None
    assert (target.seconds, target.pause_on, target.warn_at) == (HOUR, (), (50, 75, 90))


def test_a_tier_that_the_policy_no_longer_knows_gets_what_the_default_tier_gets(
    starter: Organization,
) -> None:
    starter.tier_assignments.update(tier="bronze")
    promise = promise_for(starter, TUESDAY)
    assert (promise.tier, promise.queue_key) == ("starter", "general")


def test_without_a_live_policy_nothing_is_promised_and_the_refusal_says_what_to_do(
    starter: Organization,
) -> None:
    TierPolicy.objects.update(effective_from=TUESDAY + DAY)
    with pytest.raises(Refused) as refused:
        promise_for(starter, TUESDAY)
    assert refused.value.code == "no_policy"


def test_the_policy_of_the_time_answers_for_the_time(starter: Organization, oscar: User) -> None:
    draft = draft_from_live(author=oscar, now=TUESDAY)
    draft.targets.filter(tier="starter").exclude(severity=1, metric="resolution").delete()
    signed_off(draft, by=oscar, now=TUESDAY)
    publish_policy(
        policy=draft, treatment="next_ticket", change_note="Less", published_by=oscar,
        now=TUESDAY + DAY,
    )  # fmt: skip
    assert promise_for(starter, TUESDAY).policy_version == 1
    after = promise_for(starter, TUESDAY + DAY)
    assert (after.policy_version, set(after.targets)) == (2, {(1, "resolution")})
