"""A tier policy: the tiers in order, the rules that lead to them, and how gently they change.

A policy only has a shape here. A draft may be wrong in ways that `validation` explains; the
shape itself (known operators, numbers where numbers belong) is checked when it is built.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal, get_args

from . import values
from .values import OPS, InputError, Op, Threshold, Value, canonical

Match = Literal["all", "any"]
Missing = Literal["hold", "fail"]

DEMOTE_GRACE_DAYS = 60
MAX_STEP_DOWN = 1
STALE_DAYS = 14


@dataclass(frozen=True)
class Criterion:
    """One comparison of a fact with a threshold.

    `value` lets an account in; `exit_value`, when given, replaces it while the account holds the
    rule's tier. `in` takes a tuple of values, `between` (lower included, upper excluded) a pair,
    `changed_within` a whole number of days. `unit` is for display only.
    """

    fact: str
    op: Op
    value: Threshold
    exit_value: Threshold | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        if self.op not in OPS:
            raise InputError("op", f"must be one of {', '.join(OPS)}")
        object.__setattr__(self, "value", _threshold(self.op, self.value, "value"))
        if self.exit_value is not None:
            found = _threshold(self.op, self.exit_value, "exit_value")
            object.__setattr__(self, "exit_value", found)

    def to_json(self) -> dict[str, object]:
        answer: dict[str, object] = {
            "fact": self.fact,
            "op": self.op,
            "value": values.threshold_to_json(self.value),
        }
        if self.exit_value is not None:
            answer["exit_value"] = values.threshold_to_json(self.exit_value)
        if self.unit:
            answer["unit"] = self.unit
        return answer

    @classmethod
    def from_json(cls, data: object, path: str = "criterion") -> Criterion:
        found = values.mapping(data, path)
        values.only(found, {"fact", "op", "value", "exit_value", "unit"}, path)
        op = found.get("op")
        try:
            return cls(
                fact=values.name(found.get("fact"), f"{path}.fact"),
                op=op,  # type: ignore[arg-type]  # checked in __post_init__
                value=found.get("value"),  # type: ignore[arg-type]
                exit_value=found.get("exit_value"),  # type: ignore[arg-type]
                unit=values.text(found.get("unit", ""), f"{path}.unit"),
            )
        except InputError as error:
            if error.field.startswith(path):
                raise
            raise InputError(f"{path}.{error.field}", error.problem) from None


def _threshold(op: Op, raw: object, path: str) -> Threshold:
    """The canonical threshold of an operator, or InputError in words."""
    if op in {"in", "between"}:
        if not isinstance(raw, list | tuple):
            raise InputError(path, f"must be a list for “{op}”")
        many = tuple(_present(one, path) for one in raw)
        if op == "in" and not many:
            raise InputError(path, "must name at least one value")
        if op == "between":
            _check_bounds(many, path)
        return many
    single = _present(raw, path)
    if op == "changed_within":
        if not isinstance(single, Decimal) or single != single.to_integral_value() or single < 0:
            raise InputError(path, "must be a whole number of days, 0 or more")
    elif op != "eq" and not _ordered(single):
        raise InputError(path, "must be a number or a day such as 2026-01-05")
    return single


def _check_bounds(many: tuple[Value, ...], path: str) -> None:
    if len(many) != 2 or not all(_ordered(one) for one in many):
        raise InputError(path, "must be two numbers or two days")
    low, high = many
    if values.compare("lt", high, low) is not True:
        raise InputError(path, "must go from a lower to a higher bound of the same kind")


def _present(raw: object, path: str) -> Value:
    try:
        found = canonical(raw)
    except ValueError as error:
        raise InputError(path, str(error)) from None
    if found is None:
        raise InputError(path, "must not be empty")
    return found


def _ordered(value: Value) -> bool:
    return isinstance(value, Decimal | date)


@dataclass(frozen=True)
class Rule:
    """Criteria that lead to a tier. Lower `precedence` is asked first.

    `missing` says what an absent fact means for this rule: "hold" leaves the rule undetermined
    (nobody falls because of it), "fail" counts the criterion as not met. A stale, future or
    unreadable fact always leaves it undetermined: those are faults of a source, not answers.
    """

    tier: str
    precedence: int
    criteria: tuple[Criterion, ...]
    match: Match = "all"
    missing: Missing = "hold"
    key: str = ""

    def __post_init__(self) -> None:
        if self.match not in get_args(Match):
            raise InputError("match", "must be “all” or “any”")
        if self.missing not in get_args(Missing):
            raise InputError("missing", "must be “hold” or “fail”")
        object.__setattr__(self, "criteria", tuple(self.criteria))

    @property
    def label(self) -> str:
        """The key, or tier and precedence for a rule without one."""
        return self.key or f"{self.tier}-{self.precedence}"

    def to_json(self) -> dict[str, object]:
        answer: dict[str, object] = {
            "tier": self.tier,
            "precedence": self.precedence,
            "match": self.match,
            "missing": self.missing,
            "criteria": [criterion.to_json() for criterion in self.criteria],
        }
        return {"key": self.key, **answer} if self.key else answer

    @classmethod
    def from_json(cls, data: object, path: str = "rule") -> Rule:
        found = values.mapping(data, path)
        values.only(found, {"key", "tier", "precedence", "match", "missing", "criteria"}, path)
        criteria = values.listed(found.get("criteria"), f"{path}.criteria")
        try:
            return cls(
                key=values.text(found.get("key", ""), f"{path}.key"),
                tier=values.name(found.get("tier"), f"{path}.tier"),
                precedence=values.whole(found.get("precedence"), f"{path}.precedence", 0),
                match=found.get("match", "all"),  # type: ignore[arg-type]  # checked when built
                missing=found.get("missing", "hold"),  # type: ignore[arg-type]
                criteria=tuple(
                    Criterion.from_json(one, f"{path}.criteria[{index}]")
                    for index, one in enumerate(criteria)
                ),
            )
        except InputError as error:
            if error.field.startswith(path):
                raise
            raise InputError(f"{path}.{error.field}", error.problem) from None


@dataclass(frozen=True)
class Policy:
    """One version of the criteria.

    `order` lists the tiers from lowest to highest. `demote_grace_days`: whole days between the
    first day below a tier and its loss. `max_step_down`: tiers lost at a time. `stale_days`: a
    fact older than this many days is stale; `fact_stale_days` says otherwise for single facts.
    `key` names the version in explanations.
    """

    order: tuple[str, ...]
    default_tier: str
    rules: tuple[Rule, ...]
    demote_grace_days: int = DEMOTE_GRACE_DAYS
    max_step_down: int = MAX_STEP_DOWN
    stale_days: int = STALE_DAYS
    fact_stale_days: Mapping[str, int] = field(default_factory=dict)
    key: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", tuple(self.order))
        object.__setattr__(self, "rules", tuple(self.rules))
        if not self.order:
            raise InputError("order", "must name at least one tier")
        if len(set(self.order)) != len(self.order):
            raise InputError("order", "must name every tier once")
        values.whole(self.demote_grace_days, "demote_grace_days", 0)
        values.whole(self.max_step_down, "max_step_down", 1)
        values.whole(self.stale_days, "stale_days", 0)

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """Tier -> place from the bottom, 0 is lowest."""
        return {tier: place for place, tier in enumerate(self.order)}

    @cached_property
    def rules_in_turn(self) -> tuple[Rule, ...]:
        """The rules as they are asked: by precedence, then the higher tier, then the label."""
        return tuple(
            sorted(
                self.rules,
                key=lambda rule: (rule.precedence, -self.ranks.get(rule.tier, -1), rule.label),
            )
        )

    def stale_after(self, fact: str) -> int:
        """Days for which an observation of this fact counts."""
        return self.fact_stale_days.get(fact, self.stale_days)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical JSON, without the version's name: equal content, equal print."""
        content = {name: part for name, part in self.to_json().items() if name != "key"}
        canonical_json = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical_json.encode()).hexdigest()

    def to_json(self) -> dict[str, object]:
        answer: dict[str, object] = {
            "order": list(self.order),
            "default_tier": self.default_tier,
            "demote_grace_days": self.demote_grace_days,
            "max_step_down": self.max_step_down,
            "stale_days": self.stale_days,
            "rules": [rule.to_json() for rule in self.rules],
        }
        if self.fact_stale_days:
            answer["fact_stale_days"] = dict(self.fact_stale_days)
        return {"key": self.key, **answer} if self.key else answer

    @classmethod
    def from_json(cls, data: object, path: str = "policy") -> Policy:
        """Read a policy; InputError names the first field that cannot be read.

        Tiers that rules name but `order` lacks are left to `validation.validate`.
        """
        found = values.mapping(data, path)
        values.only(found, _POLICY_FIELDS, path)
        order = values.listed(found.get("order"), f"{path}.order")
        rules = values.listed(found.get("rules"), f"{path}.rules")
        per_fact = values.mapping(found.get("fact_stale_days", {}), f"{path}.fact_stale_days")
        try:
            return cls(
                key=values.text(found.get("key", ""), f"{path}.key"),
                order=tuple(values.name(one, f"{path}.order") for one in order),
                default_tier=values.name(found.get("default_tier"), f"{path}.default_tier"),
                rules=tuple(
                    Rule.from_json(one, f"{path}.rules[{index}]") for index, one in enumerate(rules)
                ),
                demote_grace_days=found.get("demote_grace_days", DEMOTE_GRACE_DAYS),  # type: ignore[arg-type]
                max_step_down=found.get("max_step_down", MAX_STEP_DOWN),  # type: ignore[arg-type]
                stale_days=found.get("stale_days", STALE_DAYS),  # type: ignore[arg-type]
                fact_stale_days={
                    fact: values.whole(days, f"{path}.fact_stale_days.{fact}", 0)
                    for fact, days in per_fact.items()
                },
            )
        except InputError as error:
            if error.field.startswith(path):
                raise
            raise InputError(f"{path}.{error.field}", error.problem) from None


_POLICY_FIELDS = {
    "key",
    "order",
    "default_tier",
    "rules",
    "demote_grace_days",
    "max_step_down",
    "stale_days",
    "fact_stale_days",
}
