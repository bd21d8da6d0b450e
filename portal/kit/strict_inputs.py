"""The shapes that all doors of the API share: strict inputs, and what an error looks like.

Input is strict: an unknown key is refused by its name, because a misspelt one would be
lost in silence, and a number is not taken for text.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class StrictText(serializers.CharField):
    """A string; a number is not taken for one."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class StrictInput(serializers.Serializer[Any]):
    """An input that names what it does not know."""

    default_error_messages = {"unknown": _("There is no such field.")}

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values, or an error per field."""
        if isinstance(data, Mapping):
            unknown = sorted(set(map(str, data)) - set(self.fields))
            if unknown:
                problem = self.error_messages["unknown"]
                raise serializers.ValidationError({name: [problem] for name in unknown[:20]})
        return super().to_internal_value(data)


class ErrorOutput(serializers.Serializer[Any]):
    """Every error: a stable code, a sentence, and the inputs at fault."""

    code = serializers.CharField()
    message = serializers.CharField()
    fields = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))  # type: ignore[assignment]
