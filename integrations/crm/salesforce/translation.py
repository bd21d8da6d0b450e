"""Rows of Salesforce as records of ours: exact numbers, ids of one form, nothing guessed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from integrations.crm.salesforce.ids import canonical_id
from integrations.crm.vendor import Field, FieldType, Record

CURRENCY_FIELD = "CurrencyIsoCode"
# What a record needs besides the fields that are mapped.
KEY_COLUMNS = ("Id", "SystemModstamp", "IsDeleted")
OTHER_COLUMNS = ("MasterRecordId", "Name", "Website")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?\+0000")
# More digits than any amount has; writing them out would fill the memory.
_MOST_DIGITS = 40
_TYPES = {
    "string": FieldType.TEXT,
    "url": FieldType.TEXT,
    "email": FieldType.TEXT,
    "phone": FieldType.TEXT,
    "textarea": FieldType.TEXT,
    "encryptedstring": FieldType.TEXT,
    "combobox": FieldType.TEXT,
    "id": FieldType.TEXT,
    "reference": FieldType.TEXT,
    "picklist": FieldType.CHOICE,
    "currency": FieldType.NUMBER,
    "double": FieldType.NUMBER,
    "int": FieldType.NUMBER,
    "long": FieldType.NUMBER,
    "percent": FieldType.NUMBER,
    "date": FieldType.DAY,
    "datetime": FieldType.INSTANT,
    "boolean": FieldType.YES_NO,
}


def is_field_name(name: str) -> bool:
    """Whether a name can stand in a query; nothing else ever does."""
    return bool(_NAME.fullmatch(name))


def read_instant(text: str) -> datetime:
    """Return an instant of Salesforce in UTC; ValueError for anything else."""
    return datetime.fromisoformat(text).astimezone(UTC)


def instant_literal(instant: datetime) -> str:
    """Return an instant as SOQL has it: with fractions only where there are some."""
    instant = instant.astimezone(UTC)
    if instant.microsecond:
        return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def record_of(row: Mapping[str, Any], fields: Iterable[str], asked_id: str = "") -> Record:
    """Return a row of a query as a record with the fields that were asked for."""
    there = {name.lower(): value for name, value in row.items()}
    master = there.get("masterrecordid")
    properties = {
        name: _text(there[name.lower()])
        for name in fields
        if name.lower() in there and not isinstance(there[name.lower()], dict | list)
    }
    return Record(
        id=asked_id or canonical_id(str(row["Id"])),
        properties=properties,
        updated_at=read_instant(row["SystemModstamp"]),
        archived=bool(row["IsDeleted"]),
        merged_into=canonical_id(master) if isinstance(master, str) and master else None,
        name=str(there.get("name") or ""),
        domain=_domain(there.get("website")),
    )


def fields_of(description: Mapping[str, Any]) -> list[Field]:
    """Return the fields of a description of an object, sorted by label."""
    described = description["fields"]
    several = any(one["name"] == CURRENCY_FIELD for one in described)
    fields = [
        Field(
            name=one["name"],
            label=one.get("label") or one["name"],
            type=_TYPES.get(one["type"], FieldType.OTHER),
            options=tuple(
                choice["value"]
                for choice in one.get("picklistValues") or ()
                if choice.get("active", True)
            ),
            is_money=one["type"] == "currency",
            currency_field=CURRENCY_FIELD if several and one["type"] == "currency" else "",
            is_writable=bool(one.get("updateable")),
        )
        for one in described
    ]
    return sorted(fields, key=lambda it: (it.label.lower(), it.name))


def written_values(
    values: Mapping[str, str], types: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """Return values as JSON has them, and the names of those that their field cannot hold."""
    read: dict[str, Any] = {}
    wrong: list[str] = []
    for name, text in values.items():
        kind = types.get(name.lower(), "")
        if not text:
            read[name] = None
        elif kind == "boolean":
            read[name] = text == "true"
        elif kind in ("currency", "double", "int", "long", "percent"):
            number = _number(text)
            wrong.extend([name] if number is None else [])
            read[name] = number
        else:
            read[name] = text
    return read, wrong


def described_types(description: Mapping[str, Any]) -> dict[str, str]:
    """Return type by field name in lower case."""
    return {one["name"].lower(): one["type"] for one in description["fields"]}


def batches(ids: Sequence[str], room: int, most: int = 500) -> Iterable[Sequence[str]]:
    """Cut ids into lists that fit into ``room`` characters of an address each."""
    # Eighteen characters, two quotes and a comma that take three characters each there.
    size = max(1, min(most, room // (18 + 3 * 3)))
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        digits = abs(value.adjusted()) if value.is_finite() else _MOST_DIGITS + 1
        return format(value, "f") if digits <= _MOST_DIGITS else str(value)
    if isinstance(value, str) and (found := _INSTANT.fullmatch(value)):
        return found[1] + (found[2] or "") + "+00:00"
    return str(value)


def _number(text: str) -> int | float | None:
    try:
        number = Decimal(text)
        whole = int(number)
    except (ArithmeticError, ValueError):
        return None
    if number == whole:
        return whole
    # Exact both ways as long as it has no more digits than a binary float keeps.
    as_float = float(number)
    return as_float if Decimal(repr(as_float)) == number else None


def _domain(website: Any) -> str:
    if not isinstance(website, str) or not website.strip():
        return ""
    text = website.strip().lower()
    try:
        host = urlsplit(text if "//" in text else "//" + text).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.") if "." in host else ""
