"""Conditions and actions as JSON: every problem in words, then the objects.

Shapes: `{"all": [{"field": "tier", "op": "is", "value": "enterprise"}], "any": [...]}` and
`[{"do": "set_queue", "value": "enterprise"}]`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import cast

from tiers.rules.evaluation import InputError, Params
from tiers.rules.ladders import BREACH, MOST_MINUTES

from .model import (
    ACTIONS,
    LIST_OPS,
    NOTIFY_WHOM,
    NUMBER_FIELDS,
    OPS_OF_FIELD,
    ORDER_OPS,
    SEVERITIES,
    SINGLE_ACTIONS,
    Action,
    Condition,
    Conditions,
    Value,
    folded,
)
from .words import TriggerReason

Choices = Mapping[str, Collection[str]]
"""Known values by field ("tier", "queue", "category", "assignee", ...); others are not checked."""

_CHOICES_OF_ACTION = {"set_queue": "queue", "assign": "assignee", "add_tag": "tag"}


def validate_conditions(data: object, choices: Choices | None = None) -> tuple[TriggerReason, ...]:
    """Everything wrong with conditions, in words; nothing when they can be used."""
    return tuple(_condition_problems(data, choices or {}))


def validate_actions(data: object, choices: Choices | None = None) -> tuple[TriggerReason, ...]:
    """Everything wrong with actions, in words; nothing when they can be used."""
    return tuple(_action_problems(data, choices or {}))


def conditions_from_json(data: object) -> Conditions:
    """The conditions; InputError with the first problem when they cannot be used."""
    _refuse(validate_conditions(data))
    found = cast("Mapping[str, list[Mapping[str, object]]]", data)

    def group(name: str) -> tuple[Condition, ...]:
        return tuple(
            Condition(str(one["field"]), str(one["op"]), _value(one["value"]))
            for one in found.get(name, [])
        )

    return Conditions(all=group("all"), any=group("any"))


def actions_from_json(data: object) -> tuple[Action, ...]:
    """The actions; InputError with the first problem when they cannot be used."""
    _refuse(validate_actions(data))
    found = cast("list[Mapping[str, str | int]]", data)
    return tuple(Action(str(one["do"]), one["value"]) for one in found)


def _refuse(problems: tuple[TriggerReason, ...]) -> None:
    if problems:
        raise InputError("", problems[0].text)


def _value(raw: object) -> Value:
    return tuple(raw) if isinstance(raw, list | tuple) else cast("str | int", raw)


def _condition_problems(data: object, choices: Choices) -> Iterator[TriggerReason]:
    if not isinstance(data, Mapping):
        yield TriggerReason("not_an_object", {"path": "conditions"})
        return
    for name, group in data.items():
        if name not in {"all", "any"}:
            yield TriggerReason("unknown_part", {"path": str(name), "known": ("all", "any")})
        elif not isinstance(group, list | tuple):
            yield TriggerReason("not_a_list", {"path": name})
        else:
            for index, one in enumerate(group):
                yield from _one_condition(one, f"{name}[{index}]", choices)


def _one_condition(data: object, path: str, choices: Choices) -> Iterator[TriggerReason]:
    if not isinstance(data, Mapping):
        yield TriggerReason("not_an_object", {"path": path})
        return
    yield from _unknown_parts(data, path, ("field", "op", "value"))
    field, op = data.get("field"), data.get("op")
    if not isinstance(field, str) or field not in OPS_OF_FIELD:
        params: Params = {"path": path, "name": str(field), "known": tuple(OPS_OF_FIELD)}
        yield TriggerReason("unknown_field", params)
        return
    if op not in OPS_OF_FIELD[field]:
        params = {"path": path, "field": field, "name": str(op), "known": OPS_OF_FIELD[field]}
        yield TriggerReason("unknown_op", params)
        return
    value = data.get("value")
    if op in LIST_OPS:
        if not isinstance(value, list | tuple) or not value:
            yield TriggerReason("list_wanted", {"path": path})
            return
        for one in value:
            yield from _one_value(field, one, path, choices)
    elif isinstance(value, list | tuple):
        yield TriggerReason("single_wanted", {"path": path})
    elif field == "step" and op in ORDER_OPS and isinstance(value, int) and value < 0:
        yield TriggerReason("step_not_ordered", {"path": path})
    else:
        yield from _one_value(field, value, path, choices)


def _unknown_parts(
    data: Mapping[str, object], path: str, known: tuple[str, ...]
) -> Iterator[TriggerReason]:
    for name in data:
        if name not in known:
            yield TriggerReason("unknown_part", {"path": f"{path}.{name}", "known": known})


def _one_value(field: str, value: object, path: str, choices: Choices) -> Iterator[TriggerReason]:
    if value is None or value == "":
        yield TriggerReason("value_missing", {"path": path})
    elif field in NUMBER_FIELDS:
        yield from _one_number(field, value, path)
    elif not isinstance(value, str):
        yield TriggerReason("text_wanted", {"path": path, "field": field})
    elif not folded(value):
        yield TriggerReason("value_missing", {"path": path})
    elif field in choices and folded(value) not in {folded(one) for one in choices[field]}:
        known = tuple(sorted(choices[field]))
        yield TriggerReason("unknown_value", {"path": path, "value": value, "known": known})


def _one_number(field: str, value: object, path: str) -> Iterator[TriggerReason]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield TriggerReason("number_wanted", {"path": path, "field": field})
    elif field == "severity" and value not in SEVERITIES:
        yield TriggerReason("severity_range", {"path": path, "value": value})
    elif field == "step" and not (1 <= value <= BREACH or -MOST_MINUTES <= value < 0):
        yield TriggerReason("step_range", {"path": path, "value": value})


def _action_problems(data: object, choices: Choices) -> Iterator[TriggerReason]:
    if not isinstance(data, list | tuple):
        yield TriggerReason("not_a_list", {"path": "actions"})
        return
    if not data:
        yield TriggerReason("no_actions")
    done: set[str] = set()
    for index, one in enumerate(data):
        path = f"actions[{index}]"
        if not isinstance(one, Mapping):
            yield TriggerReason("not_an_object", {"path": path})
            continue
        yield from _unknown_parts(one, path, ("do", "value"))
        do = one.get("do")
        if not isinstance(do, str) or do not in ACTIONS:
            params: Params = {"path": path, "name": str(do), "known": ACTIONS}
            yield TriggerReason("unknown_action", params)
            continue
        if do in SINGLE_ACTIONS and do in done:
            yield TriggerReason("set_twice", {"path": path})
        done.add(do)
        yield from _action_value(do, one.get("value"), path, choices)


def _action_value(do: str, value: object, path: str, choices: Choices) -> Iterator[TriggerReason]:
    if do == "set_severity":
        yield from _one_value("severity", value, path, choices)
    elif do == "notify":
        yield from _one_value("notify", value, path, {"notify": NOTIFY_WHOM})
    else:
        # New tags may be invented; queues and people must exist.
        known = {} if do == "add_tag" else choices
        yield from _one_value(_CHOICES_OF_ACTION[do], value, path, known)
