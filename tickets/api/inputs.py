"""What programs may send about tickets. Unknown keys and wrong types are refused by name."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.kit.rich_text import MAX_CHARACTERS
from portal.kit.strict_inputs import StrictInput, StrictText
from tickets.models import Ticket


class SeverityField(serializers.IntegerField):
    """1 to 4. ``true`` is not 1, and 2.0 is not 2."""

    default_error_messages = {"range": _("A severity is a whole number from 1 to 4.")}

    def to_internal_value(self, data: Any) -> int:
        """Return the level; a form field sends it as a digit."""
        if isinstance(data, str) and data in {"1", "2", "3", "4"}:
            return int(data)
        if isinstance(data, bool) or not isinstance(data, int) or not 1 <= data <= 4:
            self.fail("range")
        return int(data)


class NewTicketInput(StrictInput):
    """A new ticket."""

    subject = StrictText(max_length=200, help_text=_("One line: what it is about."))
    body = StrictText(
        max_length=MAX_CHARACTERS, help_text=_("What happened. Simple Markdown is understood.")
    )
    severity = SeverityField(
        default=int(Ticket.Severity.NORMAL), help_text=_("1 critical, 2 high, 3 normal, 4 low.")
    )
    category = StrictText(max_length=40, required=False, allow_blank=True, default="")
    organization = StrictText(
        max_length=12,
        required=False,
        help_text=_("public_id of the organization; needed only by who belongs to several."),
    )
    requester = serializers.EmailField(
        required=False, help_text=_("Staff only: for whom the ticket is opened.")
    )


class ReplyInput(StrictInput):
    """A message on a ticket."""

    body = StrictText(max_length=MAX_CHARACTERS)
    internal = serializers.BooleanField(
        default=False, help_text=_("Staff only: a note that customers never see.")
    )
    status = serializers.ChoiceField(
        choices=Ticket.Status.choices,
        required=False,
        help_text=_("The status to set with it. Customers may say solved."),
    )


class StatusInput(StrictInput):
    """A change of status."""

    status = serializers.ChoiceField(choices=Ticket.Status.choices)
    reason = StrictText(max_length=300, required=False, allow_blank=True, default="")


class NoReplyNeededInput(StrictInput):
    """Why a message needs no answer."""

    reason = StrictText(max_length=300, required=False, allow_blank=True, default="")


class MergeInput(StrictInput):
    """Into which ticket, and whether the earlier opening counts."""

    into = StrictText(max_length=20, help_text=_("The reference of the ticket that stays."))
    from_opening = serializers.BooleanField(
        default=True, help_text=_("Count from the earlier of the two openings.")
    )


class SplitInput(StrictInput):
    """Which message becomes a ticket of its own."""

    message = serializers.IntegerField(min_value=1, help_text=_("The id of a customer's message."))
    subject = StrictText(max_length=200)
    from_message = serializers.BooleanField(
        default=False, help_text=_("Count since the message was written, not from now.")
    )


class NewTicketForm(NewTicketInput):
    """A new ticket with files, as multipart/form-data."""

    attachments = serializers.ListField(child=serializers.FileField(), required=False)


class ReplyForm(ReplyInput):
    """A message with files, as multipart/form-data."""

    attachments = serializers.ListField(child=serializers.FileField(), required=False)
