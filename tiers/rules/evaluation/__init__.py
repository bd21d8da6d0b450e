"""From facts to a tier: the pure evaluator, its policy, its trace and its explanations.

Owns the answer to "which tier, and why". No Django, no clock, no database: live, simulated and
replayed answers come from the same `evaluate`. Import names from this package, not from its
modules.
"""

from .cases import Case
from .deciding import decide, evaluate, replay
from .decision import (
    Counterfactual,
    CriterionTrace,
    Decision,
    Inputs,
    Override,
    PreviousState,
    RuleTrace,
    Source,
    Trace,
)
from .policy import Criterion, Policy, Rule
from .reasons import Param, Params, Reason, TierReason, fact_label, gettext_noop, tier_label
from .validation import Finding, validate
from .values import OPS, FactValue, InputError, Op, Threshold, Value, canonical

__all__ = [
    "OPS",
    "Case",
    "Counterfactual",
    "Criterion",
    "CriterionTrace",
    "Decision",
    "FactValue",
    "Finding",
    "InputError",
    "Inputs",
    "Op",
    "Override",
    "Param",
    "Params",
    "Policy",
    "PreviousState",
    "Reason",
    "Rule",
    "RuleTrace",
    "Source",
    "Threshold",
    "TierReason",
    "Trace",
    "Value",
    "canonical",
    "decide",
    "evaluate",
    "fact_label",
    "gettext_noop",
    "replay",
    "tier_label",
    "validate",
]
