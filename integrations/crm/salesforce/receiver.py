"""Outbound Messages: SOAP that nobody signs, so little of it is believed.

The address ends in a token of which we keep a hash; the envelope must name the connected
org. What it says about accounts is a hint: they are read again by REST. The parser knows
no DTD and no entity, fetches nothing, and refuses what is deeper or longer than a message is.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from integrations.crm.salesforce.ids import canonical_id
from integrations.crm.vendor import Hint, HintKind

LARGEST = 1_000_000
DEEPEST = 10
# A hundred notifications with every field that an account can have.
MOST_ELEMENTS = 100_000
MOST_NOTIFICATIONS = 100
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
# Told in the ledger as when it happened, the first that the message carries.
_STAMPS = ("SystemModstamp", "LastModifiedDate")
_SHOWN = 200
_NOT_SHOWN = re.compile(r"\s+")
_ANSWER = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound">'
    "<Ack>{}</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>"
)


class NotAMessage(Exception):
    """The body is no Outbound Message; the text says why and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One envelope: whose it is, and its notifications."""

    org_id: str
    hints: tuple[Hint, ...]


def acknowledgement(accepted: bool) -> bytes:
    """Return what Salesforce reads as stored (``true``) or as to be sent again."""
    return _ANSWER.format("true" if accepted else "false").encode()


def read_message(body: bytes) -> Message:
    """Read an envelope; raises NotAMessage."""
    found = _notifications(_parsed(body))
    org_id = canonical_id(found.findtext(f"{OUTBOUND}OrganizationId") or "")
    if not org_id:
        raise NotAMessage("no OrganizationId")
    notifications = found.findall(f"{OUTBOUND}Notification")
    if len(notifications) > MOST_NOTIFICATIONS:
        raise NotAMessage(f"more than {MOST_NOTIFICATIONS} notifications")
    # The same notification twice in one envelope is one.
    hints = {hint.dedupe_key: hint for one in notifications for hint in _hints(one)}
    return Message(org_id, tuple(hints.values()))


def without_session(body: bytes) -> bytes:
    """Return the envelope written anew without any session id; raises NotAMessage."""
    root = _parsed(body)
    for element in root.iter():
        if element.tag.rpartition("}")[2] == "SessionId":
            element.clear()
    written: bytes = tostring(root, encoding="utf-8")
    return written


class _Bounded(TreeBuilder):
    """Builds the tree, and stops where no message goes."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.count = 0

    def start(self, tag: Any, attrs: Any, /) -> Any:
        self.depth += 1
        self.count += 1
        if self.depth > DEEPEST or self.count > MOST_ELEMENTS:
            raise NotAMessage("deeper or longer than a message is")
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> Any:
        self.depth -= 1
        return super().end(tag)


def _parsed(body: bytes) -> Element:
    if len(body) > LARGEST:
        raise NotAMessage("larger than a message is")
    parser = DefusedXMLParser(
        target=_Bounded(), forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    try:
        parser.feed(body)
        root: Element = parser.close()
    except DefusedXmlException:
        raise NotAMessage("a document type or entities") from None
    except (ParseError, ValueError, LookupError, AssertionError):
        raise NotAMessage("not XML") from None
    return root


def _notifications(root: Element) -> Element:
    found = root.findall(f"{SOAP}Body/{OUTBOUND}notifications")
    if root.tag != f"{SOAP}Envelope" or len(found) != 1:
        raise NotAMessage("not an envelope with notifications")
    return found[0]


def _hints(notification: Element) -> Iterator[Hint]:
    """Yield the hint of a notification about an account; of others, nothing."""
    name = (notification.findtext(f"{OUTBOUND}Id") or "").strip()
    record = notification.find(f"{OUTBOUND}sObject")
    if not name or len(name) > 100 or record is None:
        raise NotAMessage("a notification without id or record")
    kind = record.get(XSI_TYPE, "").rpartition(":")[2]
    if kind != "Account":
        yield Hint(
            dedupe_key=canonical_id(name) or name,
            object_id="",
            kind=HintKind.IGNORED,
            occurred_at=None,
            summary=f"A message about {kind[:40] or 'nothing'}, not about an Account.",
        )
        return
    # Within the record every field has the record's own namespace.
    values = {field.tag.rpartition("}")[2]: (field.text or "").strip() for field in record}
    record_id = canonical_id(values.pop("Id", ""))
    if not record_id:
        raise NotAMessage("an account without id")
    told = [(field, value) for field, value in values.items() if field not in _STAMPS]
    yield Hint(
        dedupe_key=_key(name, record),
        object_id=record_id,
        kind=HintKind.CHANGED,
        occurred_at=_stamp(values),
        field=told[0][0] if len(told) == 1 else "",
        summary=_NOT_SHOWN.sub(" ", ", ".join(f"{f} = {v}" for f, v in told))[:_SHOWN],
    )


def _key(name: str, record: Element) -> str:
    """Name an event by the notification's id and what it says.

    A notification whose acknowledgement got lost comes again under its id, but with the values
    of that later moment: then it is news, and dropping it would miss a change.
    """
    said = "\0".join(f"{field.tag}={(field.text or '').strip()}" for field in record)
    return f"{canonical_id(name) or name[:60]}:{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def _stamp(values: dict[str, str]) -> datetime | None:
    for name in _STAMPS:
        try:
            stamp = datetime.fromisoformat(values.get(name, ""))
        except ValueError:
            continue
        if stamp.tzinfo is not None:
            return stamp.astimezone(UTC)
    return None
