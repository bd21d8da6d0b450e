"""One row per account says where it stands, always as the facts and assignments say it."""

from datetime import date, timedelta
from importlib import import_module

import pytest
from django.apps import apps

from conftest import TUESDAY
from people.models import Organization
from tiers.actions import (
    check_standings,
    confirm_facts,
    evaluate_organization,
    give_override,
    record_facts,
    withdraw_override,
)
from tiers.models import AccountFact, AccountStanding, TierAssignment
from tiers.rules.standings import FACT_COLUMNS

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def enterprise(ada) -> Organization:
    return ada.memberships.get().organization


def standing(organization: Organization) -> AccountStanding:
    return AccountStanding.objects.get(organization=organization)


def test_every_fact_that_criteria_may_use_has_its_column():
    assert {*FACT_COLUMNS, AccountFact.Name.CONTRACT_FLOOR} == set(AccountFact.Name.values)


def test_recorded_facts_stand_in_columns_of_their_kind(enterprise):
    record_facts(
        organization=enterprise,
        values={"acv": "24999.99", "strategic": "yes", "region": "EU", "health": "61",
                "severity_mix_90d": "0.125", "contract_renewal": "2026-12-31",
                "contract_floor": "professional", "seats": ""},
        source="hubspot",
        now=TUESDAY + DAY,
    )  # fmt: skip

    found = standing(enterprise)
    assert (found.acv, found.strategic, found.region, found.health) == (24_999_99, True, "w:eu", 61)
    assert (found.severity_mix_90d, found.contract_renewal) == (1250, date(2026, 12, 31))
    assert (found.contract_floor, found.seats) == ("professional", None)
    assert found.acv_seen == found.acv_changed == date(2026, 3, 11)
    assert (found.tier, found.held, found.judged_at) == ("enterprise", "enterprise", TUESDAY + DAY)


def test_what_a_person_recorded_has_no_age(enterprise):
    assert standing(enterprise).acv_seen is None
    assert standing(enterprise).acv_changed == TUESDAY.date()


def test_seeing_the_same_again_is_no_change(enterprise):
    for days, acv in ((1, "30000"), (2, "30000"), (3, "31000"), (4, "30000"), (9, "30000")):
        record_facts(
            organization=enterprise, values={"acv": acv}, source="hubspot", now=TUESDAY + days * DAY
        )

    found = standing(enterprise)
    assert found.acv_seen == (TUESDAY + 9 * DAY).date()
    assert found.acv_changed == (TUESDAY + 4 * DAY).date()


def test_a_confirmed_fact_is_seen_again(enterprise):
    record_facts(organization=enterprise, values={"acv": "30000"}, source="hubspot", now=TUESDAY)

    confirm_facts(
        organizations=[enterprise.pk], facts=["acv"], source="hubspot",
        seen_at=TUESDAY + 5 * DAY, now=TUESDAY + 5 * DAY,
    )  # fmt: skip

    found = standing(enterprise)
    assert found.acv_seen == (TUESDAY + 5 * DAY).date()
    assert found.acv_changed == TUESDAY.date()


def test_an_override_lends_a_tier_and_leaves_what_is_held(enterprise, lena, oscar):
    override = give_override(
        organization=enterprise, tier="starter", reason="They asked", requested_by=lena,
        approved_by=oscar, starts=TUESDAY.date(), expires=TUESDAY.date() + 9 * DAY, now=TUESDAY,
    )  # fmt: skip
    lent = standing(enterprise)
    assert (lent.tier, lent.source, lent.held) == ("starter", "override", "enterprise")

    withdraw_override(override=override, now=TUESDAY + DAY)
    assert standing(enterprise).tier == "enterprise"


def test_an_evaluation_that_changes_nothing_says_when_it_was(enterprise):
    before = TierAssignment.objects.count()

    evaluate_organization(organization=enterprise, now=TUESDAY + DAY)

    assert TierAssignment.objects.count() == before
    assert standing(enterprise).judged_at == TUESDAY + DAY


def test_the_upgrade_writes_the_same_rows(enterprise, paul, stella, lena, oscar):
    for days, acv in ((1, "30000"), (2, "30000"), (3, ""), (4, "12000")):
        record_facts(
            organization=enterprise,
            values={"acv": acv, "region": "EU"},
            source="hubspot",
            now=TUESDAY + days * DAY,
        )
    for organization in Organization.objects.all():
        evaluate_organization(organization=organization, now=TUESDAY + 6 * DAY)
    before = rows()
    AccountStanding.objects.all().delete()

    import_module("tiers.migrations.0010_fill_account_standings").fill(apps, None)

    assert rows() == before
    assert len(before) >= 3


def test_the_nightly_check_finds_and_repairs_what_differs(enterprise, paul):
    assert check_standings() == 0
    right = rows()
    AccountStanding.objects.filter(organization=enterprise).update(acv=1, tier="starter")
    AccountStanding.objects.exclude(organization=enterprise).delete()

    assert check_standings() == 2

    assert rows() == right
    assert check_standings() == 0


def rows() -> list[dict[str, object]]:
    """Return all standings but when they were judged, which the upgrade cannot know."""
    found = AccountStanding.objects.order_by("pk").values()
    return [{name: one for name, one in row.items() if name != "judged_at"} for row in found]
