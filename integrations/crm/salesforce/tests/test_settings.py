"""What ops enter: only addresses of Salesforce are ever called, and errors say what to do."""

import pytest
import requests

from integrations.crm.salesforce.ids import canonical_id, same_id
from integrations.crm.salesforce.transport import SalesforceSession
from integrations.crm.salesforce.vendor import SalesforceVendor

GOOD = {"my_domain": "https://acme.my.salesforce.com", "login_flow": "client_credentials"}
ACCOUNT = canonical_id("0012w00000ABcde")


def refused(**changed: str) -> set[str]:
    return set(SalesforceVendor().settings_refused({**GOOD, **changed}))


@pytest.mark.parametrize(
    "address",
    [
        "https://acme.my.salesforce.com",
        "https://ACME.my.salesforce.com/",
        "acme.my.salesforce.com",
        "https://acme--uat.sandbox.my.salesforce.com",
        "https://acme-dev-ed.develop.my.salesforce.com",
    ],
)
def test_my_domain_addresses_are_accepted(address):
    assert refused(my_domain=address) == set()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://acme.my.salesforce.com",
        "https://login.salesforce.com",
        "https://acme.lightning.force.com",
        "https://evil.example",
        "https://acme.my.salesforce.com.evil.example",
        "https://evil.example/acme.my.salesforce.com",
        "https://evil.example#.my.salesforce.com",
        "https://user@acme.my.salesforce.com",
        "https://acme.my.salesforce.com:8443",
        "https://169.254.169.254",
        "https://.my.salesforce.com",
        "https://acme.my.salesforce.com/services",
    ],
)
def test_other_addresses_are_refused_with_a_sentence(address):
    found = SalesforceVendor().settings_refused({**GOOD, "my_domain": address})

    assert set(found) == {"my_domain"}
    assert "My Domain" in found["my_domain"]


def test_the_jwt_flow_needs_a_user():
    assert refused(login_flow="jwt_bearer") == {"username"}
    assert refused(login_flow="jwt_bearer", username="a@b.example") == set()


@pytest.mark.parametrize("share", ["0", "101", "-1", "80.5", "half"])
def test_a_share_is_a_percentage(share):
    assert refused(poll_share=share) == {"poll_share"}


@pytest.mark.parametrize("currency", ["EU", "EURO", "12€"])
def test_a_currency_has_three_letters(currency):
    assert refused(currency=currency) == {"currency"}
    assert refused(currency="eur", poll_share="100") == set()


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.my.salesforce.com/",
        "https://evil.example/",
        "https://salesforce.com.evil.example/",
        "https://acme.my.salesforce.com@evil.example/",
        "https://evil.example\\@acme.my.salesforce.com/",
        "https://acme.my.salesforce.com:444/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "ftp://acme.my.salesforce.com/",
    ],
)
def test_the_session_goes_nowhere_else(url):
    with pytest.raises(requests.RequestException, match="not an address of Salesforce"):
        SalesforceSession().get(url)


def test_the_stand_in_is_on_this_machine_or_nowhere():
    with pytest.raises(requests.RequestException, match="not on this machine"):
        SalesforceSession("http://10.0.0.7:8000")


def test_a_record_has_its_page_and_nonsense_has_none():
    vendor = SalesforceVendor()

    assert vendor.record_url(GOOD, ACCOUNT) == f"https://acme.my.salesforce.com/{ACCOUNT}"
    assert vendor.record_url(GOOD, "javascript:alert(1)") == ""
    assert vendor.record_url({"my_domain": "https://evil.example"}, ACCOUNT) == ""


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001A0000006Vm9r", "001A0000006Vm9rIAC"),
        ("00D000000000062", "00D000000000062EAA"),
        ("003000000000001", "003000000000001AAA"),
    ],
)
def test_both_forms_of_an_id_are_one(short, long):
    assert canonical_id(short) == long
    assert canonical_id(long) == long
    assert canonical_id(long.lower()) == long
    assert canonical_id(long.upper()) == long
    assert same_id(short, long)


@pytest.mark.parametrize("wrong", ["", "001A", "001A0000006Vm9rIAD", "001A0000006Vm9!", "x" * 19])
def test_what_is_no_id_equals_nothing(wrong):
    assert canonical_id(wrong) == ""
    assert not same_id(wrong, wrong)


def test_every_field_and_step_has_words():
    vendor = SalesforceVendor()

    names = [one.name for one in (*vendor.credential_fields, *vendor.setting_fields)]
    assert len(set(names)) == len(names)
    assert all(str(one.label) for one in (*vendor.credential_fields, *vendor.setting_fields))
    assert {one.name for one in vendor.credential_fields if one.is_secret} == {
        "consumer_key",
        "consumer_secret",
        "private_key",
    }
    assert all(str(step).endswith(".") for step in vendor.steps)
