"""Rules against facts: pass, fail or not known, in three-valued logic (Kleene).

An `all` rule fails as soon as one known fact fails, and an `any` rule is satisfied as soon as one
known fact passes, whatever else is missing: a missing fact matters only where it could decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from .decision import Band, CriterionOutcome, CriterionTrace, RuleOutcome, RuleTrace
from .policy import Criterion, Policy, Rule
from .values import FactValue, Threshold, compare


@dataclass(frozen=True)
class Standing:
    """Where the facts alone put an account: the tier, and why nothing above it counted."""

    tier: str
    rule: RuleTrace | None
    undetermined: tuple[RuleTrace, ...]
    rules: tuple[RuleTrace, ...]


def standing(
    policy: Policy, facts: Mapping[str, FactValue], held: str | None, today: date
) -> Standing:
    """The first satisfied rule by precedence, else the default tier.

    `held` is the tier whose exit thresholds count. `undetermined` are the rules asked before the
    deciding one that could not be answered.
    """
    traces: list[RuleTrace] = []
    undetermined: list[RuleTrace] = []
    decisive: RuleTrace | None = None
    for rule in policy.rules_in_turn:
        trace = judge_rule(rule, policy, facts, held, today)
        if decisive is None and trace.outcome == "satisfied":
            trace = decisive = replace(trace, decisive=True)
        elif decisive is None and trace.outcome == "undetermined":
            undetermined.append(trace)
        traces.append(trace)
    tier = policy.default_tier if decisive is None else decisive.tier
    return Standing(tier, decisive, tuple(undetermined), tuple(traces))


def judge_rule(
    rule: Rule, policy: Policy, facts: Mapping[str, FactValue], held: str | None, today: date
) -> RuleTrace:
    """One rule with all its criteria, also those that no longer matter: people read them."""
    band: Band = "exit" if rule.tier == held else "entry"
    criteria = tuple(
        judge_criterion(criterion, facts.get(criterion.fact), band, policy, today)
        for criterion in rule.criteria
    )
    outcome: RuleOutcome = _combine(rule, criteria) if rule.tier in policy.ranks else "ignored"
    return RuleTrace(
        key=rule.label,
        tier=rule.tier,
        precedence=rule.precedence,
        match=rule.match,
        missing=rule.missing,
        outcome=outcome,
        decisive=False,
        criteria=criteria,
    )


def _combine(rule: Rule, criteria: tuple[CriterionTrace, ...]) -> RuleOutcome:
    answers = [_answer(criterion, rule) for criterion in criteria]
    settled = rule.match == "any"
    if settled in answers:
        return "satisfied" if settled else "failed"
    if None in answers:
        return "undetermined"
    return "failed" if settled else "satisfied"


def _answer(criterion: CriterionTrace, rule: Rule) -> bool | None:
    if criterion.outcome in {"pass", "fail"}:
        return criterion.outcome == "pass"
    absent = criterion.outcome == "missing" and not criterion.note
    return False if absent and rule.missing == "fail" else None


def judge_criterion(
    criterion: Criterion, found: FactValue | None, band: Band, policy: Policy, today: date
) -> CriterionTrace:
    """One criterion in the entry or exit band; a criterion without exit value keeps its entry."""
    if criterion.exit_value is None:
        band = "entry"
    threshold = criterion.value if band == "entry" else criterion.exit_value
    assert threshold is not None
    outcome, note = _outcome(criterion, found, threshold, policy, today)
    return CriterionTrace(
        fact=criterion.fact,
        op=criterion.op,
        threshold=threshold,
        band=band,
        actual=None if found is None else found.value,
        outcome=outcome,
        source="" if found is None else found.source,
        observed_on=None if found is None else found.observed_on,
        age_days=None if found is None else (today - found.observed_on).days,
        note=note,
        changed_days=None if found is None else _changed_days(found, today),
    )


def _changed_days(found: FactValue, today: date) -> int:
    return (today - (found.changed_on or found.observed_on)).days


def _outcome(
    criterion: Criterion, found: FactValue | None, threshold: Threshold, policy: Policy, today: date
) -> tuple[CriterionOutcome, str]:
    if found is None or found.value is None:
        return "missing", ""
    age = (today - found.observed_on).days
    if age < 0:
        # Not known yet on that day; counting it would let a replay look into the future.
        return "missing", "observed_later"
    if age > policy.stale_after(criterion.fact) and not found.lasting:
        return "stale", ""
    if criterion.op == "changed_within":
        assert isinstance(threshold, Decimal)
        return ("pass" if 0 <= _changed_days(found, today) <= threshold else "fail"), ""
    holds = compare(criterion.op, threshold, found.value)
    if holds is None:
        return "missing", "unreadable"
    return ("pass" if holds else "fail"), ""
