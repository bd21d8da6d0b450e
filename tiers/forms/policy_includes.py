"""Shape of what a tier includes besides targets."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from people.models import AccountTeamMember
from tiers.actions.promises import Included
from tiers.ladder import CHANNEL_WORDS, SELF_SERVICE_WORDS


class IncludesForm(forms.Form):
    """Queue, channels, named people, self-service, reviews; ``seen`` is the print of what was."""

    queue_key = forms.CharField(
        label=_("Queue"),
        max_length=40,
        help_text=_("Where tickets of this tier wait, unless a trigger says otherwise."),
    )
    channels = forms.MultipleChoiceField(
        label=_("Channels"),
        widget=forms.CheckboxSelectMultiple,
        choices=list(CHANNEL_WORDS.items()),
        error_messages={"required": _("Leave at least one channel open.")},
    )
    account_team = forms.MultipleChoiceField(
        label=_("Named people"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=AccountTeamMember.Duty.choices,
    )
    self_service = forms.MultipleChoiceField(
        label=_("Self-service"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=list(SELF_SERVICE_WORDS.items()),
    )
    review_cadence_days = forms.IntegerField(
        label=_("Days between account reviews"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=_("Empty for none. A quarter is 91 days."),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        stored: Included | None,
        queues: Sequence[tuple[str, str]],
        seen: str,
    ):
        said = {
            name: getattr(stored, name) if stored else None
            for name in Included.__dataclass_fields__
        }
        super().__init__(data, initial={**said, "seen": seen})
        if queues:
            known = {key for key, _name in queues}
            kept = stored.queue_key if stored else ""
            extra = [(kept, kept)] if kept and kept not in known else []
            field = self.fields["queue_key"]
            self.fields["queue_key"] = forms.ChoiceField(
                label=field.label, help_text=field.help_text, choices=[*queues, *extra]
            )
            self.order_fields(["queue_key"])

    @property
    def included(self) -> Included:
        """What was typed, once it is valid."""
        typed = self.cleaned_data
        return Included(**{name: typed[name] for name in Included.__dataclass_fields__})
