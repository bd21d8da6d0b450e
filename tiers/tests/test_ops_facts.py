"""Recording facts by hand: only what was changed, with a reason, and the effect said at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.models import Organization, User
from tiers.actions import record_facts
from tiers.models import AccountFact, TierAssignment
from tiers.tests.ops_kit import main_of, words_of

Door = Callable[..., Client]


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


@pytest.fixture(autouse=True)
def today(time_machine: Any) -> Any:
    """The day after the facts were recorded."""
    time_machine.move_to(TUESDAY + timedelta(days=1), tick=False)
    return time_machine


def sheet(client: Client, organization: Organization) -> dict[str, str]:
    """Return what the form would send unchanged: every field, and what was seen in it."""
    form = client.get(reverse("ops_facts", args=[organization.public_id])).context["form"]
    values = {name: form.initial.get(name, "") for name in form.fields}
    return values | {f"initial-{name}": form.initial.get(name, "") for name in form.fact_names}


def send(client: Client, organization: Organization, **changes: str) -> Any:
    """Change some fields of the form and send it."""
    sent = sheet(client, organization) | {"note": "Order form"} | changes
    address = reverse("ops_facts", args=[organization.public_id])
    return client.post(address, sent, follow=True)


def recorded(organization: Organization) -> list[tuple[str, str]]:
    """Return fact and value of what was recorded after the organization was made."""
    rows = AccountFact.objects.filter(organization=organization, recorded_at__gt=TUESDAY)
    return sorted(rows.values_list("fact", "value"))


def test_a_higher_amount_raises_the_tier_and_the_page_says_what_and_why(
    professional: Organization, ops: Client
) -> None:
    response = send(ops, professional, acv="30,000")
    told = words_of(response)
    assert "Annual contract value: USD 30,000 (was USD 12,000)." in told
    assert "Paul's Pallets is now Enterprise (was Professional)." in told
    assert "Raised from Professional to Enterprise at once." in told
    assert "Why Enterprise" in main_of(response)


def test_only_what_was_changed_is_recorded_with_person_and_note(
    professional: Organization, ops: Client, oscar: User
) -> None:
    send(ops, professional, seats="40", region="EMEA")
    assert recorded(professional) == [("region", "EMEA"), ("seats", "40")]
    row = AccountFact.objects.get(fact="seats")
    assert (row.source, row.recorded_by, row.note) == ("ops", oscar, "Order form")


def test_another_spelling_of_the_same_amount_is_no_change(
    professional: Organization, ops: Client
) -> None:
    response = send(ops, professional, acv="12,000.00")
    assert "Nothing was changed, so nothing was recorded." in main_of(response)
    assert recorded(professional) == []


def test_a_value_that_the_crm_changed_meanwhile_is_not_put_back(
    professional: Organization, ops: Client, today: Any
) -> None:
    opened = sheet(ops, professional)
    today.shift(60)
    record_facts(
        organization=professional,
        values={"acv": "60000"},
        source="hubspot",
        now=TUESDAY + timedelta(days=1, seconds=30),
    )
    ops.post(
        reverse("ops_facts", args=[professional.public_id]),
        opened | {"seats": "7", "note": "Call with Paul"},
    )
    assert ("acv", "12000") not in recorded(professional)
    assert TierAssignment.objects.open().get(organization=professional).tier == "enterprise"


def test_a_lower_amount_keeps_the_tier_in_grace_and_says_until_when(
    enterprise: Organization, ops: Client
) -> None:
    told = words_of(send(ops, enterprise, acv="9000"))
    assert "Analytical Engines stays Enterprise." in told
    assert "Enterprise is kept until 10 May 2026." in told


def test_emptying_a_field_records_that_nobody_knows(enterprise: Organization, ops: Client) -> None:
    told = words_of(send(ops, enterprise, acv=""))
    assert recorded(enterprise) == [("acv", "")]
    assert "Annual contract value: not known (was USD 60,000)" in told
    assert "Enterprise is held" in told


def test_each_unreadable_value_is_told_beside_its_field_and_nothing_is_recorded(
    professional: Organization, ops: Client
) -> None:
    response = send(ops, professional, acv="a lot", seats="many", region="EMEA")
    form = response.context["form"]
    assert form.errors["acv"] == ["Write an amount like 25000 or 25,000.50."]
    assert form.errors["seats"] == ["Write a whole number from 0 to 999999999."]
    assert recorded(professional) == []
    assert 'value="a lot"' in response.content.decode()


def test_what_was_typed_survives_a_refusal_and_still_counts_as_changed(
    professional: Organization, ops: Client
) -> None:
    """The seen values travel along, so that correcting one field keeps the others changed."""
    refused = send(ops, professional, acv="a lot", region="EMEA")
    markup = refused.content.decode()
    assert 'name="initial-region"' in markup
    assert 'name="initial-acv" value="12000"' in markup


def test_without_saying_how_one_knows_nothing_is_recorded(
    professional: Organization, ops: Client
) -> None:
    response = send(ops, professional, acv="30000", note="  ")
    assert response.context["form"].errors["note"]
    assert recorded(professional) == []


def test_the_contract_can_fix_a_tier_that_the_facts_do_not_reach(
    starter: Organization, ops: Client
) -> None:
    told = words_of(send(ops, starter, contract_floor="enterprise"))
    assert "Stella Storage is now Enterprise (was Starter)." in told
    assert "The contract guarantees at least Enterprise; the facts alone call for Starter." in told


def test_a_tier_that_does_not_exist_cannot_be_fixed_by_contract(
    starter: Organization, ops: Client
) -> None:
    response = send(ops, starter, contract_floor="platinum")
    assert "contract_floor" in response.context["form"].errors
    assert recorded(starter) == []


def test_a_fixed_tier_that_the_policy_dropped_stays_visible_in_the_form(
    starter: Organization, ops: Client
) -> None:
    record_facts(
        organization=starter, values={"contract_floor": "bronze"}, source="ops", now=TUESDAY
    )
    choices = dict(
        ops.get(reverse("ops_facts", args=[starter.public_id]))
        .context["form"]
        .fields["contract_floor"]
        .choices
    )
    assert "bronze" in choices
    assert "platinum" not in choices


def test_the_currency_of_the_amount_is_said(starter: Organization, ops: Client) -> None:
    shown = main_of(ops.get(reverse("ops_facts", args=[starter.public_id])))
    assert "In USD a year." in shown
