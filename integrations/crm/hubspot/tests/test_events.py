"""HubSpot's webhook bodies become hints."""

import json
from datetime import UTC, datetime

import pytest

from integrations.crm.hubspot.vendor import HubSpotVendor
from integrations.crm.vendor import Hint, HintKind, Unreadable

ACCOUNT = {"account_id": "4242"}
BASE = {
    "eventId": 100,
    "subscriptionId": 2001,
    "portalId": 4242,
    "appId": 77,
    "occurredAt": 1793491200000,
    "attemptNumber": 0,
    "objectId": 9001,
    "changeSource": "CRM_UI",
}


def hints(*events: dict) -> list[Hint]:
    body = json.dumps([{**BASE, **event} for event in events]).encode()
    return HubSpotVendor().hints(body, ACCOUNT)


@pytest.mark.parametrize("field", ["subscriptionType", "eventType"])
def test_a_changed_property_is_read_from_either_name_of_the_type(field):
    [hint] = hints(
        {field: "company.propertyChange", "propertyName": "acv", "propertyValue": "31000"}
    )

    assert hint.object_id == "9001"
    assert hint.kind == HintKind.CHANGED
    assert hint.field == "acv"
    assert hint.summary == "acv = 31000"
    assert hint.occurred_at == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("creation", HintKind.CREATED),
        ("deletion", HintKind.DELETED),
        ("restore", HintKind.RESTORED),
        ("propertyChange", HintKind.CHANGED),
        ("associationChange", HintKind.CHANGED),
    ],
)
def test_company_and_generic_events_say_the_same(what, kind):
    found = hints(
        {"subscriptionType": f"company.{what}"},
        {"subscriptionType": f"object.{what}", "objectTypeId": "0-2"},
        {"eventType": f"object.{what}", "objectTypeId": "0-2"},
    )

    assert [hint.kind for hint in found] == [kind] * 3


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({"subscriptionType": "contact.privacyDeletion"}, "not about a company: contact.priv"),
        ({"subscriptionType": "company.privacyDeletion"}, "not about a company: company.priv"),
        ({"subscriptionType": "contact.propertyChange", "propertyName": "email"}, "not about"),
        ({"subscriptionType": "object.propertyChange", "objectTypeId": "0-1"}, "not about"),
        ({"subscriptionType": "object.propertyChange"}, "not about a company"),
        ({"subscriptionType": "deal.creation"}, "not about a company: deal.creation"),
        ({"subscriptionType": "company.somethingNew"}, "not about a company"),
        ({"subscriptionType": ""}, "not about a company: no type"),
        ({}, "not about a company: no type"),
        ({"subscriptionType": "company.creation", "portalId": 5151}, "of another account: 5151"),
    ],
)
def test_what_is_no_change_of_a_company_of_ours_is_ignored_with_the_reason(event, why):
    # And it does not keep the others of the same body from being read.
    ignored, kept = hints(event, {"subscriptionType": "company.creation", "eventId": 7})

    assert ignored.kind == HintKind.IGNORED
    assert ignored.summary.startswith(why)
    assert kept.kind == HintKind.CREATED


def test_a_merge_into_one_of_the_two_names_survivor_and_merged():
    [hint] = hints(
        {
            "subscriptionType": "company.merge",
            "primaryObjectId": 9001,
            "mergedObjectIds": [9002],
            "newObjectId": 9001,
            "numberOfPropertiesMoved": 3,
        }
    )

    assert (hint.kind, hint.object_id, hint.merged_ids) == (HintKind.MERGED, "9001", ("9002",))


def test_a_merge_into_a_third_record_takes_both_away():
    [hint] = hints(
        {
            "subscriptionType": "company.merge",
            "objectId": None,
            "primaryObjectId": 9001,
            "mergedObjectIds": [9002],
            "newObjectId": 9050,
        }
    )

    assert (hint.object_id, set(hint.merged_ids)) == ("9050", {"9001", "9002"})


def test_an_association_without_its_own_id_names_the_company_it_starts_from():
    [hint] = hints(
        {
            "subscriptionType": "company.associationChange",
            "objectId": None,
            "associationType": "COMPANY_TO_DEAL",
            "fromObjectId": 9001,
            "toObjectId": 31,
            "associationRemoved": False,
        }
    )

    assert hint.object_id == "9001"
    assert hint.summary == "COMPANY_TO_DEAL"


def test_the_key_is_the_same_at_every_attempt_and_differs_for_every_other_event():
    event = {"subscriptionType": "company.propertyChange", "propertyName": "acv"}
    [key] = {hint.dedupe_key for hint in hints(event, {**event, "attemptNumber": 7})}
    assert len(key) <= 100
    others = [
        {**event, name: value}
        for name, value in {
            "eventId": 101,
            "subscriptionId": 2002,
            "appId": 78,
            "objectId": 9002,
            "propertyName": "tier",
            "occurredAt": 1793491200001,
        }.items()
    ]
    assert len({hint.dedupe_key for hint in hints(event, *others)}) == len(others) + 1


def test_the_two_events_of_a_primary_association_are_two():
    event = {"subscriptionType": "company.associationChange", "objectId": None}
    found = hints(
        {**event, "fromObjectId": 9001, "toObjectId": 31},
        {**event, "fromObjectId": 9001, "toObjectId": 32},
    )

    assert len({hint.dedupe_key for hint in found}) == 2


def test_a_stored_body_is_the_same_at_every_attempt():
    vendor = HubSpotVendor()
    bodies = [
        json.dumps(
            [{**BASE, "attemptNumber": attempt, "propertyValue": '"attemptNumber":5'}]
        ).encode()
        for attempt in (0, 1, 10)
    ]

    assert len({vendor.storable(body) for body in bodies}) == 1
    assert json.loads(vendor.storable(bodies[2]))[0]["propertyValue"] == '"attemptNumber":5'


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"{}", b"[1]", b'["x"]', b"\xff", b"[" * 100_000, b'[{"a":1},[]]'],
)
def test_a_body_that_is_no_array_of_events_is_unreadable(body):
    with pytest.raises(Unreadable):
        HubSpotVendor().hints(body, ACCOUNT)


@pytest.mark.parametrize("object_id", [None, "", "x", True, -1, "9" * 30, [9001], "٣"])
def test_an_event_about_no_record_is_ignored_and_harms_no_other(object_id):
    ignored, kept = hints(
        {"subscriptionType": "company.creation", "objectId": object_id},
        {"subscriptionType": "company.creation"},
    )

    assert (ignored.kind, ignored.object_id) == (HintKind.IGNORED, "")
    assert ignored.summary == "names no record: company.creation"
    assert kept.object_id == "9001"


def test_an_event_that_does_not_say_when_still_counts():
    [hint] = hints({"subscriptionType": "company.creation", "occurredAt": None})

    assert hint.occurred_at is None


def test_a_hundred_events_become_a_hundred_hints_and_an_empty_array_none():
    event = {"subscriptionType": "company.creation"}

    assert len(hints(*({**event, "objectId": 9000 + n} for n in range(100)))) == 100
    assert hints() == []
