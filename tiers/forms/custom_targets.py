"""Shape of a custom SLA: what a contract promises one organization, from when, and why."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.words import METRICS, SEVERITIES
from tiers.actions.custom_targets import REASON_LENGTH
from tiers.forms.targets import TimesForm

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class CustomTargetForm(TimesForm):
    """A target of one organization. Moments are typed in the viewer's own zone.

    A contract says how soon; while what a clock stands still follows the tier.
    """

    severity = forms.TypedChoiceField(
        label=gettext_lazy("Severity"),
        coerce=int,
        choices=[(level, severity.label) for level, severity in SEVERITIES.items()],
    )
    metric = forms.ChoiceField(
        label=gettext_lazy("Promise"),
        choices=[(slug, metric.desk_label) for slug, metric in METRICS.items()],
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Which contract or letter says so."),
    )
    valid_from = forms.DateTimeField(
        label=gettext_lazy("From"),
        required=False,
        widget=MOMENT,
        help_text=gettext_lazy("Empty: from now on."),
    )
    valid_to = forms.DateTimeField(
        label=gettext_lazy("Until, not included"),
        required=False,
        widget=MOMENT,
        help_text=gettext_lazy("Empty: until somebody ends it."),
    )
    has_own_ladder = forms.BooleanField(
        label=gettext_lazy("With a warning ladder of its own"),
        required=False,
        help_text=gettext_lazy("Otherwise people are warned as for the tier's own promise."),
    )
    is_meant = forms.BooleanField(
        label=gettext_lazy("It is meant to promise less than the tier"), required=False
    )

    def clean(self) -> dict[str, Any]:
        """Check what can be seen without knowing the organization."""
        typed = super().clean()
        if typed.get("has_own_ladder") and not typed.get("breach"):
            self.add_error("breach", _("Say who is told when the promise is broken."))
        return typed
