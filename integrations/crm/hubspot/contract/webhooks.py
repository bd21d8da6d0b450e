"""The stand-in's webhooks: what HubSpot sends when companies change.

Evidence D: an array of at most 100 events; signature v3; 5 seconds for an answer; every 4xx, 5xx,
timeout or failed connection is tried again up to ten times; ``attemptNumber`` counts; order and
uniqueness are not promised. K: the spacing of the attempts.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from random import Random
from threading import RLock
from typing import Any
from urllib.parse import urlsplit

from integrations.crm.hubspot.contract.access import Access
from integrations.crm.hubspot.contract.clock import Clock
from integrations.crm.hubspot.signature import (
    SIGNATURE_OLD,
    SIGNATURE_V3,
    TIMESTAMP,
    VERSION_OLD,
    sign_v1,
    sign_v3,
)

PER_DELIVERY = 100
MOST_ATTEMPTS = 10
ANSWER_SECONDS = 5.0

Post = Callable[[str, Mapping[str, str], bytes], int]


def post_over_http(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """POST and return the status; 0 for a failed connection or no answer in time."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=ANSWER_SECONDS)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, dict(headers))
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


@dataclass(slots=True)
class Mischief:
    """What befalls deliveries: the order mixed, some sent twice, some lost on the way."""

    shuffle: bool = False
    duplicate: float = 0.0
    lose: float = 0.0
    seed: int = 0


@dataclass
class Webhooks:
    """Events that wait, and how they are sent.

    ``target`` is the address as the app's settings have it, and the one that is signed;
    ``reached_at`` is where it is really sent, when something stands in between.
    """

    access: Access
    clock: Clock
    target: str = ""
    reached_at: str = ""
    post: Post = post_over_http
    mischief: Mischief = field(default_factory=Mischief)
    style: str = "subscriptionType"  # or "eventType", or "object" for the generic types
    signs_old: bool = False
    waiting: list[dict[str, Any]] = field(default_factory=list)
    # Every event ever made: tests compare.
    told: list[dict[str, Any]] = field(default_factory=list)
    # Deliveries that were tried again, with how often so far.
    failed: list[tuple[list[dict[str, Any]], int]] = field(default_factory=list)
    lock: Any = field(default_factory=RLock)
    _ids: Iterator[int] = field(default_factory=lambda: count(100))

    def continue_ids(self, ids: Iterator[int]) -> None:
        """Take the ids of new events from here on."""
        self._ids = ids

    def tell(self, what: Mapping[str, Any]) -> None:
        """Make an event of a change."""
        rest = {name: value for name, value in what.items() if name != "kind"}
        with self.lock:
            event = {
                "eventId": next(self._ids),
                "subscriptionId": 2001,
                "portalId": self.access.portal_id,
                "appId": self.access.app_id,
                **self._type(str(what["kind"])),
                "attemptNumber": 0,
                **rest,
            }
            event.setdefault("changeSource", "CRM_UI")
            self.waiting.append(event)
            self.told.append(event)

    def _type(self, kind: str) -> dict[str, Any]:
        if self.style == "object":
            return {"subscriptionType": f"object.{kind}", "objectTypeId": "0-2"}
        return {self.style: f"company.{kind}"}

    def deliver(self) -> list[int]:
        """Send what waits, and what failed before; return the statuses that came back."""
        with self.lock:
            events, self.waiting = self.waiting, []
            again, self.failed = self.failed, []
        deliveries = [(batch, 0) for batch in self._batches(events)] + again
        return [self.send(batch, attempt) for batch, attempt in deliveries]

    def _batches(self, events: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
        rng = Random(self.mischief.seed)  # noqa: S311
        self.mischief.seed += 1
        sent = list(events)
        sent += [event for event in events if rng.random() < self.mischief.duplicate]
        if self.mischief.shuffle:
            rng.shuffle(sent)
        for start in range(0, len(sent), PER_DELIVERY):
            if rng.random() >= self.mischief.lose:
                yield sent[start : start + PER_DELIVERY]

    def send(self, events: list[dict[str, Any]], attempt: int = 0) -> int:
        """Send one delivery; keep it for another attempt when it is not taken."""
        body, headers = self.signed([{**event, "attemptNumber": attempt} for event in events])
        status = self.post(self.reached_at or self.target, headers, body)
        if not 200 <= status < 300 and attempt + 1 < MOST_ATTEMPTS:
            with self.lock:
                self.failed.append((events, attempt + 1))
        return status

    def signed(self, events: list[dict[str, Any]]) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of a delivery, signed now."""
        body = json.dumps(events, separators=(",", ":")).encode()
        timestamp = str(self.clock.now_ms())
        headers = {"Content-Type": "application/json", TIMESTAMP: timestamp}
        secret = self.access.client_secret
        if self.signs_old:
            headers |= {SIGNATURE_OLD: sign_v1(secret, body=body), VERSION_OLD: "v1"}
        else:
            headers[SIGNATURE_V3] = sign_v3(
                secret, method="POST", uri=self.target, body=body, timestamp=timestamp
            )
        return body, headers
