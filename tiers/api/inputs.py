"""What programs may send about an account. Unknown keys and wrong types are refused by name."""

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.kit.strict_inputs import StrictInput, StrictText

# More names than there are facts, so that each mistake is named; not so many as to fill an answer.
MOST_FACTS = 50


class InstantField(serializers.DateTimeField):
    """An ISO 8601 instant; one without a zone is UTC."""

    default_error_messages = {
        "text": _("Write an instant like 2026-03-10T09:00:00Z."),
        "far": _("Too far away."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)

    def to_internal_value(self, value: Any) -> datetime:
        """Return the instant in UTC."""
        if not isinstance(value, str):
            self.fail("text")
        try:
            return super().to_internal_value(value).astimezone(UTC)
        except OverflowError:
            self.fail("far")


class FactsField(serializers.DictField):
    """Names and values, as JSON has them; the action reads each value strictly."""

    default_error_messages = {
        "few": _("Send at least one fact."),
        "many": _("There is no such fact."),
    }

    def to_internal_value(self, data: Any) -> dict[str, object]:
        """Return the names and values."""
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        if not data:
            self.fail("few")
        if len(data) > MOST_FACTS:
            self.fail("many")
        return {str(name): value for name, value in data.items()}


class FactsInput(StrictInput):
    """What a program knows about an account."""

    facts = FactsField(
        child=serializers.CharField(allow_null=True),
        help_text=_("Name of a fact and its value; null says that the source does not know it."),
    )
    observed_at = InstantField(
        required=False, help_text=_("When the program saw this. Left out: now.")
    )
    currency = StrictText(
        max_length=3, required=False, help_text=_("Of amounts; has to be the policy's own.")
    )
    source = StrictText(  # type: ignore[assignment]
        max_length=40, required=False, default="api",
        help_text=_("Where it comes from, for example erp; shown wherever a fact is."),
    )  # fmt: skip
