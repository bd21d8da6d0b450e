"""The sentences of a decision, most important first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from . import values
from .decision import CriterionTrace, Inputs, Override, RuleTrace
from .judging import Standing
from .policy import Policy
from .reasons import Param, TierReason


def criterion_reason(criterion: CriterionTrace, tier: str, policy: Policy) -> TierReason:
    """One criterion in words: the comparison, or why there is none."""
    fact = {"fact": criterion.fact, "tier": tier}
    observed = "" if criterion.observed_on is None else criterion.observed_on.isoformat()
    if criterion.outcome == "stale":
        return TierReason(
            "fact_stale",
            {
                **fact,
                "observed_on": observed,
                "age": criterion.age_days,
                "limit": policy.stale_after(criterion.fact),
            },
        )
    if criterion.note == "observed_later":
        return TierReason("fact_observed_later", {**fact, "observed_on": observed})
    actual = values.value_to_json(criterion.actual)
    if criterion.note == "unreadable":
        return TierReason("fact_unreadable", {**fact, "actual": actual})
    if criterion.outcome == "missing":
        return TierReason("fact_missing", fact)
    code = f"{'keep' if criterion.band == 'exit' else 'enter'}_{criterion.op}"
    return TierReason(code, {**fact, "actual": actual, **_threshold_params(criterion)})


def _threshold_params(criterion: CriterionTrace) -> dict[str, Param]:
    threshold = criterion.threshold
    if isinstance(threshold, tuple):
        many = tuple(str(values.value_to_json(one)) for one in threshold)
        if criterion.op == "between":
            return {"low": many[0], "high": many[1]}
        return {"threshold": many}
    if criterion.op == "changed_within":
        return {"threshold": values.value_to_json(threshold), "age": criterion.changed_days}
    return {"threshold": values.value_to_json(threshold)}


def override_reasons(
    override: Override | None, blocked: bool, tier: str, below: str
) -> tuple[TierReason, ...]:
    """What the override in force does: `tier` is the outcome, `below` the tier without it."""
    if override is None:
        return ()
    if blocked:
        return (TierReason("override_blocked", {"tier": override.tier}),)
    if tier != override.tier:
        return (TierReason("override_below_floor", {"tier": override.tier, "floor": tier}),)
    code = "override_redundant" if tier == below else "override_changes"
    return (
        TierReason("override", {"tier": tier, "expires": override.expires.isoformat()}),
        TierReason(code, {"tier": below}),
    )


def set_aside_reasons(overrides: tuple[Override, ...], policy: Policy) -> tuple[TierReason, ...]:
    """Overrides that are active and yet do not count."""
    return tuple(
        TierReason("override_superseded", {"tier": other.tier})
        if other.tier in policy.ranks
        else TierReason("override_tier_unknown", {"name": other.tier})
        for other in overrides
    )


@dataclass(frozen=True)
class Explainer:
    """Builds the sentences for one evaluation of the layer below the overrides."""

    policy: Policy
    inputs: Inputs
    found: Standing
    held: str | None
    goal: str

    def promoted(self) -> tuple[TierReason, ...]:
        raised = TierReason("promoted", {"previous": self.held, "tier": self.goal})
        return (*self._floor(), raised, *self._facts())

    def contract(self) -> tuple[TierReason, ...]:
        return (*self._floor(), *self._previous_gone(), *self._facts())

    def steady(self) -> tuple[TierReason, ...]:
        return (*self._facts(), *self._recovered(), *self._previous_gone(), *self._floor())

    def kept(self) -> tuple[TierReason, ...]:
        """Nothing is lowered: for lack of facts, or because the contract cannot be read."""
        sentences: list[TierReason] = []
        if self.found.undetermined and self.held is None:
            sentences.append(TierReason("held_new", {"tier": self.goal}))
        elif self.found.undetermined:
            sentences.append(TierReason("held", {"tier": self.held}))
        return (*sentences, *self._floor(), *self._previous_gone(), *self._facts())

    def in_grace(self, since: date, until: date) -> tuple[TierReason, ...]:
        params: dict[str, Param] = {
            "goal": self.goal,
            "since": since.isoformat(),
            "tier": self.held,
            "until": until.isoformat(),
        }
        return (TierReason("in_grace", params), *self._floor(), *self._lost(), *self._facts())

    def demoted(self, tier: str, since: date) -> tuple[TierReason, ...]:
        params: dict[str, Param] = {
            "previous": self.held,
            "since": since.isoformat(),
            "days": self.policy.demote_grace_days,
            "tier": tier,
        }
        sentences = [TierReason("demoted", params)]
        if tier != self.goal:
            step: dict[str, Param] = {"goal": self.goal, "steps": self.policy.max_step_down}
            sentences.append(TierReason("demoted_step", step))
        return (*sentences, *self._floor(), *self._lost(), *self._facts())

    def _facts(self) -> tuple[TierReason, ...]:
        """What decided: the satisfied rule's facts, or the default; and what could not be asked."""
        rule = self.found.rule
        if rule is not None:
            return (*self._of(rule, {"pass"}), *self._unasked())
        if self.found.undetermined:
            return self._unasked()
        return (TierReason("default_tier", {"tier": self.policy.default_tier}),)

    def _unasked(self) -> tuple[TierReason, ...]:
        """Facts that kept a higher-standing rule from being answered."""
        return tuple(
            sentence
            for rule in self.found.undetermined
            for sentence in self._of(rule, {"missing", "stale"})
        )

    def _lost(self) -> tuple[TierReason, ...]:
        """Why the tier held so far is no longer earned."""
        return tuple(
            sentence
            for rule in self.found.rules
            if rule.tier == self.held
            for sentence in self._of(rule, {"fail"})
        )

    def _of(self, rule: RuleTrace, outcomes: set[str]) -> tuple[TierReason, ...]:
        return tuple(
            criterion_reason(criterion, rule.tier, self.policy)
            for criterion in rule.criteria
            if criterion.outcome in outcomes
        )

    def _recovered(self) -> tuple[TierReason, ...]:
        previous = self.inputs.previous
        if previous is None or previous.below_since is None:
            return ()
        since = previous.below_since.isoformat()
        return (TierReason("recovered", {"tier": self.goal, "since": since}),)

    def _floor(self) -> tuple[TierReason, ...]:
        """What the contract says, when it changes anything or cannot be read."""
        floor = self.inputs.contract_floor
        if floor is None:
            return ()
        if floor not in self.policy.ranks:
            return (TierReason("contract_floor_unknown", {"name": floor}),)
        if self.goal == self.found.tier:
            return ()
        if self.found.rule is None and self.found.undetermined:
            return (TierReason("contract_floor_unsure", {"floor": floor}),)
        return (TierReason("contract_floor", {"floor": floor, "goal": self.found.tier}),)

    def _previous_gone(self) -> tuple[TierReason, ...]:
        previous = self.inputs.previous
        if previous is None or self.held is not None:
            return ()
        return (TierReason("previous_tier_gone", {"name": previous.tier}),)
