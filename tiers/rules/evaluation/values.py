"""Values of facts and thresholds: one canonical form, exact comparison.

Numbers are `Decimal` from end to end (money never passes through a binary float), days are
`date`, yes/no is `bool`, everything else is text compared without regard to case. A value that
cannot be compared with a threshold is not "false": `compare` answers None, and the caller treats
the fact as missing, because nobody may lose a tier over unreadable data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Value = Decimal | str | bool | date
Threshold = Value | tuple[Value, ...]
Op = Literal["gte", "gt", "lte", "lt", "eq", "in", "between", "changed_within"]
OPS: tuple[Op, ...] = ("gte", "gt", "lte", "lt", "eq", "in", "between", "changed_within")

# No leading zeros, exponents or separators: "007" is a code and stays text, "25,000" is for the
# field mapping to clean up before it becomes a fact.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Beyond any fact; keeps a mistyped exponent from filling memory when it is written out.
_MOST_DIGITS = 40
_YES_NO = {"true": True, "false": False}


class InputError(ValueError):
    """Input that cannot be read: `field` is the path to it, `problem` says why in plain words."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}" if field else problem)
        self.field = field
        self.problem = problem


def canonical(raw: object) -> Value | None:
    """The one form in which a value is kept; None when there is nothing (blank is missing)."""
    if raw is None or isinstance(raw, bool):
        return raw
    if isinstance(raw, int):
        raw = Decimal(raw)
    if isinstance(raw, float):
        # The shortest text that reads back as this float is what the sender wrote.
        raw = Decimal(repr(raw))
    if isinstance(raw, Decimal):
        if not raw.is_finite():
            raise ValueError("must be a finite number")
        if abs(raw.adjusted()) > _MOST_DIGITS:
            if raw:
                raise ValueError(f"must be a number of at most {_MOST_DIGITS} digits")
            return Decimal(0)
        return raw
    if isinstance(raw, datetime) or not isinstance(raw, str | date):
        raise ValueError("must be a number, a text, true or false, or a day")
    return _canonical_text(raw.strip()) if isinstance(raw, str) else raw


def _canonical_text(text: str) -> Value | None:
    if not text:
        return None
    if text.casefold() in _YES_NO:
        return _YES_NO[text.casefold()]
    if _NUMBER.fullmatch(text) and abs(Decimal(text).adjusted()) <= _MOST_DIGITS:
        # The same bound as for numbers, so that a number kept as text reads as that number again.
        return Decimal(text)
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text


def value_to_json(value: Value | None) -> str | bool | None:
    """Exact JSON form: numbers and days as text, so that no reader rounds them."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def threshold_to_json(threshold: Threshold | None) -> object:
    if isinstance(threshold, tuple):
        return [value_to_json(one) for one in threshold]
    return value_to_json(threshold)


def shown(value: object) -> str:
    """A value for an English sentence: 25000 -> "25,000", True -> "yes"."""
    if isinstance(value, tuple | list):
        return ", ".join(shown(one) for one in value)
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, Decimal):
        return f"{value:,f}"
    return str(value)


def same(left: Value, right: Value) -> bool:
    """Equal in kind and value; text ignores case, 1 is not "yes"."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return type(left) is type(right) and left == right


def compare(op: Op, threshold: Threshold, actual: Value) -> bool | None:
    """Whether `actual op threshold` holds; None when the two cannot be compared.

    `between` includes the lower bound and excludes the upper one. `changed_within` is not a
    comparison of values (it asks for an age in days) and is judged where the day is known.
    """
    if isinstance(threshold, tuple):
        if op == "in":
            return any(same(actual, one) for one in threshold)
        low, high = threshold
        above = _order(actual, low)
        below = _order(actual, high)
        return None if above is None or below is None else above >= 0 and below < 0
    if op == "eq":
        return same(actual, threshold)
    order = _order(actual, threshold)
    if order is None:
        return None
    return {"gte": order >= 0, "gt": order > 0, "lte": order <= 0, "lt": order < 0}[op]


def _order(left: Value, right: Value) -> int | None:
    """-1, 0 or 1; None unless both are numbers or both are days."""
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return (left > right) - (left < right)
    if isinstance(left, date) and isinstance(right, date):
        return (left > right) - (left < right)
    return None


@dataclass(frozen=True)
class FactValue:
    """One observed fact about an account.

    `observed_on`: UTC day on which the source said so. `source`: who said it (for example
    "hubspot", "manual"). `changed_on`: day on which the value last became different; when a
    source does not tell, the day of observation counts. `lasting`: typed by a person, so nobody
    is expected to confirm it again and it never goes stale.
    """

    value: Value | None
    observed_on: date
    source: str = ""
    changed_on: date | None = None
    lasting: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", canonical(self.value))

    def to_json(self) -> dict[str, object]:
        answer: dict[str, object] = {
            "value": value_to_json(self.value),
            "observed_on": self.observed_on.isoformat(),
        }
        if self.source:
            answer["source"] = self.source
        if self.changed_on:
            answer["changed_on"] = self.changed_on.isoformat()
        if self.lasting:
            answer["lasting"] = True
        return answer

    @classmethod
    def from_json(cls, data: object, field: str = "fact") -> FactValue:
        found = mapping(data, field)
        only(found, {"value", "observed_on", "source", "changed_on", "lasting"}, field)
        changed_on = found.get("changed_on")
        return cls(
            value=one_value(found.get("value"), f"{field}.value"),
            observed_on=day(found.get("observed_on"), f"{field}.observed_on"),
            source=text(found.get("source", ""), f"{field}.source"),
            changed_on=None if changed_on is None else day(changed_on, f"{field}.changed_on"),
            lasting=flag(found.get("lasting", False), f"{field}.lasting"),
        )


# Readers of JSON. Each names the field it could not read.


def mapping(data: object, field: str) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise InputError(field, "must be an object")
    return data


def listed(data: object, field: str) -> list[object]:
    if not isinstance(data, list | tuple):
        raise InputError(field, "must be a list")
    return list(data)


def only(data: Mapping[str, object], known: set[str], field: str) -> None:
    """Refuse fields nobody reads: a misspelt option must not pass for an absent one."""
    for name in data:
        if name not in known:
            path = f"{field}.{name}" if field else str(name)
            raise InputError(path, f"is not known here; known are {', '.join(sorted(known))}")


def text(data: object, field: str) -> str:
    if not isinstance(data, str):
        raise InputError(field, "must be a text")
    return data


def name(data: object, field: str) -> str:
    if not isinstance(data, str) or not data.strip():
        raise InputError(field, "must be a text that is not empty")
    return data.strip()


def present(data: Mapping[str, object], part: str, field: str) -> None:
    """Refuse an object without this part."""
    if part not in data:
        raise InputError(f"{field}.{part}", "is missing")


def flag(data: object, field: str) -> bool:
    if not isinstance(data, bool):
        raise InputError(field, "must be true or false")
    return data


def whole(data: object, field: str, least: int) -> int:
    if isinstance(data, bool) or not isinstance(data, int) or data < least:
        raise InputError(field, f"must be a whole number, {least} or more")
    return data


def day(data: object, field: str) -> date:
    if isinstance(data, str) and _DAY.fullmatch(data):
        try:
            return date.fromisoformat(data)
        except ValueError:
            pass
    raise InputError(field, "must be a day such as 2026-01-05")


def one_value(data: object, field: str) -> Value | None:
    try:
        return canonical(data)
    except ValueError as error:
        raise InputError(field, str(error)) from None
