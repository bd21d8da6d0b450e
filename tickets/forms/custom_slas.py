"""Shape of a custom SLA with what happens to the organization's open tickets."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tiers.forms import CustomTargetForm
from tiers.models import OpenTickets


def treatment_field() -> forms.ChoiceField:
    """Return the choice of what happens to open tickets; nothing is chosen beforehand."""
    return forms.ChoiceField(
        label=_("Tickets that are open"),
        choices=OpenTickets.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what happens to tickets that are open.")},
    )


class AgreementForm(CustomTargetForm):
    """Agree a custom SLA."""

    treatment = treatment_field()


class EndingForm(forms.Form):
    """End a custom SLA, at once or at a moment in the viewer's zone."""

    ends = forms.DateTimeField(
        label=_("Ends"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: now."),
    )
    treatment = treatment_field()
