"""What agents send from the desk: an answer, and the changes of a ticket."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from people.models import User
from portal.kit import clock
from portal.kit.refused import InvalidInput
from portal.kit.rich_text import MAX_CHARACTERS
from portal.kit.words import SEVERITIES, STATUSES
from tickets.forms.customer import SentOnceForm
from tickets.forms.files import FilesField
from tickets.models import Queue, Ticket

OPENED_SALT = "tickets.desk.opened"
PUBLIC, INTERNAL = "public", "internal"


def opened_token(ticket: Ticket, agent: User, now: datetime) -> str:
    """Return the signed memory of who opened which ticket when, for the composer."""
    return signing.dumps([ticket.pk, agent.pk, clock.to_epoch(now)], salt=OPENED_SALT)


class AnswerForm(SentOnceForm):
    """A public reply or an internal note, maybe with a status to set.

    ``seen_seq`` is the last event on the page it was written on; ``opened`` and
    ``active_seconds`` say how long the agent was at it, the first signed by us,
    the second counted by the browser.
    """

    visibility = forms.ChoiceField(choices=[(PUBLIC, ""), (INTERNAL, "")], initial=PUBLIC)
    body = forms.CharField(
        label=_("Message"),
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea,
        error_messages={"required": _("Write something first.")},
    )
    attachments = FilesField(label=_("Attachments"), required=False)
    status = forms.ChoiceField(required=False, choices=[("", ""), *STATUSES.items()])
    has_news = False

    seen_seq = forms.IntegerField(min_value=0, max_value=2**31)
    opened = forms.CharField(required=False, max_length=200)
    active_seconds = forms.IntegerField(required=False, min_value=0, max_value=2**31)

    @property
    def is_public(self) -> bool:
        """Whether the customer is to read it."""
        return bool(self.cleaned_data["visibility"] == PUBLIC)

    @property
    def digest(self) -> str:
        """What was written; how long it took may differ when it is sent again."""
        asked = self.cleaned_data
        files: Sequence[UploadedFile[Any]] = asked["attachments"]
        content = [
            asked["visibility"], asked["body"], asked["status"],
            *sorted(f"{file.name}:{file.size}" for file in files),
        ]  # fmt: skip
        return hashlib.sha256("\0".join(content).encode()).hexdigest()

    def handle_seconds(self, ticket: Ticket, agent: User, now: datetime) -> int:
        """Return how long the agent worked on it: what the browser counted, but never more
        than the time since we handed out the page.
        """
        try:
            opened = signing.loads(self.cleaned_data["opened"], salt=OPENED_SALT)
            ticket_pk, agent_pk, at = (int(part) for part in opened)
        except (signing.BadSignature, TypeError, ValueError):
            return 0
        if (ticket_pk, agent_pk) != (ticket.pk, agent.pk):
            return 0
        passed = max(0, clock.to_epoch(now) - at)
        return min(self.cleaned_data["active_seconds"] or 0, passed)


class AssignForm(forms.Form):
    """Whom to give the ticket to; empty is nobody. Who may have it is for the action to say."""

    agent = forms.ModelChoiceField(
        queryset=User.objects.filter(is_active=True).exclude(staff_role=""), required=False
    )


class StatusForm(forms.Form):
    """Where to move the ticket."""

    status = forms.ChoiceField(choices=list(STATUSES.items()))


class SeverityForm(forms.Form):
    """How bad it really is, and why one thinks so."""

    severity = forms.TypedChoiceField(
        label=_("Severity"),
        choices=[(level, severity.label) for level, severity in SEVERITIES.items()],
        coerce=int,
    )
    reason = forms.CharField(
        label=_("Why? The customer can read this."),
        max_length=300,
        error_messages={"required": _("Say why the severity changes.")},
    )


class QueueForm(forms.Form):
    """Where the ticket should wait instead, and why."""

    queue = forms.ModelChoiceField(
        label=_("Queue"), queryset=Queue.objects.in_use(), to_field_name="key", empty_label=None
    )
    reason = forms.CharField(
        label=_("Why?"),
        max_length=300,
        error_messages={"required": _("Say why it should wait there.")},
    )


class NoReplyNeededForm(forms.Form):
    """Why no answer is needed, if that is worth a word; and what the agent has seen."""

    reason = forms.CharField(max_length=300, required=False)
    seen_seq = forms.IntegerField(min_value=0, max_value=2**31, required=False)


def asked_of(form: forms.Form) -> dict[str, Any]:
    """Return what a form asks for; raises InvalidInput with its first sentence otherwise."""
    if form.is_valid():
        return form.cleaned_data
    fields = {name: str(texts[0]) for name, texts in form.errors.items()}
    raise InvalidInput("form_invalid", next(iter(fields.values())), fields=fields)
