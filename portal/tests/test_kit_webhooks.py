"""Webhook intake: verify, store, answer, and nothing else."""

import hashlib
import hmac

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from portal.kit.webhooks import (
    MAX_BODY_BYTES,
    Delivery,
    body_digest,
    receive,
    same_signature,
)

SECRET = b"shared"


class Signed:
    """A vendor who signs bodies with HMAC-SHA256."""

    source = "vendor"

    def verified(self, request: HttpRequest, connection: str) -> bool:
        """Whether the signature is right."""
        expected = hmac.new(SECRET, request.body, hashlib.sha256).hexdigest()
        return same_signature(expected, request.headers.get("X-Signature", ""))

    def dedupe_key(self, request: HttpRequest) -> str:
        """Return the vendor's own id."""
        return request.headers.get("X-Delivery", "")


class Store:
    """Keeps deliveries, each once."""

    def __init__(self) -> None:
        self.kept: dict[str, Delivery] = {}

    def __call__(self, delivery: Delivery) -> bool:
        """Keep a delivery; whether it is new."""
        is_new = delivery.dedupe_key not in self.kept
        self.kept.setdefault(delivery.dedupe_key, delivery)
        return is_new


@pytest.fixture
def store() -> Store:
    """An empty store."""
    return Store()


def send(
    store: Store,
    body: bytes = b'{"a": 1}',
    *,
    key: str = "",
    secret: bytes = SECRET,
    method: str = "post",
    signature: str | None = None,
) -> int:
    """Send one webhook; return the status of the answer."""
    right = hmac.new(secret, body, hashlib.sha256).hexdigest()
    request = getattr(RequestFactory(), method)(
        "/hook",
        data=body,
        content_type="application/json",
        headers={
            "X-Signature": right if signature is None else signature,
            "X-Delivery": key,
        },
    )
    return receive(request, connection="one", verifier=Signed(), store=store).status_code


def test_a_signed_body_is_stored_as_it_came(store: Store) -> None:
    body = '{"name": "Grüße", "n": 1.0}'.encode()
    assert send(store, body, key="d-1") == 202
    kept = store.kept["d-1"]
    assert (kept.source, kept.connection, kept.body) == ("vendor", "one", body)
    assert kept.headers == {"Content-Type": "application/json"}


def test_the_same_delivery_again_is_fine_and_not_new(store: Store) -> None:
    assert [send(store, key="d-1"), send(store, key="d-1")] == [202, 200]
    assert len(store.kept) == 1


def test_without_an_id_of_the_vendor_the_body_names_the_delivery(store: Store) -> None:
    assert [send(store, b"a"), send(store, b"a"), send(store, b"b")] == [202, 200, 202]
    assert set(store.kept) == {body_digest(b"a"), body_digest(b"b")}


def test_a_wrong_signature_stores_nothing(store: Store) -> None:
    assert send(store, secret=b"guess") == 401
    assert send(store, signature="") == 401
    assert send(store, signature="ü") == 401
    assert not store.kept


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_only_posting_delivers(store: Store, method: str) -> None:
    assert send(store, method=method) == 405


def test_a_giant_is_refused_before_it_is_read(store: Store) -> None:
    assert send(store, b"x" * MAX_BODY_BYTES) == 202
    assert send(store, b"x" * (MAX_BODY_BYTES + 1)) == 413
    assert len(store.kept) == 1


@pytest.mark.parametrize("announced", ["-1", "many", str(10**12)])
def test_a_length_that_cannot_be_is_refused(store: Store, announced: str) -> None:
    request = RequestFactory().post("/hook", data=b"x", content_type="text/plain")
    request.META["CONTENT_LENGTH"] = announced
    assert receive(request, connection="one", verifier=Signed(), store=store).status_code == 413


def test_signatures_are_compared_whole() -> None:
    assert same_signature("abc", "abc")
    assert not same_signature("abc", "ab")
    assert not same_signature("abc", "")
