"""Shape of what is typed in about overrides: by ops in the admin, by agents at the desk."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portal.kit.words import tier_label
from tiers.actions.overriding import REASON_LENGTH
from tiers.models import TierOverride
from tiers.program import Program

USUAL_OVERRIDE = timedelta(days=90)


def _day_field(**options: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **options)


def _reminder_field() -> forms.DateField:
    return _day_field(
        label=_("Remind on"),
        required=False,
        help_text=_("Empty: 14 days before the end, halfway for a short override."),
    )


def _reason_field() -> forms.CharField:
    return forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Read by who decides, and by everybody who asks why this account has its tier."
        ),
    )


class OverrideRequestForm(forms.Form):
    """A tier by decision, from a day until a day: a request that somebody else decides."""

    tier = forms.ChoiceField(label=_("Tier"))
    starts = _day_field(label=_("From"))
    expires = _day_field(label=_("Until, not included"))
    reminder_on = _reminder_field()
    reason = _reason_field()

    def __init__(self, data: QueryDict | None, *, program: Program, today: date):
        initial = {"starts": today.isoformat(), "expires": (today + USUAL_OVERRIDE).isoformat()}
        super().__init__(data, initial=initial)
        tier = self.fields["tier"]
        assert isinstance(tier, forms.ChoiceField)
        tier.choices = [(one, tier_label(one)) for one in reversed(program.rules.order)]


class ExtensionForm(forms.Form):
    """A later end for an override: a request too."""

    expires = _day_field(label=_("New end, not included"))
    reminder_on = _reminder_field()
    reason = _reason_field()

    def __init__(self, data: QueryDict | None, *, override: TierOverride):
        later = override.expires + USUAL_OVERRIDE
        super().__init__(data, initial={"expires": later.isoformat(), "reason": override.reason})


class RefusalForm(forms.Form):
    """Why not."""

    note = forms.CharField(
        label=_("Why not?"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Whoever asked reads it."),
    )
