"""The state behind the contract server: logins, sessions, limits, locators, faults, a log."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

from integrations.crm.salesforce.contract.records import Records
from integrations.crm.salesforce.ids import canonical_id

DAY = timedelta(days=1)
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
# A JWT may be used for three minutes; the vendor lets clocks differ a little.
LONGEST_ASSERTION = timedelta(minutes=5)
LOCATOR_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with the next ``times`` requests whose path contains ``path``.

    ``status``, ``body`` and ``headers`` replace the answer; ``drop`` closes the connection
    without one, ``truncate`` ends it after so many bytes, ``delay`` waits so many seconds first.
    ``after`` says that the request is carried out before the answer goes wrong.
    """

    path: str = ""
    method: str = ""
    times: int = 1
    status: int = 0
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    truncate: int = 0
    delay: float = 0.0
    after: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in, without its secrets."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    status: int


@dataclass
class _Locator:
    fields: tuple[str, ...]
    rows: list[dict[str, Any]]
    total: int
    size: int
    created: datetime
    path: str


class LoginRefused(Exception):
    """Why there is no token: the OAuth error and its description."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


@dataclass
class Org:
    """One Salesforce org with one connected app. ``now`` is its clock (UTC).

    ``run_as`` is the user of the client credentials flow, empty when none was chosen;
    ``approved`` are the users that the JWT flow may speak for. ``call_limit`` counts over
    the last 24 hours. ``page_size`` caps a batch, whatever the client asks for.
    """

    now: Callable[[], datetime]
    org_id: str = "00D2w000003xKLM"
    host: str = "meridian.my.salesforce.com"
    consumer_key: str = "3MVG9contract.server.consumer.key"
    consumer_secret: str = "contract-server-consumer-secret"  # noqa: S105 (opens nothing)
    public_key: str = ""
    run_as: str = "integration@meridian.example"
    approved: set[str] = field(default_factory=lambda: {"integration@meridian.example"})
    call_limit: int = 15_000
    page_size: int = 2_000
    # How far behind the change index is: transactions that are still running hold it back.
    index_lag: timedelta = timedelta(0)
    updated_limit: int = 600_000

    def __post_init__(self) -> None:
        """Have an empty org whose id is in the long form."""
        self.org_id = canonical_id(self.org_id)
        self.records = Records(now=self.now, org_id=self.org_id)
        self.lock = threading.RLock()
        self.sessions: set[str] = set()
        self.calls: deque[datetime] = deque()
        self.faults: list[Fault] = []
        self.log: list[Asked] = []
        self.logins = 0
        self._locators: dict[str, _Locator] = {}
        self._serial = 0

    # -- Logging in ------------------------------------------------------------

    def token(self, host: str, authorization: tuple[str, str], form: Mapping[str, str]) -> str:
        """Return an access token for a request at the token address; raises LoginRefused."""
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            self._client_credentials(host, authorization, form)
        elif grant == JWT_GRANT:
            self._assertion(host, form)
        else:
            raise LoginRefused("unsupported_grant_type", "grant type not supported")
        with self.lock:
            self.logins += 1
            token = f"{self.org_id[:15]}!AQ{self.logins:06d}.contract"
            self.sessions.add(token)
            return token

    def expire_sessions(self) -> None:
        """End all sessions, as an admin or a timeout does."""
        with self.lock:
            self.sessions.clear()

    def _client_credentials(
        self, host: str, authorization: tuple[str, str], form: Mapping[str, str]
    ) -> None:
        _only(form, "grant_type")
        if host != self.host:
            raise LoginRefused("invalid_grant", "request not supported on this domain")
        key, secret = authorization
        if key != self.consumer_key:
            raise LoginRefused("invalid_client_id", "client identifier invalid")
        if secret != self.consumer_secret:
            raise LoginRefused("invalid_client", "invalid client credentials")
        if not self.run_as:
            raise LoginRefused("invalid_grant", "no client credentials user enabled")

    def _assertion(self, host: str, form: Mapping[str, str]) -> None:
        _only(form, "grant_type", "assertion")
        if host not in (self.host, "login.salesforce.com", "test.salesforce.com"):
            raise LoginRefused("invalid_grant", "request not supported on this domain")
        audience = AUDIENCES[1] if self.records.is_sandbox else AUDIENCES[0]
        try:
            claims = jwt.decode(
                form.get("assertion", ""),
                self.public_key,
                algorithms=["RS256"],
                audience=audience,
                # Judged by the org's own clock below.
                options={"verify_exp": False, "require": ["iss", "sub", "aud", "exp"]},
            )
        except jwt.InvalidAudienceError as error:
            raise LoginRefused("invalid_grant", "audience is invalid") from error
        except (jwt.PyJWTError, ValueError) as error:
            raise LoginRefused("invalid_grant", "invalid assertion") from error
        left = float(claims["exp"]) - self.now().timestamp()
        if claims["iss"] != self.consumer_key:
            raise LoginRefused("invalid_client_id", "client identifier invalid")
        if not 0 < left <= LONGEST_ASSERTION.total_seconds():
            raise LoginRefused("invalid_grant", "expired authorization code")
        if claims["sub"] not in self.approved:
            raise LoginRefused("invalid_grant", "user hasn't approved this consumer")

    # -- Limits ----------------------------------------------------------------

    def counted(self) -> bool:
        """Count one call; whether the limit of the last 24 hours allows it."""
        with self.lock:
            now = self.now()
            while self.calls and self.calls[0] <= now - DAY:
                self.calls.popleft()
            if len(self.calls) >= self.call_limit:
                return False
            self.calls.append(now)
            return True

    def usage(self) -> str:
        """Return the header that every REST answer carries."""
        return f"api-usage={len(self.calls)}/{self.call_limit}"

    def use_up(self, calls: int) -> None:
        """Pretend that others have made so many calls just now."""
        with self.lock:
            self.calls.extend([self.now()] * calls)

    # -- Paging ----------------------------------------------------------------

    def page(
        self, fields: tuple[str, ...], rows: list[dict[str, Any]], size: int, path: str
    ) -> tuple[list[dict[str, Any]], int, str]:
        """Return the first rows of an answer, how many there are, and the locator of the rest."""
        with self.lock:
            self._serial += 1
            name = f"01g{self._serial:015d}"
            found = _Locator(fields, rows, len(rows), size, self.now(), path)
            self._locators[name] = found
            return self._served(name, found, 0)

    def more(self, locator: str, path: str) -> tuple[tuple[str, ...], Any] | None:
        """Return fields and the next page of a locator; None when it counts no more."""
        name, _, start = locator.partition("-")
        with self.lock:
            found = self._locators.get(name)
            if found is None or found.path != path or not start.isdigit():
                return None
            if found.created <= self.now() - LOCATOR_LIFE or int(start) >= found.total:
                return None
            return found.fields, self._served(name, found, int(start))

    def expire_locators(self) -> None:
        """Forget what is behind every ``nextRecordsUrl`` that was given out."""
        with self.lock:
            self._locators.clear()

    def _served(
        self, name: str, found: _Locator, start: int
    ) -> tuple[list[dict[str, Any]], int, str]:
        end = start + found.size
        following = f"{name}-{end}" if end < found.total else ""
        return found.rows[start:end], found.total, following

    # -- Faults and log --------------------------------------------------------

    def fault_for(self, method: str, path: str) -> Fault | None:
        """Take the first scripted fault that fits a request off the queue."""
        with self.lock:
            for place, fault in enumerate(self.faults):
                if fault.path in path and fault.method in ("", method):
                    if fault.times > 1:
                        left = {f: getattr(fault, f) for f in fault.__dataclass_fields__}
                        self.faults[place] = Fault(**left | {"times": fault.times - 1})
                    else:
                        del self.faults[place]
                    return fault
            return None

    def note(self, asked: Asked) -> None:
        """Write down one request."""
        with self.lock:
            self.log.append(asked)


def _only(form: Mapping[str, str], *names: str) -> None:
    if unknown := set(form) - set(names):
        raise LoginRefused("invalid_request", f"unexpected parameter: {min(unknown)}")
