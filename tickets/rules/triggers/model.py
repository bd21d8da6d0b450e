"""The shapes of triggers: what they listen to, ask and do, as JSON and as objects."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

EVENTS: tuple[str, ...] = ("ticket_created", "ticket_updated", "sla_warning", "sla_breach")
CLOCK_EVENTS = frozenset({"sla_warning", "sla_breach"})
"""Events of one clock: only these have a metric and a step."""

_IDENTITY = ("is", "is_not", "in", "not_in")
_ORDER = ("at_least", "at_most")
_TEXT = ("contains", "not_contains")
OPS_OF_FIELD: Mapping[str, tuple[str, ...]] = {
    "tier": (*_IDENTITY, *_ORDER),
    "severity": (*_IDENTITY, *_ORDER),
    "channel": _IDENTITY,
    "organization": _IDENTITY,
    "category": _IDENTITY,
    "tag": (*_IDENTITY, *_TEXT),
    "subject": ("is", "is_not", *_TEXT),
    "body": ("is", "is_not", *_TEXT),
    "status": _IDENTITY,
    "queue": _IDENTITY,
    "metric": _IDENTITY,
    "step": (*_IDENTITY, *_ORDER),
}
OPS: tuple[str, ...] = (*_IDENTITY, *_TEXT, *_ORDER)
NUMBER_FIELDS = frozenset({"severity", "step"})
CLOCK_FIELDS = frozenset({"metric", "step"})
NEGATIVE_OPS: Mapping[str, str] = {"is_not": "is", "not_in": "in", "not_contains": "contains"}
"""Operators that hold exactly when their positive counterpart does not."""
LIST_OPS = frozenset({"in", "not_in"})
ORDER_OPS = frozenset(_ORDER)

ACTIONS: tuple[str, ...] = ("set_queue", "set_severity", "add_tag", "assign", "notify")
SINGLE_ACTIONS = frozenset({"set_queue", "set_severity", "assign"})
"""Actions that set a field: of several triggers, the first one wins the field."""
NOTIFY_WHOM: tuple[str, ...] = ("lead", "assignee", "queue", "account_team")
SEVERITIES: tuple[int, ...] = (1, 2, 3, 4)


def folded(text: object) -> str:
    """Text as it is compared: no case, one form per letter, single spaces, none at the ends."""
    return " ".join(unicodedata.normalize("NFKC", str(text)).casefold().split())


Value = str | int | tuple[str | int, ...]


@dataclass(frozen=True)
class TicketFacts:
    """A ticket as it was at the moment of an event: all that triggers may ask about.

    `severity` 1 (Critical) to 4 (Low). `organization`, `queue`, `category` are keys. `metric` and
    `step` (percent of the target, 100 is the breach; negative: business minutes before its end)
    exist on the two clock events only.
    `tier_order` lists the tiers from lowest to highest, for "at least" on tiers.
    """

    event: str
    severity: int
    tier: str | None = None
    channel: str | None = None
    organization: str | None = None
    category: str | None = None
    tags: frozenset[str] = frozenset()
    subject: str = ""
    body: str = ""
    status: str | None = None
    queue: str | None = None
    metric: str | None = None
    step: int | None = None
    tier_order: tuple[str, ...] = ()

    def actual(self, field_name: str) -> str | int | frozenset[str] | None:
        """The value of a field; "" and a missing value are both None."""
        found: str | int | frozenset[str] | None
        found = self.tags if field_name == "tag" else getattr(self, field_name)
        return None if found == "" else found

    @cached_property
    def folded_texts(self) -> Mapping[str, str]:
        """Subject and body as they are compared: long texts are folded once, not per condition."""
        return {"subject": folded(self.subject), "body": folded(self.body)}


@dataclass(frozen=True)
class Condition:
    """One question about a ticket. `in` and `not_in` hold a tuple of values."""

    field: str
    op: str
    value: Value

    def to_json(self) -> dict[str, object]:
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {"field": self.field, "op": self.op, "value": value}


@dataclass(frozen=True)
class Conditions:
    """All of `all` and, when there are any, at least one of `any`. Nothing at all always holds."""

    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()

    def ask(self, field_name: str) -> bool:
        """Whether any of them looks at a field."""
        return field_name in {one.field for one in (*self.all, *self.any)}

    @property
    def compare_tiers(self) -> bool:
        """Whether any of them asks for a tier or higher, or lower: then their order is needed."""
        every = (*self.all, *self.any)
        return any(one.field == "tier" and one.op in ORDER_OPS for one in every)

    def to_json(self) -> dict[str, object]:
        return {
            "all": [condition.to_json() for condition in self.all],
            "any": [condition.to_json() for condition in self.any],
        }


@dataclass(frozen=True)
class Action:
    """One thing to do: `do` is one of ACTIONS."""

    do: str
    value: str | int

    def to_json(self) -> dict[str, object]:
        return {"do": self.do, "value": self.value}


@dataclass(frozen=True)
class Trigger:
    """On `event`, when the conditions hold, do the actions. Lower `position` goes first."""

    key: str
    name: str
    event: str
    position: int
    conditions: Conditions = field(default_factory=Conditions)
    actions: tuple[Action, ...] = ()
    enabled: bool = True


def in_turn(triggers: Sequence[Trigger]) -> list[Trigger]:
    """The triggers in the order in which they are asked."""
    return sorted(triggers, key=lambda trigger: (trigger.position, trigger.key))
