"""What the client asks of an org, over HTTP and through the vendor's library."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from integrations.crm.salesforce.contract import Fault
from integrations.crm.salesforce.tests.conftest import FIELDS, NOON
from integrations.crm.vendor import (
    FieldType,
    LimitReached,
    LookingRests,
    MissingScope,
    Rejected,
    Revoked,
    Unavailable,
    UnknownFields,
)


def asked(org, part: str) -> list:
    return [one for one in org.log if part in one.path]


def test_the_test_says_which_org_this_is_and_how_much_of_its_calls_is_used(client, org):
    org.use_up(1_500)

    found = client.test()

    assert found.account_id == org.org_id
    assert found.account_name == "Meridian Software"
    assert found.missing_scopes == ()
    assert any("of 15000 API calls of the last 24 hours" in note for note in found.notes)
    assert any("80 %" in note for note in found.notes)


def test_the_test_names_a_missing_object_permission(client, org):
    org.records.readable = False

    assert client.test().missing_scopes == ("object permission Account: Read",)


def test_the_test_names_a_missing_field_permission(client, org):
    org.records.hidden = {"Website"}

    assert client.test().missing_scopes == ("field permission Read: Website",)


def test_fields_have_types_options_and_say_what_is_money(client):
    fields = {field.name: field for field in client.fields()}

    assert fields["ACV__c"].is_money
    assert fields["ACV__c"].type == FieldType.NUMBER
    assert fields["ACV__c"].label == "Annual Contract Value"
    assert fields["ACV__c"].currency_field == ""
    assert fields["Seats__c"].type == FieldType.NUMBER
    assert not fields["Seats__c"].is_money
    assert fields["Region__c"].type == FieldType.CHOICE
    assert fields["Region__c"].options == ("emea", "americas", "apac")
    assert fields["Renewal_Date__c"].type == FieldType.DAY
    assert fields["SystemModstamp"].type == FieldType.INSTANT
    assert fields["Strategic__c"].type == FieldType.YES_NO
    assert not fields["Open_Pipeline__c"].is_writable
    labels = [field.label.lower() for field in client.fields()]
    assert labels == sorted(labels)


def test_an_org_of_several_currencies_says_which_field_tells_them_and_its_own(client, org):
    org.records.corporate_currency = "GBP"

    assert client.test().currency == "GBP"
    fields = {field.name: field for field in client.fields()}
    assert fields["ACV__c"].currency_field == "CurrencyIsoCode"
    assert fields["CurrencyIsoCode"].options == ("EUR", "GBP", "USD")


def test_an_org_of_one_currency_has_the_one_that_ops_entered(make_client):
    assert make_client(currency="eur").test().currency == "EUR"


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("31000", "31000.0"),
        ("24999.99", "24999.99"),
        ("0.1", "0.1"),
        ("12500000", "12500000"),
        ("123456789012345.67", "123456789012345.67"),
        ("99999999999999.99", "99999999999999.99"),
        ("-5", "-5.0"),
    ],
)
def test_amounts_are_exact_to_the_last_digit(client, org, amount, told):
    account = org.records.create(Name="Acme", ACV__c=Decimal(amount))

    [record] = client.read([account], ["ACV__c"])

    assert record.properties == {"ACV__c": told}
    assert Decimal(str(record.properties["ACV__c"])) == Decimal(amount)


def test_a_record_is_read_with_the_fields_that_were_asked_for(client, org):
    account = org.records.create(
        Name="Acme Robotics",
        Website="https://WWW.Acme.example/contact",
        ACV__c=Decimal("31000"),
        Strategic__c=True,
        Renewal_Date__c=date(2027, 3, 31),
        Region__c="emea",
    )

    [record] = client.read([account], [*FIELDS, "CreatedDate"])

    assert record.id == account
    assert record.name == "Acme Robotics"
    assert record.domain == "acme.example"
    assert record.updated_at == NOON
    assert not record.archived
    assert record.properties == {
        "ACV__c": "31000.0",
        "Seats__c": None,
        "Strategic__c": "true",
        "Renewal_Date__c": "2027-03-31",
        "Support_Tier__c": None,
        "CreatedDate": "2026-11-02T12:00:00.000+00:00",
    }


def test_short_ids_unknown_ids_and_nonsense_are_asked_for_without_harm(client, org):
    account = org.records.create(Name="Acme")

    records = client.read([account[:15], "001000000000000AAA", "x' OR Id != '", ""], [])

    assert [record.id for record in records] == [account[:15]]


def test_a_field_that_is_gone_is_absent_and_the_rest_is_read(client, org):
    account = org.records.create(Name="Acme", ACV__c=Decimal("5000"), Seats__c=Decimal("3"))
    org.records.hidden = {"ACV__c", "Website"}

    [record] = client.read([account], ["ACV__c", "Seats__c", "Never_There__c", "x FROM User"])

    assert record.properties == {"Seats__c": "3.0"}


def test_nine_hundred_ids_are_read_in_addresses_that_are_not_too_long(client, org):
    accounts = [org.records.create(Name=f"Account {n}") for n in range(900)]

    records = client.read(accounts, FIELDS)

    assert {record.id for record in records} == set(accounts)
    assert all(one.status == 200 for one in asked(org, "queryAll"))
    assert 2 <= len(asked(org, "queryAll")) <= 4


def test_a_deleted_account_is_archived_and_later_only_absent(client, org, clock):
    account = org.records.create(Name="Acme")
    org.records.delete(account)

    [record] = client.read([account], [])
    assert record.archived
    assert record.merged_into is None

    clock.advance(days=16)
    assert client.read([account], []) == []


def test_a_merged_account_names_the_one_that_remains(client, org):
    first, second, third = (org.records.create(Name=name) for name in "ABC")
    org.records.merge(second, [first])
    org.records.merge(third, [second])

    found = {record.id: record for record in client.read([first, second, third], [])}

    assert found[first].merged_into == third
    assert found[second].merged_into == third
    assert found[third].merged_into is None
    # Also when only the first is asked for.
    [alone] = client.read([first], [])
    assert alone.merged_into == third
    assert alone.archived


def test_everything_includes_the_recycle_bin_and_comes_once_each(client, org):
    accounts = [org.records.create(Name=f"Account {n}") for n in range(7)]
    org.records.delete(accounts[3])

    records = list(client.everything(FIELDS))

    assert sorted(record.id for record in records) == sorted(accounts)
    assert [record.id for record in records if record.archived] == [accounts[3]]


def test_pages_are_followed_to_the_last(client, org):
    accounts = [org.records.create(Name=f"Account {n}") for n in range(500)]
    org.page_size = 200

    records = list(client.everything([]))

    assert sorted(record.id for record in records) == sorted(accounts)
    assert len(asked(org, "queryAll")) == 3


def test_more_than_two_thousand_are_asked_for_in_rounds(client, org):
    accounts = [org.records.create(Name=f"Account {n}") for n in range(4_100)]

    records = list(client.everything([]))

    assert len(records) == 4_100
    assert {record.id for record in records} == set(accounts)


def test_exactly_two_thousand_end_with_an_empty_round(client, org):
    for number in range(2_000):
        org.records.create(Name=f"Account {number}")

    assert len(list(client.everything([]))) == 2_000


def test_a_locator_that_expired_costs_no_record(client, org):
    accounts = [org.records.create(Name=f"Account {n}") for n in range(700)]
    org.page_size = 200
    records = client.everything([])
    seen = [next(records).id for _ in range(150)]

    org.expire_locators()
    seen += [record.id for record in records]

    assert sorted(seen) == sorted(accounts)
    assert any(one.status == 400 for one in asked(org, "queryAll/01g"))


def test_a_tier_is_written_and_numbers_are_sent_as_numbers(client, org):
    account = org.records.create(Name="Acme")

    client.write(account, {"Support_Tier__c": "enterprise", "Seats__c": "12", "ACV__c": "10.25"})

    row = org.records.living(account)
    assert row["Support_Tier__c"] == "enterprise"
    assert row["Seats__c"] == Decimal("12")
    assert row["ACV__c"] == Decimal("10.25")
    client.write(account, {"Support_Tier__c": ""})
    assert org.records.living(account)["Support_Tier__c"] is None


def test_a_value_that_the_picklist_has_not_is_rejected(client, org):
    account = org.records.create(Name="Acme")

    with pytest.raises(Rejected, match="restricted picklist"):
        client.write(account, {"Support_Tier__c": "platinum"})


def test_a_field_that_is_not_there_cannot_be_written(client, org):
    account = org.records.create(Name="Acme")

    with pytest.raises(UnknownFields) as refused:
        client.write(account, {"Tier__c": "enterprise"})

    assert refused.value.names == ("Tier__c",)


def test_a_field_that_may_not_be_edited_is_a_missing_permission(client, org):
    account = org.records.create(Name="Acme")

    with pytest.raises(MissingScope) as refused:
        client.write(account, {"Open_Pipeline__c": "1"})

    assert refused.value.scope == "field permission Edit: Open_Pipeline__c"


def test_a_number_field_takes_no_words(client, org):
    account = org.records.create(Name="Acme")

    with pytest.raises(Rejected, match="numbers only"):
        client.write(account, {"Seats__c": "many"})


@pytest.mark.parametrize("what", ["deleted", "unknown", "nonsense"])
def test_an_account_that_is_gone_cannot_be_written(client, org, what):
    account = org.records.create(Name="Acme")
    if what == "deleted":
        org.records.delete(account)
    else:
        account = "001000000000000AAA" if what == "unknown" else "../../../limits"

    with pytest.raises(Rejected):
        client.write(account, {"Support_Tier__c": "enterprise"})


def test_used_up_calls_are_a_limit_of_which_nobody_says_when_it_ends(client, org):
    client.test()
    org.use_up(20_000)

    with pytest.raises(LimitReached) as reached:
        client.test()

    assert reached.value.retry_after == 900.0
    assert "24 hours" in reached.value.message


def test_too_many_long_calls_at_once_are_a_short_limit(client, server):
    body = [
        {
            "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            "errorCode": "REQUEST_LIMIT_EXCEEDED",
        }
    ]
    server.org.faults.append(Fault(path="/query", status=403, body=body))

    with pytest.raises(LimitReached) as reached:
        client.test()

    assert reached.value.retry_after == 30.0


def test_everything_rests_above_the_share_but_single_records_are_still_read(make_client, org):
    account = org.records.create(Name="Acme")
    for number in range(450):
        org.records.create(Name=f"Account {number}")
    org.page_size = 200
    org.use_up(9_000)
    client = make_client(poll_share="60")

    with pytest.raises(LookingRests, match="of 15000 API calls") as reached:
        list(client.everything([]))

    assert reached.value.retry_after == 900.0
    assert [record.id for record in client.read([account], [])] == [account]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, "INSUFFICIENT_ACCESS", MissingScope),
        (403, "API_DISABLED_FOR_ORG", MissingScope),
        (400, "QUERY_TIMEOUT", Unavailable),
        (400, "MALFORMED_QUERY", Rejected),
        (500, "UNKNOWN_EXCEPTION", Unavailable),
        (503, "SERVER_UNAVAILABLE", Unavailable),
        (429, "TOO_MANY", LimitReached),
        (302, "MOVED", Rejected),
    ],
)
def test_refusals_are_told_apart(client, server, status, code, error):
    body = [{"message": "no", "errorCode": code}]
    server.org.faults.append(Fault(path="/query", status=status, body=body))

    with pytest.raises(error):
        client.test()


def test_a_redirect_is_not_followed(client, server):
    fault = Fault(
        path="/query", status=302, body=[], headers={"Location": "http://169.254.169.254/"}
    )
    server.org.faults.append(fault)

    with pytest.raises(Rejected, match="has moved"):
        client.test()


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": True},
        {"truncate": 20},
        {"status": 200, "body": "<html>Sign in to the guest network"},
        {"status": 200, "body": {"records": []}},
        {"status": 500, "body": "down for maintenance"},
        {"status": 404, "body": "nothing here"},
    ],
    ids=["dropped", "truncated", "html", "shape", "text", "lost"],
)
def test_half_answers_and_strange_ones_are_unavailable(client, server, fault):
    server.org.faults.append(Fault(path="/query", **fault))

    with pytest.raises(Unavailable):
        client.test()


def test_an_answer_that_is_too_large_is_not_read_to_its_end(client, server, monkeypatch):
    monkeypatch.setattr("integrations.crm.salesforce.transport.LARGEST_ANSWER", 100_000)
    server.org.faults.append(Fault(path="/query", status=200, body="x" * 5_000_000))

    with pytest.raises(Unavailable):
        client.test()


def test_nobody_is_asked_when_nothing_listens(make_client, settings):
    settings.SALESFORCE_CONTRACT_URL = "http://127.0.0.1:9"

    with pytest.raises(Unavailable, match="cannot be reached"):
        make_client().test()


def test_the_cursor_of_an_instant_allows_for_a_clock_that_is_ahead(client):
    moment = NOON + timedelta(milliseconds=700)

    assert client.cursor_at(moment) == "2026-11-02T11:50:00Z"


def test_credentials_of_another_org_read_nothing_but_are_told_apart_by_the_test(make_client, org):
    org.records.create(Name="Somebody else's")
    client = make_client(account_id="00D000000000062EAA")

    with pytest.raises(Revoked, match="another org"):
        list(client.everything([]))

    assert not asked(org, "queryAll")
    assert make_client(account_id="00D000000000062EAA").test().account_id == org.org_id
