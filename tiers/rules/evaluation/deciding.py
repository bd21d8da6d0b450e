"""The decision: contract, override, facts, hold, promotion, grace, demotion, in that order.

Two layers. Underneath runs the tier an account holds by right of its facts and its contract; it
rises at once and falls only after grace, step by step. An override is laid on top for its days
and leaves the layer below untouched, so that its end returns the account to where its facts put
it, and neither grants a second grace nor shortens the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from . import explaining
from .counterfactuals import counterfactuals
from .decision import Decision, Inputs, Override, PreviousState, Source, Trace
from .judging import Standing, standing
from .policy import Policy
from .reasons import TierReason
from .values import FactValue, InputError


def evaluate(
    policy: Policy,
    facts: Mapping[str, FactValue],
    previous: PreviousState | None,
    overrides: Sequence[Override],
    today: date,
    contract_floor: str | None = None,
    *,
    with_counterfactuals: bool = True,
) -> Decision:
    """Which tier an account has on `today` (a UTC day), why, and what would change it.

    Same arguments, same answer. `previous` is the last decision's `state`, None for an account
    never placed before. Raises InputError only when the policy's own default tier is unknown.
    """
    inputs = Inputs(dict(facts), today, previous, tuple(overrides), contract_floor)
    return decide(policy, inputs, with_counterfactuals=with_counterfactuals)


def decide(policy: Policy, inputs: Inputs, *, with_counterfactuals: bool = True) -> Decision:
    """`evaluate` for inputs that are already gathered.

    Without counterfactuals it is several times quicker: for previews and simulations.
    """
    if policy.default_tier not in policy.ranks:
        raise InputError("default_tier", f"“{policy.default_tier}” is not one of the tiers")
    decision = _decide(policy, inputs)
    if not with_counterfactuals:
        return decision
    return replace(decision, counterfactuals=counterfactuals(policy, decision, _decide))


def replay(policy: Policy, trace: Trace) -> Decision:
    """The decision again from a stored trace; refuses a policy with other contents."""
    if policy.fingerprint != trace.policy_fingerprint:
        raise InputError("policy", "is not the one this trace was made with")
    return decide(policy, trace.inputs)


def _decide(policy: Policy, inputs: Inputs) -> Decision:
    below = _layer_below(policy, inputs)
    tier, source, grace_until = below.tier, below.source, below.grace_until
    override, set_aside = _override_in_force(policy, inputs)
    blocked = override is not None and _may_break_contract(policy, inputs, override, tier)
    if override is not None and not blocked:
        tier = _at_least_floor(policy, override.tier, inputs.contract_floor)
        source = "override" if tier == override.tier else "contract"
        grace_until = None
    return Decision(
        tier=tier,
        source=source,
        below_since=below.below_since,
        grace_until=grace_until,
        state=PreviousState(below.tier, below.below_since),
        trace=Trace(
            policy_key=policy.key,
            policy_fingerprint=policy.fingerprint,
            inputs=inputs,
            rules=below.standing.rules,
            goal=below.standing.tier,
        ),
        reasons=(
            *explaining.override_reasons(override, blocked, tier, below.tier),
            *explaining.set_aside_reasons(set_aside, policy),
            *below.reasons,
        ),
    )


@dataclass(frozen=True)
class _Below:
    """The layer under the overrides."""

    tier: str
    source: Source
    below_since: date | None
    grace_until: date | None
    standing: Standing
    reasons: tuple[TierReason, ...]


def _layer_below(policy: Policy, inputs: Inputs) -> _Below:
    previous = inputs.previous
    held = previous.tier if previous is not None and previous.tier in policy.ranks else None
    found = standing(policy, inputs.facts, held, inputs.today)
    goal = _at_least_floor(policy, found.tier, inputs.contract_floor)
    why = explaining.Explainer(policy, inputs, found, held, goal)
    if previous is None or held is None:
        return _placed_afresh(found, goal, why)
    rise = policy.ranks[goal] - policy.ranks[held]
    if rise > 0:
        source: Source = "contract" if goal != found.tier else "promote"
        return _Below(goal, source, None, None, found, why.promoted())
    if rise == 0 and goal != found.tier:
        return _Below(goal, "contract", None, None, found, why.contract())
    if rise == 0 and (found.rule is not None or not found.undetermined):
        return _Below(goal, "criteria", None, None, found, why.steady())
    if found.undetermined or _unknown_floor(policy, inputs):
        return _Below(held, "hold", previous.below_since, None, found, why.kept())
    return _below_the_tier(policy, inputs, found, held, goal, why)


def _placed_afresh(found: Standing, goal: str, why: explaining.Explainer) -> _Below:
    """An account without a tier gets the one its facts call for, without any grace."""
    if goal != found.tier:
        return _Below(goal, "contract", None, None, found, why.contract())
    if found.rule is None and found.undetermined:
        return _Below(goal, "hold", None, None, found, why.kept())
    return _Below(goal, "criteria", None, None, found, why.steady())


def _below_the_tier(
    policy: Policy,
    inputs: Inputs,
    found: Standing,
    held: str,
    goal: str,
    why: explaining.Explainer,
) -> _Below:
    """Known facts call for a lower tier: grace first, then a step down."""
    assert inputs.previous is not None
    today, before = inputs.today, inputs.previous.below_since
    since = today if before is None else min(before, today)
    until = _days_after(since, policy.demote_grace_days)
    # A step sets below_since to its own day. With no grace at all, a second run on that day
    # would otherwise take the next step: running twice must change nothing.
    stepped_today = before is not None and before >= today
    if today < until or stepped_today:
        return _Below(held, "grace", since, until, found, why.in_grace(since, until))
    lowest = policy.ranks[held] - policy.max_step_down
    tier = policy.order[max(policy.ranks[goal], lowest)]
    still_below = _still_below(policy, inputs, tier)
    next_until = _days_after(today, policy.demote_grace_days) if still_below else None
    return _Below(
        tier,
        "demote",
        today if still_below else None,
        next_until,
        found,
        why.demoted(tier, since),
    )


def _days_after(day: date, days: int) -> date:
    """So many days later; the last day there is when the calendar ends before."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max


def _still_below(policy: Policy, inputs: Inputs, tier: str) -> bool:
    """Whether the facts call for less than `tier` even with its own exit thresholds."""
    found = standing(policy, inputs.facts, tier, inputs.today)
    goal = _at_least_floor(policy, found.tier, inputs.contract_floor)
    return not found.undetermined and policy.ranks[goal] < policy.ranks[tier]


def _at_least_floor(policy: Policy, tier: str, floor: str | None) -> str:
    if floor is None or floor not in policy.ranks:
        return tier
    return max(tier, floor, key=lambda one: policy.ranks[one])


def _unknown_floor(policy: Policy, inputs: Inputs) -> bool:
    """A signed tier that the policy does not know: nobody falls until it is settled."""
    return inputs.contract_floor is not None and inputs.contract_floor not in policy.ranks


def _may_break_contract(policy: Policy, inputs: Inputs, override: Override, below: str) -> bool:
    """A lower tier lent while nobody can read which tier was signed."""
    lowers = policy.ranks[override.tier] < policy.ranks[below]
    return lowers and _unknown_floor(policy, inputs)


def _override_in_force(
    policy: Policy, inputs: Inputs
) -> tuple[Override | None, tuple[Override, ...]]:
    """The override that counts today and the other active ones.

    Of several, the one that starts last is the latest decision; then the higher tier, then the
    later end. An override to a tier the policy does not have never counts.
    """
    active = [override for override in inputs.overrides if override.active(inputs.today)]
    known = [override for override in active if override.tier in policy.ranks]
    chosen = max(
        known,
        key=lambda one: (one.starts, policy.ranks[one.tier], one.expires),
        default=None,
    )
    return chosen, tuple(override for override in active if override is not chosen)
