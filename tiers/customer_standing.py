"""A customer's own tier in their words: why they have it, and what changes when.

Made of what a customer may know: the tier, their contract, the days. Facts that the vendor
keeps for itself (health, criticality, whether an account is strategic), amounts, thresholds,
reasons and names of an override never get here.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from people.models import Organization
from portal.kit.words import tier_label
from tiers.actions.evaluating import open_assignment, state_of
from tiers.explaining import grace_end
from tiers.kept_decisions import decision_of
from tiers.models import AccountFact, TierAssignment, TierOverride, TierPolicy
from tiers.program import live_policy_at

Source = TierAssignment.Source
# What is written in the customer's own contract: a plan may be said to follow from it.
IN_THE_CONTRACT = frozenset(
    {AccountFact.Name.ACV, AccountFact.Name.SEATS, AccountFact.Name.CONTRACT_FLOOR}
)


@dataclass(frozen=True, slots=True)
class Change:
    """A change that is to come: ``tier`` counts from ``day`` on, as things stand today."""

    day: date
    tier: str
    is_lower: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class CustomerStanding:
    """Why this plan, in one sentence, and what is to come, None when nothing is."""

    why: str
    change: Change | None


def customer_standing(organization: Organization, now: datetime) -> CustomerStanding:
    """Say to an organization's people why they have their tier; four queries at most."""
    held = open_assignment(organization)
    if held is None:
        return CustomerStanding(_("This is the plan that everybody starts with."), None)
    if held.source == Source.OVERRIDE:
        return _lent(organization, held, now)
    # The version in force decides about the end, not the one the assignment was made under.
    policy = live_policy_at(now)
    in_grace = held.source == Source.GRACE
    change = _end_of_grace(held, policy, now.date()) if in_grace else None
    return CustomerStanding(_why(held), change)


def _why(held: TierAssignment) -> str:
    tier = {"tier": tier_label(held.tier)}
    if held.source == Source.CONTRACT:
        return _("Your contract includes %(tier)s.") % tier
    decision = decision_of(held.evaluation)
    decisive = next((rule for rule in decision["trace"]["rules"] if rule["decisive"]), None)
    if held.source in {Source.GRACE, Source.HOLD} or decisive is None:
        return _("%(tier)s is the plan that goes with your agreement with us.") % tier
    asked = {criterion["fact"] for criterion in decisive["criteria"]}
    if asked <= IN_THE_CONTRACT:
        return _("%(tier)s is the plan that goes with the size of your contract.") % tier
    return _("%(tier)s is the plan that goes with your agreement with us.") % tier


def _end_of_grace(held: TierAssignment, policy: TierPolicy, today: date) -> Change | None:
    day = grace_end(held, policy)
    decision = decision_of(held.evaluation)
    goal = decision["trace"]["goal"]
    if day is None or not {held.tier, goal} <= set(policy.tier_order):
        return None
    tier = _next_step(policy, held.tier, decision)
    if tier == held.tier:
        return None
    words = {"day": _day(day), "tier": tier_label(tier), "now": tier_label(held.tier)}
    sentence = (
        _(
            "You keep %(now)s at least until %(day)s. As things stand, your plan is %(tier)s after "
            "that. Talk to us if you would like to keep %(now)s."
        )
        if day > today
        else _(
            "Your plan becomes %(tier)s in the next days. Talk to us if you would like to keep "
            "%(now)s."
        )
    )
    return Change(day, tier, is_lower=True, sentence=sentence % words)


def _next_step(policy: TierPolicy, tier: str, decision: dict[str, Any]) -> str:
    """Return the tier that follows when the grace ends: one step, and never below the contract."""
    order = list(policy.tier_order)
    trace = decision["trace"]
    lowest = [order.index(tier) - policy.max_step_down, order.index(trace["goal"])]
    floor = trace["inputs"]["contract_floor"]
    if floor in order:
        lowest.append(order.index(floor))
    return str(order[max(0, *lowest)])


def _lent(organization: Organization, held: TierAssignment, now: datetime) -> CustomerStanding:
    today, tier = now.date(), held.tier
    rows = TierOverride.objects.not_over_on(today).filter(organization=organization, tier=tier)
    until = today
    for row in rows.order_by("starts", "expires"):
        # An approved extension begins on the day the first one ends: to the customer it is one.
        if row.starts <= until < row.expires:
            until = row.expires
    words = {"tier": tier_label(tier), "day": _day(until)}
    if until == today:
        return CustomerStanding(_("You have %(tier)s by special agreement.") % words, None)
    why = _("You have %(tier)s by special agreement until %(day)s.") % words
    state = state_of(held)
    after = state.tier if state else tier
    if after == tier:
        return CustomerStanding(why, None)
    order = list(held.policy.tier_order)
    is_lower = after in order and tier in order and order.index(after) < order.index(tier)
    sentence = _("As things stand today, your plan is %(after)s from %(day)s on.") % {
        "after": tier_label(after),
        "day": words["day"],
    }
    return CustomerStanding(why, Change(until, after, is_lower=is_lower, sentence=sentence))


def _day(day: date) -> str:
    return date_format(day, _("j M Y"))
