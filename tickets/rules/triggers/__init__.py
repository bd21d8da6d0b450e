"""Triggers: ordered rules on an event that set queue, severity, tag and assignee, and notify.

`fire` answers what happens and, for every trigger, why it fired or not. `validate_conditions` and
`validate_actions` say in words what is wrong with one trigger, `warnings` what a set of triggers
does to itself. Text is compared plainly and without case; there are no patterns.
"""

from .firing import ActionTrace, ConditionTrace, Effects, Outcome, TriggerTrace, explain, fire
from .model import (
    ACTIONS,
    EVENTS,
    NOTIFY_WHOM,
    OPS,
    OPS_OF_FIELD,
    Action,
    Condition,
    Conditions,
    TicketFacts,
    Trigger,
)
from .overlap import TriggerWarning, warnings
from .reading import (
    actions_from_json,
    conditions_from_json,
    validate_actions,
    validate_conditions,
)
from .words import TriggerReason

__all__ = [
    "ACTIONS",
    "EVENTS",
    "NOTIFY_WHOM",
    "OPS",
    "OPS_OF_FIELD",
    "Action",
    "ActionTrace",
    "Condition",
    "ConditionTrace",
    "Conditions",
    "Effects",
    "Outcome",
    "TicketFacts",
    "Trigger",
    "TriggerReason",
    "TriggerTrace",
    "TriggerWarning",
    "actions_from_json",
    "conditions_from_json",
    "explain",
    "fire",
    "validate_actions",
    "validate_conditions",
    "warnings",
]
