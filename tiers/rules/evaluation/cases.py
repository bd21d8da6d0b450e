"""A case: one evaluation as JSON, for the command line, support and tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from . import values
from .deciding import decide
from .decision import INPUT_FIELDS, Decision, Inputs
from .policy import Policy
from .validation import validate
from .values import InputError

# Asks for the live policy when a case needs it; raises InputError when it cannot be had.
Live = Callable[[], Policy | None]


@dataclass(frozen=True)
class Case:
    """A policy, inputs, and the name by which the answer is told apart."""

    id: str | int | None
    policy: Policy
    inputs: Inputs

    def decide(self) -> Decision:
        return decide(self.policy, self.inputs)

    def answer(self) -> dict[str, object]:
        """The decision as one JSON object with the case's id."""
        return self.decide().answer(self.id)

    @classmethod
    def from_json(cls, data: object, live: Policy | Live | None = None) -> Case:
        """Read a case; without a policy of its own, `live` counts (or what it answers).

        Raises InputError naming the field. What an evaluation in life has to live with is refused
        here, because whoever asks by hand has mistyped it: a tier that the policy does not have,
        and a value that cannot be compared with what the policy asks of its fact.
        """
        found = values.mapping(data, "")
        values.only(found, INPUT_FIELDS | {"id", "policy"}, "")
        name = _name(found.get("id"))
        given = found.get("policy")
        if given is None:
            policy = live() if callable(live) else live
        else:
            policy = Policy.from_json(given)
            _refuse_errors(policy)
        if policy is None:
            raise InputError("policy", "is missing, and no policy is live")
        inputs = Inputs.from_json(
            {name: part for name, part in found.items() if name in INPUT_FIELDS}
        )
        _refuse_absent_values(found.get("facts", {}))
        _refuse_unknown_tiers(policy, inputs)
        _refuse_incomparable(policy, inputs)
        return cls(name, policy, inputs)

    @classmethod
    def from_line(cls, line: str, live: Policy | Live | None = None) -> Case:
        """Read a case from one line of JSON; numbers are read exactly."""
        try:
            data = json.loads(
                line,
                parse_float=Decimal,
                parse_constant=_refuse_constant,
                object_pairs_hook=_refuse_twice,
            )
        except ValueError as error:
            raise InputError("", f"is not JSON: {error}") from None
        except RecursionError:
            raise InputError("", "is not a case: it is nested too deeply") from None
        return cls.from_json(data, live)


def _refuse_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose names differ; of two equal ones a reader would drop one unseen."""
    read = dict(pairs)
    if len(read) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"“{twice}” stands twice in one object")
    return read


def _name(given: object) -> str | int | None:
    if given is None or (isinstance(given, str | int) and not isinstance(given, bool)):
        return given
    raise InputError("id", "must be a text or a whole number")


def _refuse_constant(constant: str) -> object:
    raise ValueError(f"{constant} is not a number")


def _refuse_errors(policy: Policy) -> None:
    for finding in validate(policy):
        if finding.reason.code in {"unknown_tier", "unknown_default_tier"}:
            raise InputError(f"policy.{finding.path}", finding.reason.text)


def _refuse_unknown_tiers(policy: Policy, inputs: Inputs) -> None:
    named = [(f"overrides[{i}].tier", one.tier) for i, one in enumerate(inputs.overrides)]
    if inputs.previous is not None:
        named.append(("previous.tier", inputs.previous.tier))
    if inputs.contract_floor is not None:
        named.append(("contract_floor", inputs.contract_floor))
    for field, tier in named:
        if tier not in policy.ranks:
            raise InputError(field, f"“{tier}” is not one of {', '.join(policy.order)}")


def _refuse_absent_values(facts: object) -> None:
    """Say null for what is not known; a fact without any value is a slip."""
    for fact, one in values.mapping(facts, "facts").items():
        values.present(values.mapping(one, f"facts.{fact}"), "value", f"facts.{fact}")


def _refuse_incomparable(policy: Policy, inputs: Inputs) -> None:
    for rule in policy.rules_in_turn:
        for criterion in rule.criteria:
            found = inputs.facts.get(criterion.fact)
            if found is None or found.value is None or criterion.op == "changed_within":
                continue
            if values.compare(criterion.op, criterion.value, found.value) is None:
                bound = (
                    criterion.value[0] if isinstance(criterion.value, tuple) else criterion.value
                )
                kind = "a number" if isinstance(bound, Decimal) else "a day such as 2026-01-05"
                raise InputError(
                    f"facts.{criterion.fact}.value",
                    f"is “{values.value_to_json(found.value)}”, but the policy compares it: it "
                    f"must be {kind}, or null when it is not known",
                )
