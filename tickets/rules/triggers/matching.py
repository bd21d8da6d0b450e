"""Does a condition hold for a ticket? Plain comparison of text without case, never a pattern."""

from __future__ import annotations

from collections.abc import Sequence

from .model import LIST_OPS, NEGATIVE_OPS, Condition, TicketFacts, Value, folded

Actual = str | int | frozenset[str] | None


def holds(condition: Condition, facts: TicketFacts) -> bool:
    """Whether a condition is met.

    A field without a value meets only the negative questions: it is not anything, is in no list
    and contains nothing.
    """
    if condition.op in NEGATIVE_OPS:
        return not _positive(NEGATIVE_OPS[condition.op], condition, facts)
    return _positive(condition.op, condition, facts)


def _positive(op: str, condition: Condition, facts: TicketFacts) -> bool:
    actual = facts.actual(condition.field)
    if actual is None:
        return False
    if op in {"at_least", "at_most"}:
        return _ordered(op, condition, actual, facts.tier_order)
    wanted = _many(condition.value) if op in LIST_OPS else (condition.value,)
    if isinstance(actual, frozenset):
        # On tags, "is" and "contains" both mean: has this tag.
        found = {folded(tag) for tag in actual}
        return any(folded(one) in found for one in wanted)
    text = facts.folded_texts.get(condition.field) or folded(actual)
    if op == "contains":
        return folded(condition.value) in text
    return any(folded(one) == text for one in wanted)


def _ordered(op: str, condition: Condition, actual: Actual, tier_order: Sequence[str]) -> bool:
    if condition.field == "tier":
        ranks = {folded(tier): rank for rank, tier in enumerate(tier_order)}
        have, want = ranks.get(folded(actual)), ranks.get(folded(condition.value))
    else:
        have, want = _number(actual), _number(condition.value)
    if have is None or want is None:
        return False
    if condition.field == "step" and (have < 0 or want < 0):
        # Minutes before the end and percent have no order that holds for every target.
        return False
    if condition.field == "severity":
        # 1 is the worst: "at least High" means High or Critical.
        have, want = -have, -want
    return have >= want if op == "at_least" else have <= want


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _many(value: Value) -> tuple[str | int, ...]:
    return value if isinstance(value, tuple) else (value,)
