"""Assignments: temporal rows, one open per organization, written only when something changed."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError

from conftest import TUESDAY
from people.actions import create_organization
from people.models import Organization, User
from tiers.actions import (
    draft_from_live,
    evaluate_organization,
    give_override,
    organizations_to_evaluate,
    publish_policy,
    record_facts,
)
from tiers.actions.applying import start_run
from tiers.models import TierAssignment, TierEvaluation
from tiers.program import program_of
from tiers.rules import evaluation
from tiers.tests.review_kit import signed_off

DAY = timedelta(days=1)


def rows(organization: Organization) -> list[tuple[str, str]]:
    """Return tier and source of every assignment, oldest first."""
    found = TierAssignment.objects.filter(organization=organization).order_by("id")
    return list(found.values_list("tier", "source"))


def test_a_promotion_counts_at_once_and_says_so(starter: Organization) -> None:
    now = TUESDAY + DAY
    record_facts(organization=starter, values={"acv": "25000"}, source="ops", now=now)
    assert rows(starter) == [("starter", "criteria"), ("enterprise", "promote")]
    first, second = TierAssignment.objects.filter(organization=starter).order_by("id")
    assert first.valid_to == second.valid_from == now
    assert second.valid_to is None


def test_a_demotion_waits_for_the_grace_and_then_takes_one_step(enterprise: Organization) -> None:
    record_facts(organization=enterprise, values={"acv": "1000"}, source="ops", now=TUESDAY + DAY)
    evaluate_organization(organization=enterprise, now=TUESDAY + 60 * DAY)
    assert rows(enterprise) == [("enterprise", "criteria"), ("enterprise", "grace")]
    evaluate_organization(organization=enterprise, now=TUESDAY + 61 * DAY)
    assert rows(enterprise)[-1] == ("professional", "demote")
    open_row = TierAssignment.objects.open().get(organization=enterprise)
    assert open_row.below_since == (TUESDAY + 61 * DAY).date()


def test_evaluating_again_writes_nothing(enterprise: Organization) -> None:
    record_facts(organization=enterprise, values={"acv": "24000"}, source="ops", now=TUESDAY)
    before = rows(enterprise), TierEvaluation.objects.count()
    for later in range(5):
        evaluate_organization(organization=enterprise, now=TUESDAY + later * DAY)
    assert (rows(enterprise), TierEvaluation.objects.count()) == before


def test_inside_the_exit_band_an_enterprise_account_stays_and_a_new_one_does_not_get_in(
    enterprise: Organization, professional: Organization
) -> None:
    for organization in (enterprise, professional):
        record_facts(
            organization=organization, values={"acv": "23500"}, source="ops", now=TUESDAY + DAY
        )
    tiers = TierAssignment.objects.open().values_list("organization__name", "tier")
    assert dict(tiers) == {"Analytical Engines": "enterprise", "Paul's Pallets": "professional"}


def test_the_stored_evaluation_can_be_replayed_to_its_own_answer(starter: Organization) -> None:
    assignment = record_facts(
        organization=starter, values={"acv": "6000"}, source="ops", now=TUESDAY + DAY
    )
    stored = assignment.evaluation
    inputs = evaluation.Inputs.from_json(stored.snapshot)
    again = evaluation.decide(program_of(assignment.policy).rules, inputs)
    assert again.to_json() == stored.decision


def test_the_database_allows_one_open_assignment_only(starter: Organization) -> None:
    held = TierAssignment.objects.open().get(organization=starter)
    with pytest.raises(IntegrityError):
        TierAssignment.objects.create(
            organization=starter,
            tier="enterprise",
            source="criteria",
            policy=held.policy,
            evaluation=held.evaluation,
            valid_from=TUESDAY,
        )


def test_what_an_override_lends_is_given_back_when_it_ends(
    starter: Organization, lena: User, oscar: User
) -> None:
    give_override(
        organization=starter,
        tier="enterprise",
        reason="Pilot customer",
        requested_by=lena,
        approved_by=oscar,
        starts=TUESDAY.date(),
        expires=date(2026, 3, 20),
        now=TUESDAY,
    )
    evaluate_organization(organization=starter, now=TUESDAY + 3 * DAY)
    assert rows(starter)[-1] == ("enterprise", "override")
    ended = evaluate_organization(organization=starter, now=TUESDAY + 10 * DAY)
    assert (ended.tier, ended.source, ended.below_since) == ("starter", "criteria", None)


def test_facts_that_change_under_an_override_still_count_when_it_ends(
    starter: Organization, lena: User, oscar: User
) -> None:
    give_override(
        organization=starter,
        tier="enterprise",
        reason="Pilot customer",
        requested_by=lena,
        approved_by=oscar,
        starts=TUESDAY.date(),
        expires=date(2026, 4, 20),
        now=TUESDAY,
    )
    record_facts(organization=starter, values={"acv": "9000"}, source="ops", now=TUESDAY + DAY)
    record_facts(organization=starter, values={"acv": "900"}, source="ops", now=TUESDAY + 2 * DAY)
    ended = evaluate_organization(organization=starter, now=TUESDAY + 41 * DAY)
    # Promoted underneath on the second day, so the fall on the third began a grace.
    assert (ended.tier, ended.source) == ("professional", "grace")
    assert ended.below_since == (TUESDAY + 2 * DAY).date()


def test_only_those_whose_answer_may_differ_are_evaluated_daily(
    enterprise: Organization, professional: Organization, starter: Organization
) -> None:
    fresh = create_organization(name="Never evaluated")
    record_facts(organization=professional, values={"acv": "100"}, source="ops", now=TUESDAY + DAY)
    assert organizations_to_evaluate(TUESDAY + 2 * DAY) == sorted([fresh.pk, professional.pk])


def test_an_observed_fact_that_went_stale_brings_its_account_to_the_daily_evaluation(
    starter: Organization, professional: Organization
) -> None:
    record_facts(organization=professional, values={"acv": "12000"}, source="hubspot", now=TUESDAY)
    assert organizations_to_evaluate(TUESDAY + 14 * DAY) == []
    assert organizations_to_evaluate(TUESDAY + 15 * DAY) == [professional.pk]
    evaluate_organization(organization=professional, now=TUESDAY + 15 * DAY)
    assert rows(professional)[-1] == ("professional", "hold")
    assert organizations_to_evaluate(TUESDAY + 16 * DAY) == []


def test_a_new_live_policy_is_for_its_run_and_not_for_the_daily_evaluation(
    enterprise: Organization, starter: Organization, oscar: User
) -> None:
    draft = signed_off(draft_from_live(author=oscar, now=TUESDAY), by=oscar, now=TUESDAY)
    publish_policy(policy=draft, treatment="keep", published_by=oscar, now=TUESDAY)
    assert organizations_to_evaluate(TUESDAY + DAY) == []
    run = start_run(TUESDAY + DAY)
    assert run is not None
    assert run.total == 2
