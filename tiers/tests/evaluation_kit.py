"""The shipped criteria and short ways to ask the evaluator, for the evaluation tests."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from tiers.rules.evaluation import (
    Criterion,
    Decision,
    FactValue,
    Override,
    Policy,
    PreviousState,
    Rule,
    evaluate,
)

TODAY = date(2026, 1, 5)
ORDER = ("starter", "professional", "enterprise")


def criterion(fact: str, op: Any, value: Any, exit_value: Any = None, unit: str = "") -> Criterion:
    """A criterion from plain values: the constructor brings them into their one form."""
    return Criterion(fact, op, value, exit_value, unit)


def fact(value: Any, observed_on: date = TODAY, **options: Any) -> FactValue:
    """A fact from a plain value."""
    return FactValue(value, observed_on, "crm", **options)


def acv_rule(tier: str, precedence: int, value: Any, exit_value: Any = None) -> Rule:
    return Rule(tier, precedence, (criterion("acv", "gte", value, exit_value),))


def shipped(*more: Rule, **changes: Any) -> Policy:
    """Version 3 of the reference: Enterprise from 25,000 (exit 23,000), Professional 5,000."""
    rules = (
        acv_rule("enterprise", 1, "25000", "23000"),
        acv_rule("professional", 2, "5000", "4500"),
        *more,
    )
    options: dict[str, Any] = {"order": ORDER, "default_tier": "starter", "rules": rules}
    return Policy(**{**options, **changes})


def ask(
    acv: object,
    held: str | None = None,
    below: date | None = None,
    *,
    policy: Policy | None = None,
    today: date = TODAY,
    observed: date | None = None,
    more: Mapping[str, object] | None = None,
    overrides: Sequence[Override] = (),
    floor: str | None = None,
) -> Decision:
    """Evaluate an account with this ACV (None: nothing recorded), observed today."""
    values = {"acv": acv, **(more or {})}
    facts = {
        name: fact(value, observed or today) for name, value in values.items() if value is not None
    }
    previous = None if held is None else PreviousState(held, below)
    return evaluate(policy or shipped(), facts, previous, overrides, today, floor)


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]
