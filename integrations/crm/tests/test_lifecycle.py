"""Companies that are created, renamed, merged, deleted and restored in the CRM."""

import pytest

from integrations.crm import actions
from integrations.crm.models import CrmConnection, CrmRecord
from integrations.crm.tests.conftest import fact, tier
from people.actions import add_domain, verify_domain
from people.models import Organization
from portal.kit.refused import NotPermitted, Refused

pytestmark = pytest.mark.django_db


def follow(crm):
    """Let the CRM tell and the worker work."""
    crm.deliver()
    crm.work()


def test_an_unknown_company_waits_in_the_inbox_and_is_linked_to_nobody_by_its_name(crm, starter):
    company = crm.company(name=starter.name, acv="31000")
    follow(crm)
    record = crm.record(company)
    assert (record.state, record.organization) == ("unlinked", None)
    assert list(CrmRecord.objects.inbox()) == [record]
    assert tier(starter) == "starter"
    assert crm.outcomes(company)[0] == ("created", "applied", "in_inbox")
    assert ("changed", "ignored", "not_linked") in crm.outcomes(company)
    assert fact(starter) == "900"


def test_ops_link_a_company_and_what_is_known_of_it_counts_at_once(crm, starter, oscar, agnes):
    company = crm.company(name="Stella's Storage Ltd", acv="31000", seats="40")
    follow(crm)
    record = crm.record(company)
    with pytest.raises(NotPermitted):
        actions.link_record(record=record, organization=starter, by=agnes, now=crm.now)
    for _twice in range(2):
        actions.link_record(record=record, organization=starter, by=oscar, now=crm.tick())
    assert (fact(starter), fact(starter, "seats"), tier(starter)) == ("31000", "40", "enterprise")
    follow(crm)
    linked = [row for row in crm.outcomes(company) if row[0] == "linked"]
    assert linked == [("linked", "applied", "by_ops")]


def test_a_company_and_an_organization_have_at_most_one_of_each_other(crm, starter, outside, oscar):
    first, second = crm.company(name="One", acv="1"), crm.company(name="Two", acv="2")
    follow(crm)
    actions.link_record(record=crm.record(first), organization=starter, by=oscar, now=crm.now)
    with pytest.raises(Refused, match="linked to another company"):
        actions.link_record(record=crm.record(second), organization=starter, by=oscar, now=crm.now)
    with pytest.raises(Refused, match="linked already"):
        actions.link_record(record=crm.record(first), organization=outside, by=oscar, now=crm.now)


def test_a_verified_domain_is_proposed_and_an_unverified_one_is_not(crm, starter, outside, oscar):
    domain = add_domain(organization=starter, domain="storage.example")
    add_domain(organization=outside, domain="outside.example")
    verify_domain(domain=domain, by=oscar, now=crm.now)
    mine = crm.company(name="Somebody", domain="storage.example")
    theirs = crm.company(name="Else", domain="outside.example")
    follow(crm)
    records = [crm.record(mine), crm.record(theirs)]
    assert actions.proposals(records) == {records[0].pk: starter}
    assert records[0].state == "unlinked"


def test_a_connection_may_create_organizations_for_unknown_companies(crm, oscar):
    actions.change_connection(connection=crm.connection, by=oscar, unknown_companies="create")
    company = crm.company(name="Newcomers Inc", acv="12000")
    follow(crm)
    follow(crm)
    organization = Organization.objects.get(external_id=company)
    assert (organization.name, tier(organization)) == ("Newcomers Inc", "professional")


def test_ops_make_an_organization_or_put_a_company_aside_for_good(crm, oscar):
    wanted, unwanted = crm.company(name="Wanted", acv="1"), crm.company(name="Unwanted", acv="1")
    follow(crm)
    actions.create_organization_for(record=crm.record(wanted), by=oscar, now=crm.tick())
    actions.dismiss_record(record=crm.record(unwanted), by=oscar)
    crm.change(unwanted, acv="90000")
    follow(crm)
    crm.compare()
    assert Organization.objects.get(external_id=wanted).name == "Wanted"
    assert crm.record(unwanted).state == "dismissed"
    assert not CrmRecord.objects.inbox().exists()
    actions.take_back_record(record=crm.record(unwanted), by=oscar)
    assert CrmRecord.objects.inbox().get() == crm.record(unwanted)


def test_a_renamed_company_renames_its_organization_unless_somebody_here_did(crm, customer):
    company, organization = customer("Wharf & Sons")
    crm.change(company, name="Wharf & Daughters")
    crm.poll()
    organization.refresh_from_db()
    assert organization.name == "Wharf & Daughters"
    Organization.objects.filter(pk=organization.pk).update(name="The Wharf")
    crm.change(company, name="Wharf International")
    crm.poll()
    organization.refresh_from_db()
    assert organization.name == "The Wharf"
    assert crm.record(company).name == "Wharf International"


def test_a_deleted_company_is_detached_and_flagged_and_its_organization_stays(crm, customer):
    company, organization = customer(acv="31000")
    crm.tick()
    crm.account.companies.archive(int(company))
    follow(crm)
    record = crm.record(company)
    assert (record.state, record.attention, record.organization) == (
        "archived", "deleted", organization,
    )  # fmt: skip
    assert (fact(organization), tier(organization)) == ("31000", "enterprise")
    assert ("deleted", "applied", "detached") in crm.outcomes(company)
    actions.acknowledge_record(record=record, by=crm.by)
    assert not CrmRecord.objects.needing_attention().exists()


def test_a_change_that_is_told_after_the_deletion_brings_nothing_back(crm, customer):
    company, organization = customer(acv="4000")
    crm.change(company, acv="31000")
    late, crm.account.webhooks.waiting = crm.account.webhooks.waiting, []
    crm.account.companies.archive(int(company))
    follow(crm)
    crm.account.webhooks.waiting = late
    follow(crm)
    assert crm.record(company).state == "archived"
    assert crm.outcomes(company)[-1] == ("changed", "ignored", "deleted_since")
    assert fact(organization) == "4000"


def test_a_restored_company_is_linked_as_before(crm, customer):
    company, organization = customer(acv="4000")
    crm.tick()
    crm.account.companies.archive(int(company))
    follow(crm)
    crm.tick()
    crm.account.companies.restore(int(company))
    crm.change(company, acv="31000")
    follow(crm)
    record = crm.record(company)
    assert (record.state, record.attention, record.organization) == ("linked", "", organization)
    assert fact(organization) == "31000"


@pytest.mark.parametrize("into_new", [False, True])
def test_a_merge_takes_the_organization_along_and_keeps_the_old_id_as_an_alias(
    crm, customer, into_new
):
    company, organization = customer("Small Wharf", acv="4000")
    other = crm.company(name="Big Wharf", acv="31000")
    follow(crm)
    crm.tick()
    survivor = crm.account.companies.merge(int(other), int(company), into_new=into_new)
    follow(crm)
    follow(crm)
    alias, record = crm.record(company), crm.record(str(survivor.id))
    assert (alias.state, alias.merged_into) == ("merged", record)
    assert (record.state, record.organization) == ("linked", organization)
    organization.refresh_from_db()
    assert organization.external_id == str(survivor.id)
    assert (fact(organization), tier(organization)) == ("31000", "enterprise")


def test_a_merge_of_two_organizations_is_shown_to_ops_and_moves_nobody(crm, customer):
    company, organization = customer("One", acv="4000")
    other, bigger = customer("Two", acv="31000")
    crm.tick()
    crm.account.companies.merge(int(other), int(company))
    follow(crm)
    alias = crm.record(company)
    assert (alias.state, alias.attention, alias.organization) == ("merged", "merged", organization)
    assert crm.record(other).organization == bigger
    assert (tier(organization), tier(bigger)) == ("starter", "enterprise")


def test_a_merge_that_only_the_survivor_tells_of_is_found_by_the_poll(crm, customer):
    company, organization = customer("Small Wharf", acv="4000")
    other = crm.company(name="Big Wharf", acv="31000")
    follow(crm)
    crm.tick()
    crm.account.companies.merge(int(other), int(company))
    crm.account.webhooks.waiting.clear()
    crm.poll()
    crm.work()
    crm.compare()
    assert crm.record(company).state == "merged"
    assert crm.record(other).organization == organization
    assert fact(organization) == "31000"


def test_unlinking_keeps_what_was_recorded(crm, customer, oscar):
    company, organization = customer(acv="31000")
    actions.unlink_record(record=crm.record(company), by=oscar, now=crm.tick())
    crm.change(company, acv="1")
    follow(crm)
    assert (fact(organization), crm.record(company).state) == ("31000", "dismissed")


def test_a_new_connection_creates_nothing_by_itself(crm):
    assert crm.connection.unknown_companies == CrmConnection.Unknown.INBOX
