"""Triggers in words, and words back into what triggers store.

One place for the list, the form and the explanation, so that all three call the same
thing by the same name, and whoever types "Enterprise Support" means its queue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.models import User
from portal.kit.words import METRICS, SEVERITIES, STATUSES, Words, quoted, tier_label
from tickets.actions.queues import SERVES_QUEUES
from tickets.categories import CATEGORIES
from tickets.models import Queue, Ticket, Trigger
from tickets.rules import triggers as rules
from tiers.ladder_words import ROLES, step_words
from tiers.rules.ladders import parse_step

FIELDS: dict[str, Words] = {
    "tier": gettext_lazy("tier"),
    "severity": gettext_lazy("severity"),
    "channel": gettext_lazy("channel"),
    "organization": gettext_lazy("organization"),
    "category": gettext_lazy("category"),
    "tag": gettext_lazy("tag"),
    "subject": gettext_lazy("subject"),
    "body": gettext_lazy("text"),
    "status": gettext_lazy("status"),
    "queue": gettext_lazy("queue"),
    "metric": gettext_lazy("promise"),
    "step": gettext_lazy("time used"),
}
OPS: dict[str, Words] = {
    "is": gettext_lazy("is"),
    "is_not": gettext_lazy("is not"),
    "in": gettext_lazy("is one of"),
    "not_in": gettext_lazy("is none of"),
    "contains": gettext_lazy("contains"),
    "not_contains": gettext_lazy("does not contain"),
    "at_least": gettext_lazy("is at least"),
    "at_most": gettext_lazy("is at most"),
}
# Severity 1 is the worst, so "at least High" reads better from its bad end.
SEVERITY_OPS: dict[str, Words] = {
    "at_least": gettext_lazy("%(value)s or worse"),
    "at_most": gettext_lazy("%(value)s or milder"),
}
ACTIONS: dict[str, Words] = {
    "set_queue": gettext_lazy("put into queue"),
    "set_severity": gettext_lazy("set severity to"),
    "add_tag": gettext_lazy("add the tag"),
    "assign": gettext_lazy("assign to"),
    "notify": gettext_lazy("tell"),
}
NOTIFIED = ROLES
EVENTS: dict[str, Words] = dict(Trigger.Event.choices)
# What a value of an action means, as a field of conditions.
FIELD_OF_ACTION = {
    "set_queue": "queue",
    "set_severity": "severity",
    "add_tag": "tag",
    "assign": "assignee",
    "notify": "notify",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What the values of each field are called; fields that are free text are absent."""

    of_field: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(cls, tiers: Sequence[str]) -> "Names":
        """Read the names of what exists, in two queries."""
        staff = User.objects.filter(is_active=True, staff_role__in=SERVES_QUEUES)
        return cls(
            {
                "tier": {tier: str(tier_label(tier)) for tier in reversed(tiers)},
                "severity": {str(level): str(one.label) for level, one in SEVERITIES.items()},
                "channel": {key: str(label) for key, label in Ticket.Channel.choices},
                "category": {key: str(label) for key, label in CATEGORIES.items()},
                "status": {key: str(label) for key, label in STATUSES.items()},
                "queue": dict(Queue.objects.values_list("key", "name")),
                "metric": {key: str(one.desk_label) for key, one in METRICS.items()},
                "assignee": {user.email: str(user) for user in staff.order_by("name", "email")},
                "notify": {key: str(label) for key, label in NOTIFIED.items()},
            }
        )

    def shown(self, field: str, value: object) -> str:
        """Return a stored value as people read it."""
        many = value if isinstance(value, list | tuple) else (value,)
        if field == "step":
            return ", ".join(step_words(one) if type(one) is int else str(one) for one in many)
        known = self.of_field.get(field, {})
        return ", ".join(known.get(str(one), str(one)) for one in many)

    def meant(self, field: str, text: str) -> str | int:
        """Return what is stored for a value as somebody typed it: a name or the key itself."""
        text = text.strip()
        for key, name in self.of_field.get(field, {}).items():
            if text.casefold() in {key.casefold(), name.casefold()}:
                text = key
                break
        if field == "step":
            step = parse_step(text)
            return text if step is None else step
        return int(text) if field == "severity" and text.isdecimal() else text


def condition_words(condition: rules.Condition, names: Names) -> str:
    """Return one condition as a part of a sentence: "tier is Enterprise"."""
    field, value = FIELDS[condition.field], names.shown(condition.field, condition.value)
    if condition.field == "severity" and condition.op in SEVERITY_OPS:
        asked = str(SEVERITY_OPS[condition.op]) % {"value": value}
        return _("%(field)s is %(asked)s") % {"field": field, "asked": asked}
    if condition.field in {"subject", "body", "tag", "organization"}:
        value = quoted(value)
    return f"{field} {OPS[condition.op]} {value}"


def conditions_words(conditions: rules.Conditions, names: Names) -> str:
    """Return all conditions as one part of a sentence; empty when there are none."""
    every = _(" and ").join(condition_words(one, names) for one in conditions.all)
    if not conditions.any:
        return every
    either = _(" or ").join(condition_words(one, names) for one in conditions.any)
    if not every:
        return either
    return _("%(every)s and (%(either)s)") % {"every": every, "either": either}


def action_words(action: rules.Action, names: Names) -> str:
    """Return one action as a part of a sentence: "put into queue Enterprise Support"."""
    value = names.shown(FIELD_OF_ACTION[action.do], action.value)
    if action.do == "add_tag":
        value = quoted(value)
    return f"{ACTIONS[action.do]} {value}"


def say(reason: rules.TriggerReason) -> str:
    """Return a reason about triggers as a sentence in the reader's language."""
    shown = {name: _shown(name, value) for name, value in reason.params.items()}
    sentence = _(reason.template).format(**shown)
    return sentence[:1].upper() + sentence[1:]


def _shown(name: str, value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(str(OPS.get(one, FIELDS.get(one, one))) for one in value)
    words: Mapping[str, Words] = {}
    if name == "field":
        words = FIELDS | {"assign": gettext_lazy("assignee")}
    elif name == "do":
        words = ACTIONS
    elif name in {"event", "actual"}:
        words = EVENTS
    return str(words.get(str(value), value))
