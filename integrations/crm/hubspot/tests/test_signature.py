"""HubSpot's signatures: the published vectors, and everything that must be refused."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from hubspot.utils.signature import Signature

from integrations.crm.hubspot.signature import (
    SIGNATURE_OLD,
    SIGNATURE_V3,
    TIMESTAMP,
    VERSION_OLD,
    decoded,
    sign_v1,
    sign_v2,
    sign_v3,
)
from integrations.crm.hubspot.vendor import HubSpotVendor
from integrations.crm.vendor import Refusal, Secrets

SECRET = "test-client-secret"
URL = "https://portal.example.com/hooks/hubspot/"
BODY = (
    b'[{"eventId":100,"subscriptionId":2001,"portalId":4242,"appId":77,'
    b'"occurredAt":1793491200000,"subscriptionType":"company.propertyChange",'
    b'"attemptNumber":0,"objectId":9001,"propertyName":"acv","propertyValue":"31000",'
    b'"changeSource":"CRM_UI"}]'
)
SIGNED_MS = 1793491201000
SIGNATURE = "m6CV2QbbPnLMKGAujCSWwaNOl41fdy7jQKbdyYl4bO4="
NOW = datetime.fromtimestamp(SIGNED_MS / 1000, UTC) + timedelta(seconds=2)
OLD_SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
VENDOR_VECTOR = "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"


def headers_of(**given: str) -> HttpRequest:
    """Return a request whose ``headers`` answer names in any case, as a view's do."""
    return RequestFactory().post(
        "/", headers={name.replace("_", "-"): value for name, value in given.items()}
    )


def verdict(
    *,
    signature: str | None = SIGNATURE,
    timestamp: str | None = str(SIGNED_MS),
    body: bytes = BODY,
    url: str = URL,
    method: str = "POST",
    now: datetime = NOW,
    secrets: str = SECRET,
    settings: dict[str, str] | None = None,
    **more: str,
) -> Refusal | None:
    given = dict(more)
    if signature is not None:
        given[SIGNATURE_V3] = signature
    if timestamp is not None:
        given[TIMESTAMP] = timestamp
    return HubSpotVendor().verified(
        Secrets({"app_secret": secrets}),
        {"account_id": "4242", "signatures": "v3", **(settings or {})},
        method=method,
        url=url,
        headers=headers_of(**given).headers,
        body=body,
        now=now,
    )


def test_the_reference_vector_of_version_3_is_reproduced():
    made = sign_v3(SECRET, method="POST", uri=URL, body=BODY, timestamp=str(SIGNED_MS))

    assert made == SIGNATURE
    assert verdict() is None


def test_the_vendors_own_vectors_of_version_2_are_reproduced():
    made = sign_v2(OLD_SECRET, method="GET", uri="https://www.example.com/webhook_uri", body=b"")

    assert made == VENDOR_VECTOR


def test_version_1_is_a_digest_of_secret_and_body():
    assert sign_v1(OLD_SECRET, body=b"") == hashlib.sha256(OLD_SECRET.encode()).hexdigest()
    assert sign_v1(SECRET, body=BODY) == hashlib.sha256(SECRET.encode() + BODY).hexdigest()


def test_the_vendors_library_signs_the_same_in_all_versions():
    text = BODY.decode()
    for version, ours in (
        ("v1", sign_v1(SECRET, body=BODY)),
        ("v2", sign_v2(SECRET, method="POST", uri=URL, body=BODY)),
        ("v3", sign_v3(SECRET, method="POST", uri=URL, body=BODY, timestamp=str(SIGNED_MS))),
    ):
        theirs = Signature.get_signature(SECRET, text, version, URL, "POST", str(SIGNED_MS))
        assert ours == theirs, version


def test_unlike_the_vendors_library_we_refuse_a_timestamp_of_tomorrow():
    tomorrow = str(SIGNED_MS + 86_400_000)
    signature = sign_v3(SECRET, method="POST", uri=URL, body=BODY, timestamp=tomorrow)

    assert verdict(signature=signature, timestamp=tomorrow) is not None


@pytest.mark.parametrize(
    ("seconds", "is_accepted"),
    [(-300, True), (-300.001, False), (-3600, False), (60, True), (60.001, False), (86_400, False)],
)
def test_only_a_timestamp_within_the_window_counts(seconds, is_accepted):
    stamp = str(int((NOW + timedelta(seconds=seconds)).timestamp() * 1000))
    signature = sign_v3(SECRET, method="POST", uri=URL, body=BODY, timestamp=stamp)

    assert (verdict(signature=signature, timestamp=stamp) is None) == is_accepted


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "now",
        "-1",
        "1793491201000.0",
        "1e12",
        " 1793491201000",
        "١٧٩٣٤٩١٢٠١٠٠٠",
        "9" * 400,
        "0x1",
    ],
)
def test_a_timestamp_that_is_no_number_of_milliseconds_is_refused(timestamp):
    signature = base64.b64encode(
        hmac.new(
            SECRET.encode(), b"POST" + URL.encode() + BODY + timestamp.encode(), hashlib.sha256
        ).digest()
    ).decode()

    assert verdict(signature=signature, timestamp=timestamp) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": None},
        {"signature": ""},
        {"signature": SIGNATURE[:-1]},
        {"signature": SIGNATURE.lower()},
        {"signature": SIGNATURE + " "},
        {"signature": "ünïcode=="},
        {"timestamp": None},
        {"timestamp": str(SIGNED_MS + 1)},
        {"body": BODY.replace(b"31000", b"31001")},
        {"body": BODY[:-1]},
        {"body": BODY + b" "},
        {"body": b""},
        {"url": "https://portal.example.org/hooks/hubspot/"},
        {"url": "http://portal.example.com/hooks/hubspot/"},
        {"url": URL + "?x=1"},
        {"url": URL.rstrip("/")},
        {"method": "PUT"},
        {"secrets": "another-secret"},
        {"secrets": ""},
        {"secrets": " \n "},
    ],
    ids=lambda changes: next(f"{k} {str(v)[:20]}" for k, v in changes.items()),
)
def test_whatever_is_not_exactly_what_was_signed_is_refused(changes):
    assert verdict(**changes) is not None


def test_an_empty_secret_signs_nothing():
    signature = sign_v3("", method="POST", uri=URL, body=BODY, timestamp=str(SIGNED_MS))

    assert verdict(secrets="", signature=signature) is not None
    assert verdict(secrets="\n\n", signature=signature) is not None


def test_during_a_rotation_the_old_and_the_new_secret_count():
    assert verdict(secrets=f"the-new-one\n{SECRET}\n") is None
    assert verdict(secrets=f"{SECRET}\nthe-new-one") is None


def test_bytes_of_any_kind_in_the_body_are_signed_as_they_came():
    for body in ('[{"propertyValue":"Ünï\u2028—日本"}]'.encode(), b"\xff\xfe\x00", b""):
        signature = sign_v3(SECRET, method="POST", uri=URL, body=body, timestamp=str(SIGNED_MS))
        assert verdict(body=body, signature=signature) is None


def test_exactly_the_documented_characters_are_decoded_before_the_hash():
    encoded = "%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B"
    assert decoded(encoded) == ":/?@!$'()*,;"
    # Everything else stays, and nothing is decoded twice.
    for kept in ("%20", "%26", "%3D", "%2B", "%25", "%23", "%5B", "%C3%BC", "%253A"):
        assert decoded(kept) == kept
    uri = "https://portal.example.com/hooks/hubspot/?to=a%2Fb%20c&x=%3D"
    undone = "https://portal.example.com/hooks/hubspot/?to=a/b%20c&x=%3D"
    stamp = str(SIGNED_MS)
    by_hand = base64.b64encode(
        hmac.new(
            SECRET.encode(), b"POST" + undone.encode() + BODY + stamp.encode(), hashlib.sha256
        ).digest()
    ).decode()
    assert verdict(url=uri, signature=by_hand) is None


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_an_older_signature_counts_only_where_the_connection_asks_for_that_version(version):
    older = {
        "v1": sign_v1(SECRET, body=BODY),
        "v2": sign_v2(SECRET, method="POST", uri=URL, body=BODY),
    }
    given: dict[str, Any] = {
        "signature": None,
        "timestamp": None,
        SIGNATURE_OLD: older[version],
        VERSION_OLD: version,
    }

    assert verdict(**given) is not None
    assert verdict(**given, settings={"signatures": "v1" if version == "v2" else "v2"}) is not None
    assert verdict(**given, settings={"signatures": version}) is None
    wrong = {**given, SIGNATURE_OLD: older[version][:-1] + "x"}
    assert verdict(**wrong, settings={"signatures": version}) is not None


def test_a_wrong_version_3_is_not_saved_by_a_right_older_one():
    given: dict[str, Any] = {SIGNATURE_OLD: sign_v1(SECRET, body=BODY), VERSION_OLD: "v1"}

    assert verdict(signature="wrong", **given, settings={"signatures": "v1"}) is not None


def test_events_of_another_account_are_refused_though_the_app_signed_them():
    refusal = verdict(settings={"account_id": "5151"})

    assert refusal is not None
    assert refusal.status == 404
    # Before the first successful test nobody knows the account: the secret decides.
    assert verdict(settings={"account_id": ""}) is None


def test_a_signed_body_that_cannot_be_read_is_accepted_and_left_to_the_worker():
    body = b"not json"
    signature = sign_v3(SECRET, method="POST", uri=URL, body=body, timestamp=str(SIGNED_MS))

    assert verdict(body=body, signature=signature) is None
