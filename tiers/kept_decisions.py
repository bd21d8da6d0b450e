"""Decisions as they were kept, with their reasons: made again where only the answer was kept."""

from typing import Any

from tiers.models import TierEvaluation
from tiers.program import program_of
from tiers.rules import evaluation


def decision_of(kept: TierEvaluation) -> dict[str, Any]:
    """Return a kept decision whole, as ``Decision.to_json`` writes it.

    When a version judges very many accounts at once, the answer and the snapshot are kept
    of each, not the trace: the evaluator is pure and a version out of draft never changes,
    so the same snapshot gives the same trace for good.
    """
    stored: dict[str, Any] = kept.decision
    if "trace" in stored or not kept.snapshot:
        return stored
    inputs = evaluation.Inputs.from_json(kept.snapshot)
    return evaluation.decide(program_of(kept.policy).rules, inputs).to_json()
