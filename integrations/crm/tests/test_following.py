"""From a change in the CRM to the tier: over real HTTP, with the stand-in's own webhooks."""

import pytest

from integrations.crm import actions
from integrations.crm.models import CrmEvent, CrmRecord, DirtyRecord, SyncDifference
from integrations.crm.tests.conftest import fact, tier
from integrations.crm.vendor import Field, FieldType
from integrations.crm.words import why
from tiers.actions import evaluate_organization, record_facts
from tiers.models import AccountFact, TierAssignment

pytestmark = pytest.mark.django_db


def test_a_changed_contract_value_becomes_the_fact_and_the_tier(crm, customer):
    company, organization = customer(acv="4000")
    assert (fact(organization), tier(organization)) == ("4000", "starter")
    crm.change(company, acv="31000")
    assert crm.deliver() == [200]
    crm.work()
    assert (fact(organization), tier(organization)) == ("31000", "enterprise")
    event = CrmEvent.objects.get(field="acv", new="31000")
    assert (event.old, event.outcome, event.fact) == ("4000", "applied", "acv")
    row = AccountFact.objects.get(organization=organization, value="31000")
    assert (row.source, event.fact_row) == ("hubspot", row)
    assert f"HubSpot {company}, CRM event {event.pk}: acv 4000 -> 31000" in row.note
    led_to, brought_by = event.assignment, event.delivery
    assert led_to is not None
    assert brought_by is not None
    assert (led_to.tier, brought_by.status) == ("enterprise", "done")
    assert not DirtyRecord.objects.exists()


def test_two_changes_of_one_company_are_one_reading(crm, customer):
    company, organization = customer(acv="4000")
    crm.account.log.clear()
    for acv in ("5000", "6000", "7000"):
        crm.change(company, acv=acv, seats=acv)
    crm.deliver()
    crm.work()
    assert crm.account.calls_to("/crm/v3/objects/companies/batch/read") == 1
    assert (fact(organization), fact(organization, "seats")) == ("7000", "7000")
    outcomes = crm.outcomes(company)[-6:]
    assert outcomes.count(("changed", "applied", "")) == 2
    assert outcomes.count(("changed", "ignored", "superseded")) == 4


def test_a_repeated_delivery_is_answered_alike_and_changes_nothing(crm, customer):
    company, _organization = customer(acv="4000")
    crm.account.webhooks.mischief.duplicate = 1.0
    crm.change(company, acv="31000")
    assert crm.deliver() == [200]
    crm.work()
    told = list(crm.account.webhooks.told)
    facts, events = AccountFact.objects.count(), CrmEvent.objects.count()
    for _again in range(2):
        crm.account.webhooks.waiting = list(told)
        assert set(crm.deliver()) == {200}
        crm.work()
    assert (AccountFact.objects.count(), CrmEvent.objects.count()) == (facts, events)
    assert not DirtyRecord.objects.exists()
    assert not CrmEvent.objects.waiting().exists()


def test_an_event_that_comes_late_finds_what_is_newer_known(crm, customer):
    company, organization = customer(acv="4000")
    crm.change(company, acv="9000")
    late, crm.account.webhooks.waiting = crm.account.webhooks.waiting, []
    crm.change(company, acv="31000")
    crm.deliver()
    crm.work()
    crm.tick(86_400)
    crm.account.webhooks.waiting = late
    crm.deliver()
    crm.work()
    assert fact(organization) == "31000"
    assert crm.outcomes(company)[-1] == ("changed", "ignored", "no_change")


def test_a_value_that_cannot_be_read_leaves_the_old_fact_and_says_why(crm, customer):
    company, organization = customer(acv="31000")
    with_text(crm)
    for text, code in {"31,000": "not_a_number", "abc": "not_a_number", "-5": "negative"}.items():
        crm.change(company, acv_text=text)
        crm.deliver()
        crm.work()
        record = crm.record(company)
        assert fact(organization) == "31000"
        assert record.problems == {"acv": {"code": code, "value": text}}
        event = CrmEvent.objects.filter(field="acv_text").latest("pk")
        assert (event.outcome, event.reason, event.new) == ("ignored", "unreadable", text)
        assert text in why(event)
    assert list(CrmRecord.objects.with_problems()) == [crm.record(company)]
    crm.change(company, acv_text="32000.50")
    crm.deliver()
    crm.work()
    assert fact(organization) == "32000.5"
    assert not CrmRecord.objects.with_problems().exists()


def with_text(crm):
    """Read the contract value from a field of free text."""
    field = Field("acv_text", "As written", FieldType.TEXT)
    actions.map_field(
        connection=crm.connection, fact="acv", field=field, by=crm.by, now=crm.now, currency="USD"
    )


def test_no_value_any_more_is_missing_and_not_zero(crm, customer):
    company, organization = customer(acv="31000")
    crm.change(company, acv="")
    crm.deliver()
    crm.work()
    assert fact(organization) == ""
    assert tier(organization) == "enterprise"
    held = TierAssignment.objects.open().get(organization=organization)
    assert held.source == "hold"


def test_no_value_in_the_crm_takes_back_only_what_the_crm_said(crm, customer):
    company, organization = customer(acv="31000")
    later = crm.tick(60)
    record_facts(organization=organization, values={"acv": "40000"}, source="ops", now=later)
    crm.change(company, acv="")
    crm.deliver()
    crm.work()
    assert fact(organization) == "40000"
    assert crm.outcomes(company)[-1] == ("changed", "ignored", "kept_by_other_source")


def test_what_a_person_corrected_stands_until_the_crm_says_something_new(crm, customer):
    company, organization = customer(acv="4000")
    later = crm.tick(60)
    record_facts(organization=organization, values={"acv": "31000"}, source="ops", now=later)
    crm.change(company, motto="new")
    crm.deliver()
    crm.work()
    assert crm.outcomes(company)[-1] == ("changed", "ignored", "not_mapped")
    crm.poll()
    crm.compare()
    assert fact(organization) == "31000"
    difference = SyncDifference.objects.get()
    assert (difference.kind, difference.ours, difference.theirs) == ("kept", "31000", "4000")
    crm.change(company, acv="6000")
    crm.deliver()
    crm.work()
    assert fact(organization) == "6000"


def test_facts_that_the_crm_repeats_stay_fresh_without_a_row_each_time(crm, customer):
    _company, organization = customer(acv="31000")
    rows = AccountFact.objects.count()
    for _day in range(20):
        crm.tick(86_400)
        crm.compare()
    assert AccountFact.objects.count() == rows
    held = evaluate_organization(organization=organization, now=crm.now)
    assert (held.tier, held.source) == ("enterprise", "criteria")


def test_a_crm_that_is_silent_for_weeks_lowers_nobody(crm, customer):
    _company, organization = customer(acv="31000")
    crm.account.faults.add({"status": 503, "times": 1000})
    for _day in range(30):
        crm.tick(86_400)
        crm.poll()
    held = evaluate_organization(organization=organization, now=crm.now)
    assert (held.tier, held.source) == ("enterprise", "hold")
    assert crm.fresh.state == "failing"
    assert crm.fresh.stale_since is not None
    crm.account.faults.clear()
    crm.tick(86_400)
    crm.compare()
    assert crm.fresh.state == "active"
    assert crm.fresh.stale_since is None
    held = TierAssignment.objects.open().get(organization=organization)
    assert (held.tier, held.source) == ("enterprise", "criteria")
