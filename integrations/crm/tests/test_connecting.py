"""Connecting a CRM: credentials that nobody sees again, and what must be done in which order."""

import logging

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from integrations.crm import actions
from integrations.crm.models import CrmConnection, token_digest
from integrations.crm.tests.conftest import NOON
from portal.kit.refused import InvalidInput, Refused
from portal.kit.secrets import CannotDecrypt, seal, unseal

pytestmark = pytest.mark.django_db
SECRET = "pat-eu1-very-secret-token"


@pytest.fixture
def fresh(oscar):
    """A connection that was just made."""
    return actions.create_connection(
        vendor="hubspot", name="HubSpot", settings={}, by=oscar, now=NOON,
        credentials={"app_secret": "app-secret-1", "access_token": SECRET},
    )  # fmt: skip


def test_credentials_are_sealed_and_print_nothing(fresh):
    row, token = fresh
    stored = CrmConnection.objects.values_list("sealed_credentials", flat=True).get()
    assert SECRET not in stored
    assert row.secrets["access_token"] == SECRET
    assert SECRET not in f"{row} {row.secrets!r} {vars(row)}"
    assert row.token_hash == token_digest(token)
    assert token not in str(vars(row))


def test_an_empty_credential_stays_what_it_was(fresh, oscar):
    row, _token = fresh
    actions.change_connection(
        connection=row, by=oscar, credentials={"app_secret": "app-secret-2", "access_token": ""}
    )
    row.refresh_from_db()
    assert (row.secrets["app_secret"], row.secrets["access_token"]) == ("app-secret-2", SECRET)


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"vendor": "nobody"}, "vendor"),
        ({"name": " "}, "name"),
        ({"credentials": {"access_token": "x"}}, "app_secret"),
        ({"settings": {"signatures": "v9"}}, "signatures"),
        ({"settings": {"time_zone": "Mars/Base"}}, "time_zone"),
    ],
)
def test_what_is_missing_or_wrong_is_said_at_its_field(oscar, changes, at):
    values = {
        "vendor": "hubspot", "name": "HubSpot", "settings": {},
        "credentials": {"app_secret": "s", "access_token": "t"}, **changes,
    }  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        actions.create_connection(by=oscar, now=NOON, **values)
    assert at in refused.value.fields
    assert not CrmConnection.objects.exists()


def test_a_connection_is_tested_and_mapped_before_it_runs(fresh, oscar):
    row, _token = fresh
    with pytest.raises(Refused, match="Test the connection"):
        actions.resume_connection(connection=row, by=oscar, now=NOON)


def test_one_account_is_connected_once(crm, oscar):
    second, _token = actions.create_connection(
        vendor="hubspot", name="Again", settings={}, by=oscar, now=crm.now,
        credentials={"app_secret": "s", "access_token": crm.account.access.private_app("two")},
    )  # fmt: skip
    with pytest.raises(Refused, match="connected already"):
        actions.test_connection(connection=second, by=oscar, now=crm.now)


def test_wrong_credentials_are_said_in_words_without_the_secret(crm, oscar, caplog):
    actions.change_connection(
        connection=crm.connection, by=oscar, credentials={"access_token": SECRET}
    )
    with caplog.at_level(logging.DEBUG), pytest.raises(Refused) as refused:
        actions.test_connection(connection=crm.fresh, by=oscar, now=crm.now)
    assert refused.value.code == "crm_revoked"
    told = refused.value.message + crm.fresh.last_error + caplog.text
    assert SECRET not in told


def test_keys_are_rotated_and_the_old_one_may_go(fresh, settings):
    old, new = (Fernet.generate_key().decode() for _each in range(2))
    row, _token = fresh
    settings.ENCRYPTION_KEYS = [old]
    CrmConnection.objects.update(sealed_credentials=seal('{"access_token": "kept"}'))
    settings.ENCRYPTION_KEYS = [new, old]
    call_command("rotate_encryption_keys", verbosity=0)
    settings.ENCRYPTION_KEYS = [new]
    row.refresh_from_db()
    assert row.secrets["access_token"] == "kept"
    settings.ENCRYPTION_KEYS = [old]
    with pytest.raises(CannotDecrypt):
        unseal(row.sealed_credentials)
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("rotate_encryption_keys", verbosity=0)


def test_a_webhook_whose_connection_cannot_be_opened_is_asked_to_come_again(crm, settings):
    crm.company(name="Anybody")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert crm.deliver() == [503]
    settings.ENCRYPTION_KEYS = []
    assert crm.deliver() == [200]
