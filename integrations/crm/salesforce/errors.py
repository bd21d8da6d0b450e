"""Salesforce's refusals in the language of the core, with a sentence for ops."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import requests
import structlog
from django.utils.translation import gettext as _
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceError,
    SalesforceExpiredSession,
)

from integrations.crm.vendor import (
    CrmError,
    LimitReached,
    MissingScope,
    Rejected,
    Revoked,
    Unavailable,
    UnknownFields,
)

log = structlog.get_logger(__name__)

SESSION_OVER = "INVALID_SESSION_ID"
LOCATOR_GONE = "INVALID_QUERY_LOCATOR"
# Calls that run for twenty seconds block others; that many of them are soon fewer.
BUSY_SECONDS = 30.0
# Of a limit that counts over 24 hours Salesforce does not say when it ends: it frees itself call
# by call, so asking four times an hour costs little and finds out.
USED_UP_SECONDS = 900.0
FEWER_SECONDS = 60.0
LOCKED_SECONDS = 5.0
_COLUMN = re.compile(r"No such column '([^']{1,200})'")
_EDITED = re.compile(r"fields?: ([A-Za-z0-9_, ]{1,400}?)\.? ")
_LATER = frozenset(
    {
        "SERVER_UNAVAILABLE",
        "API_CURRENTLY_DISABLED",
        "UNABLE_TO_LOCK_ROW",
        "QUERY_TIMEOUT",
        "UNKNOWN_EXCEPTION",
        "DATACLOUD_API_SERVER_BUSY",
    }
)
_NOT_ALLOWED = frozenset(
    {
        "API_DISABLED_FOR_ORG",
        "FUNCTIONALITY_NOT_ENABLED",
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "INVALID_TYPE",
    }
)


def codes_of(error: SalesforceError) -> list[tuple[str, str]]:
    """Return code and message of every error in an answer; every part may be missing."""
    # Said to be bytes; it is whatever the body's JSON was, or text.
    content = cast(Any, error.content)
    found = content if isinstance(content, list) else [content]
    return [
        (str(one.get("errorCode", "")), str(one.get("message", "")))
        for one in found
        if isinstance(one, dict)
    ]


def is_session_over(error: SalesforceError) -> bool:
    """Whether logging in again is worth a try."""
    return isinstance(error, SalesforceExpiredSession) and any(
        code == SESSION_OVER for code, _message in codes_of(error)
    )


def unknown_columns(error: SalesforceError) -> list[str]:
    """Return the columns that a query named and Salesforce does not know."""
    return [
        name
        for code, message in codes_of(error)
        if code == "INVALID_FIELD"
        for name in _COLUMN.findall(message)
    ]


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of the library and of HTTP into the core's."""
    try:
        yield
    except SalesforceAuthenticationFailed as error:
        raise _login_error(error) from None
    except SalesforceError as error:
        raise crm_error(error) from None
    except requests.Timeout:
        raise Unavailable(_("Salesforce took too long to answer.")) from None
    except requests.JSONDecodeError:
        raise not_understood() from None
    except requests.RequestException as error:
        why = type(error).__name__
        raise Unavailable(_("Salesforce cannot be reached (%(why)s).") % {"why": why}) from None
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):
        # The library trusts the shape of answers; a page of a proxy has none of it.
        log.warning("salesforce_answer_not_understood", exc_info=True)
        raise not_understood() from None


def crm_error(error: SalesforceError) -> CrmError:
    """Return what an answer of the REST API means."""
    codes = codes_of(error)
    code, message = codes[0] if codes else ("", "")
    if code == "REQUEST_LIMIT_EXCEEDED":
        return _limit(message)
    if error.status == 429:
        return LimitReached(_("Salesforce asks for fewer calls."), retry_after=FEWER_SECONDS)
    if error.status >= 500 or code in _LATER:
        wait = LOCKED_SECONDS if code == "UNABLE_TO_LOCK_ROW" else None
        return Unavailable(_failed(error.status, code), retry_after=wait)
    if error.status == 401:
        return Revoked(
            _("Salesforce does not accept the session (%(code)s). Connect again.") % {"code": code}
        )
    if names := unknown_columns(error):
        return UnknownFields(names)
    if code in _NOT_ALLOWED or (error.status == 403 and code != "REQUEST_LIMIT_EXCEEDED"):
        return _not_allowed(code, message)
    if 300 <= error.status < 400:
        return Rejected(
            _("The address of this org has moved. Enter its My Domain address of today.")
        )
    if not codes:
        return Unavailable(_failed(error.status, ""))
    return Rejected(
        _("Salesforce refuses the call: %(code)s, %(message)s")
        % {"code": code, "message": message[:200]}
    )


def _limit(message: str) -> LimitReached:
    if "concurrent" in message.lower():
        return LimitReached(
            _("Salesforce is busy with too many long calls at once."), retry_after=BUSY_SECONDS
        )
    return LimitReached(
        _("All API calls that Salesforce allows this org in 24 hours are used up."),
        retry_after=USED_UP_SECONDS,
    )


def _not_allowed(code: str, message: str) -> MissingScope:
    scopes = {
        "INVALID_TYPE": _("object permission Account: Read"),
        "API_DISABLED_FOR_ORG": _("system permission API Enabled"),
    }
    scope = scopes.get(code, "")
    if code == "INVALID_FIELD_FOR_INSERT_UPDATE":
        edited = _EDITED.search(message + " ")
        names = edited[1] if edited else message[:100]
        scope = _("field permission Edit: %(fields)s") % {"fields": names}
    return MissingScope(
        _("The run-as user may not do this in Salesforce: %(scope)s is missing.")
        % {"scope": scope or code},
        scope=scope or code,
    )


def _failed(status: int, code: str) -> str:
    shown = f"{status} {code}".strip()
    return _("Salesforce could not answer (%(status)s).") % {"status": shown}


def not_understood() -> Unavailable:
    """Return the error for an answer of another shape: a proxy's page, half an answer."""
    return Unavailable(_("Salesforce answered something that is not its usual answer."))


def no_progress() -> Unavailable:
    """Return the error for pages that do not end."""
    return Unavailable(_("Salesforce answers the same page again and again."))


def _login_error(error: SalesforceAuthenticationFailed) -> CrmError:
    """Return what a refused login means; the library puts a status where no JSON came."""
    code = error.code
    if isinstance(code, int):
        return Unavailable(_failed(code, ""))
    words = (error.auth_message or "")[:200]
    if code in ("server_error", "temporarily_unavailable", "unknown_error"):
        return Unavailable(_failed(503, str(code)))
    if "rate" in words.lower() and "exceeded" in words.lower():
        return LimitReached(
            _("Salesforce allows no more logins for now."), retry_after=USED_UP_SECONDS
        )
    return Revoked(
        _("Salesforce refuses the login: %(code)s, %(words)s. %(advice)s")
        % {"code": code or "?", "words": words, "advice": _advice(str(code), words)}
    )


def _advice(code: str, words: str) -> str:
    if "no client credentials user" in words:
        return _("Choose a run-as user in the policies of the connected app.")
    if "hasn't approved" in words:
        return _("Let an admin pre-authorize the user for the connected app.")
    if "audience" in words:
        return _("A sandbox has .sandbox. in its My Domain address; a production org has not.")
    if code in ("invalid_client", "invalid_client_id"):
        return _("Copy consumer key and consumer secret from the connected app again.")
    if "not supported on this domain" in words:
        return _("Enter the My Domain address of the org.")
    return _("Check the connected app and its user in Salesforce.")
