"""What goes wrong between HubSpot and us, over real HTTP, each as one of the core's errors."""

import logging
import threading
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from integrations.crm.hubspot.access import REFRESHED, REFRESHED_UNTIL
from integrations.crm.hubspot.contract.access import ALL_SCOPES, CONTACTS, READ, SCHEMA, WRITE
from integrations.crm.hubspot.tests.conftest import FIELDS
from integrations.crm.hubspot.tests.test_client_reading import SEARCH, changed, many
from integrations.crm.vendor import (
    CrmError,
    LimitReached,
    MissingScope,
    Rejected,
    Revoked,
    Unavailable,
)

COMPANIES = "/crm/v3/objects/companies"


def fail(account, **fault):
    account.faults.add(fault)


# -- who we are ----------------------------------------------------------------


def test_the_test_says_which_account_this_is_and_that_nothing_is_missing(client):
    found = client.test()

    assert found.account_id == "4242"
    assert found.currency == "EUR"
    assert found.missing_scopes == ()
    assert READ in found.scopes
    assert found.notes == ()


def test_the_test_names_the_permissions_that_are_missing(server, make_client):
    server.account.access.scopes = (READ,)

    found = make_client().test()

    assert found.missing_scopes == (SCHEMA, CONTACTS)
    assert WRITE in found.notes[0]


def test_a_token_that_cannot_be_looked_up_is_tried_out_instead(server, make_client):
    server.account.access.scopes = (READ,)
    fail(server.account, path="/oauth/v2/private-apps", status=404, body={"message": "no"})

    found = make_client().test()

    assert found.account_id == "4242"
    assert found.scopes == ()
    assert found.missing_scopes == (SCHEMA,)


def test_a_token_that_nobody_knows_is_revoked(make_client):
    for secrets in ({"access_token": "pat-eu1-wrong"}, {"access_token": ""}):
        client = make_client({"app_secret": "x", **secrets})
        with pytest.raises(Revoked):
            client.test()


def test_a_missing_scope_is_not_a_revocation_and_is_named(server, make_client):
    server.account.access.scopes = tuple(one for one in ALL_SCOPES if one != WRITE)
    [row] = many(server, 1)

    with pytest.raises(MissingScope) as refusal:
        make_client().write(str(row.id), {"acv": "5"})

    assert refusal.value.scope == WRITE


def test_access_that_is_taken_back_between_two_calls_is_revoked(server, client):
    [row] = many(server, 1)
    client.read([str(row.id)], FIELDS)
    server.account.access.revoke_all()

    with pytest.raises(Revoked):
        client.read([str(row.id)], FIELDS)


# -- limits --------------------------------------------------------------------


def test_five_searches_a_second_are_kept_by_waiting_for_a_second(server, client):
    many(server, 2_000)
    server.account.call_ms = 0

    ids, _ = changed(client, "0")

    assert len(ids) == 2_000
    statuses = [status for _, path, status in server.account.log if path == SEARCH]
    assert (statuses.count(200), statuses.count(429)) == (11, 2)


def test_a_limit_per_second_that_never_ends_is_given_up(server, client):
    fail(server.account, path=SEARCH, times=50, status=429,
         body={"policyName": "SECONDLY", "errorType": "RATE_LIMIT"})  # fmt: skip

    with pytest.raises(LimitReached) as limit:
        changed(client, "0")

    assert limit.value.retry_after == 1.0
    assert server.account.calls_to(SEARCH) == 4


def test_190_calls_in_ten_seconds_are_the_limit_and_ten_seconds_the_wait(server, client):
    [row] = many(server, 1)
    client.read([str(row.id)], FIELDS)
    server.account.call_ms = 0
    server.account.clock.advance(10)
    for _ in range(190):
        client.read([str(row.id)], FIELDS)
    with pytest.raises(LimitReached) as limit:
        client.read([str(row.id)], FIELDS)
    assert limit.value.retry_after == 10.0

    server.account.clock.advance(10)
    assert client.read([str(row.id)], FIELDS)


@pytest.mark.parametrize(
    ("zone", "wait"),
    # Noon in UTC: 13:00 in Berlin, 21:00 in Tokyo, 04:00 in Los Angeles.
    [("Europe/Berlin", 11 * 3600), ("Asia/Tokyo", 3 * 3600), ("America/Los_Angeles", 20 * 3600),
     ("", 3600)],
)  # fmt: skip
def test_the_daily_limit_lasts_until_midnight_of_the_account(server, make_client, zone, wait):
    server.account.limits.per_day = 0

    with pytest.raises(LimitReached) as limit:
        make_client(settings={"time_zone": zone}).read(["1"], FIELDS)

    assert limit.value.retry_after == pytest.approx(wait, abs=2)


@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [({}, {}, None), ({"policyName": "NEW"}, {"Retry-After": "7"}, 7.0), (None, {}, None),
     ({"policyName": None}, {"Retry-After": "soon"}, None)],
)  # fmt: skip
def test_an_unknown_limit_waits_as_long_as_it_says(server, client, body, headers, wait):
    fail(server.account, status=429, body=body, headers=headers)

    with pytest.raises(LimitReached) as limit:
        client.read(["1"], FIELDS)

    assert limit.value.retry_after == wait


# -- failures ------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504, 521, 523, 524])
def test_the_crms_own_failure_is_for_later(server, client, status):
    fail(server.account, status=status, text="<html>Bad Gateway</html>")

    with pytest.raises(Unavailable):
        client.read(["1"], FIELDS)

    assert client.read(["1"], FIELDS) == []


def test_a_locked_record_waits_two_seconds_and_a_migration_as_long_as_it_says(server, client):
    fail(server.account, status=423, body={"message": "locked"})
    with pytest.raises(Unavailable) as locked:
        client.read(["1"], FIELDS)
    assert locked.value.retry_after == 2.0

    fail(server.account, status=477, headers={"Retry-After": "7200"})
    with pytest.raises(Unavailable) as migration:
        client.read(["1"], FIELDS)
    assert migration.value.retry_after == 7200.0


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": True},
        {"truncate": True},
        {"text": "<html>hello</html>"},
        {"text": ""},
        {"text": '"a text"'},
        {"text": "[1, 2]"},
        {"text": '{"results": 5}'},
        {"text": '{"results": [{"id": "1", "properties": {}, "updatedAt": "yesterday"}]}'},
        {"text": "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1")},
        {"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}},
        {"text": '{"results": null, "paging": {"next": {"after": "x"}}}'},
        {"status": 204},
    ],
    ids=lambda fault: next(f"{k} {v}"[:30] for k, v in fault.items()),
)
def test_an_answer_that_cannot_be_read_is_for_later_and_nothing_else(server, client, fault):
    [row] = many(server, 1)
    client.read([str(row.id)], FIELDS)
    for call in (
        lambda: client.read([str(row.id)], FIELDS),
        lambda: list(client.changed_since("0", FIELDS)),
        lambda: list(client.everything(FIELDS)),
    ):
        fail(server.account, **fault)
        with pytest.raises(Unavailable):
            call()
        server.account.faults.clear()


def test_an_empty_answer_is_not_taken_for_an_account_without_companies(server, client):
    fail(server.account, status=200, text='{"paging": {"next": {"after": "x"}}}')
    with pytest.raises(Unavailable):
        list(client.everything(FIELDS))
    fail(server.account, status=200, text="{}")
    with pytest.raises(Unavailable):
        client.read(["1"], FIELDS)


def test_a_server_that_takes_too_long_is_given_up_in_time(server, make_client):
    client = make_client(timeouts=(1.0, 0.2))
    fail(server.account, delay_ms=5_000)

    with pytest.raises(Unavailable):
        client.read(["1"], FIELDS)


def test_a_server_that_is_not_there_is_unavailable(server, make_client):
    client = make_client()
    client.host = "http://127.0.0.1:9"

    with pytest.raises(Unavailable):
        client.read(["1"], FIELDS)
    with pytest.raises(Unavailable):
        client.test()


def test_a_bad_request_is_rejected_with_what_the_crm_said(server, client):
    fail(server.account, status=400, body={"message": "x" * 5_000})

    with pytest.raises(Rejected) as refusal:
        client.read(["1"], FIELDS)

    assert len(refusal.value.message) < 400


def test_a_poll_that_fails_half_way_has_not_given_its_last_cursor(server, client):
    many(server, 500)
    pages = client.changed_since("0", FIELDS)
    fail(server.account, path=SEARCH, skip=1, status=502)
    cursors = []
    with pytest.raises(Unavailable):
        cursors += [page.cursor for page in pages]

    assert changed(client, "0")[1] not in cursors


def test_a_write_whose_answer_is_lost_is_done_and_can_be_done_again(server, client):
    [row] = many(server, 1)
    fail(server.account, method="PATCH", after=True, drop=True)

    with pytest.raises(Unavailable):
        client.write(str(row.id), {"acv": "5"})
    client.write(str(row.id), {"acv": "5"})

    assert row.properties["acv"] == "5"


# -- OAuth ---------------------------------------------------------------------


def oauth_secrets(account) -> dict[str, str]:
    access = account.access
    return {
        "client_id": access.client_id,
        "app_secret": f"{access.client_secret}\nan-older-secret",
        "refresh_token": access.install(),
    }


class Store:
    """Keeps credentials as the core does: one lock, and newer ones win."""

    def __init__(self, secrets):
        self.secrets = MappingProxyType(dict(secrets))
        self.lock = threading.Lock()

    def renew(self, old, fetch):
        with self.lock:
            if self.secrets.get(REFRESHED) != old.get(REFRESHED):
                return self.secrets
            self.secrets = MappingProxyType(dict(fetch(old)))
            return self.secrets


def test_a_public_app_gets_its_first_token_and_is_asked_who_it_is(server, make_client):
    store = Store(oauth_secrets(server.account))

    found = make_client(store.secrets, store.renew).test()

    assert (found.account_id, found.account_name) == ("4242", "demo-crm.example")
    assert found.missing_scopes == ()
    assert store.secrets[REFRESHED] == "access-1"


def test_a_token_is_renewed_before_its_half_hour_is_over_and_kept_until_then(server, make_client):
    store = Store(oauth_secrets(server.account))
    client = make_client(store.secrets, store.renew)
    client.read(["1"], FIELDS)
    client.read(["1"], FIELDS)
    assert server.account.access.refreshes == 1

    server.account.clock.advance(29 * 60)
    client.read(["1"], FIELDS)

    assert server.account.access.refreshes == 2
    assert 401 not in [status for _, _, status in server.account.log]


def test_a_token_that_the_crm_calls_expired_is_renewed_once(server, make_client):
    secrets = {
        **oauth_secrets(server.account),
        REFRESHED: "access-0",
        # Our clock is behind: we think it is good for long.
        REFRESHED_UNTIL: (server.account.clock.now() + timedelta(days=1)).isoformat(),
    }
    fail(server.account, path=COMPANIES, status=401, body={"category": "EXPIRED_AUTHENTICATION"})
    store = Store(secrets)

    assert make_client(store.secrets, store.renew).read(["1"], FIELDS) == []
    assert server.account.access.refreshes == 1

    fail(server.account, path=COMPANIES, times=2, status=401,
         body={"category": "EXPIRED_AUTHENTICATION"})  # fmt: skip
    with pytest.raises(Revoked):
        make_client(store.secrets, store.renew).read(["1"], FIELDS)


def test_two_workers_with_the_same_old_token_renew_it_once(server, make_client):
    store = Store(oauth_secrets(server.account))
    clients = [make_client(store.secrets, store.renew) for _ in range(8)]
    together = threading.Barrier(len(clients))
    errors: list[Exception] = []

    def work(client):
        together.wait(10)
        try:
            client.read(["1"], FIELDS)
        except Exception as problem:
            errors.append(problem)

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert errors == []
    assert server.account.access.refreshes == 1


@pytest.mark.parametrize("old_style", [False, True])
def test_a_grant_that_was_taken_back_is_revoked_in_the_old_and_the_new_form(
    server, make_client, old_style
):
    store = Store(oauth_secrets(server.account))
    server.account.access.revoke_all()
    server.account.access.answers_in_old_style = old_style

    with pytest.raises(Revoked):
        make_client(store.secrets, store.renew).read(["1"], FIELDS)


def test_a_token_endpoint_that_fails_revokes_nothing(server, make_client):
    store = Store(oauth_secrets(server.account))
    fail(server.account, path="/oauth/v1/token", status=503)

    with pytest.raises(Unavailable):
        make_client(store.secrets, store.renew).read(["1"], FIELDS)

    assert make_client(store.secrets, store.renew).read(["1"], FIELDS) == []


def test_no_error_of_any_kind_shows_a_secret(server, make_client):
    secrets = {**oauth_secrets(server.account), REFRESHED: "access-SECRET",
               REFRESHED_UNTIL: datetime(2030, 1, 1, tzinfo=UTC).isoformat()}  # fmt: skip
    token_client = {"access_token": "pat-SECRET"}
    for given in (secrets, token_client):
        for fault in ({"drop": True}, {"status": 500, "text": "oops"}, {"status": 400},
                      {"status": 401}, {"text": "no json"}):  # fmt: skip
            fail(server.account, **fault)
            with pytest.raises(CrmError) as problem:
                make_client(given).test()
            server.account.faults.clear()
            shown = repr(problem.value) + str(problem.value) + repr(problem.value.__cause__)
            assert "SECRET" not in shown


def test_no_log_line_shows_a_token_even_when_everything_is_logged(server, make_client, caplog):
    caplog.set_level(logging.DEBUG)
    store = Store(oauth_secrets(server.account))
    make_client(store.secrets, store.renew).test()
    make_client().test()

    assert server.account.access.refreshes == 1
    for secret in ("access-1", "pat-eu1-", server.account.access.client_secret):
        assert secret not in caplog.text
