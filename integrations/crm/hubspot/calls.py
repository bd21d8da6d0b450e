"""One call to HubSpot through its library: time limits, repeats, and errors in our words."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from hubspot import HubSpot
from hubspot.crm.companies import ApiClient, Configuration
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from integrations.crm.vendor import (
    CrmError,
    LimitReached,
    MissingScope,
    Rejected,
    Revoked,
    Unavailable,
)

# Seconds to connect, and to wait for each answer.
TIMEOUTS = (3.0, 10.0)
# The library's transport neither repeats nor follows: what is repeated is decided here.
NEVER_REPEAT = Retry(
    total=0, redirect=0, raise_on_redirect=False, raise_on_status=False,
    respect_retry_after_header=False,
)  # fmt: skip
SECONDLY_WAIT = 1.0
SECONDLY_REPEATS = 3
TEN_SECONDLY_WAIT = 10.0
# Until when is not said by the answer; once an hour is worth a look.
DAILY_WAIT_UNKNOWN = 3600.0
LOCKED_WAIT = 2.0
LONGEST_WAIT = 86_400.0
DETAIL_LENGTH = 300

T = TypeVar("T")


class Expired(CrmError):
    """The access token's half hour is over; with a refresh token that is no loss."""


def library(host: str, access_token: str) -> HubSpot:
    """Return the vendor's library for an account, without its own ideas about repeating."""
    return HubSpot(access_token=access_token, host=host, retry=NEVER_REPEAT)


def raw_client(host: str, access_token: str) -> ApiClient:
    """Return the library's transport, for the few addresses it has no method for."""
    configuration = Configuration()
    configuration.host = host
    configuration.access_token = access_token
    configuration.retries = NEVER_REPEAT
    return ApiClient(configuration=configuration)


class Caller:
    """Carries out calls. ``now`` tells how long a daily limit lasts, ``pause`` waits seconds."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        time_zone: str = "",
        pause: Callable[[float], None] = time.sleep,
        timeouts: tuple[float, float] = TIMEOUTS,
    ) -> None:
        self.now = now
        self.time_zone = time_zone
        self.pause = pause
        self.timeouts = timeouts

    def __call__(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call a method of the library; raises CrmError and nothing else.

        A limit per second is waited for here, a few times; every longer one is the caller's.
        """
        for _attempt in range(SECONDLY_REPEATS):
            try:
                return self.once(method, *args, **kwargs)
            except LimitReached as limit:
                if limit.retry_after != SECONDLY_WAIT:
                    raise
                self.pause(SECONDLY_WAIT)
        return self.once(method, *args, **kwargs)

    def once(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call without repeating."""
        try:
            return method(*args, **kwargs, _request_timeout=self.timeouts)
        except HTTPError:
            # "from None": its text may hold an address with a token in it.
            raise Unavailable(
                _("HubSpot could not be reached or did not answer in time.")
            ) from None
        except Exception as problem:
            if hasattr(problem, "status") and hasattr(problem, "body"):
                raise self.error(problem) from None
            # The library parses what it got: anything may come of an answer that is no JSON.
            raise Unavailable(
                _("HubSpot's answer could not be read (%(problem)s).")
                % {"problem": type(problem).__name__}
            ) from None

    def error(self, problem: Any) -> CrmError:
        """Return the library's exception as one of ours."""
        body = _body(problem.body)
        status = int(problem.status or 0)
        said = _said(body)
        if status == 401:
            if body.get("category") == "EXPIRED_AUTHENTICATION":
                return Expired(_("HubSpot's access token has expired."))
            return Revoked(
                _("HubSpot does not accept the credentials any more. Connect again."),
            )
        if status == 403:
            return _missing_scope(body, said)
        if status == 429:
            return self.limit(body, problem.headers or {})
        if status == 423:
            return Unavailable(_("HubSpot has locked the record."), retry_after=LOCKED_WAIT)
        if status == 477:
            return Unavailable(
                _("HubSpot is moving this account to another data centre."),
                retry_after=_seconds(problem.headers or {}),
            )
        if status >= 500 or status < 400:
            return Unavailable(
                _("HubSpot answered with an error of its own (%(status)s).") % {"status": status},
                retry_after=_seconds(problem.headers or {}),
            )
        return Rejected(
            _("HubSpot refused the call (%(status)s): %(said)s") % {"status": status, "said": said}
        )

    def limit(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> LimitReached:
        """Return a rate limit with the time after which it is over."""
        policy = str(body.get("policyName") or "")
        waits = {
            "SECONDLY": SECONDLY_WAIT,
            "TEN_SECONDLY_ROLLING": TEN_SECONDLY_WAIT,
            "DAILY": self.until_midnight(),
        }
        wait = waits.get(policy, _seconds(headers))
        return LimitReached(
            _("HubSpot's limit of calls is reached (%(policy)s).") % {"policy": policy or "429"},
            retry_after=wait,
        )

    def until_midnight(self) -> float:
        """Return the seconds until the account's day ends, when daily limits begin anew."""
        if not self.time_zone:
            return DAILY_WAIT_UNKNOWN
        here = self.now().astimezone(ZoneInfo(self.time_zone))
        tomorrow = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return max((tomorrow.astimezone(self.now().tzinfo) - self.now()).total_seconds(), 1.0)


def _body(raw: object) -> dict[str, Any]:
    """Return an error's body; every field of it is optional, and so is the body."""
    try:
        body = json.loads(raw) if isinstance(raw, (str, bytes)) and raw else {}
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _said(body: Mapping[str, Any]) -> str:
    return str(body.get("message") or body.get("status") or _("no reason given"))[:DETAIL_LENGTH]


def _seconds(headers: Mapping[str, str]) -> float | None:
    text = str(headers.get("Retry-After") or "")
    return min(float(text), LONGEST_WAIT) if text.isascii() and text.isdecimal() else None


def _missing_scope(body: Mapping[str, Any], said: str) -> MissingScope:
    scopes: list[str] = []
    for one in body.get("errors") or []:
        context = one.get("context") if isinstance(one, dict) else None
        if isinstance(context, dict):
            for names in context.values():
                scopes += [str(name) for name in names if isinstance(names, list)]
    if not scopes:
        return MissingScope(_("HubSpot does not allow this: %(said)s") % {"said": said})
    scope = ", ".join(scopes)
    return MissingScope(
        _("The app in HubSpot lacks a permission: %(scope)s. Add it there.") % {"scope": scope},
        scope=scope,
    )
