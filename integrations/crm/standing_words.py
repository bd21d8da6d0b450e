"""How a connection stands, in sentences that say what to do next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.crm.models import CrmConnection

Tone = Literal["good", "warn", "bad", ""]


@dataclass(frozen=True, slots=True)
class StandingWords:
    """One sentence about a connection; ``tone`` is how urgent it is."""

    tone: Tone
    sentence: str


def standing_words(connection: CrmConnection, now: datetime) -> StandingWords:
    """Return how a connection stands now."""
    since = _moment(connection.stale_since)
    match connection.state:
        case CrmConnection.State.REVOKED:
            return StandingWords(
                "bad",
                _("The CRM does not let us in any more: facts are as of %(since)s. No tier is "
                  "lowered for that. Enter new credentials, then test.") % {"since": since},
            )  # fmt: skip
        case CrmConnection.State.FAILING:
            return StandingWords(
                "bad",
                _("The CRM is not reached: facts are as of %(since)s. No tier is lowered for "
                  "that. It is tried again by itself.") % {"since": since},
            )  # fmt: skip
        case CrmConnection.State.PAUSED:
            return StandingWords("warn", _paused(connection))
    if connection.gone_held:
        return StandingWords(
            "warn",
            ngettext(
                "%(count)s linked company was not found at the last comparison. Nobody was "
                "detached; say below whether that is right.",
                "%(count)s linked companies were not found at the last comparison. Nobody was "
                "detached; say below whether that is right.",
                connection.gone_held,
            ) % {"count": connection.gone_held},
        )  # fmt: skip
    if connection.blocked_until is not None and connection.blocked_until > now:
        return StandingWords(
            "warn",
            _("The CRM asked us to wait until %(until)s. Nothing is lost; it is read after that.")
            % {"until": _moment(connection.blocked_until)},
        )
    if connection.missing_scopes:
        return StandingWords(
            "warn",
            _("It works, but permissions are missing: %(scopes)s.")
            % {"scopes": ", ".join(connection.missing_scopes)},
        )
    if connection.last_success_at is None:
        return StandingWords("", _("It is running and was not asked for anything yet."))
    return StandingWords(
        "good",
        _("It works. Last answer: %(when)s.") % {"when": _moment(connection.last_success_at)},
    )


def _paused(connection: CrmConnection) -> str:
    if connection.tested_at is None:
        return _("Not tested yet. Press “Test the connection”.")
    if not connection.mappings.all():
        return _("Tested. Say next which CRM field is which fact.")
    return _("Paused: nothing is asked for, webhooks are kept and wait.")


def _moment(instant: datetime | None) -> str:
    return date_format(localtime(instant), _("j M, H:i")) if instant is not None else "?"
