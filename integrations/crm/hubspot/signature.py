"""HubSpot's request signatures, versions 1 to 3: making and checking them.

Pure: no framework, no clock. Our own, because the vendor's library accepts a
timestamp a day in the future and leaves out the decoding that its documentation
asks for. Versions 1 and 2 have no timestamp, so an overheard request can be sent
again; a connection must ask for them.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

SIGNATURE_V3 = "X-HubSpot-Signature-v3"
TIMESTAMP = "X-HubSpot-Request-Timestamp"
SIGNATURE_OLD = "X-HubSpot-Signature"
VERSION_OLD = "X-HubSpot-Signature-Version"

# How far a request's timestamp may lie behind our clock, and ahead of it, in milliseconds.
OLDEST_MS = 300_000
NEWEST_MS = 60_000

# The characters that are decoded before the hash is made, and no others.
_DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$",
    "%27": "'", "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
_ENCODED = re.compile("|".join(_DECODED), re.IGNORECASE)


def decoded(uri: str) -> str:
    """Return an address with exactly the documented percent-encodings undone, once."""
    return _ENCODED.sub(lambda found: _DECODED[found[0].upper()], uri)


def sign_v3(secret: str, *, method: str, uri: str, body: bytes, timestamp: str) -> str:
    """Return the signature of version 3; ``timestamp`` is the header's text, in milliseconds."""
    signed = method.encode() + decoded(uri).encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def sign_v2(secret: str, *, method: str, uri: str, body: bytes) -> str:
    """Return the signature of version 2: a plain digest with the secret in front."""
    return hashlib.sha256(secret.encode() + method.encode() + uri.encode() + body).hexdigest()


def sign_v1(secret: str, *, body: bytes) -> str:
    """Return the signature of version 1: a digest of secret and body alone."""
    return hashlib.sha256(secret.encode() + body).hexdigest()


def is_v3_valid(
    secrets: Iterable[str],
    *,
    method: str,
    uri: str,
    body: bytes,
    timestamp: str,
    signature: str,
    now_ms: int,
) -> bool:
    """Whether one of the secrets signed this request, at most five minutes ago.

    Every secret is tried, so that the time taken does not say which one it was.
    """
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 16:
        return False
    if not -NEWEST_MS <= now_ms - int(timestamp) <= OLDEST_MS:
        return False
    expected = (
        sign_v3(secret, method=method, uri=uri, body=body, timestamp=timestamp)
        for secret in secrets
    )
    return _is_one_of(signature, expected)


def is_old_valid(
    secrets: Iterable[str], *, version: str, method: str, uri: str, body: bytes, signature: str
) -> bool:
    """Whether one of the secrets signed this request in version 1 or 2."""
    if version == "v1":
        return _is_one_of(signature, (sign_v1(secret, body=body) for secret in secrets))
    if version == "v2":
        return _is_one_of(
            signature, (sign_v2(secret, method=method, uri=uri, body=body) for secret in secrets)
        )
    return False


def _is_one_of(given: str, expected: Iterable[str]) -> bool:
    # An empty secret signs nothing: anybody could.
    matches = [hmac.compare_digest(one.encode(), given.encode()) for one in expected]
    return any(matches)
