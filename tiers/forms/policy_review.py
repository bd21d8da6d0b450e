"""Shape of what is typed in a review: a reason, a comment, a moment."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tiers.actions.reviewing import NOTE_LENGTH
from tiers.models import OpenTickets
from tiers.models.review import COMMENT_LENGTH


class AskForm(forms.Form):
    """What changed and why; whoever signs it off reads it first."""

    change_note = forms.CharField(
        label=_("What changed, and why"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": NOTE_LENGTH}),
        help_text=_("Everybody who runs operations gets a mail with these words."),
    )


class WordsForm(forms.Form):
    """A comment, an answer, or what shall be different."""

    text = forms.CharField(
        label=_("Your words"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": COMMENT_LENGTH}),
    )


class ScheduleForm(forms.Form):
    """When it shall go live, in the time zone of whoever types it, and what with open tickets."""

    publish_at = forms.DateTimeField(
        label=_("Publish at"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        error_messages={
            "required": _("Say when."),
            "invalid": _("Write a day and a time such as 2026-12-31 08:00."),
        },
    )
    treatment = forms.ChoiceField(
        label=_("Open tickets"),
        choices=OpenTickets.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what happens to tickets that are open.")},
    )

    def __init__(self, *args: Any, zone: str = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["publish_at"].help_text = zone
