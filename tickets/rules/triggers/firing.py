"""Firing: which triggers fire for a ticket, what comes of it, and why not the others.

Every trigger sees the ticket as it was when the event happened, not what earlier triggers made
of it: so the answer to "would this fire?" never depends on a chain, and nothing can loop. Where
two triggers want the same field, the first one in order has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tiers.rules.evaluation import Param, Params

from .matching import holds
from .model import SINGLE_ACTIONS, Action, Condition, TicketFacts, Trigger, in_turn
from .words import TriggerReason

Verdict = Literal["fired", "not_met", "other_event", "disabled"]


@dataclass(frozen=True)
class ConditionTrace:
    """One condition, what was found, and whether it held. `group` is "all" or "any"."""

    condition: Condition
    group: Literal["all", "any"]
    actual: str | int | tuple[str, ...] | None
    passed: bool

    @property
    def reason(self) -> TriggerReason:
        """The comparison in words."""
        op, value = self.condition.op, self.condition.value
        code = f"{op}_severity" if _is_severity_order(self.condition) else op
        told: Param = tuple(str(one) for one in value) if isinstance(value, tuple) else value
        params: Params = {"field": self.condition.field, "actual": self.actual, "value": told}
        return TriggerReason(code, params)


def _is_severity_order(condition: Condition) -> bool:
    return condition.field == "severity" and condition.op in {"at_least", "at_most"}


@dataclass(frozen=True)
class ActionTrace:
    """One action of a trigger that fired. `reason` says why it was not `applied`."""

    action: Action
    applied: bool
    reason: TriggerReason | None


@dataclass(frozen=True)
class TriggerTrace:
    """What one trigger made of a ticket. `reasons`: why it fired, or every reason why not."""

    trigger: Trigger
    verdict: Verdict
    conditions: tuple[ConditionTrace, ...]
    actions: tuple[ActionTrace, ...]
    reasons: tuple[TriggerReason, ...]

    @property
    def fired(self) -> bool:
        return self.verdict == "fired"

    @property
    def failed(self) -> tuple[ConditionTrace, ...]:
        """The conditions without which it would have fired."""
        if self.verdict != "not_met":
            return ()
        return tuple(
            trace
            for trace in self.conditions
            if not trace.passed and (trace.group == "all" or not self._has_alternative)
        )

    @property
    def _has_alternative(self) -> bool:
        return any(trace.passed for trace in self.conditions if trace.group == "any")


@dataclass(frozen=True)
class Effects:
    """What is to be done. None: no trigger sets this field."""

    queue: str | None = None
    severity: int | None = None
    assignee: str | None = None
    tags: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Effects()


@dataclass(frozen=True)
class Outcome:
    """The effects, and every trigger's trace in the order of asking."""

    effects: Effects
    traces: tuple[TriggerTrace, ...]

    @property
    def fired(self) -> tuple[TriggerTrace, ...]:
        return tuple(trace for trace in self.traces if trace.fired)


def fire(triggers: Sequence[Trigger], facts: TicketFacts) -> Outcome:
    """Ask every trigger about a ticket; nothing is changed here."""
    taken: dict[tuple[str, str | int | None], tuple[Trigger, Action]] = {}
    traces = tuple(_ask(trigger, facts, taken) for trigger in in_turn(triggers))
    return Outcome(_effects([action for _, action in taken.values()]), traces)


def explain(triggers: Sequence[Trigger], facts: TicketFacts) -> tuple[TriggerTrace, ...]:
    """Which trigger would fire for this ticket, and why not the others."""
    return fire(triggers, facts).traces


def _ask(
    trigger: Trigger,
    facts: TicketFacts,
    taken: dict[tuple[str, str | int | None], tuple[Trigger, Action]],
) -> TriggerTrace:
    conditions = (
        *(_judge(condition, "all", facts) for condition in trigger.conditions.all),
        *(_judge(condition, "any", facts) for condition in trigger.conditions.any),
    )
    verdict, reasons = _verdict(trigger, facts, conditions)
    actions: tuple[ActionTrace, ...] = ()
    if verdict == "fired":
        actions = tuple(_take(trigger, action, taken) for action in trigger.actions)
    return TriggerTrace(trigger, verdict, conditions, actions, reasons)


def _judge(
    condition: Condition, group: Literal["all", "any"], facts: TicketFacts
) -> ConditionTrace:
    found = facts.actual(condition.field)
    actual = (tuple(sorted(found)) or None) if isinstance(found, frozenset) else found
    return ConditionTrace(condition, group, actual, holds(condition, facts))


def _verdict(
    trigger: Trigger, facts: TicketFacts, conditions: tuple[ConditionTrace, ...]
) -> tuple[Verdict, tuple[TriggerReason, ...]]:
    if not trigger.enabled:
        return "disabled", (TriggerReason("disabled"),)
    if trigger.event != facts.event:
        params: Params = {"event": trigger.event, "actual": facts.event}
        return "other_event", (TriggerReason("other_event", params),)
    failed = [trace.reason for trace in conditions if trace.group == "all" and not trace.passed]
    alternatives = [trace for trace in conditions if trace.group == "any"]
    met = [trace.reason for trace in alternatives if trace.passed]
    against = [TriggerReason("not_met"), *failed] if failed else []
    if alternatives and not met:
        against += [TriggerReason("none_of_any"), *(trace.reason for trace in alternatives)]
    if against:
        return "not_met", tuple(against)
    if met:
        return "fired", (TriggerReason("all_met_and_one"), met[0])
    return "fired", (TriggerReason("all_met" if conditions else "always"),)


def _take(
    trigger: Trigger,
    action: Action,
    taken: dict[tuple[str, str | int | None], tuple[Trigger, Action]],
) -> ActionTrace:
    single = action.do in SINGLE_ACTIONS
    slot = (action.do, None if single else action.value)
    if slot not in taken:
        taken[slot] = (trigger, action)
        return ActionTrace(action, True, None)
    earlier, before = taken[slot]
    params: Params = {"other": earlier.name, "field": action.do.removeprefix("set_")}
    code = "done_already" if before.value == action.value else "field_taken"
    return ActionTrace(action, False, TriggerReason(code, params))


def _effects(actions: list[Action]) -> Effects:
    def only(do: str) -> str | int | None:
        return next((action.value for action in actions if action.do == do), None)

    def every(do: str) -> tuple[str, ...]:
        return tuple(str(action.value) for action in actions if action.do == do)

    queue, severity, assignee = only("set_queue"), only("set_severity"), only("assign")
    return Effects(
        queue=None if queue is None else str(queue),
        severity=severity if isinstance(severity, int) else None,
        assignee=None if assignee is None else str(assignee),
        tags=every("add_tag"),
        notify=every("notify"),
    )
