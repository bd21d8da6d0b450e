"""What customers type: a new ticket, a reply, a second thought, a rating."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from people.models import Organization
from portal.kit.refused import InvalidInput
from portal.kit.rich_text import MAX_CHARACTERS
from portal.kit.words import SEVERITIES
from tickets.categories import CATEGORIES
from tickets.forms.files import FilesField
from tickets.models import Ticket
from tickets.rules.satisfaction import SCORES


class SentOnceForm(forms.Form):
    """A form whose second sending is recognised, whatever caused it.

    A double click, a reload or an impatient network send the same key with the
    same content. The same key with other content is a form that was changed
    after going back: that is a new matter, and the page asks.
    """

    form_key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["form_key"].initial = secrets.token_urlsafe(16)

    @property
    def key(self) -> str:
        """The key under which the first sending is remembered."""
        return "form:" + (self.cleaned_data["form_key"] or secrets.token_urlsafe(16))

    @property
    def digest(self) -> str:
        """What was sent, in a form that can be compared."""
        content = sorted(
            (name, _comparable(value))
            for name, value in self.cleaned_data.items()
            if name != "form_key"
        )
        return hashlib.sha256(repr(content).encode()).hexdigest()

    def renew_key(self) -> None:
        """Make the next sending a new one."""
        assert isinstance(self.data, QueryDict)
        self.data = self.data.copy()
        self.data["form_key"] = secrets.token_urlsafe(16)

    def take_refusal(self, refusal: InvalidInput) -> None:
        """Show what an action refused beside the inputs at fault."""
        known = {name: text for name, text in refusal.fields.items() if name in self.fields}
        for name, text in known.items():
            self.add_error(name, text)
        if not known:
            self.add_error(None, refusal.message)


def _comparable(value: Any) -> str:
    if isinstance(value, list):
        return repr([(file.name, file.size) for file in value if isinstance(file, UploadedFile)])
    return str(getattr(value, "pk", value))


class NewTicketForm(SentOnceForm):
    """A new ticket. ``organization`` is asked only of people who have several."""

    organization = forms.ModelChoiceField(
        queryset=Organization.objects.none(),
        label=_("For which organization?"),
        to_field_name="public_id",
        empty_label=None,
    )
    subject = forms.CharField(
        label=_("What is it about?"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    severity = forms.TypedChoiceField(
        label=_("How bad is it for you?"),
        choices=[(level, severity.label) for level, severity in SEVERITIES.items()],
        coerce=int,
        initial=Ticket.Severity.NORMAL,
    )
    body = forms.CharField(
        label=_("What happened, and what did you expect?"),
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    category = forms.ChoiceField(
        label=_("Topic"),
        required=False,
        choices=[("", _("I am not sure")), *CATEGORIES.items()],
    )
    attachments = FilesField(label=_("Attachments"), required=False)

    def __init__(self, *args: Any, organizations: Sequence[Organization], **options: Any) -> None:
        super().__init__(*args, **options)
        self.organizations = organizations
        field = self.fields["organization"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Organization.objects.filter(pk__in=[row.pk for row in organizations])
        if len(organizations) == 1:
            del self.fields["organization"]

    def chosen_organization(self) -> Organization:
        """Return the organization of the form as it stands, valid or not."""
        asked = self["organization"].value() if "organization" in self.fields else None
        return next(
            (row for row in self.organizations if row.public_id == asked), self.organizations[0]
        )

    def chosen_severity(self) -> int:
        """Return the severity of the form as it stands, valid or not."""
        asked = str(self["severity"].value())
        return int(asked) if asked in {"1", "2", "3", "4"} else Ticket.Severity.NORMAL


class ReplyForm(SentOnceForm):
    """A message on a ticket, maybe the last one."""

    body = forms.CharField(
        label=_("Your message"), max_length=MAX_CHARACTERS, widget=forms.Textarea
    )
    attachments = FilesField(label=_("Attachments"), required=False)
    marks_solved = forms.BooleanField(label=_("This solves it"), required=False)


class ReopenForm(SentOnceForm):
    """“Still a problem?” with or without a word about it."""

    body = forms.CharField(
        label=_("What still happens?"),
        required=False,
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RatingForm(forms.Form):
    """One to five stars and, if they like, a sentence."""

    score = forms.TypedChoiceField(
        label=_("How was our help?"),
        choices=[(score, str(score)) for score in SCORES],
        coerce=int,
        error_messages={
            "required": _("Choose one to five stars."),
            "invalid_choice": _("Choose one to five stars."),
        },
    )
    comment = forms.CharField(
        label=_("What should we keep or change?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
