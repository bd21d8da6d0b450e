"""The way to Salesforce: one HTTP session that goes nowhere else, bounded in time and size.

simple-salesforce builds its own addresses, without a timeout and following redirects. All
of them pass through this session, which lets only ``https://*.salesforce.com`` out, follows
nothing, reads no ``.netrc`` and stops reading an answer that is too large or too slow.
"""

import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
# For the whole of one answer, however often a byte of it arrives.
ANSWER_SECONDS = 30.0
# Two thousand accounts with a hundred filled fields are about eight megabytes.
LARGEST_ANSWER = 32_000_000
_CHUNK = 65_536
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.salesforce\.com")
_USAGE = re.compile(r"(?:^|[;\s])api-usage=(\d+)/(\d+)")


class TooMuch(requests.RequestException):
    """The answer is larger, or takes longer, than anything we ask for could."""


class ElsewhereRefused(requests.RequestException):
    """Something asked for an address that is not Salesforce's."""


def is_salesforce_host(host: str) -> bool:
    """Whether a host lies within Salesforce's own domain."""
    return bool(_HOST.fullmatch(host))


class _AsGiven(AuthBase):
    """Leaves the request as it is; without it requests would look into ``.netrc``."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _ToContract(HTTPAdapter):
    """Sends a request to the contract server, keeping the name of the host it was for."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.there = urlsplit(address)
        if self.there.hostname not in ("127.0.0.1", "localhost"):
            # Credentials would travel in the clear.
            raise ElsewhereRefused("SALESFORCE_CONTRACT_URL is not on this machine")

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.headers["Host"] = parts.netloc
        request.url = urlunsplit(parts._replace(scheme=self.there.scheme, netloc=self.there.netloc))
        return super().send(request, *args, **kwargs)


class SalesforceSession(requests.Session):
    """A session for simple-salesforce. ``contract_address`` comes from the environment only.

    ``answered_at`` is the vendor's own clock in its last answer (UTC), ``usage`` the calls of
    the last 24 hours and their limit, as its last answer said.
    """

    def __init__(self, contract_address: str = "") -> None:
        super().__init__()
        self.auth = _AsGiven()
        self.answered_at: datetime | None = None
        self.usage: tuple[int, int] | None = None
        # Only a connection that was never made is tried again: nothing was asked yet.
        patient = Retry(total=None, connect=1, read=0, redirect=0, status=0, other=0)
        self.mount("https://", HTTPAdapter(max_retries=patient))
        if contract_address:
            self.mount("https://", _ToContract(contract_address))
            self.trust_env = False

    def request(  # type: ignore[override]
        self, method: str, url: str, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Ask one address of Salesforce and read the answer to its end."""
        parts = urlsplit(str(url))
        if (
            parts.scheme != "https"
            or parts.port not in (None, 443)
            or parts.username is not None
            or not is_salesforce_host(parts.hostname or "")
        ):
            raise ElsewhereRefused("not an address of Salesforce")
        kwargs |= {
            "timeout": (CONNECT_SECONDS, READ_SECONDS),
            "allow_redirects": False,
            "stream": True,
        }
        deadline = time.monotonic() + ANSWER_SECONDS
        response = super().request(method, url, *args, **kwargs)
        try:
            response._content = _read(response, deadline)
        finally:
            response.close()
        self._note(response)
        return response

    def _note(self, response: requests.Response) -> None:
        try:
            at = parsedate_to_datetime(response.headers.get("Date", ""))
            self.answered_at = at.astimezone(UTC)
        except ValueError:
            self.answered_at = None
        found = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if found:
            self.usage = int(found[1]), int(found[2])


def _read(response: requests.Response, deadline: float) -> bytes:
    parts = []
    size = 0
    for part in response.iter_content(_CHUNK):
        size += len(part)
        if size > LARGEST_ANSWER:
            raise TooMuch("the answer is too large")
        if time.monotonic() > deadline:
            raise TooMuch("the answer takes too long")
        parts.append(part)
    return b"".join(parts)
