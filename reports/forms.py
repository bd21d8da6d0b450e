"""Shape of what a reader asks a report for."""

import zoneinfo
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.periods import Period

PRESETS = (7, 30, 90)
USUAL_DAYS = 30
MOST_DAYS = 366
BEFORE_ANY_TICKET = date(2000, 1, 1)


class PeriodForm(forms.Form):
    """The last days, or any days from one to another."""

    days = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, choices=[(days, days) for days in PRESETS]
    )
    first = forms.DateField(
        label=gettext_lazy("From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    last = forms.DateField(
        label=gettext_lazy("To, included"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, today: date, zone: zoneinfo.ZoneInfo, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.today, self.zone = today, zone

    def clean(self) -> dict[str, Any]:
        """Refuse what is no period, in words."""
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if self.errors or (first is None and last is None):
            return self.cleaned_data
        if first is None or last is None:
            raise forms.ValidationError(_("Give both days, the first and the last one."))
        if first > last:
            raise forms.ValidationError(_("The first day must not lie after the last one."))
        if first < BEFORE_ANY_TICKET or last > self.today:
            raise forms.ValidationError(
                _("Choose days that have been: the report knows no others.")
            )
        if (last - first).days >= MOST_DAYS:
            raise forms.ValidationError(
                _("At most %(days)s days at once."), params={"days": MOST_DAYS}
            )
        return self.cleaned_data

    def period(self) -> Period:
        """Return the period asked for; the usual one when nothing or nonsense was asked."""
        if self.is_valid() and self.cleaned_data["first"]:
            return Period(self.cleaned_data["first"], self.cleaned_data["last"], self.zone)
        days = self.cleaned_data.get("days") if self.is_valid() else None
        return Period.ending(self.today, days or USUAL_DAYS, self.zone)

    @property
    def chosen_days(self) -> int | None:
        """The preset in use, or None for days of one's own."""
        if self.is_valid() and self.cleaned_data["first"]:
            return None
        return (self.cleaned_data.get("days") if self.is_valid() else None) or USUAL_DAYS
