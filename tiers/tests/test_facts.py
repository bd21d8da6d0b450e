"""Recording facts: what is kept, what is refused, and that a newer truth is never hidden."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from conftest import TUESDAY
from people.models import Organization, User
from portal.kit.refused import InvalidInput
from tiers.actions import confirm_facts, evaluate_organization, record_facts
from tiers.models import AccountFact, TierAssignment


def known(organization: Organization) -> dict[str, str]:
    """Return the current value of every fact."""
    rows = AccountFact.objects.filter(organization=organization).current()
    return dict(rows.values_list("fact", "value"))


def test_a_recorded_amount_keeps_source_time_person_and_note(
    starter: Organization, oscar: User
) -> None:
    record_facts(
        organization=starter,
        values={"acv": "30,000.50"},
        source="ops",
        by=oscar,
        note="Signed order form",
        now=TUESDAY,
    )
    row = AccountFact.objects.filter(organization=starter, fact="acv").latest("id")
    assert (row.value, row.currency, row.source, row.recorded_by, row.note) == (
        "30000.5",
        "USD",
        "ops",
        oscar,
        "Signed order form",
    )
    assert row.observed_at == row.recorded_at == TUESDAY


def test_one_unreadable_value_records_nothing_and_every_problem_is_named(
    starter: Organization,
) -> None:
    before = AccountFact.objects.count()
    with pytest.raises(InvalidInput) as refused:
        record_facts(
            organization=starter,
            values={"acv": "a lot", "seats": "12", "usage_criticality": "6", "weather": "fine"},
            source="ops",
            now=TUESDAY,
        )
    assert set(refused.value.fields) == {"acv", "usage_criticality", "weather"}
    assert AccountFact.objects.count() == before


def test_an_amount_in_another_currency_is_refused_not_guessed(starter: Organization) -> None:
    with pytest.raises(InvalidInput) as refused:
        record_facts(
            organization=starter, values={"acv": "100"}, source="ops", currency="EUR", now=TUESDAY
        )
    assert "USD" in refused.value.fields["currency"]


@pytest.mark.parametrize(
    ("fact", "typed", "kept"),
    [
        ("acv", "25000.00", "25000"),
        ("acv", "0", "0"),
        ("acv", "25_000", "25000"),
        ("seats", "0012", "12"),
        ("strategic", "Yes", "true"),
        ("strategic", "0", "false"),
        ("contract_renewal", "2026-12-31", "2026-12-31"),
        ("severity_mix_90d", "0.250", "0.25"),
        ("region", "  EMEA ", "EMEA"),
        ("acv", "", ""),
    ],
)
def test_a_fact_has_one_stored_form(
    fact: str, typed: str, kept: str, starter: Organization
) -> None:
    record_facts(organization=starter, values={fact: typed}, source="ops", now=TUESDAY)
    assert known(starter)[fact] == kept


@pytest.mark.parametrize(
    ("fact", "typed"),
    [
        ("acv", "-1"),
        ("acv", "1e12"),
        ("acv", "NaN"),
        ("seats", "1.5"),
        ("usage_criticality", "0"),
        ("strategic", "perhaps"),
        ("contract_start", "31.12.2026"),
        ("severity_mix_90d", "1.2"),
        ("region", "x" * 81),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(
    fact: str, typed: str, starter: Organization
) -> None:
    with pytest.raises(InvalidInput) as refused:
        record_facts(organization=starter, values={fact: typed}, source="ops", now=TUESDAY)
    assert list(refused.value.fields) == [fact]


def test_a_late_delivery_of_an_old_observation_never_hides_a_newer_one(
    starter: Organization,
) -> None:
    record_facts(organization=starter, values={"acv": "8000"}, source="hubspot", now=TUESDAY)
    record_facts(
        organization=starter,
        values={"acv": "60000"},
        source="hubspot",
        observed_at=TUESDAY - timedelta(days=3),
        now=TUESDAY + timedelta(minutes=5),
    )
    assert known(starter)["acv"] == "8000"
    assert TierAssignment.objects.open().get(organization=starter).tier == "professional"


def test_of_two_observations_at_one_instant_the_later_recorded_counts(
    starter: Organization,
) -> None:
    for amount in ("8000", "60000"):
        record_facts(organization=starter, values={"acv": amount}, source="hubspot", now=TUESDAY)
    assert known(starter)["acv"] == "60000"


def test_forgetting_a_fact_holds_the_tier_because_missing_is_not_zero(
    enterprise: Organization,
) -> None:
    later = TUESDAY + timedelta(days=1)
    assignment = record_facts(
        organization=enterprise, values={"acv": ""}, source="hubspot", now=later
    )
    assert (assignment.tier, assignment.source) == ("enterprise", "hold")


def test_an_observed_fact_goes_stale_and_holds_but_a_typed_one_does_not(
    enterprise: Organization, professional: Organization
) -> None:
    record_facts(organization=professional, values={"acv": "12000"}, source="hubspot", now=TUESDAY)
    later = TUESDAY + timedelta(days=15)
    observed = record_facts(
        organization=professional, values={"region": "EMEA"}, source="ops", now=later
    )
    typed = record_facts(
        organization=enterprise, values={"region": "EMEA"}, source="ops", now=later
    )
    assert (observed.tier, observed.source) == ("professional", "hold")
    assert (typed.tier, typed.source) == ("enterprise", "criteria")


def seen_again(organization: Organization, seen_at: datetime, **changes: Any) -> int:
    values = {"facts": ["acv"], "source": "hubspot", "now": seen_at, **changes}
    return confirm_facts(organizations=[organization.pk], seen_at=seen_at, **values)


def test_a_fact_that_its_source_confirms_stays_fresh_without_another_row(
    professional: Organization,
) -> None:
    record_facts(organization=professional, values={"acv": "12000"}, source="hubspot", now=TUESDAY)
    rows = AccountFact.objects.count()
    assert seen_again(professional, TUESDAY + timedelta(days=10)) == 1
    later = evaluate_organization(organization=professional, now=TUESDAY + timedelta(days=20))
    assert (later.tier, later.source) == ("professional", "criteria")
    gone = evaluate_organization(organization=professional, now=TUESDAY + timedelta(days=25))
    assert gone.source == "hold"
    assert AccountFact.objects.count() == rows


def test_a_source_confirms_only_its_own_facts_that_count_now_and_never_backwards(
    professional: Organization,
) -> None:
    record_facts(organization=professional, values={"acv": "12000"}, source="hubspot", now=TUESDAY)
    day = timedelta(days=1)
    assert seen_again(professional, TUESDAY - day) == 0
    assert seen_again(professional, TUESDAY + day, source="salesforce") == 0
    assert seen_again(professional, TUESDAY + day, facts=["seats"]) == 0
    assert seen_again(professional, TUESDAY + 2 * day) == 1
    assert seen_again(professional, TUESDAY + day) == 0
    later = TUESDAY + 3 * day
    record_facts(organization=professional, values={"acv": "13000"}, source="ops", now=later)
    assert seen_again(professional, TUESDAY + 4 * day) == 0


def test_an_account_held_for_lack_of_fresh_facts_is_judged_again_when_they_are_confirmed(
    professional: Organization,
) -> None:
    record_facts(organization=professional, values={"acv": "12000"}, source="hubspot", now=TUESDAY)
    later = TUESDAY + timedelta(days=30)
    assert evaluate_organization(organization=professional, now=later).source == "hold"
    seen_again(professional, later)
    held = TierAssignment.objects.open().get(organization=professional)
    assert (held.tier, held.source) == ("professional", "criteria")


def test_facts_known_at_an_instant_leave_out_what_was_recorded_later(
    starter: Organization,
) -> None:
    record_facts(
        organization=starter, values={"seats": "40"}, source="ops", now=TUESDAY + timedelta(days=2)
    )
    then = AccountFact.objects.filter(organization=starter).known_at(TUESDAY).current()
    assert set(then.values_list("fact", flat=True)) == {"acv"}
