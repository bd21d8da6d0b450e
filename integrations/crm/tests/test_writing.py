"""The tier goes back into a field of the CRM, once, and the loop ends."""

import pytest

from integrations.crm import actions
from integrations.crm.models import CrmEvent, TierWrite
from integrations.crm.tasks import write_tiers_back
from portal.kit.refused import InvalidInput
from tiers.actions import record_facts

pytestmark = pytest.mark.django_db


@pytest.fixture
def writing(crm, customer, oscar):
    """A customer whose tier is written to the CRM."""
    company, organization = customer(acv="31000")
    actions.set_write_back(
        connection=crm.connection, field="support_tier", values={"enterprise": "Platinum"},
        by=oscar, now=crm.now,
    )  # fmt: skip
    return company, organization


def in_crm(crm, company: str) -> str | None:
    """Return the tier that the CRM shows."""
    return crm.account.companies.rows[int(company)].value("support_tier")


def write(crm) -> None:
    crm.tick()
    write_tiers_back()


def test_the_tier_is_written_once_and_its_own_echo_ends(crm, writing):
    company, _organization = writing
    write(crm)
    assert in_crm(crm, company) == "Platinum"
    calls = crm.account.calls_to(f"/crm/v3/objects/companies/{company}", "PATCH")
    for _round in range(3):
        crm.deliver()
        crm.work()
        crm.poll()
        write(crm)
    assert crm.account.calls_to(f"/crm/v3/objects/companies/{company}", "PATCH") == calls == 1
    assert crm.outcomes(company)[-1] == ("changed", "ignored", "own_write")
    assert CrmEvent.objects.get(kind="written").new == "Platinum"


def test_a_change_of_tier_is_written_and_an_equal_one_is_not(crm, writing):
    company, organization = writing
    write(crm)
    record_facts(organization=organization, values={"acv": "90000"}, source="ops", now=crm.tick())
    write(crm)
    assert TierWrite.objects.count() == 1
    crm.change(company, acv="31001", support_tier="starter")
    crm.deliver()
    crm.work()
    assert crm.record(company).written_tier == "starter"


def test_a_value_that_the_crm_refuses_is_tried_some_times_and_then_shown(crm, writing, oscar):
    _company, _organization = writing
    actions.set_write_back(
        connection=crm.connection, field="support_tier", values={"enterprise": "Gold"},
        by=oscar, now=crm.now,
    )  # fmt: skip
    for _day in range(10):
        crm.tick(86_400)
        write(crm)
    row = TierWrite.objects.get()
    assert row.outcome == "dead"
    assert row.last_error
    assert crm.fresh.state == "active"
    event = CrmEvent.objects.get(kind="written")
    assert (event.outcome, event.reason) == ("failed", "not_written")


def test_a_tier_that_somebody_changed_in_the_crm_is_put_right_after_the_night(crm, writing):
    company, _organization = writing
    write(crm)
    crm.change(company, support_tier="starter")
    crm.compare()
    write(crm)
    assert in_crm(crm, company) == "Platinum"


def test_a_company_that_is_linked_later_gets_its_tier_too(crm, writing, professional, oscar):
    write(crm)
    other = crm.company(name="Paul's Pallets")
    crm.deliver()
    crm.work()
    actions.link_record(
        record=crm.record(other), organization=professional, by=oscar, now=crm.tick()
    )
    write(crm)
    assert in_crm(crm, other) == "professional"


def test_while_the_crm_is_down_the_newest_tier_waits(crm, writing):
    company, _organization = writing
    crm.account.faults.add({"status": 503, "times": 100})
    write(crm)
    assert TierWrite.objects.waiting().count() == 1
    crm.account.faults.clear()
    crm.tick(3600)
    write(crm)
    assert in_crm(crm, company) == "Platinum"


def test_a_field_that_facts_are_read_from_is_not_written(crm, oscar):
    with pytest.raises(InvalidInput, match="would change the fact"):
        actions.set_write_back(
            connection=crm.connection, field="acv", values={}, by=oscar, now=crm.now
        )
