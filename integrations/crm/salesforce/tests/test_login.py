"""Logging in: two flows, one session for much work, one more login when it is over."""

import threading
from collections.abc import Callable, Mapping

import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from integrations.crm.salesforce.contract import Fault
from integrations.crm.salesforce.tests.conftest import NOON
from integrations.crm.vendor import LimitReached, Revoked, Unavailable


def pem_pair(key=None) -> tuple[str, str]:
    key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


@pytest.fixture(scope="module")
def pair() -> tuple[str, str]:
    return pem_pair()


@pytest.fixture
def jwt_client(make_client, org, pair):
    """Makes clients of the JWT bearer flow, whose certificate the org knows."""
    org.public_key = pair[1]

    def make(private_key: str = pair[0], **changed: str):
        settings = {"login_flow": "jwt_bearer", "username": "integration@meridian.example"}
        secrets = {"consumer_key": org.consumer_key, "private_key": private_key}
        return make_client(secrets, **{**settings, **changed})

    return make


class Stored:
    """Credentials as the core keeps them: renewed under a lock, for whoever comes first."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self.fetched = 0
        self.lock = threading.Lock()

    def renew(
        self,
        stale: Mapping[str, str],
        fetch: Callable[[Mapping[str, str]], Mapping[str, str]],
    ) -> Mapping[str, str]:
        with self.lock:
            if self.values != dict(stale):
                return self.values
            self.fetched += 1
            self.values = dict(fetch(stale))
            return self.values


@pytest.fixture
def stored(org) -> Stored:
    return Stored({"consumer_key": org.consumer_key, "consumer_secret": org.consumer_secret})


def test_client_credentials_log_in_once_for_several_calls(client, org):
    client.test()
    client.fields()

    assert org.logins == 1
    token = next(asked for asked in org.log if asked.path == "/services/oauth2/token")
    assert (token.method, token.host) == ("POST", "meridian.my.salesforce.com")


def test_every_address_is_of_version_66(client, org):
    client.test()

    paths = [asked.path for asked in org.log if asked.path != "/services/oauth2/token"]
    assert paths
    assert all(path.startswith("/services/data/v66.0/") for path in paths)


def test_a_wrong_secret_is_revoked_access_and_is_not_repeated(make_client, org):
    client = make_client({"consumer_key": org.consumer_key, "consumer_secret": "wrong"})

    with pytest.raises(Revoked) as refused:
        client.test()

    assert "invalid client credentials" in refused.value.message
    assert "wrong" not in refused.value.message
    assert len(org.log) == 1


def test_a_connected_app_without_a_run_as_user_is_told_what_to_do(client, org):
    org.run_as = ""

    with pytest.raises(Revoked, match="Choose a run-as user"):
        client.test()


def test_the_jwt_flow_logs_in_with_an_assertion_that_the_org_can_verify(jwt_client, org):
    with time_machine.travel(NOON, tick=False):
        found = jwt_client().test()

    assert found.account_id == org.org_id


def test_an_assertion_signed_with_another_key_is_refused(jwt_client):
    with time_machine.travel(NOON, tick=False), pytest.raises(Revoked, match="invalid assertion"):
        jwt_client(pem_pair()[0]).test()


def test_a_user_who_was_not_approved_is_told_what_to_do(jwt_client):
    client = jwt_client(username="somebody@meridian.example")

    with (
        time_machine.travel(NOON, tick=False),
        pytest.warns(UserWarning, match="connected app policy"),
        pytest.raises(Revoked, match="pre-authorize"),
    ):
        client.test()


def test_an_assertion_of_yesterday_is_refused(jwt_client, clock):
    clock.advance(days=1)

    with time_machine.travel(NOON, tick=False), pytest.raises(Revoked, match="expired"):
        jwt_client().test()


def test_a_sandbox_is_addressed_as_test(jwt_client, org):
    org.host = "meridian--uat.sandbox.my.salesforce.com"
    org.records.is_sandbox = True

    with time_machine.travel(NOON, tick=False):
        found = jwt_client(my_domain=f"https://{org.host}").test()

    assert "This is a sandbox." in found.notes


@pytest.mark.parametrize(
    "key",
    ["", "not a key", pem_pair(ec.generate_private_key(ec.SECP256R1()))[0]],
    ids=["empty", "text", "elliptic"],
)
def test_a_private_key_that_is_none_is_said_before_anything_is_sent(jwt_client, org, key):
    with pytest.raises(Revoked, match="private key cannot be read"):
        jwt_client(key).test()

    assert org.log == []


def test_an_ended_session_costs_one_login_and_the_work_goes_on(client, org):
    client.test()
    org.expire_sessions()

    assert client.test().account_id == org.org_id
    assert org.logins == 2


@pytest.mark.parametrize("work", ["query", "object"])
def test_a_session_that_never_counts_is_revoked_access_after_one_more_login(client, server, work):
    org = server.org
    body = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    org.faults.append(Fault(path="/services/data/", status=401, body=body, times=50))

    with pytest.raises(Revoked):
        client.test() if work == "query" else client.fields()

    # The library alone would have gone round for ever on an object.
    assert org.logins == 2


def test_the_session_is_kept_for_the_next_piece_of_work(make_client, org, stored):
    make_client(stored.values, stored.renew).test()
    make_client(stored.values, stored.renew).test()

    assert org.logins == 1
    assert stored.fetched == 1


def test_two_workers_whose_session_ended_log_in_once(make_client, org, stored):
    make_client(stored.values, stored.renew).test()
    org.expire_sessions()
    start = threading.Barrier(2)

    def work(client):
        start.wait()
        client.test()

    clients = [make_client(stored.values, stored.renew) for _ in range(2)]
    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert org.logins == 2


@pytest.mark.parametrize("changed", ["consumer_secret", "consumer_key"])
def test_a_kept_session_does_not_outlive_the_credentials_it_was_made_with(
    make_client, org, stored, changed
):
    make_client(stored.values, stored.renew).test()

    with pytest.raises(Revoked):
        make_client({**stored.values, changed: "another"}).test()


def test_credentials_that_somebody_enters_meanwhile_are_logged_in_with(make_client, org, stored):
    make_client(stored.values, stored.renew).test()
    stale = dict(stored.values)
    client = make_client(stale, stored.renew)
    org.consumer_secret = "rotated"
    org.expire_sessions()
    stored.values = {**stored.values, "consumer_secret": "rotated"}

    assert client.test().account_id == org.org_id


def test_a_kept_session_is_not_used_for_another_org(make_client, org, stored):
    make_client(stored.values, stored.renew).test()
    client = make_client(stored.values, my_domain="https://other.my.salesforce.com")

    with pytest.raises(Revoked, match="My Domain"):
        client.test()


def test_a_page_of_a_proxy_instead_of_a_token_is_unavailable_and_not_revoked(client, server):
    server.org.faults.append(Fault(path="/oauth2/token", status=502, body="<html>Bad gateway"))

    with pytest.raises(Unavailable):
        client.test()


@pytest.mark.parametrize(
    "body",
    [{}, [], {"access_token": "x"}, {"access_token": "x", "instance_url": "https://evil.example"}],
)
def test_a_token_answer_of_another_shape_is_unavailable(client, server, body):
    server.org.faults.append(Fault(path="/oauth2/token", status=200, body=body))

    with pytest.raises(Unavailable):
        client.test()


def test_too_many_logins_are_a_limit(client, server):
    body = {"error": "invalid_grant", "error_description": "login rate exceeded"}
    server.org.faults.append(Fault(path="/oauth2/token", status=400, body=body))

    with pytest.raises(LimitReached):
        client.test()
