"""Read the values of a CRM record as facts. What is not clearly readable is not read."""

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

# How the values of each fact are read.
KINDS: dict[str, str] = {
    "acv": "money",
    "seats": "whole",
    "usage_criticality": "whole",
    "strategic": "yes_no",
    "region": "word",
    "contract_start": "day",
    "contract_renewal": "day",
    "contract_floor": "tier",
    "severity_mix_90d": "share",
    "health": "whole",
}
RANGES = {"seats": (0, 999_999_999), "usage_criticality": (1, 5), "health": (0, 100)}
# The types of CRM fields (vendor.FieldType) that can hold values of a kind.
TYPES_FOR: dict[str, frozenset[str]] = {
    "money": frozenset({"number", "text"}),
    "whole": frozenset({"number", "text", "choice"}),
    "share": frozenset({"number", "text"}),
    "yes_no": frozenset({"yes_no", "choice", "text"}),
    "word": frozenset({"text", "choice"}),
    "tier": frozenset({"choice", "text"}),
    "day": frozenset({"day", "instant", "text"}),
}
_number = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
_currency = re.compile(r"[A-Z]{3}")
_yes = frozenset({"true", "yes", "1"})
_no = frozenset({"false", "no", "0"})
LONGEST_SHOWN = 80


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """How one fact is read: its field, where the currency stands, what values mean."""

    fact: str
    field: str
    currency_from: str = ""  # "", "field", "fixed"
    currency: str = ""
    translations: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Money:
    """The currency of the tier policy, and what others are worth in it."""

    currency: str
    rates: Mapping[str, Decimal] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """Why a value cannot be read; ``value`` is what stands in the CRM, cut to be shown."""

    code: str
    value: str

    def to_json(self) -> dict[str, str]:
        """Return it as it is stored."""
        return {"code": self.code, "value": self.value}


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What a record says: per fact a canonical value ("" says that the CRM has none) or a problem.

    A fact whose field is absent from the record is in neither: nothing was said of it.
    ``conversions`` says in plain words how an amount was converted.
    """

    values: Mapping[str, str]
    problems: Mapping[str, Problem]
    conversions: Mapping[str, str] = dataclasses.field(default_factory=dict)


class _NotReadable(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_facts(
    properties: Mapping[str, str | None],
    rules: Sequence[Rule],
    money: Money,
    tiers: Sequence[str],
) -> Reading:
    """Read all facts of a record. ``tiers`` are the names of tiers that a contract may fix."""
    values: dict[str, str] = {}
    problems: dict[str, Problem] = {}
    conversions: dict[str, str] = {}
    for rule in rules:
        if rule.field not in properties:
            continue
        raw = (properties[rule.field] or "").strip()
        if not raw:
            values[rule.fact] = ""
            continue
        try:
            values[rule.fact], told = _read(raw, rule, properties, money, tiers)
            if told:
                conversions[rule.fact] = told
        except _NotReadable as error:
            problems[rule.fact] = Problem(error.code, raw[:LONGEST_SHOWN])
    return Reading(values, problems, conversions)


def fields_needed(rules: Sequence[Rule]) -> list[str]:
    """Return the CRM fields that must be read for these rules, each once."""
    names = [rule.field for rule in rules]
    names += [rule.currency for rule in rules if rule.currency_from == "field"]
    return list(dict.fromkeys(names))


def is_currency(text: str) -> bool:
    """Whether it has the form of a currency (ISO 4217)."""
    return _currency.fullmatch(text) is not None


def _read(
    raw: str,
    rule: Rule,
    properties: Mapping[str, str | None],
    money: Money,
    tiers: Sequence[str],
) -> tuple[str, str]:
    text = rule.translations.get(raw, raw)
    kind = KINDS[rule.fact]
    if kind == "money":
        return _money(text, rule, properties, money)
    if kind == "tier":
        if text not in tiers:
            raise _NotReadable("no_such_tier")
        return text, ""
    if kind == "whole":
        return _whole(text, *RANGES[rule.fact]), ""
    return _readers[kind](text), ""


def _money(
    text: str, rule: Rule, properties: Mapping[str, str | None], money: Money
) -> tuple[str, str]:
    amount = _decimal(text)
    if amount < 0:
        raise _NotReadable("negative")
    currency = _currency_of(rule, properties)
    told = ""
    if currency != money.currency:
        rate = money.rates.get(currency)
        if rate is None:
            raise _NotReadable("no_rate")
        told = f"{amount:f} {currency} at {rate.normalize():f}"
        amount = amount * rate
    if amount >= Decimal("1e12"):
        raise _NotReadable("too_large")
    return _plain(amount.quantize(Decimal("0.01"))), told


def _currency_of(rule: Rule, properties: Mapping[str, str | None]) -> str:
    if rule.currency_from == "fixed":
        return rule.currency
    said = (properties.get(rule.currency) or "").strip().upper()
    if not is_currency(said):
        raise _NotReadable("no_currency")
    return said


def _decimal(text: str) -> Decimal:
    """Read a plain number. Not "31,000": whether that is 31 or 31000 depends on who wrote it."""
    if not _number.fullmatch(text):
        raise _NotReadable("not_a_number")
    return Decimal(text)


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f") if number else "0"


def _whole(text: str, low: int, high: int) -> str:
    number = _decimal(text)  # CRMs write 40 as 40.0
    if number != number.to_integral_value():
        raise _NotReadable("not_whole")
    if not low <= number <= high:
        raise _NotReadable("out_of_range")
    return str(int(number))


def _share(text: str) -> str:
    number = _decimal(text)
    if not 0 <= number <= 1:
        raise _NotReadable("out_of_range")
    return _plain(number.quantize(Decimal("0.0001")))


def _yes_no(text: str) -> str:
    lower = text.lower()
    if lower not in _yes | _no:
        raise _NotReadable("not_yes_no")
    return "true" if lower in _yes else "false"


def _day(text: str) -> str:
    """Read a day, or the day of an instant as the CRM wrote it."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError as error:
        raise _NotReadable("not_a_day") from error


def _word(text: str) -> str:
    if len(text) > 80 or not text.isprintable():
        raise _NotReadable("too_long")
    return text


_readers: dict[str, Callable[[str], str]] = {
    "share": _share,
    "yes_no": _yes_no,
    "day": _day,
    "word": _word,
}
