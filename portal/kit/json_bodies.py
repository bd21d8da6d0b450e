"""Read a request's body, or say what is wrong with it: never a server error."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser


class TooLarge(APIException):
    """The body is larger than anything that is sent here can be."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = gettext_lazy("The body is too large. Send long logs as an attachment.")


class JSONObjectParser(BaseParser):
    """A JSON object in UTF-8, as RFC 8259 has it, whatever charset the header claims.

    Reads at most ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bytes. Numbers that JSON does not
    have (NaN, Infinity) and keys that come twice, or hold half of a
    character, are refused.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the object; raises ParseError (400) or TooLarge (413)."""
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        content = stream.read(most + 1)
        if len(content) > most:
            raise TooLarge
        try:
            found = json.loads(
                content.decode("utf-8"),
                parse_constant=_refuse_constant,
                object_pairs_hook=_without_repeats,
            )
        except UnicodeDecodeError as error:
            raise ParseError(_("The body is not valid UTF-8.")) from error
        except RecursionError as error:
            raise ParseError(_("The body is nested too deeply.")) from error
        except ValueError as error:
            raise ParseError(_("The body is not valid JSON: %(why)s") % {"why": error}) from error
        if not isinstance(found, dict):
            raise ParseError(_("Send a JSON object."))
        return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    for name in found:
        if not name.isascii() and any("\ud800" <= one <= "\udfff" for one in name):
            raise ValueError("a key holds half of a character")  # no answer could repeat it
    return found
