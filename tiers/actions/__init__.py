"""The only writers of the tiers room. Callers import from here."""

from tiers.actions.custom_targets import agree_custom_target, end_custom_target
from tiers.actions.evaluating import evaluate_organization, organizations_to_evaluate
from tiers.actions.facts import record_facts
from tiers.actions.overriding import give_override, withdraw_override

__all__ = [
    "agree_custom_target",
    "end_custom_target",
    "evaluate_organization",
    "give_override",
    "organizations_to_evaluate",
    "record_facts",
    "withdraw_override",
]
