"""Choosing fields for facts: refused unless their values can be read."""

from decimal import Decimal
from typing import Any

import pytest

from integrations.crm import actions
from integrations.crm.models import CrmRecord, FieldMapping
from integrations.crm.rules.reading import Money, Rule, read_facts
from integrations.crm.tests.conftest import fact
from integrations.crm.vendor import Field, FieldType
from portal.kit.refused import InvalidInput, NotPermitted, Refused

TIERS = ("starter", "professional", "enterprise")
USD = Money("USD", {"EUR": Decimal("1.1")})


def read(name: str, value: str | None, **rule: Any) -> str:
    """Return what a value is read as, or what is wrong with it."""
    found = read_facts({"x": value, "cur": "EUR"}, [Rule(name, "x", **rule)], USD, TIERS)
    return found.values[name] if name in found.values else "! " + found.problems[name].code


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("seats", "40", "40"),
        ("seats", "40.0", "40"),
        ("seats", "40.5", "! not_whole"),
        ("seats", "-1", "! out_of_range"),
        ("seats", "1e3", "! not_a_number"),
        ("seats", "４０", "! not_a_number"),
        ("seats", "", ""),
        ("seats", None, ""),
        ("usage_criticality", "6", "! out_of_range"),
        ("strategic", "TRUE", "true"),
        ("strategic", "0", "false"),
        ("strategic", "maybe", "! not_yes_no"),
        ("contract_renewal", "2026-12-31", "2026-12-31"),
        ("contract_renewal", "2026-12-31T00:00:00Z", "2026-12-31"),
        ("contract_renewal", "31.12.2026", "! not_a_day"),
        ("contract_floor", "enterprise", "enterprise"),
        ("contract_floor", "Gold", "! no_such_tier"),
        ("severity_mix_90d", "0.25", "0.25"),
        ("severity_mix_90d", "25", "! out_of_range"),
        ("region", "EMEA", "EMEA"),
        ("region", "E\nMEA", "! too_long"),
    ],
)
def test_only_what_is_clearly_readable_is_read(name, value, expected):
    assert read(name, value) == expected


@pytest.mark.parametrize(
    ("value", "rule", "expected"),
    [
        ("31000", {"currency_from": "fixed", "currency": "USD"}, "31000"),
        ("31000.505", {"currency_from": "fixed", "currency": "USD"}, "31000.5"),
        ("0", {"currency_from": "fixed", "currency": "USD"}, "0"),
        ("31,000", {"currency_from": "fixed", "currency": "USD"}, "! not_a_number"),
        ("abc", {"currency_from": "fixed", "currency": "USD"}, "! not_a_number"),
        ("NaN", {"currency_from": "fixed", "currency": "USD"}, "! not_a_number"),
        ("-1", {"currency_from": "fixed", "currency": "USD"}, "! negative"),
        ("9" * 13, {"currency_from": "fixed", "currency": "USD"}, "! too_large"),
        ("100", {"currency_from": "field", "currency": "cur"}, "110"),
        ("100", {"currency_from": "fixed", "currency": "GBP"}, "! no_rate"),
        ("100", {"currency_from": "field", "currency": "nothing"}, "! no_currency"),
    ],
)
def test_an_amount_has_a_currency_and_a_rate_or_is_not_read(value, rule, expected):
    assert read("acv", value, **rule) == expected


def test_a_field_that_the_record_does_not_have_says_nothing():
    found = read_facts({}, [Rule("seats", "x")], USD, TIERS)
    assert (found.values, found.problems) == ({}, {})


def test_a_value_of_the_crm_may_be_given_one_of_ours():
    assert read("contract_floor", "Gold", translations={"Gold": "enterprise"}) == "enterprise"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "field", "more", "at"),
    [
        ("acv", Field("annualrevenue", "Annual revenue", FieldType.NUMBER), {}, "field"),
        ("acv", Field("closed", "Closed", FieldType.DAY), {}, "field"),
        ("acv", Field("value", "Value", FieldType.NUMBER), {"currency": "GBP"}, "currency"),
        ("acv", Field("value", "Value", FieldType.NUMBER), {"currency": "pounds"}, "currency"),
        ("strategic", Field("n", "N", FieldType.NUMBER), {}, "field"),
        ("nothing", Field("n", "N", FieldType.NUMBER), {}, "fact"),
        (
            "contract_floor", Field("plan", "Plan", FieldType.CHOICE, ("A",)),
            {"translations": {"A": "gold"}}, "translations",
        ),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_the_fact_is_refused_with_a_sentence(crm, name, field, more, at):
    before = FieldMapping.objects.count()
    with pytest.raises(InvalidInput) as refused:
        actions.map_field(
            connection=crm.connection, fact=name, field=field, by=crm.by, now=crm.now, **more
        )
    assert list(refused.value.fields) == [at]
    assert FieldMapping.objects.count() == before


@pytest.mark.django_db
def test_a_rate_changes_what_amounts_are_worth_at_the_next_comparison(crm, customer, oscar):
    _company, organization = customer(acv="20000")
    actions.set_rate(connection=crm.connection, currency="eur", rate="1.5", by=oscar, now=crm.now)
    field = Field("acv", "ACV", FieldType.NUMBER)
    actions.map_field(
        connection=crm.connection, fact="acv", field=field, currency="EUR", by=oscar, now=crm.now
    )
    assert crm.fresh.next_reconcile_at <= crm.now
    crm.compare()
    assert fact(organization) == "30000"
    row = organization.facts.get(value="30000")
    assert "20000 EUR at 1.5" in row.note
    for rate in ("0", "-1", "abc", "inf", ""):
        with pytest.raises(InvalidInput):
            actions.set_rate(
                connection=crm.connection, currency="GBP", rate=rate, by=oscar, now=crm.now
            )


@pytest.mark.django_db
def test_a_fact_that_is_read_no_more_stays_and_is_recorded_anew_when_it_is_mapped_again(
    crm, customer, oscar
):
    company, organization = customer(acv="31000", seats="40")
    mapping = FieldMapping.objects.get(fact="seats")
    actions.unmap_field(mapping=mapping, by=oscar)
    assert crm.record(company).facts == {"acv": "31000"}
    crm.change(company, seats="50")
    crm.deliver()
    crm.work()
    assert fact(organization, "seats") == "40"
    assert crm.outcomes(company)[-1] == ("changed", "ignored", "not_mapped")
    field = Field("seats", "Seats", FieldType.NUMBER)
    actions.map_field(connection=crm.connection, fact="seats", field=field, by=oscar, now=crm.now)
    crm.compare()
    assert fact(organization, "seats") == "50"


@pytest.mark.django_db
def test_a_dry_run_says_what_ten_records_would_become_and_stores_nothing(crm, customer, oscar):
    company, organization = customer(acv="4000")
    for number in range(15):
        crm.company(name=f"Other {number}", acv=str(number))
    crm.change(company, acv="31000", acv_text="many")
    crm.account.webhooks.waiting.clear()
    records = CrmRecord.objects.count()
    rows = actions.dry_run(connection=crm.fresh, by=oscar, now=crm.tick())
    assert len(rows) == 10
    first = rows[0]
    acv = next(it for it in first.facts if it.fact == "acv")
    assert (first.organization, acv.raw, acv.value, acv.present) == (
        organization, "31000", "31000", "4000",
    )  # fmt: skip
    assert acv.would_change
    assert (CrmRecord.objects.count(), fact(organization)) == (records, "4000")
    crm.account.faults.add({"status": 503, "times": 50})
    with pytest.raises(Refused, match="did not answer"):
        actions.dry_run(connection=crm.fresh, by=oscar, now=crm.tick())


@pytest.mark.django_db
def test_only_ops_may_touch_mappings_and_connections(crm, customer, agnes, lena, ada):
    field = Field("acv", "ACV", FieldType.NUMBER)
    for user in (agnes, lena, ada):
        with pytest.raises(NotPermitted):
            actions.map_field(
                connection=crm.connection, fact="acv", field=field, by=user, now=crm.now
            )
        for act in (actions.test_connection, actions.fields_of, actions.dry_run):
            with pytest.raises(NotPermitted):
                act(connection=crm.connection, by=user, now=crm.now)
        for quick in (actions.pause_connection, actions.new_address, actions.change_connection):
            with pytest.raises(NotPermitted):
                quick(connection=crm.connection, by=user)
