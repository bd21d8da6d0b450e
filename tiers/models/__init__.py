"""Tables of the tiers room. Callers import from here, not from the modules."""

from tiers.models.assignment import TierAssignment, TierEvaluation, TierOverride
from tiers.models.calendar import Calendar, CalendarVersion
from tiers.models.facts import AccountFact
from tiers.models.policy import Criterion, PromiseTarget, Tier, TierPolicy, TierPromise, TierRule
from tiers.models.promise import OrganizationTarget

__all__ = [
    "AccountFact",
    "Calendar",
    "CalendarVersion",
    "Criterion",
    "OrganizationTarget",
    "PromiseTarget",
    "Tier",
    "TierAssignment",
    "TierEvaluation",
    "TierOverride",
    "TierPolicy",
    "TierPromise",
    "TierRule",
]
