"""Outbound Messages: how an org tells a listener that accounts have changed.

SOAP over HTTP, up to a hundred notifications in one envelope, each with its own id that
stays the same when it is sent again. A message holds the record as it is when it is
sent, not as it was when it was queued; nothing says in which order messages arrive.
Unless the listener answers ``Ack true`` they are sent again, later and later up to
every two hours, for 24 hours.
"""

import random
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from integrations.crm.salesforce.contract.records import Records
from integrations.crm.salesforce.ids import canonical_id

LARGEST = 100
KEPT = timedelta(hours=24)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=2)
OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
_ACK = re.compile(rb"<(?:\w+:)?Ack>\s*true\s*</(?:\w+:)?Ack>")
# Sends one body to an address and returns status, content type and body of the answer.
Send = Callable[[str, bytes], tuple[int, str, bytes]]


@dataclass
class Notification:
    """One queued notification: which record, since when, and when it is due again."""

    id: str
    record_id: str
    queued_at: datetime
    due_at: datetime
    attempts: int = 0


@dataclass
class Sent:
    """One envelope that went out, and whether the listener acknowledged it."""

    notification_ids: tuple[str, ...]
    body: bytes
    status: int
    answer: bytes
    acknowledged: bool


@dataclass
class Outbound:
    """The message action of a flow: sends these fields of changed accounts to an address.

    ``with_session`` puts a session id into the envelope, which an admin can switch on.
    ``shuffle`` sends in an order of its own, ``repeat`` every envelope twice.
    """

    records: Records
    address: str
    fields: Sequence[str] = ("ACV__c", "LastModifiedDate")
    host: str = "meridian.my.salesforce.com"
    org_id: str = ""
    with_session: bool = False
    shuffle: random.Random | None = None
    repeat: bool = False
    send: Send | None = None
    queue: list[Notification] = field(default_factory=list)
    given_up: list[Notification] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen to changes from now on."""
        self._serial = 0
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self.action_id = canonical_id("04k" + self.records.org_id[3:6] + "000000001")
        self.org_id = self.org_id or self.records.org_id
        self.records.listeners.append(self.notify)

    def notify(self, record_id: str) -> None:
        """Queue a notification about a record."""
        with self._lock:
            self._serial += 1
            now = self.records.now()
            name = canonical_id(f"04l{self.records.org_id[3:6]}{self._serial:09d}")
            self.queue.append(Notification(name, record_id, now, now))

    def deliver(self, *, most: int = LARGEST) -> int:
        """Send what is due in envelopes of at most ``most``; return how many were acknowledged."""
        now = self.records.now()
        with self._lock:
            for notification in [n for n in self.queue if now - n.queued_at >= KEPT]:
                self.queue.remove(notification)
                self.given_up.append(notification)
            due = [n for n in self.queue if n.due_at <= now]
        if self.shuffle is not None:
            self.shuffle.shuffle(due)
        done = 0
        size = min(most, LARGEST)
        for start in range(0, len(due), size):
            batch = due[start : start + size]
            accepted = [self._send(batch) for _ in range(2 if self.repeat else 1)]
            if any(accepted):
                done += len(batch)
        return done

    def start(self, every: float = 0.5) -> threading.Thread:
        """Deliver in the background until ``stop``; for the demo."""

        def run() -> None:
            while not self._stop.wait(every):
                self.deliver()

        thread = threading.Thread(target=run, name="outbound-messages", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """End the background delivery."""
        self._stop.set()

    def envelope(self, batch: Sequence[Notification]) -> bytes:
        """Return the envelope of these notifications, with the records as they are now."""
        session = (
            f"<SessionId>{self.org_id[:15]}!AQ.session.of.the.sender</SessionId>"
            if self.with_session
            else '<SessionId xsi:nil="true"/>'
        )
        parts = "".join(self._notification(n) for n in batch)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
            f'<notifications xmlns="{OUTBOUND}">'
            f"<OrganizationId>{self.org_id}</OrganizationId>"
            f"<ActionId>{self.action_id}</ActionId>{session}"
            f"<EnterpriseUrl>https://{self.host}/services/Soap/c/66.0/{self.org_id[:15]}"
            "</EnterpriseUrl>"
            f"<PartnerUrl>https://{self.host}/services/Soap/u/66.0/{self.org_id[:15]}</PartnerUrl>"
            f"{parts}</notifications></soapenv:Body></soapenv:Envelope>"
        ).encode()

    def _notification(self, notification: Notification) -> str:
        with self.records.lock:
            row = dict(self.records.accounts[notification.record_id])
        # Empty fields are left out of the message.
        fields = "".join(
            f"<sf:{name}>{escape(_text(row[name]))}</sf:{name}>"
            for name in ("Id", *self.fields)
            if row[name] is not None
        )
        return (
            f"<Notification><Id>{notification.id}</Id>"
            f"<sObject xsi:type={quoteattr('sf:Account')} "
            'xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
            f"{fields}</sObject></Notification>"
        )

    def _send(self, batch: Sequence[Notification]) -> bool:
        body = self.envelope(batch)
        try:
            status, content_type, answer = (self.send or _post)(self.address, body)
        except (OSError, HTTPException):
            status, content_type, answer = 0, "", b""
        is_xml = content_type.partition(";")[0].strip() == "text/xml"
        acknowledged = status == 200 and is_xml and bool(_ACK.search(answer))
        with self._lock:
            names = tuple(n.id for n in batch)
            self.sent.append(Sent(names, body, status, answer, acknowledged))
            for notification in batch:
                if acknowledged and notification in self.queue:
                    self.queue.remove(notification)
                elif not acknowledged:
                    notification.attempts += 1
                    wait = FIRST_WAIT * 2 ** min(notification.attempts - 1, 10)
                    notification.due_at = self.records.now() + min(wait, LONGEST_WAIT)
        return acknowledged


def _post(address: str, body: bytes) -> tuple[int, str, bytes]:
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=10)
    try:
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        connection.request("POST", parts.path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Content-Type", ""), answer.read(100_000)
    finally:
        connection.close()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text if "." in text else text + ".0"
    return str(value)
