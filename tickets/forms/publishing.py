"""Shape of a publish dialog: what happens to open tickets, and why it is published."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kit.words import Words
from tickets.actions.publishing import CORRECT
from tiers.models import OpenTickets

NOTE_LENGTH = 300
TREATMENTS: dict[str, Words] = {
    **dict(OpenTickets.choices),
    CORRECT: _("Running clocks are counted anew from their start, as if it had always been so"),
}


class PublishForm(forms.Form):
    """Nothing is chosen beforehand: what happens to open tickets is decided, never slipped in."""

    treatment = forms.ChoiceField(
        label=_("Tickets that are open"),
        error_messages={"required": _("Say what happens to tickets that are open.")},
    )
    note = forms.CharField(
        label=_("What changed and why"),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept with the version. On open tickets it stands beside the new promise."),
        error_messages={"required": _("Say what changed and why.")},
    )

    def __init__(self, *args: Any, treatments: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        treatment = self.fields["treatment"]
        assert isinstance(treatment, forms.ChoiceField)
        treatment.choices = [(value, TREATMENTS[value]) for value in treatments]
