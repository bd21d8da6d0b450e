"""From a change in the CRM to the tier: over real HTTP, with the stand-in's own webhooks."""

import pytest

from integrations.crm.models import CrmEvent, DirtyRecord
from integrations.crm.tests.conftest import fact, tier
from tiers.models import AccountFact

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
    assert event.assignment.tier == "enterprise"
    assert event.delivery.status == "done"
    assert not DirtyRecord.objects.exists()
