"""The form of one trigger: its head, and rows of conditions and actions."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.actions.triggers import NAME_LENGTH
from tickets.models import Trigger
from tickets.rules import triggers as rules
from tickets.trigger_words import ACTIONS, FIELD_OF_ACTION, FIELDS, OPS, Names, say

GROUPS = ("all", "any")
MOST_ROWS = 20
Row = dict[str, Any]
NOTHING = [("", "–")]


class TriggerHead(forms.Form):
    """A trigger's name and what it listens to."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=NAME_LENGTH)
    event = forms.ChoiceField(label=gettext_lazy("When"), choices=Trigger.Event.choices)
    is_enabled = forms.BooleanField(
        label=gettext_lazy("Switched on"),
        required=False,
        help_text=gettext_lazy("Off, it touches no ticket; you can still try it."),
    )
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ConditionRow(forms.Form):
    """One condition. A row without a field is no condition."""

    field = forms.ChoiceField(
        label=gettext_lazy("Field"), required=False, choices=[*NOTHING, *FIELDS.items()]
    )
    op = forms.ChoiceField(
        label=gettext_lazy("Comparison"), required=False, choices=list(OPS.items())
    )
    value = forms.CharField(label=gettext_lazy("Value"), required=False, max_length=300)

    def __init__(self, *args: Any, names: Names, known: Mapping[str, list[str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.names, self.known = names, known

    def clean(self) -> dict[str, Any]:
        """Judge the row by the rules of triggers and say in words what is wrong with it."""
        row = self.row(self.cleaned_data)
        if row is None:
            return self.cleaned_data
        if row["op"] not in rules.OPS_OF_FIELD[row["field"]]:
            usable = ", ".join(str(OPS[op]) for op in rules.OPS_OF_FIELD[row["field"]])
            self.add_error("op", _("Here only these can be asked: %(ops)s.") % {"ops": usable})
            return self.cleaned_data
        for reason in rules.validate_conditions({"all": [row]}, self.known):
            typed = reason.params.get("value", row["value"])
            self.add_error("value", _without_path(reason, self.names, row["field"], typed))
        return self.cleaned_data

    def row(self, typed: Mapping[str, Any]) -> Row | None:
        """Return the condition as it is stored, or None for an empty row."""
        field, op, text = typed.get("field"), typed.get("op", ""), typed.get("value", "")
        if not field:
            return None
        if op in {"in", "not_in"}:
            many = [one for one in str(text).split(",") if one.strip()]
            return {"field": field, "op": op, "value": [self.names.meant(field, o) for o in many]}
        return {"field": field, "op": op, "value": self.names.meant(field, str(text))}


class ActionRow(forms.Form):
    """One action. A row without a verb is no action."""

    do = forms.ChoiceField(
        label=gettext_lazy("Do"), required=False, choices=[*NOTHING, *ACTIONS.items()]
    )
    value = forms.CharField(label=gettext_lazy("Value"), required=False, max_length=120)

    def __init__(self, *args: Any, names: Names, known: Mapping[str, list[str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.names, self.known = names, known

    def clean(self) -> dict[str, Any]:
        """Judge the row by the rules of triggers and say in words what is wrong with it."""
        row = self.row(self.cleaned_data)
        if row is not None:
            for reason in rules.validate_actions([row], self.known):
                field = FIELD_OF_ACTION[row["do"]]
                self.add_error("value", _without_path(reason, self.names, field, row["value"]))
        return self.cleaned_data

    def row(self, typed: Mapping[str, Any]) -> Row | None:
        """Return the action as it is stored, or None for an empty row."""
        do = typed.get("do")
        if not do:
            return None
        return {"do": do, "value": self.names.meant(FIELD_OF_ACTION[do], typed.get("value", ""))}


def _without_path(reason: rules.TriggerReason, names: Names, field: str, typed: object) -> str:
    """Say a problem beside its own row: what is at fault is plain to see, its path is noise."""
    known = ", ".join(names.of_field.get(field, {}).values())
    if known and reason.code in {"unknown_value", "number_wanted"}:
        told = _("There is no “%(value)s”. Known are: %(known)s.")
        return told % {"value": typed, "known": known}
    said = say(reason)
    path = str(reason.params.get("path", ""))
    said = said.removeprefix(f"{path[:1].upper()}{path[1:]}:").strip() if path else said
    return said[:1].upper() + said[1:]


class TriggerSheet:
    """The whole form. Rows are Django formsets; empty rows at the end are for more."""

    def __init__(
        self,
        *,
        names: Names,
        known: Mapping[str, list[str]],
        trigger: Trigger | None = None,
        data: QueryDict | None = None,
    ) -> None:
        self.names, self._known = names, known
        self.head = TriggerHead(data, initial=_head(trigger))
        conditions = trigger.conditions if trigger else {}
        rows = {
            group: [self._condition(one) for one in _objects(conditions, group)] for group in GROUPS
        }
        stored = {"then": trigger.actions} if trigger else {}
        rows["then"] = [self._action(one) for one in _objects(stored, "then")]
        self._build(rows, data)

    @classmethod
    def with_rows_changed(
        cls, *, names: Names, known: Mapping[str, list[str]], data: QueryDict
    ) -> "TriggerSheet":
        """Return what was typed so far with one more empty row, or without one.

        Nothing is judged yet. Which, say the buttons: ``add`` is a group, ``drop`` a
        group and a row ("all-2").
        """
        sheet = cls(names=names, known=known)
        typed_head = {name: data.get(name, "") for name in TriggerHead.base_fields}
        sheet.head = TriggerHead(initial=typed_head)
        columns = {"all": ("field", "op", "value"), "any": ("field", "op", "value")}
        typed = {
            one: _typed(data, one, columns.get(one, ("do", "value"))) for one in (*GROUPS, "then")
        }
        more = data.get("add", "")
        if more in typed and len(typed[more]) < MOST_ROWS:
            typed[more].append({})
        group, _dash, number = data.get("drop", "").partition("-")
        if group in typed and number.isdecimal() and int(number) < len(typed[group]):
            del typed[group][int(number)]
        sheet._build(typed, None)
        return sheet

    def _build(self, rows: Mapping[str, list[Row]], data: QueryDict | None) -> None:
        shared = {"names": self.names, "known": self._known}

        def rows_of(prefix: str, row: type[forms.Form]) -> Any:
            initial = rows[prefix]
            factory = forms.formset_factory(
                row, extra=0 if initial else 1, max_num=MOST_ROWS, absolute_max=MOST_ROWS
            )
            return factory(data, prefix=prefix, initial=initial, form_kwargs=shared)

        self.all = rows_of("all", ConditionRow)
        self.any = rows_of("any", ConditionRow)
        self.then = rows_of("then", ActionRow)

    def is_valid(self) -> bool:
        """Whether every part is in order; all are judged, so that all problems show at once."""
        answers = [part.is_valid() for part in (self.head, self.all, self.any, self.then)]
        return all(answers)

    def values(self) -> dict[str, Any]:
        """Return what the action takes: name, event, conditions and actions."""
        return {
            "name": self.head.cleaned_data["name"],
            "event": self.head.cleaned_data["event"],
            "is_enabled": self.head.cleaned_data["is_enabled"],
            "revision": self.head.cleaned_data["revision"],
            "conditions": {group: _stored(getattr(self, group)) for group in GROUPS},
            "actions": _stored(self.then),
        }

    def _condition(self, stored: Mapping[str, Any]) -> Row:
        field, value = stored.get("field", ""), stored.get("value", "")
        many = value if isinstance(value, list) else [value]
        shown = ", ".join(self._bare(field, one) for one in many)
        return {"field": field, "op": stored.get("op", ""), "value": shown}

    def _action(self, stored: Mapping[str, Any]) -> Row:
        do = stored.get("do", "")
        return {"do": do, "value": self._bare(FIELD_OF_ACTION.get(do, ""), stored.get("value", ""))}

    def _bare(self, field: str, value: object) -> str:
        if field == "step":
            return self.names.shown(field, value)
        return self.names.of_field.get(field, {}).get(str(value), str(value))


def _head(trigger: Trigger | None) -> dict[str, Any]:
    names = TriggerHead.base_fields
    return {name: getattr(trigger, name) for name in names} if trigger else {}


def _objects(stored: object, name: str) -> list[Mapping[str, Any]]:
    """Return the readable rows of what is stored: a broken trigger has to open, to be mended."""
    found = stored.get(name, []) if isinstance(stored, Mapping) else []
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _typed(data: QueryDict, prefix: str, columns: tuple[str, ...]) -> list[Row]:
    """Return the rows of a formset as they were sent, without judging them."""
    sent = data.get(f"{prefix}-TOTAL_FORMS", "0")
    count = min(int(sent), MOST_ROWS) if sent.isdecimal() else 0
    return [
        {column: data.get(f"{prefix}-{index}-{column}", "") for column in columns}
        for index in range(count)
    ]


def _stored(formset: Any) -> list[Row]:
    rows = (form.row(form.cleaned_data) for form in formset if hasattr(form, "cleaned_data"))
    return [row for row in rows if row is not None]
