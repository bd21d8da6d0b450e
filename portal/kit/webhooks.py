"""Webhook intake: verify, store, answer, and nothing else.

Vendors give a second or less and punish slow answers, so a webhook view must
never do the work. A vendor folder under ``integrations`` supplies a
``Verifier`` and a ``store`` action; a worker does the rest later.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from django.http import HttpRequest, HttpResponse

MAX_BODY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One verified webhook body as it arrived. ``dedupe_key`` names it for ever."""

    source: str
    connection: str
    body: bytes
    headers: Mapping[str, str]
    dedupe_key: str


class Verifier(Protocol):
    """Says whether the raw bytes come from the vendor, and names the delivery."""

    source: str

    def verified(self, request: HttpRequest, connection: str) -> bool:
        """Whether the signature over the raw body is right."""
        ...

    def dedupe_key(self, request: HttpRequest) -> str:
        """Return the vendor's own id of the delivery, or an empty string."""
        ...


def body_digest(body: bytes) -> str:
    """Return the SHA-256 of a body: the delivery's name when the vendor gives none."""
    return hashlib.sha256(body).hexdigest()


def same_signature(expected: str, given: str) -> bool:
    """Compare two signatures in constant time."""
    return hmac.compare_digest(expected.encode(), given.encode())


def refused_unread(request: HttpRequest) -> HttpResponse | None:
    """Answer what is no webhook by its form: another method, or a body that is too large."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    # What is announced first, so that a giant is not even read.
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdecimal() or int(announced) > MAX_BODY_BYTES:
        return HttpResponse("body too large", status=413, content_type="text/plain")
    if len(request.body) > MAX_BODY_BYTES:
        return HttpResponse("body too large", status=413, content_type="text/plain")
    return None


def receive(
    request: HttpRequest,
    *,
    connection: str,
    verifier: Verifier,
    store: Callable[[Delivery], bool],
) -> HttpResponse:
    """Verify, store and answer one webhook request.

    401 for a wrong signature, 413 for a body above ``MAX_BODY_BYTES``, 202 when
    stored, 200 when the same delivery is already there. ``store`` returns
    whether the row is new.
    """
    if (refusal := refused_unread(request)) is not None:
        return refusal
    if not verifier.verified(request, connection):
        return HttpResponse("signature not valid", status=401, content_type="text/plain")
    delivery = Delivery(
        source=verifier.source,
        connection=connection,
        body=request.body,
        headers={
            name: request.headers[name] for name in ("Content-Type",) if name in request.headers
        },
        dedupe_key=verifier.dedupe_key(request) or body_digest(request.body),
    )
    return HttpResponse(status=202 if store(delivery) else 200)
