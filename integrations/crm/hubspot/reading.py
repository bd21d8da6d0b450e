"""HubSpot's records and properties in our words."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from integrations.crm.vendor import Field, FieldType, Record, Unavailable

NAME, DOMAIN, MERGED_IDS = "name", "domain", "hs_merged_object_ids"
# Asked for with every record, whatever the mapping needs.
ALWAYS = (NAME, DOMAIN, MERGED_IDS)

_TYPES = {
    "string": FieldType.TEXT,
    "phone_number": FieldType.TEXT,
    "number": FieldType.NUMBER,
    "date": FieldType.DAY,
    "datetime": FieldType.INSTANT,
    "bool": FieldType.YES_NO,
    "enumeration": FieldType.CHOICE,
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXPONENT = re.compile(r"-?\d+(\.\d+)?[eE][+-]?\d{1,3}")
# Milliseconds since 1970, from 1973 on and for some thousand years.
_MILLISECONDS = re.compile(r"-?\d{11,14}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T")


def rows_of(answer: Any) -> list[Any]:
    """Return the records of an answer; raises Unavailable when it does not hold any list.

    The library makes an empty object out of anything, an error page among it; believed, that
    would be an account without companies.
    """
    rows = getattr(answer, "results", None)
    if not isinstance(rows, list) or not all(_is_record(row) for row in rows):
        raise Unavailable(_("HubSpot's answer could not be read: it holds no list of companies."))
    return rows


def _is_record(row: Any) -> bool:
    return (
        bool(getattr(row, "id", None))
        and isinstance(getattr(row, "updated_at", None), datetime)
        and isinstance(getattr(row, "properties", None), dict)
    )


def read_field(answer: Any) -> Field:
    """Return one property as the mapping page offers it."""
    kind = _TYPES.get(str(answer.type), FieldType.OTHER)
    if answer.field_type == "booleancheckbox":
        kind = FieldType.YES_NO
    elif answer.field_type == "checkbox":  # several at once, separated by semicolons
        kind = FieldType.OTHER
    rules = answer.modification_metadata
    return Field(
        name=answer.name,
        label=answer.label or answer.name,
        type=kind,
        options=tuple(str(one.value) for one in answer.options or ()),
        is_money=bool(answer.show_currency_symbol),
        is_writable=not answer.calculated and not (rules and rules.read_only_value),
    )


def read_record(
    answer: Any, fields: Sequence[str], type_of: Callable[[str], FieldType | None]
) -> Record:
    """Return one company with the fields that were asked for."""
    properties: Mapping[str, str | None] = answer.properties or {}
    return Record(
        id=str(answer.id),
        properties={
            name: read_value(properties[name], partial(type_of, name))
            for name in fields
            if name in properties
        },
        updated_at=max(answer.updated_at, answer.archived_at or answer.updated_at).astimezone(UTC),
        archived=bool(answer.archived),
        name=properties.get(NAME) or "",
        domain=(properties.get(DOMAIN) or "").strip().lower(),
        absorbed=merged_ids(answer),
    )


def read_value(value: str | None, kind_of: Callable[[], FieldType | None]) -> str | None:
    """Return a value as text in the one form of its type; an empty text is no value.

    The type is asked for only where the value could be written in several ways: nearly every
    record is read without knowing it, which saves a call.
    """
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    if _EXPONENT.fullmatch(text):
        return format(Decimal(text), "f") if kind_of() == FieldType.NUMBER else text
    if _MILLISECONDS.fullmatch(text):
        return _moment(int(text), text, kind_of())
    if _INSTANT.match(text):  # some answers put midnight behind a day
        return text[:10] if kind_of() == FieldType.DAY else text
    if text.lower() in ("true", "false"):
        return text.lower() if text.islower() or kind_of() == FieldType.YES_NO else text
    return text


def _moment(milliseconds: int, text: str, kind: FieldType | None) -> str:
    if kind not in (FieldType.DAY, FieldType.INSTANT):
        return text
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.date().isoformat() if kind == FieldType.DAY else moment.isoformat()


def merged_ids(answer: Any) -> tuple[str, ...]:
    """Return the ids of the records that were merged into this one."""
    text = (answer.properties or {}).get(MERGED_IDS) or ""
    return tuple(one for one in re.split(r"[;,\s]+", text) if one.isdecimal())


def merged_away(old_id: str, survivor: Any) -> Record:
    """Return what is left of a record that was merged into another."""
    return Record(
        id=old_id,
        properties={},
        updated_at=survivor.updated_at.astimezone(UTC),
        archived=True,
        merged_into=str(survivor.id),
    )


def asked_for(fields: Iterable[str]) -> list[str]:
    """Return the properties to ask for: the mapped ones and those that are always needed."""
    return list(dict.fromkeys([*fields, *ALWAYS]))
