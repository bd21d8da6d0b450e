"""A case: one evaluation as JSON, for the command line, support and tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from . import values
from .deciding import decide
from .decision import INPUT_FIELDS, Decision, Inputs
from .policy import Policy
from .validation import validate
from .values import InputError


@dataclass(frozen=True)
class Case:
    """A policy, inputs, and the name by which the answer is told apart."""

    id: object
    policy: Policy
    inputs: Inputs

    def decide(self) -> Decision:
        return decide(self.policy, self.inputs)

    def answer(self) -> dict[str, object]:
        """The decision as one JSON object with the case's id."""
        return self.decide().answer(self.id)

    @classmethod
    def from_json(cls, data: object, live: Policy | None = None) -> Case:
        """Read a case; without a policy of its own, `live` counts.

        Raises InputError naming the field. A tier that the policy does not have is refused here,
        in the overrides and the contract floor too: whoever asks by hand has mistyped it. Only
        the tier held before may be gone from the policy, because that happens in life.
        """
        found = values.mapping(data, "")
        values.only(found, INPUT_FIELDS | {"id", "policy"}, "")
        given = found.get("policy")
        policy = live if given is None else Policy.from_json(given)
        if policy is None:
            raise InputError("policy", "is missing, and no policy is live")
        if given is not None:
            _refuse_errors(policy)
        inputs = Inputs.from_json(
            {name: part for name, part in found.items() if name in INPUT_FIELDS}
        )
        _refuse_unknown_tiers(policy, inputs)
        return cls(found.get("id"), policy, inputs)

    @classmethod
    def from_line(cls, line: str, live: Policy | None = None) -> Case:
        """Read a case from one line of JSON; numbers are read exactly."""
        try:
            data = json.loads(line, parse_float=Decimal, parse_constant=_refuse_constant)
        except ValueError as error:
            raise InputError("", f"is not JSON: {error}") from None
        return cls.from_json(data, live)


def _refuse_constant(constant: str) -> object:
    raise ValueError(f"{constant} is not a number")


def _refuse_errors(policy: Policy) -> None:
    for finding in validate(policy):
        if finding.reason.code in {"unknown_tier", "unknown_default_tier"}:
            raise InputError(f"policy.{finding.path}", finding.reason.text)


def _refuse_unknown_tiers(policy: Policy, inputs: Inputs) -> None:
    named = [(f"overrides[{i}].tier", one.tier) for i, one in enumerate(inputs.overrides)]
    if inputs.contract_floor is not None:
        named.append(("contract_floor", inputs.contract_floor))
    for field, tier in named:
        if tier not in policy.ranks:
            raise InputError(field, f"“{tier}” is not one of {', '.join(policy.order)}")
