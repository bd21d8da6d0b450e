"""The ops pages about CRMs: connect, test, map, try, follow, decide, compare."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from integrations.crm import actions
from integrations.crm.models import CrmConnection, CrmEvent, DirtyRecord
from integrations.crm.tests.conftest import fact, tier
from people.actions import create_organization
from people.models import User
from tiers.tests.ops_kit import main_of

pytestmark = pytest.mark.django_db
SECRET = "pat-eu1-very-secret-token"


@pytest.fixture(autouse=True)
def no_kept_fields() -> None:
    cache.clear()


@pytest.fixture
def ops(crm: Any, oscar: User, at_door: Any) -> Client:
    client: Client = at_door(oscar)
    return client


def page(crm: Any, rest: str = "") -> str:
    return f"/ops/crm/{crm.connection.public_id}/{rest}"


def said(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def test_the_list_says_how_each_connection_stands(ops, crm):
    words = main_of(ops.get("/ops/crm/"))
    assert "HubSpot" in words
    assert "It works. Last answer:" in words


def test_without_a_connection_the_list_says_what_to_do(oscar, at_door):
    assert "No CRM is connected" in main_of(at_door(oscar).get("/ops/crm/"))


def test_a_secret_is_written_and_never_shown_again(oscar, at_door):
    ops = at_door(oscar)
    answer = ops.post(
        "/ops/crm/new/hubspot/",
        {"name": "Ours", "secret_app_secret": "app-secret-123", "secret_access_token": SECRET,
         "setting_signatures": "v3"},
    )  # fmt: skip
    row = CrmConnection.objects.get()
    assert re.search(r"https?://[^<]+/hooks/crm/hubspot/[^<]+/", said(answer))
    assert "shown this once" in main_of(answer)
    assert SECRET not in row.sealed_credentials
    for rest in ("", "edit/", "fields/", "companies/", "drift/"):
        shown = said(ops.get(f"/ops/crm/{row.public_id}/{rest}"))
        assert SECRET not in shown
        assert "/hooks/crm/" not in shown
    assert "stored; leave empty to keep it" in said(ops.get(f"/ops/crm/{row.public_id}/edit/"))


def test_what_is_missing_is_said_beside_its_field(oscar, at_door):
    ops = at_door(oscar)
    answer = ops.post("/ops/crm/new/hubspot/", {"name": "Ours", "setting_signatures": "v3"})
    assert answer.status_code == 422
    answer = ops.post(
        "/ops/crm/new/hubspot/",
        {"name": "Ours", "secret_app_secret": "x" * 20, "setting_signatures": "v3",
         "setting_time_zone": "Moon/Crater"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert not CrmConnection.objects.exists()
    assert ops.get("/ops/crm/new/nonesuch/").status_code == 404


def test_an_empty_secret_stays_what_it_was(ops, crm):
    before = crm.fresh.secrets.values
    ops.post(
        page(crm, "edit/"),
        {"name": "Renamed", "setting_signatures": "v3", "unknown_companies": "create"},
    )
    row = crm.fresh
    assert (row.name, row.unknown_companies, row.follows_names) == ("Renamed", "create", False)
    assert row.secrets.values == before


def test_the_test_button_says_who_let_us_in_or_why_not(ops, crm):
    answer = ops.post(page(crm, "do/test/"), follow=True)
    assert "The CRM let us in" in said(answer)
    crm.account.access.tokens.clear()
    answer = ops.post(page(crm, "do/test/"), follow=True)
    assert "The CRM did not let us in" in said(answer)
    assert "does not let us in any more" in main_of(answer)
    assert crm.fresh.state == "revoked"
    assert "CRM" in said(ops.get("/ops/"))


def test_a_paused_connection_says_so_and_runs_again(ops, crm):
    answer = ops.post(page(crm, "do/pause/"), follow=True)
    assert "Paused: nothing is asked for" in main_of(answer)
    ops.post(page(crm, "do/resume/"))
    assert crm.fresh.state == "active"
    assert ops.post(page(crm, "do/dance/")).status_code == 404


def test_disconnecting_forgets_secrets_and_address_and_keeps_facts(ops, crm, customer):
    _company, organization = customer(acv="31000")
    ops.post(page(crm, "do/disconnect/"))
    ops.post(page(crm, "do/disconnect/"))
    row = crm.fresh
    assert (row.state, row.tested_at, dict(row.secrets.values)) == ("paused", None, {})
    assert CrmConnection.objects.by_token("hubspot", crm.token) is None
    assert fact(organization) == "31000"
    assert tier(organization) == "enterprise"
    assert "Not tested yet" in main_of(ops.get(page(crm)))


def test_a_new_address_ends_the_one_before(ops, crm):
    answer = ops.post(page(crm, "address/"))
    assert "ended now" in main_of(answer)
    assert CrmConnection.objects.by_token("hubspot", crm.token) is None


def test_only_fields_that_can_be_read_as_the_fact_are_offered(ops, crm):
    assert "Mapped so far" in main_of(ops.get(page(crm, "fields/")))
    answer = ops.post(page(crm, "fields/load/"), follow=True)
    form = next(one for one in answer.context["forms"] if one.fact == "contract_renewal")
    offered = dict(form.fields["field"].choices)
    assert "renewal" in offered
    assert "acv" not in offered


def test_a_field_is_mapped_with_its_values_translated_and_unmapped(ops, crm):
    ops.post(page(crm, "fields/load/"))
    sent = {"contract_floor-field": "support_tier"}
    answer = ops.post(page(crm, "fields/of/contract_floor/"), sent, follow=True)
    assert "Tier fixed by contract is read from Support tier." in said(answer)
    form = next(one for one in answer.context["forms"] if one.fact == "contract_floor")
    place = form.options.index("Platinum")
    sent[f"contract_floor-means_{place}"] = "enterprise"
    ops.post(page(crm, "fields/of/contract_floor/"), sent)
    mapping = crm.fresh.mappings.get(fact="contract_floor")
    assert mapping.translations == {"Platinum": "enterprise"}
    ops.post(page(crm, "fields/of/contract_floor/"), {"contract_floor-field": ""})
    assert not crm.fresh.mappings.filter(fact="contract_floor").exists()


def test_an_amount_in_a_currency_without_a_rate_is_refused_until_there_is_one(ops, crm):
    ops.post(page(crm, "fields/load/"))
    sent = {"acv-field": "acv", "acv-currency": "GBP"}
    answer = ops.post(page(crm, "fields/of/acv/"), sent)
    assert answer.status_code == 422
    assert "Enter first what one GBP is worth in USD." in main_of(answer)
    bad = ops.post(page(crm, "fields/rate/"), {"currency": "GBP", "rate": "much"})
    assert bad.status_code == 422
    assert "Write a rate like 0.92." in main_of(bad)
    ops.post(page(crm, "fields/rate/"), {"currency": "GBP", "rate": "1.3"})
    ops.post(page(crm, "fields/of/acv/"), sent)
    assert crm.fresh.mappings.get(fact="acv").currency == "GBP"


def test_fields_that_were_loaded_long_ago_have_to_be_loaded_again(ops, crm):
    answer = ops.post(page(crm, "fields/of/seats/"), {"seats-field": "seats"}, follow=True)
    assert "The list of fields is too old." in said(answer)
    assert ops.post(page(crm, "fields/of/shoes/")).status_code == 404


def test_a_dry_run_shows_the_raw_value_what_it_becomes_and_the_tier(ops, crm, customer):
    _company, organization = customer(acv="4000")
    other = crm.company(name="Odd One", acv="26000", seats="1.5")
    events = CrmEvent.objects.count()
    answer = ops.post(page(crm, "fields/try/"))
    words = main_of(answer)
    assert "Is Wharf & Sons here." in words
    assert "USD 4,000" in words
    assert "“1.5” is not a whole number." in words
    assert "No organization here is linked to it." in words
    rows = {row.record_id: row for row in answer.context["rows"]}
    assert (rows[other].tier_now, rows[other].tier_then) == ("", "enterprise")
    assert fact(organization, "seats") is None
    assert CrmEvent.objects.count() == events


def test_the_tier_is_written_into_a_field_that_no_fact_is_read_from(ops, crm):
    ops.post(page(crm, "fields/load/"))
    refused = ops.post(page(crm, "fields/tier/"), {"tier-field": "acv_text"})
    assert refused.status_code == 302
    ops.post(page(crm, "fields/tier/"), {"tier-field": "motto", "tier-value_enterprise": "Gold"})
    row = crm.fresh
    assert (row.tier_field, row.tier_values) == ("motto", {"enterprise": "Gold"})


def test_the_ledger_tells_every_event_by_outcome_and_organization(ops, crm, customer, enterprise):
    company, organization = customer(acv="4000")
    crm.change(company, acv="31000")
    crm.deliver()
    crm.work()
    words = main_of(ops.get("/ops/crm/ledger/"))
    assert "USD 4,000 → USD 31,000" in words
    assert "Enterprise" in words
    assert "USD 4,000 → USD 31,000" in main_of(ops.get(page(crm)))
    about = said(ops.get(f"/ops/organizations/{organization.public_id}/"))
    event = CrmEvent.objects.get(outcome="applied", new="31000")
    assert f"#event-{event.pk}" in about
    assert f"/ops/crm/{crm.connection.public_id}/companies/{event.record_id}/" in about
    of_it = f"/ops/crm/ledger/?organization={organization.public_id}"
    assert "USD 31,000" in main_of(ops.get(of_it))
    other = main_of(ops.get(f"/ops/crm/ledger/?organization={enterprise.public_id}"))
    assert "No such event" in other
    assert "No such event" in main_of(ops.get("/ops/crm/ledger/?outcome=failed"))
    for odd in ("before=x", "before=99999999999999999999", "outcome=%00", "organization=%00"):
        assert ops.get(f"/ops/crm/ledger/?{odd}").status_code == 200


def test_the_ledger_turns_its_pages_without_a_gap(ops, crm, customer, monkeypatch):
    monkeypatch.setattr("integrations.crm.ledger_page.PAGE", 3)
    company, _organization = customer(acv="4000")
    for amount in ("5000", "6000", "7000"):
        crm.change(company, acv=amount)
        crm.deliver()
        crm.work()
    seen, before = [], 0
    while True:
        answer = ops.get("/ops/crm/ledger/", {"before": before} if before else {})
        found = answer.context["page"]
        seen += [event.pk for event in found.events]
        before = found.next_before
        if not before:
            break
    assert seen == list(CrmEvent.objects.order_by("-pk").values_list("pk", flat=True))


def test_a_company_waits_in_the_inbox_until_it_is_linked(ops, crm):
    company = crm.company(name="Newcomer", acv="9000")
    crm.deliver()
    crm.work()
    made = create_organization(name="Newcomer Inc")
    assert "Newcomer" in main_of(ops.get(page(crm, "companies/")))
    record = crm.record(company)
    found = ops.get(page(crm, f"companies/{record.pk}/"))
    assert "Newcomer Inc" in main_of(found)
    answer = ops.post(
        page(crm, f"companies/{record.pk}/link/"), {"organization": made.public_id}, follow=True
    )
    assert "Newcomer is Newcomer Inc from now on." in said(answer)
    assert fact(made) == "9000"
    assert tier(made) == "professional"
    assert "Nothing waits here" in main_of(answer)
    ops.post(page(crm, f"companies/{record.pk}/unlink/"))
    assert crm.record(company).state == "dismissed"
    ops.post(page(crm, f"companies/{record.pk}/take-back/"))
    ops.post(page(crm, f"companies/{record.pk}/create/"))
    assert crm.record(company).organization.name == "Newcomer"
    assert ops.post(page(crm, f"companies/{record.pk}/eat/")).status_code == 404


def test_a_value_that_cannot_be_read_is_listed_with_its_reason(ops, crm, customer):
    company, _organization = customer(acv="4000")
    crm.change(company, seats="1.5")
    crm.deliver()
    crm.work()
    words = main_of(ops.get(page(crm, "companies/?show=unreadable")))
    assert "Seats: “1.5” is not a whole number." in words


def test_the_drift_report_names_what_differed_and_compares_now(ops, crm, customer):
    company, organization = customer(acv="4000")
    crm.tick(3600)
    crm.change(company, acv="31000")
    crm.tick(3600)
    assert "Everything is compared in a moment." in said(
        ops.post(page(crm, "do/compare/"), {"next": "drift"}, follow=True)
    )
    crm.compare()
    words = main_of(ops.get(page(crm, "drift/")))
    assert organization.name in words
    assert "no event had told us; taken over now" in words
    assert "Annual contract value USD 4,000 USD 31,000" in words


def test_what_was_given_up_is_shown_and_tried_again(ops, crm, customer):
    company, organization = customer(acv="4000")
    crm.change(company, acv="31000")
    crm.deliver()
    actions.read_deliveries(now=crm.now)
    DirtyRecord.objects.update(next_attempt_at=None, attempts=9, last_error="The CRM broke")
    words = main_of(ops.get(page(crm)))
    assert f"Company {company}" in words
    assert "The CRM broke" in words
    answer = ops.post(page(crm, "do/retry/"), follow=True)
    assert "1 is tried again now." in said(answer)
    crm.work()
    assert fact(organization) == "31000"
    assert "Given up" not in main_of(ops.get(page(crm)))


def test_what_moves_comes_as_a_fragment(ops, crm, customer):
    customer(acv="4000")
    for address in (page(crm), "/ops/crm/ledger/"):
        answer = ops.get(address, HTTP_HX_REQUEST="true")
        assert b"<html" not in answer.content
        assert b"USD 4,000" in answer.content


def test_a_limit_is_shown_as_waiting_and_nothing_as_lost(ops, crm):
    CrmConnection.objects.update(blocked_until=crm.now + timedelta(minutes=5))
    assert "The CRM asked us to wait until" in main_of(ops.get(page(crm)))


@pytest.mark.parametrize("who", ["ada", "agnes", "lena"])
def test_only_operations_come_in(crm, at_door, request, who):
    stranger = at_door(request.getfixturevalue(who))
    for rest in ("", "edit/", "fields/", "companies/", "drift/"):
        assert stranger.get(page(crm, rest)).status_code in {302, 403}
    assert stranger.post(page(crm, "do/disconnect/")).status_code in {302, 403}
    assert crm.fresh.tested_at is not None


def test_a_page_does_not_call_the_crm_by_being_looked_at(ops, crm):
    before = len(crm.account.log)
    for rest in ("", "edit/", "fields/", "companies/", "drift/"):
        ops.get(page(crm, rest))
    assert len(crm.account.log) == before
