"""HubSpot's webhook bodies read as hints. Pure: no framework, no clock."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.crm.vendor import Hint, HintKind, Unreadable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The generic "object.*" events name the kind of record by this number.
COMPANY_TYPE_ID = "0-2"
SUMMARY_LENGTH = 200
FIELD_LENGTH = 100
_ATTEMPT = re.compile(rb'"attemptNumber"\s*:\s*\d+')

KINDS = {
    "creation": HintKind.CREATED,
    "deletion": HintKind.DELETED,
    "restore": HintKind.RESTORED,
    "merge": HintKind.MERGED,
    "propertyChange": HintKind.CHANGED,
    "associationChange": HintKind.CHANGED,
}


def without_attempt(body: bytes) -> bytes:
    """Return a body that is the same at every attempt to deliver it.

    Inside a JSON text the quotes would be escaped, so only the field itself is found.
    """
    return _ATTEMPT.sub(b'"attemptNumber":0', body)


def events_in(body: bytes) -> list[dict[str, Any]]:
    """Return the events of a body; raises Unreadable when it is no array of objects."""
    try:
        events = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Unreadable("The body is not JSON.") from problem
    if not isinstance(events, list):
        raise Unreadable("The body is not an array of events.")
    if not all(isinstance(event, dict) for event in events):
        raise Unreadable("The array holds something that is not an event.")
    return events


def is_for(event: Mapping[str, Any], account_id: str) -> bool:
    """Whether an event is about the connected account; before the first test all are."""
    return not account_id or str(event.get("portalId", account_id)) == account_id


def hints_in(body: bytes, account_id: str) -> list[Hint]:
    """Return a hint for every event; those that say nothing about a company's tier are ignored."""
    return [_hint(event, account_id) for event in events_in(body)]


def type_of(event: Mapping[str, Any]) -> str:
    """Return the type of an event, like ``company.propertyChange``.

    The documentation's table calls the field ``eventType``, its examples ``subscriptionType``.
    """
    return str(event.get("eventType") or event.get("subscriptionType") or "")


def kind_of(event: Mapping[str, Any]) -> HintKind | None:
    """Return what happened to a company, or None when the event is about something else."""
    about, _, what = type_of(event).partition(".")
    if about == "object" and str(event.get("objectTypeId")) == COMPANY_TYPE_ID:
        about = "company"
    return KINDS.get(what) if about == "company" else None


def dedupe_key(event: Mapping[str, Any]) -> str:
    """Return the event's name for ever; the vendor's ``eventId`` alone is not unique."""
    parts = [
        event.get(name)
        for name in (
            "portalId", "appId", "subscriptionId", "eventId", "objectId", "propertyName",
            "occurredAt",
        )
    ]  # fmt: skip
    if event.get("objectId") is None:  # a merge, or an association, may name its ids only so
        parts += [event.get(name) for name in ("newObjectId", "fromObjectId", "toObjectId")]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _hint(event: Mapping[str, Any], account_id: str) -> Hint:
    kind = kind_of(event)
    survivor, merged = _merge_ids(event) if kind == HintKind.MERGED else (_object_id(event), ())
    why_not = _why_ignored(event, kind, survivor, account_id)
    name = str(event.get("propertyName") or "")
    return Hint(
        dedupe_key=dedupe_key(event),
        object_id=survivor,
        kind=HintKind.IGNORED if kind is None or why_not else kind,
        occurred_at=_instant(event.get("occurredAt")),
        field=name[:FIELD_LENGTH],
        merged_ids=() if why_not else merged,
        summary=(why_not or _summary(event, name, merged))[:SUMMARY_LENGTH],
    )


def _why_ignored(
    event: Mapping[str, Any], kind: HintKind | None, record: str, account_id: str
) -> str:
    if not is_for(event, account_id):
        return f"of another account: {event.get('portalId')}"
    if kind is None:
        # A person's erasure among them: what we know of people does not come from the CRM.
        return f"not about a company: {type_of(event) or 'no type'}"
    return "" if record else f"names no record: {type_of(event)}"


def _object_id(event: Mapping[str, Any]) -> str:
    return _id(event.get("objectId")) or _id(event.get("fromObjectId"))


def _merge_ids(event: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the survivor and those that are gone: a merge may keep one or make a third."""
    primary = _id(event.get("primaryObjectId"))
    survivor = _id(event.get("newObjectId")) or primary or _id(event.get("objectId"))
    given = event.get("mergedObjectIds")
    gone = [_id(one) for one in given] if isinstance(given, list) else []
    return survivor, tuple(
        dict.fromkeys(one for one in [*gone, primary] if one and one != survivor)
    )


def _id(value: object) -> str:
    text = "" if value is None or isinstance(value, bool) else str(value)
    return text if text.isascii() and text.isdecimal() and len(text) <= 20 else ""


def _instant(value: object) -> datetime | None:
    try:
        return EPOCH + timedelta(milliseconds=int(str(value)))
    except (ValueError, OverflowError):
        return None


def _summary(event: Mapping[str, Any], name: str, merged: tuple[str, ...]) -> str:
    if name:
        value = event.get("propertyValue")
        return f"{name} = {value}" if value not in (None, "") else f"{name} is empty"
    if merged:
        return f"merged: {', '.join(merged)}"
    return str(event.get("associationType") or "")
