"""Tables of the tiers room. Callers import from here, not from the modules."""

from tiers.models.assignment import TierAssignment, TierEvaluation
from tiers.models.calendar import Calendar, CalendarVersion
from tiers.models.fact_import import FactImport, FactImportFile, FactImportLine
from tiers.models.facts import AccountFact
from tiers.models.override import OverrideRequest, TierOverride
from tiers.models.policy import (
    Criterion,
    OpenTickets,
    PromiseTarget,
    Tier,
    TierPolicy,
    TierPromise,
    TierRule,
    usual_recipients,
)
from tiers.models.policy_run import PolicyRun, PolicyRunBatch
from tiers.models.promise import OrganizationTarget
from tiers.models.review import PolicyEdit, PolicyEvent, PolicySchedule, PolicySignOff
from tiers.models.standing import AccountStanding

__all__ = [
    "AccountFact",
    "AccountStanding",
    "Calendar",
    "CalendarVersion",
    "Criterion",
    "FactImport",
    "FactImportFile",
    "FactImportLine",
    "OpenTickets",
    "OrganizationTarget",
    "OverrideRequest",
    "PolicyEdit",
    "PolicyEvent",
    "PolicyRun",
    "PolicyRunBatch",
    "PolicySchedule",
    "PolicySignOff",
    "PromiseTarget",
    "Tier",
    "TierAssignment",
    "TierEvaluation",
    "TierOverride",
    "TierPolicy",
    "TierPromise",
    "TierRule",
    "usual_recipients",
]
