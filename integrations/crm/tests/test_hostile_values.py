"""Values, ids and failures that somebody in a CRM, or a second CRM, can bring about."""

import json
import logging

import pytest
from django.test import Client

from integrations.crm import actions
from integrations.crm.actions.applying import apply_record
from integrations.crm.actions.health import in_words
from integrations.crm.actions.intake import store_delivery
from integrations.crm.actions.look import look_at
from integrations.crm.hubspot.reading import read_value
from integrations.crm.models import CrmConnection, CrmEvent, CrmRecord, WebhookDelivery
from integrations.crm.vendor import FieldType, Record
from integrations.crm.views.hooks import hook_address
from people.models import Organization

pytestmark = pytest.mark.django_db


def other_account(crm, **changes):
    """A second account of the same CRM, connected and running."""
    row, _token = actions.create_connection(
        vendor="hubspot", name="Second", settings={}, by=crm.by, now=crm.now,
        credentials={"app_secret": "s" * 20, "access_token": "t" * 20},
    )  # fmt: skip
    CrmConnection.objects.filter(pk=row.pk).update(
        state="active", tested_at=crm.now, account_id="4711", **changes
    )
    row.refresh_from_db()
    return row


@pytest.mark.parametrize("unknown", ["inbox", "create"])
def test_an_id_that_another_account_uses_too_links_nobody_by_itself(crm, customer, unknown):
    company, organization = customer(acv="31000")
    other = other_account(crm, unknown_companies=unknown)
    look = look_at(other, origin="poll", now=crm.tick())
    apply_record(look=look, record=Record(company, {}, crm.now, name="A stranger"))
    stranger = CrmRecord.objects.get(connection=other, external_id=company)
    assert (stranger.state, stranger.organization) == ("unlinked", None)
    organization.refresh_from_db()
    assert organization.name == "Wharf & Sons"
    assert Organization.objects.filter(external_id=company).count() == 1


def test_ops_create_an_organization_for_a_company_whose_id_another_account_uses(crm, customer):
    company, organization = customer(acv="31000")
    other = other_account(crm)
    look = look_at(other, origin="poll", now=crm.tick())
    row = apply_record(look=look, record=Record(company, {}, crm.now, name="A stranger")).row
    assert row is not None
    made = actions.create_organization_for(record=row, by=crm.by, now=crm.now).organization
    assert made is not None
    assert (made.name, made.external_id) == ("A stranger", None)
    organization.refresh_from_db()
    assert organization.external_id == company


def test_an_account_that_was_disconnected_keeps_no_ids_from_its_successor(crm, customer):
    company, organization = customer(acv="31000")
    actions.disconnect(connection=crm.connection, by=crm.by)
    other = other_account(crm)
    look = look_at(other, origin="poll", now=crm.tick())
    apply_record(look=look, record=Record(company, {}, crm.now, name="Wharf & Sons"))
    assert CrmRecord.objects.get(connection=other, external_id=company).organization == organization


def test_a_name_with_half_a_character_or_a_nul_is_stored(crm):
    look = look_at(crm.connection, origin="poll", now=crm.tick())
    record = Record("77", {"acv_text": "a\x00\ud83d"}, crm.now, name="Half \ud83d\x00 & Co")
    row = apply_record(look=look, record=record).row
    assert row is not None
    row.refresh_from_db()
    assert (row.name, row.properties) == ("Half ? & Co", {"acv_text": "a?"})


def test_one_event_with_half_a_character_does_not_lose_the_others_of_its_body(crm, customer):
    company, _organization = customer(acv="31000")
    events = [
        {"eventId": number, "subscriptionType": "company.propertyChange", "objectId": int(company),
         "propertyName": "motto", "propertyValue": value, "portalId": int(crm.fresh.account_id)}
        for number, value in enumerate(["\ud83d", "fine"])
    ]  # fmt: skip
    now = crm.tick()
    store_delivery(
        connection=crm.connection, body=json.dumps(events).encode(), headers={},
        verified_by="test", now=now,
    )  # fmt: skip
    actions.read_deliveries(now=now)
    assert WebhookDelivery.objects.latest("pk").status == "done"
    told = CrmEvent.objects.filter(external_id=company, field="motto").order_by("pk")
    assert sorted(told.values_list("summary", flat=True)) == ["motto = ?", "motto = fine"]


@pytest.mark.parametrize("kind", [FieldType.DAY, FieldType.INSTANT])
@pytest.mark.parametrize("text", ["999999999999999", "-999999999999999"])
def test_a_day_beyond_the_calendar_is_one_unreadable_value_and_no_outage(kind, text):
    assert read_value(text, kind) == text


def test_each_of_several_secrets_is_taken_out_of_an_error():
    text = in_words({"app_secret": "first-secret\nsecond-secret"}, "no: second-secret")
    assert text == "no: ***"


def test_a_failure_of_the_door_names_no_address_in_any_log(crm, monkeypatch, caplog):
    def broken(*_args, **_kwargs):
        raise RuntimeError("the database is away")

    monkeypatch.setattr("integrations.crm.views.hooks.refused_unread", broken)
    caplog.set_level(logging.DEBUG)
    client = Client(raise_request_exception=False)
    path = hook_address(crm.connection, crm.token).split("/", 3)[3]
    answer = client.post(f"/{path}", b"[]", content_type="application/json")
    assert answer.status_code == 503
    assert crm.token not in caplog.text
