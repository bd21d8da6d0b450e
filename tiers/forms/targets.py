"""Shape of a promise as it is typed: how long, in which calendar, who is told when."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.words import pause_reason
from tiers.actions.targets import PAUSING_STATUSES
from tiers.calendar_lengths import CalendarLength
from tiers.calendar_words import amount_words
from tiers.ladder_words import ROLES, say, step_words
from tiers.program import PromisedTarget
from tiers.promise_words import say_amount
from tiers.rules.amounts import AmountError, parse_amount
from tiers.rules.ladders import BREACH, MOST_STEPS, LadderError, in_order, parse_steps

ROWS_TO_FILL = 2


class TimesForm(forms.Form):
    """Target, floor, calendar, and who hears of a broken promise."""

    target = forms.CharField(
        label=gettext_lazy("Target"),
        max_length=60,
        help_text=gettext_lazy("For example 4 h, 30 min or 2 working days. It is business time."),
    )
    floor = forms.CharField(
        label=gettext_lazy("Floor"),
        max_length=60,
        help_text=gettext_lazy(
            "After so long a late ticket is pulled ahead of tickets that are still in time."
        ),
    )
    calendar = forms.ChoiceField(label=gettext_lazy("Calendar"))
    breach = forms.MultipleChoiceField(
        label=gettext_lazy("When it is broken, tell"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=list(ROLES.items()),
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        lengths: Mapping[str, CalendarLength],
        initial: Mapping[str, Any] | None = None,
    ):
        super().__init__(data, initial=dict(initial or {}))
        self.lengths = lengths
        calendar = self.fields["calendar"]
        assert isinstance(calendar, forms.ChoiceField)
        calendar.choices = [(key, length.name) for key, length in lengths.items()]

    def clean(self) -> dict[str, Any]:
        """Read both lengths of time with the working day of the chosen calendar."""
        length = self.lengths.get(self.cleaned_data.get("calendar", ""))
        for name in ("target", "floor"):
            typed = self.cleaned_data.get(name)
            if typed is None:
                continue
            try:
                seconds = parse_amount(typed, length.day_seconds if length else None)
            except AmountError as error:
                self.add_error(name, say_amount(error.reason))
            else:
                self.cleaned_data[f"{name}_seconds"] = seconds
        return self.cleaned_data


class TargetForm(TimesForm):
    """A promise of a version; ``seen`` is the print of what the editor saw stored."""

    pause_on = forms.MultipleChoiceField(
        label=gettext_lazy("Stands still while"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(status, pause_reason(status)) for status in PAUSING_STATUSES],
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class LadderRowForm(forms.Form):
    """One step of the warning ladder: when, and who is told."""

    step = forms.CharField(label=gettext_lazy("Step"), max_length=60, required=False)
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Tell"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=list(ROLES.items()),
    )

    def clean(self) -> dict[str, Any]:
        """Read the step; a row without one is left out unless it tells somebody."""
        typed = self.cleaned_data.get("step", "")
        try:
            steps = parse_steps(typed)
        except LadderError as error:
            self.add_error("step", " ".join(say(reason) for reason in error.reasons))
            return self.cleaned_data
        if len(steps) > 1:
            self.add_error("step", _("Write one step in each row."))
        elif not steps and self.cleaned_data.get("roles"):
            self.add_error("step", _("Say at which step they are told, for example 75 %."))
        self.cleaned_data["read"] = steps[0] if steps else None
        return self.cleaned_data


LadderRows = forms.formset_factory(
    LadderRowForm, extra=ROWS_TO_FILL, max_num=MOST_STEPS, absolute_max=2 * MOST_STEPS
)


class TargetSheet:
    """The whole promise: the form, and the rows of its warning ladder."""

    def __init__(
        self,
        data: QueryDict | None,
        *,
        lengths: Mapping[str, CalendarLength],
        stored: PromisedTarget | None,
        suggested: PromisedTarget | None = None,
        seen: str = "",
        form: type[TimesForm] = TargetForm,
    ):
        shown = stored or suggested
        self.head = form(data, lengths=lengths, initial={**_head(shown), "seen": seen})
        self.rows = LadderRows(data, initial=_rows(shown), prefix="ladder")

    def is_valid(self) -> bool:
        """Whether everything could be read."""
        return all([self.head.is_valid(), self.rows.is_valid()])

    @property
    def has_errors(self) -> bool:
        """Whether something typed has to be put right."""
        return self.head.is_bound and bool(self.head.errors or any(self.rows.errors))

    @property
    def promised(self) -> PromisedTarget:
        """What was typed, once it is valid."""
        typed = self.head.cleaned_data
        steps = [
            (row.cleaned_data["read"], row.cleaned_data["roles"])
            for row in self.rows
            if row.cleaned_data.get("read") is not None
        ]
        tell = {str(step): tuple(roles) for step, roles in steps if roles}
        return PromisedTarget(
            seconds=typed["target_seconds"],
            floor_seconds=typed["floor_seconds"],
            calendar=typed["calendar"],
            pause_on=tuple(typed.get("pause_on", ())),
            warn_at=tuple(step for step, _roles in steps),
            tell={**tell, str(BREACH): tuple(typed["breach"])},
        )

    def look_again(self, seen: str) -> None:
        """Let the next save replace what is stored now."""
        typed = self.head.data
        assert isinstance(typed, QueryDict)
        data = typed.copy()
        data["seen"] = seen
        self.head.data = data


def _head(shown: PromisedTarget | None) -> dict[str, Any]:
    if shown is None:
        return {}
    times = {"target": shown.seconds, "floor": shown.floor_seconds}
    return {
        **{name: amount_words(seconds) for name, seconds in times.items() if seconds},
        "calendar": shown.calendar,
        "pause_on": list(shown.pause_on),
        "breach": list(shown.tell.get(str(BREACH), ())),
    }


def _rows(shown: PromisedTarget | None) -> list[dict[str, Any]]:
    if shown is None:
        return []
    return [
        {"step": step_words(step), "roles": list(shown.tell.get(str(step), ()))}
        for step in in_order(shown.warn_at, shown.seconds)
    ]
