"""How answers of the contract server are written, and values of a PATCH read."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.crm.salesforce.contract.records import SField


class Refusal(Exception):
    """What the vendor answers instead of a result: a status and an array of errors."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.body = [{"message": message, "errorCode": code, "fields": list(fields)}]


def instant(value: datetime) -> str:
    """Write an instant as the vendor does, with a zone without colon."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _java(value: Decimal) -> str:
    """Write a number as Java does: 31000.0, and 1.25E7 from ten million."""
    if value and (abs(value) >= 10_000_000 or abs(value) < Decimal("0.001")):
        sign, digits, exponent = value.normalize().as_tuple()
        figures = "".join(map(str, digits))
        power = len(figures) - 1 + int(exponent)
        return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{power}"
    text = format(value, "f")
    return text if "." in text else text + ".0"


def as_json(answer: Any) -> str:
    """Write JSON with exact decimals; the standard library would go through binary floats."""
    return "".join(_pieces(answer))


def _pieces(value: Any) -> list[str]:
    if isinstance(value, dict):
        inner = [json.dumps(key) + ":" + as_json(item) for key, item in value.items()]
        return ["{", ",".join(inner), "}"]
    if isinstance(value, list | tuple):
        return ["[", ",".join(as_json(item) for item in value), "]"]
    if isinstance(value, Decimal):
        return [_java(value)]
    if isinstance(value, datetime):
        return [json.dumps(instant(value))]
    if isinstance(value, date):
        return [json.dumps(value.isoformat())]
    return [json.dumps(value)]


def written(sfield: SField, value: Any) -> Any:
    """Read a value of a PATCH as its field takes it; refuse the rest in the vendor's words."""
    if value is None:
        if sfield.nillable:
            return None
        raise Refusal(400, "REQUIRED_FIELD_MISSING", "Required fields are missing", (sfield.name,))
    reader: Callable[[Any], Any] = _READERS.get(sfield.type, _as_text)
    read = reader(value)
    if read is None:
        message = (
            f"Cannot deserialize instance of {sfield.type} from {json.dumps(value, default=str)}"
        )
        raise Refusal(400, "JSON_PARSER_ERROR", message)
    if sfield.type == "picklist" and read not in sfield.values:
        message = f"{sfield.label}: bad value for restricted picklist field: {read}"
        code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        raise Refusal(400, code, message, (sfield.name,))
    return read


def _as_text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _as_number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _as_truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _as_day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


_READERS: dict[str, Callable[[Any], Any]] = {
    "boolean": _as_truth,
    "currency": _as_number,
    "double": _as_number,
    "int": _as_number,
    "date": _as_day,
}
