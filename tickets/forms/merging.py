"""What agents send to merge and to split tickets."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tickets.forms.customer import SentOnceForm
from tickets.models import Ticket, TicketQuerySet


class MergeForm(forms.Form):
    """Into which ticket, and whether the older of the two openings counts.

    ``visible`` are the tickets that this agent may know of.
    """

    into = forms.CharField(
        label=_("Merge into"),
        max_length=20,
        help_text=_("A reference like T-1042, of the same organization."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "T-1042"}),
        error_messages={"required": _("Say into which ticket.")},
    )
    from_opening = forms.BooleanField(
        label=_("Count from the earlier opening"),
        required=False,
        initial=True,
        help_text=_("So the customer loses no time that has gone by already."),
    )

    def __init__(self, *args: Any, visible: TicketQuerySet, **options: Any) -> None:
        super().__init__(*args, **options)
        self.visible = visible

    def clean_into(self) -> Ticket:
        """Return the ticket of the reference."""
        rows = self.visible.by_reference(self.cleaned_data["into"])
        found = rows.select_related("organization", "requester", "queue", "terms").first()
        if found is None:
            raise ValidationError(_("There is no such ticket, or none that you may see."))
        return found


class SplitForm(SentOnceForm):
    """What the new ticket is called, and since when it counts."""

    subject = forms.CharField(
        label=_("Subject of the new ticket"),
        max_length=200,
        error_messages={"required": _("Say in a few words what it is about.")},
    )
    counts_from = forms.ChoiceField(
        label=_("Since when do its promises count?"),
        choices=[("now", _("From now on")), ("message", _("Since the message was written"))],
        initial="now",
        widget=forms.RadioSelect,
        help_text=_("Nothing counts as late before the split either way."),
    )
