"""What goes into an evaluation and what comes out: inputs, trace, decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from . import values
from .reasons import CounterfactualReason, Reason, TierReason
from .values import FactValue, InputError, Op, Threshold, Value

Source = Literal["criteria", "promote", "grace", "demote", "hold", "override", "contract"]
Band = Literal["entry", "exit"]
CriterionOutcome = Literal["pass", "fail", "missing", "stale"]
RuleOutcome = Literal["satisfied", "failed", "undetermined", "ignored"]
Effect = Literal["promote", "keep", "demote"]


def _day_or_none(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


@dataclass(frozen=True)
class PreviousState:
    """The tier an account holds by right of its facts or contract, and since when it is below.

    `below_since`: first day on which the facts called for a lower tier, None while they do not.
    This is a decision's `state`, not its `tier`: an override lends a tier, it does not give one.
    """

    tier: str
    below_since: date | None = None

    def to_json(self) -> dict[str, object]:
        return {"tier": self.tier, "below_since": _day_or_none(self.below_since)}

    @classmethod
    def from_json(cls, data: object, path: str = "previous") -> PreviousState:
        found = values.mapping(data, path)
        values.only(found, {"tier", "below_since"}, path)
        below = found.get("below_since")
        return cls(
            tier=values.name(found.get("tier"), f"{path}.tier"),
            below_since=None if below is None else values.day(below, f"{path}.below_since"),
        )


@dataclass(frozen=True)
class Override:
    """A tier lent by a person from `starts` up to, not including, `expires`."""

    tier: str
    starts: date
    expires: date

    def __post_init__(self) -> None:
        if self.expires < self.starts:
            raise InputError("expires", "must not lie before the start")

    def active(self, today: date) -> bool:
        return self.starts <= today < self.expires

    def to_json(self) -> dict[str, object]:
        return {
            "tier": self.tier,
            "starts": self.starts.isoformat(),
            "expires": self.expires.isoformat(),
        }

    @classmethod
    def from_json(cls, data: object, path: str = "override") -> Override:
        found = values.mapping(data, path)
        values.only(found, {"tier", "starts", "expires"}, path)
        tier = values.name(found.get("tier"), f"{path}.tier")
        starts = values.day(found.get("starts"), f"{path}.starts")
        expires = values.day(found.get("expires"), f"{path}.expires")
        try:
            return cls(tier, starts, expires)
        except InputError as error:
            raise InputError(f"{path}.{error.field}", error.problem) from None


@dataclass(frozen=True)
class Inputs:
    """Everything an evaluation looks at besides the policy: the snapshot kept with the answer."""

    facts: Mapping[str, FactValue]
    today: date
    previous: PreviousState | None = None
    overrides: tuple[Override, ...] = ()
    contract_floor: str | None = None

    def to_json(self) -> dict[str, object]:
        return {
            "facts": {fact: found.to_json() for fact, found in sorted(self.facts.items())},
            "previous": None if self.previous is None else self.previous.to_json(),
            "overrides": [override.to_json() for override in self.overrides],
            "contract_floor": self.contract_floor,
            "today": self.today.isoformat(),
        }

    @classmethod
    def from_json(cls, data: object, path: str = "") -> Inputs:
        found = values.mapping(data, path)
        values.only(found, INPUT_FIELDS, path)
        at = f"{path}." if path else ""
        facts = values.mapping(found.get("facts", {}), f"{at}facts")
        given = found.get("overrides")
        overrides = [] if given is None else values.listed(given, f"{at}overrides")
        previous = found.get("previous")
        floor = found.get("contract_floor")
        return cls(
            facts={
                fact: FactValue.from_json(one, f"{at}facts.{fact}") for fact, one in facts.items()
            },
            today=values.day(found.get("today"), f"{at}today"),
            previous=(
                None if previous is None else PreviousState.from_json(previous, f"{at}previous")
            ),
            overrides=tuple(
                Override.from_json(one, f"{at}overrides[{index}]")
                for index, one in enumerate(overrides)
            ),
            contract_floor=None if floor is None else values.name(floor, f"{at}contract_floor"),
        )


INPUT_FIELDS = {"facts", "today", "previous", "overrides", "contract_floor"}


@dataclass(frozen=True)
class CriterionTrace:
    """How one criterion came out.

    `threshold` is the value that counted, from the entry or the exit `band`. `age_days` is the
    age of the observation, `changed_days` the days since the value last changed. `note` says
    more about "missing": "" (nothing recorded), "unreadable" (not comparable with the threshold)
    or "observed_later" (dated after the evaluation's day).
    """

    fact: str
    op: Op
    threshold: Threshold
    band: Band
    actual: Value | None
    outcome: CriterionOutcome
    source: str
    observed_on: date | None
    age_days: int | None
    note: str = ""
    changed_days: int | None = None

    def to_json(self) -> dict[str, object]:
        return {
            "fact": self.fact,
            "op": self.op,
            "threshold": values.threshold_to_json(self.threshold),
            "band": self.band,
            "actual": values.value_to_json(self.actual),
            "outcome": self.outcome,
            "source": self.source,
            "observed_on": _day_or_none(self.observed_on),
            "age_days": self.age_days,
            "note": self.note,
            "changed_days": self.changed_days,
        }


@dataclass(frozen=True)
class RuleTrace:
    """How one rule came out; `decisive` marks the first satisfied one, which the facts follow."""

    key: str
    tier: str
    precedence: int
    match: str
    missing: str
    outcome: RuleOutcome
    decisive: bool
    criteria: tuple[CriterionTrace, ...]

    def to_json(self) -> dict[str, object]:
        return {
            "key": self.key,
            "tier": self.tier,
            "precedence": self.precedence,
            "match": self.match,
            "missing": self.missing,
            "outcome": self.outcome,
            "decisive": self.decisive,
            "criteria": [criterion.to_json() for criterion in self.criteria],
        }


@dataclass(frozen=True)
class Trace:
    """The whole reasoning: which policy, on what inputs, rule by rule.

    `goal` is the tier the facts call for today, before contract, override, hold and grace.
    """

    policy_key: str
    policy_fingerprint: str
    inputs: Inputs
    rules: tuple[RuleTrace, ...]
    goal: str

    def to_json(self) -> dict[str, object]:
        return {
            "policy_key": self.policy_key,
            "policy_fingerprint": self.policy_fingerprint,
            "inputs": self.inputs.to_json(),
            "rules": [rule.to_json() for rule in self.rules],
            "goal": self.goal,
        }


@dataclass(frozen=True)
class Counterfactual:
    """The smallest change of one fact that would matter.

    `effect`: "promote" (to `tier`, at once), "keep" (`tier` is safe again), "demote" (to `tier`,
    on `on` at the earliest if the fact stays so). `op`: at_least, above, at_most, below, is.
    """

    fact: str
    op: str
    value: Value
    tier: str
    effect: Effect
    current: Value | None
    on: date | None = None

    @property
    def reason(self) -> Reason:
        shown = values.value_to_json(self.value)
        params = {"fact": self.fact, "value": shown, "tier": self.tier}
        if self.on is not None:
            params["on"] = self.on.isoformat()
        return CounterfactualReason(f"{self.effect}_{self.op}", params)

    def to_json(self) -> dict[str, object]:
        return {
            "fact": self.fact,
            "op": self.op,
            "value": values.value_to_json(self.value),
            "tier": self.tier,
            "effect": self.effect,
            "current": values.value_to_json(self.current),
            "on": _day_or_none(self.on),
            "text": self.reason.text,
        }


@dataclass(frozen=True)
class Decision:
    """The answer.

    `tier` is what the account gets today and `source` why. `below_since` belongs to `state`,
    which is what the next evaluation takes as `previous`. `grace_until` is the first day on which
    the tier may be lowered, set only while `source` is "grace" or a further step down follows.
    """

    tier: str
    source: Source
    below_since: date | None
    grace_until: date | None
    state: PreviousState
    trace: Trace
    reasons: tuple[TierReason, ...]
    counterfactuals: tuple[Counterfactual, ...] = field(default=())

    @property
    def sentence(self) -> str:
        """The first reason in English: the one line under "why this tier"."""
        return self.reasons[0].text

    def to_json(self) -> dict[str, object]:
        """Everything, for storing beside the assignment."""
        return {
            "tier": self.tier,
            "source": self.source,
            "below_since": _day_or_none(self.below_since),
            "grace_until": _day_or_none(self.grace_until),
            "state": self.state.to_json(),
            "reasons": [reason.to_json() for reason in self.reasons],
            "counterfactuals": [one.to_json() for one in self.counterfactuals],
            "trace": self.trace.to_json(),
        }

    def answer(self, case_id: object) -> dict[str, object]:
        """The short form, one line per case on the command line."""
        return {
            "id": case_id,
            "tier": self.tier,
            "source": self.source,
            "below_since": _day_or_none(self.below_since),
            "reasons": [reason.text for reason in self.reasons],
            "counterfactuals": [one.to_json() for one in self.counterfactuals],
        }
