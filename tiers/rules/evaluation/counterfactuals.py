"""What would have to be different: the smallest change of a single fact that matters.

Found by trying, not by algebra: every threshold that a fact meets anywhere in the policy splits
its values into stretches, one value of each stretch is put to the very function that decides, and
of the values with the same effect the one nearest to the present is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Context, Decimal

from .decision import Counterfactual, Decision, Effect, Inputs
from .policy import Criterion, Policy
from .values import FactValue, Threshold, Value

_Distance = tuple[bool, Decimal]
Decide = Callable[[Policy, Inputs], Decision]

# Far below one unit of any fact; thresholds are money, counts and shares.
_SLIVER = Decimal("1e-9")
_EXACT = Context(prec=60)
_EFFECT_ORDER: dict[Effect, int] = {"promote": 0, "keep": 1, "demote": 2}


@dataclass(frozen=True)
class _Probe:
    """A value to try, the words for the stretch it stands for, and whether it meets a criterion."""

    op: str
    told: Value
    tried: Value
    meets: bool = True


def counterfactuals(
    policy: Policy, decision: Decision, decide: Decide
) -> tuple[Counterfactual, ...]:
    """Changes from where the account stands after this decision: up at once, safe again, or down.

    While an override is in force no fact moves the account, so there are none.
    """
    inputs = decision.trace.inputs
    if any(one.active(inputs.today) and one.tier in policy.ranks for one in inputs.overrides):
        return ()
    after = replace(inputs, previous=decision.state)
    found: dict[tuple[str, Effect, str], tuple[_Distance, Counterfactual]] = {}
    for fact, probe in _probes(policy):
        current = _current(policy, after, fact)
        told = _try(policy, decision, decide, after, fact, probe, current)
        if told is None:
            continue
        key = (fact, told.effect, told.tier)
        distance = _distance(probe, current)
        if key not in found or distance < found[key][0]:
            found[key] = (distance, told)
    ordered = sorted(
        (told for _, told in found.values()),
        key=lambda told: (_EFFECT_ORDER[told.effect], policy.ranks[told.tier], told.fact),
    )
    return tuple(ordered)


def _try(
    policy: Policy,
    decision: Decision,
    decide: Decide,
    after: Inputs,
    fact: str,
    probe: _Probe,
    current: Value | None,
) -> Counterfactual | None:
    facts = {**after.facts, fact: FactValue(probe.tried, after.today, "what-if")}
    other = decide(policy, replace(after, facts=facts))
    rise = policy.ranks[other.tier] - policy.ranks[decision.tier]
    tier, on = other.tier, None
    effect: Effect
    if rise > 0:
        effect = "promote"
    elif rise == 0 and _is_shaky(policy, decision) and other.source == "criteria":
        effect = "keep"
    elif current is None:
        # Nothing is known, so there is no change to speak of; what helps is told all the same.
        return None
    elif other.source == "grace" and decision.state.below_since is None:
        effect, on = "demote", other.grace_until
        tier = _next_step(policy, other)
    elif rise < 0:
        effect, on = "demote", after.today
    else:
        return None
    return Counterfactual(fact, probe.op, probe.told, tier, effect, current, on)


def _is_shaky(policy: Policy, decision: Decision) -> bool:
    """Whether the account may fall unless a fact changes: in grace, or facts unknown."""
    may_fall = policy.ranks[decision.tier] > 0
    return may_fall and (decision.source == "hold" or decision.state.below_since is not None)


def _next_step(policy: Policy, decision: Decision) -> str:
    """The tier to which an account in grace falls when the grace ends."""
    ranks = policy.ranks
    goal = max(ranks[decision.trace.goal], ranks[decision.state.tier] - policy.max_step_down)
    floor = decision.trace.inputs.contract_floor
    return policy.order[max(goal, ranks.get(floor, 0) if floor else 0)]


def _current(policy: Policy, inputs: Inputs, fact: str) -> Value | None:
    """The value that counts today; None when it is missing, stale or from the future."""
    found = inputs.facts.get(fact)
    if found is None:
        return None
    age = (inputs.today - found.observed_on).days
    fresh = age >= 0 and (found.lasting or age <= policy.stale_after(fact))
    return found.value if fresh else None


def _probes(policy: Policy) -> Iterator[tuple[str, _Probe]]:
    seen: set[tuple[str, _Probe]] = set()
    for rule in policy.rules_in_turn:
        for criterion in rule.criteria:
            for probe in _of_criterion(criterion):
                if (criterion.fact, probe) not in seen:
                    seen.add((criterion.fact, probe))
                    yield criterion.fact, probe


def _of_criterion(criterion: Criterion) -> Iterator[_Probe]:
    if criterion.op == "changed_within":
        # Time, not a value, decides these; nobody can choose it.
        return
    for threshold in (criterion.value, criterion.exit_value):
        if threshold is not None:
            yield from _of_threshold(criterion.op, threshold)


def _of_threshold(op: str, threshold: Threshold) -> Iterator[_Probe]:
    if op in {"in", "eq"}:
        many = threshold if isinstance(threshold, tuple) else (threshold,)
        yield from (_Probe("is", one, one) for one in many)
        if op == "eq" and isinstance(threshold, bool):
            yield _Probe("is", not threshold, not threshold, meets=False)
        elif op == "eq" and isinstance(threshold, str):
            yield _Probe("is_not", threshold, f"\N{NULL}not {threshold}", meets=False)
        return
    for one in threshold if isinstance(threshold, tuple) else (threshold,):
        up = op in {"gt", "lte"}
        beside = _beside(one, up=up)
        if up:
            yield _Probe("at_most", one, one, meets=op == "lte")
        else:
            yield _Probe("at_least", one, one, meets=op != "lt")
        if beside is not None and up:
            yield _Probe("above", one, beside, meets=op == "gt")
        elif beside is not None:
            yield _Probe("below", one, beside, meets=op != "gte")


def _beside(value: Value, *, up: bool) -> Value | None:
    """The next value worth telling apart: a sliver of a number, or the next day.

    None beyond the first and the last day of the calendar.
    """
    if isinstance(value, Decimal):
        return _EXACT.add(value, _SLIVER if up else -_SLIVER)
    assert isinstance(value, date)
    if value == (date.max if up else date.min):
        return None
    return value + timedelta(days=1 if up else -1)


def _distance(probe: _Probe, current: Value | None) -> _Distance:
    """How far a value is from the present one.

    When that is not known: values that meet a criterion first, and the least demanding of them.
    """
    tried = _number(probe.tried)
    if current is None:
        return (not probe.meets, -tried if probe.op in {"at_most", "below"} else tried)
    return (False, abs(_EXACT.subtract(tried, _number(current))))


def _number(value: Value) -> Decimal:
    """A number or a day on one line; values without an order are all equally near."""
    if isinstance(value, date):
        return Decimal(value.toordinal())
    return value if isinstance(value, Decimal) else Decimal(0)
