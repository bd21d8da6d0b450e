"""Who may call the stand-in, and how often: tokens, scopes and rate limits.

Evidence: token endpoint S; bodies of refusals C; 190 calls in 10 seconds and 5 searches in one
second C and D; scopes of the properties endpoint K.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from integrations.crm.hubspot.contract.answers import (
    Answer,
    bad_refresh_token,
    error,
    expired,
    invalid,
    missing_scopes,
    too_many,
    unauthenticated,
)
from integrations.crm.hubspot.contract.clock import Clock

READ = "crm.objects.companies.read"
WRITE = "crm.objects.companies.write"
SCHEMA = "crm.schemas.companies.read"
SCHEMA_WRITE = "crm.schemas.companies.write"
# Any webhook about the CRM needs it (evidence D).
CONTACTS = "crm.objects.contacts.read"
ALL_SCOPES = (READ, WRITE, SCHEMA, SCHEMA_WRITE, CONTACTS, "oauth")

TOKEN_SECONDS = 1800
TOKEN_FIELDS = (
    "grant_type", "code", "redirect_uri", "client_id", "client_secret", "refresh_token",
)  # fmt: skip


@dataclass(slots=True)
class Token:
    """One access token: what it may do, and until when (milliseconds; None for ever)."""

    scopes: tuple[str, ...]
    expires: int | None = None


@dataclass
class Access:
    """The app of one account: its secrets, its tokens."""

    clock: Clock
    portal_id: int = 4242
    app_id: int = 77
    client_id: str = "app-client-id"
    client_secret: str = "app-client-secret"  # noqa: S105  (of a stand-in on this machine)
    scopes: tuple[str, ...] = ALL_SCOPES
    tokens: dict[str, Token] = field(default_factory=dict)
    refresh_tokens: set[str] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)
    refreshes: int = 0
    answers_in_old_style: bool = False
    lock: Any = field(default_factory=RLock)

    def private_app(self, name: str = "main") -> str:
        """Return the token of a private app: no expiry, bound to the scopes (evidence C)."""
        token = f"pat-eu1-{name}-0000-0000"
        self.tokens[token] = Token(self.scopes)
        return token

    def install(self) -> str:
        """Let a public app in, as if somebody had agreed; return its refresh token."""
        refresh = f"refresh-{len(self.refresh_tokens) + 1}"
        self.refresh_tokens.add(refresh)
        return refresh

    def offer_code(self, redirect_uri: str) -> str:
        """Return what HubSpot sends back to the app once somebody agreed."""
        code = f"code-{len(self.codes) + 1}"
        self.codes[code] = redirect_uri
        return code

    def revoke_all(self) -> None:
        """Take every access back: the app was uninstalled, the private app's token rotated."""
        with self.lock:
            self.tokens.clear()
            self.refresh_tokens.clear()

    def check(self, authorization: str | None, *scopes: str) -> None:
        """Refuse a call without a token, with one that is over, or without a scope."""
        kind, _, given = (authorization or "").partition(" ")
        token = self.tokens.get(given)
        if kind != "Bearer" or token is None:
            raise unauthenticated()
        if token.expires is not None and self.clock.now_ms() >= token.expires:
            raise expired()
        missing = [scope for scope in scopes if scope not in token.scopes]
        if missing:
            raise missing_scopes(*missing)

    def grant(self, form: Mapping[str, str]) -> Any:
        """Answer the token endpoint (evidence S)."""
        unknown = set(form) - set(TOKEN_FIELDS)
        if unknown:
            raise invalid(f"Unknown field {', '.join(sorted(unknown))}.")
        if (form.get("client_id"), form.get("client_secret")) != (
            self.client_id,
            self.client_secret,
        ):
            raise Answer(
                400, {"status": "BAD_CLIENT_ID", "message": "missing or unknown client id"}
            )
        with self.lock:
            return self._granted(self._refresh_token(form))

    def _refresh_token(self, form: Mapping[str, str]) -> str:
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") not in self.refresh_tokens:
                raise bad_refresh_token(old_style=self.answers_in_old_style)
            return form["refresh_token"]
        if form.get("grant_type") == "authorization_code":
            code = form.get("code", "")
            # A code counts once, and only with the address that it was asked for with.
            if code not in self.codes or self.codes.pop(code) != form.get("redirect_uri"):
                raise Answer(
                    400, {"status": "BAD_AUTH_CODE", "message": "missing or unknown auth code"}
                )
            return self.install()
        raise Answer(400, {"error": "unsupported_grant_type", "message": "grant_type is unknown"})

    def _granted(self, refresh: str) -> Any:
        self.refreshes += 1
        access = f"access-{self.refreshes}"
        self.tokens[access] = Token(self.scopes, self.clock.now_ms() + TOKEN_SECONDS * 1000)
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "expires_in": TOKEN_SECONDS,
        }

    def describe(self, given: str) -> Any:
        """Answer who an OAuth access token belongs to (evidence D)."""
        token = self.tokens.get(given)
        if token is None or token.expires is None:
            raise error(404, "Token not found.", "OBJECT_NOT_FOUND")
        return {
            "token": given,
            "user": "integration@example.com",
            "hub_domain": "demo-crm.example",
            "scopes": list(token.scopes),
            "hub_id": self.portal_id,
            "app_id": self.app_id,
            "expires_in": (token.expires - self.clock.now_ms()) // 1000,
            "user_id": 1,
            "token_type": "access",
        }

    def describe_private_app(self, given: str) -> Any:
        """Answer the same about the token of a private app (evidence C)."""
        token = self.tokens.get(given)
        if token is None:
            raise error(404, "Token not found.", "OBJECT_NOT_FOUND")
        return {
            "userId": 1,
            "hubId": self.portal_id,
            "appId": self.app_id,
            "scopes": list(token.scopes),
        }


@dataclass
class Limits:
    """The three limits, on the vendor's own clock."""

    clock: Clock
    per_ten_seconds: int = 190
    searches_per_second: int = 5
    per_day: int = 250_000
    calls: deque[int] = field(default_factory=deque)
    searches: deque[int] = field(default_factory=deque)
    calls_today: int = 0
    lock: Any = field(default_factory=RLock)

    def count(self, *, is_search: bool) -> dict[str, str]:
        """Count one call; return its headers, which a search does not have (evidence C)."""
        with self.lock:
            now = self.clock.now_ms()
            _forget(self.calls, now - 10_000)
            _forget(self.searches, now - 1_000)
            if self.calls_today >= self.per_day:
                raise too_many("DAILY")
            if len(self.calls) >= self.per_ten_seconds:
                raise too_many("TEN_SECONDLY_ROLLING")
            if is_search and len(self.searches) >= self.searches_per_second:
                raise too_many("SECONDLY")
            self.calls.append(now)
            self.calls_today += 1
            if is_search:
                self.searches.append(now)
                return {}
            return {
                "X-HubSpot-RateLimit-Max": str(self.per_ten_seconds),
                "X-HubSpot-RateLimit-Remaining": str(self.per_ten_seconds - len(self.calls)),
                "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
                "X-HubSpot-RateLimit-Daily": str(self.per_day),
                "X-HubSpot-RateLimit-Daily-Remaining": str(self.per_day - self.calls_today),
            }


def _forget(moments: deque[int], until: int) -> None:
    while moments and moments[0] <= until:
        moments.popleft()
