"""Decisions as they were kept, with their reasons: made again where only the answer was kept."""

from collections.abc import Mapping
from typing import Any

from tiers.models import TierEvaluation
from tiers.program import program_of
from tiers.rules import evaluation


def decision_of(kept: TierEvaluation) -> dict[str, Any]:
    """Return a kept decision whole, as ``Decision.to_json`` writes it.

    When a version judges very many accounts at once, the answer and the snapshot are kept
    of each, not the trace: the evaluator is pure and a version out of draft never changes,
    so the same snapshot gives the same trace for good. Reads the version of the evaluation,
    so whoever asks about many fetches it along.
    """
    stored: dict[str, Any] = kept.decision
    if _is_whole(stored) or not kept.snapshot:
        return stored
    inputs = evaluation.Inputs.from_json(kept.snapshot)
    return evaluation.decide(program_of(kept.policy).rules, inputs).to_json()


def whole_decision(evaluation_id: int, stored: dict[str, Any]) -> dict[str, Any]:
    """Return the decision of an evaluation of which only ``decision`` was read; one query at most.

    None at all where it was kept whole.
    """
    if _is_whole(stored):
        return stored
    return decision_of(TierEvaluation.objects.select_related("policy").get(pk=evaluation_id))


def memory_of(kept: TierEvaluation) -> evaluation.PreviousState:
    """Return what the next evaluation goes on from; every way of judging keeps it as it is."""
    return evaluation.PreviousState.from_json(kept.decision["state"])


def _is_whole(stored: Mapping[str, Any]) -> bool:
    return "trace" in stored
