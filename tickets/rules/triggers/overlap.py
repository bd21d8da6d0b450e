"""What a set of triggers does to itself: never fires, never counts, competes.

Only what can be decided is said. Whether conditions can hold together is decided by trying, per
field, one value of every kind that the conditions can tell apart; where that is not possible
("at least" on tiers without knowing their order) nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tickets.rules.moves import STATUSES
from tiers.rules.ladders import BREACH

from .matching import holds
from .model import (
    CLOCK_EVENTS,
    CLOCK_FIELDS,
    NEGATIVE_OPS,
    SEVERITIES,
    SINGLE_ACTIONS,
    Action,
    Condition,
    Conditions,
    TicketFacts,
    Trigger,
    folded,
    in_turn,
)
from .words import TriggerReason

Signed = tuple[Condition, bool]
"""A condition that is to hold (True) or not to hold (False)."""

# A letter nobody types; it survives folding and glues texts without making new words.
_GLUE = "\ue000"


@dataclass(frozen=True)
class TriggerWarning:
    """Something ops may not have meant. `other` is the earlier trigger it is about."""

    trigger: Trigger
    reason: TriggerReason
    other: Trigger | None = None


def warnings(
    triggers: Sequence[Trigger], tier_order: Sequence[str] = ()
) -> tuple[TriggerWarning, ...]:
    """Warnings about enabled triggers, in their order. `tier_order` goes from lowest to highest."""
    found: list[TriggerWarning] = []
    enabled = [trigger for trigger in in_turn(triggers) if trigger.enabled]
    for place, trigger in enumerate(enabled):
        asker = _Asker(trigger.event, tuple(tier_order))
        earlier = [one for one in enabled[:place] if one.event == trigger.event]
        found += _about_places(trigger, earlier)
        if asker.never(trigger.conditions):
            found.append(_never(trigger))
            continue
        alive = [one for one in earlier if not asker.never(one.conditions)]
        found += _about_earlier(trigger, alive, asker)
    return tuple(found)


def _about_places(trigger: Trigger, earlier: list[Trigger]) -> Iterator[TriggerWarning]:
    for other in earlier:
        if other.position == trigger.position:
            reason = TriggerReason("same_position", {"other": other.name})
            yield TriggerWarning(trigger, reason, other)


def _never(trigger: Trigger) -> TriggerWarning:
    conditions = (*trigger.conditions.all, *trigger.conditions.any)
    clock = [one.field for one in conditions if one.field in CLOCK_FIELDS]
    if clock and trigger.event not in CLOCK_EVENTS:
        params = {"field": clock[0], "event": trigger.event}
        return TriggerWarning(trigger, TriggerReason("no_clock_here", params))
    return TriggerWarning(trigger, TriggerReason("never_true"))


def _about_earlier(
    trigger: Trigger, earlier: list[Trigger], asker: _Asker
) -> Iterator[TriggerWarning]:
    before = [one for one in earlier if asker.implies(trigger.conditions, one.conditions)]
    taken = [(action, _taker(action, before)) for action in trigger.actions]
    if taken and all(other is not None for _, other in taken):
        yield TriggerWarning(trigger, TriggerReason("changes_nothing"), taken[0][1])
    else:
        for action, other in taken:
            if other is not None:
                params = {"do": action.do, "other": other.name}
                yield TriggerWarning(trigger, TriggerReason("always_taken", params), other)
    for other in earlier:
        if other not in before and asker.compete(trigger, other):
            yield from _overlaps(trigger, other)


def _taker(action: Action, before: list[Trigger]) -> Trigger | None:
    """The trigger that always does this, or sets this field, before."""
    for other in before:
        for done in other.actions:
            if done.do == action.do and (
                done.do in SINGLE_ACTIONS or folded(done.value) == folded(action.value)
            ):
                return other
    return None


def _overlaps(trigger: Trigger, other: Trigger) -> Iterator[TriggerWarning]:
    for action in trigger.actions:
        wanted = [done.value for done in other.actions if done.do == action.do]
        if action.do in SINGLE_ACTIONS and wanted and wanted[0] != action.value:
            params = {"do": action.do, "other": other.name}
            yield TriggerWarning(trigger, TriggerReason("overlap", params), other)


@dataclass(frozen=True)
class _Asker:
    """Answers whether conditions can hold on tickets of one event."""

    event: str
    tier_order: tuple[str, ...]

    def never(self, conditions: Conditions) -> bool:
        return all(self.can_hold(way) is False for way in _ways(conditions))

    def implies(self, one: Conditions, other: Conditions) -> bool:
        """Whether every ticket that meets `one` meets `other`."""
        escapes = [[(condition, False)] for condition in other.all]
        if other.any:
            escapes.append([(condition, False) for condition in other.any])
        return all(
            self.can_hold([*way, *escape]) is False for way in _ways(one) for escape in escapes
        )

    def compete(self, trigger: Trigger, other: Trigger) -> bool:
        """Whether both can fire for one ticket, and neither is the special case of the other.

        A special case before the general one is how ordered rules are meant to be written.
        """
        if self.implies(other.conditions, trigger.conditions):
            return False
        return any(
            self.can_hold([*way, *other_way]) is True
            for way in _ways(trigger.conditions)
            for other_way in _ways(other.conditions)
        )

    def can_hold(self, signed: Sequence[Signed]) -> bool | None:
        """Whether some ticket of this event meets all of these; None when that is not known."""
        by_field: dict[str, list[Signed]] = {}
        for one in signed:
            by_field.setdefault(one[0].field, []).append(one)
        answers = [self._field_can_hold(field, group) for field, group in by_field.items()]
        if False in answers:
            return False
        return None if None in answers else True

    def _field_can_hold(self, field: str, group: list[Signed]) -> bool | None:
        ordered = any(condition.op in {"at_least", "at_most"} for condition, _ in group)
        if field == "tier" and ordered and not self.tier_order:
            return None
        base = TicketFacts(event=self.event, severity=SEVERITIES[0], tier_order=self.tier_order)
        name = "tags" if field == "tag" else field
        # The candidates have the field's own type; the checker cannot follow the name.
        tickets = (
            replace(base, **{name: value})
            for value in _candidates(field, group, self.event, self.tier_order)
        )
        return any(
            all(holds(condition, ticket) is wanted for condition, wanted in group)
            for ticket in tickets
        )


def _ways(conditions: Conditions) -> list[list[Signed]]:
    """The ways to meet conditions: all of them, with each alternative."""
    base = [(condition, True) for condition in conditions.all]
    return [[*base, (one, True)] for one in conditions.any] or [base]


def _candidates(
    field: str, group: list[Signed], event: str, tier_order: tuple[str, ...]
) -> list[Any]:
    """One value of every kind that these conditions can tell apart."""
    mentioned = [one for condition, _ in group for one in _many(condition)]
    if field in CLOCK_FIELDS and event not in CLOCK_EVENTS:
        return [None]
    match field:
        case "severity":
            return list(SEVERITIES)
        case "step":
            near = {one + shift for one in mentioned for shift in (-1, 0, 1)}
            percents = {1, BREACH, *(one for one in near if 1 <= one <= BREACH)}
            # Minutes before the end: those asked for, and one that nobody asks for.
            minutes = {one for one in mentioned if one < 0}
            return sorted(percents | minutes | {min(minutes, default=0) - 1})
        case "status":
            return list(STATUSES)
        case "tag":
            return [_most_tags(group, mentioned)]
        case "subject" | "body":
            return _texts(group)
    # Tickets may carry keys that nobody mentions any more, or none.
    other = "other"
    while folded(other) in {folded(one) for one in mentioned}:
        other += _GLUE
    ranked = tier_order if field == "tier" else ()
    return [other, *mentioned, *ranked, *([] if field == "metric" else [None])]


def _many(condition: Condition) -> tuple[Any, ...]:
    return condition.value if isinstance(condition.value, tuple) else (condition.value,)


def _wanted(condition: Condition, sign: bool) -> bool:
    """Whether the condition, in its sign, asks for its value rather than against it."""
    return sign is (condition.op not in NEGATIVE_OPS)


def _most_tags(group: list[Signed], mentioned: list[str]) -> frozenset[str]:
    """Every tag that is not forbidden: if any set of tags will do, this one does."""
    forbidden = {
        folded(one)
        for condition, sign in group
        if not _wanted(condition, sign)
        for one in _many(condition)
    }
    return frozenset(one for one in mentioned if folded(one) not in forbidden)


def _texts(group: list[Signed]) -> list[str]:
    """The empty text, every text asked for whole, and the least text with all wanted parts."""
    whole: list[str] = []
    parts: list[str] = []
    for condition, sign in group:
        if _wanted(condition, sign):
            contains = NEGATIVE_OPS.get(condition.op, condition.op) == "contains"
            (parts if contains else whole).append(str(condition.value))
    return ["", *whole, _GLUE + _GLUE.join(parts) + _GLUE]
