"""Fetch a holiday feed from an address that somebody typed.

The server must not become a way into its own network: https alone, every address
that the name resolves to must be public, the connection goes to the very address
that was checked, and each redirect is judged anew. Size and time are bounded.
"""

import ipaddress
import socket
import ssl
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kit.refused import InvalidInput
from tiers.holiday_sources.ical import MAX_BYTES

SECONDS = 10.0
MAX_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def check_feed_address(url: str) -> None:
    """Refuse an address that could not be a public feed, without looking anything up."""
    parts = urlsplit(url)
    schemes = ("https", "http") if settings.PRIVATE_FEEDS_ALLOWED else ("https",)
    if parts.scheme not in schemes:
        raise _refusal(_("Only addresses that begin with https:// are fetched."))
    try:
        has_host, _port = bool(parts.hostname), parts.port
    except ValueError:
        has_host = False
    if not has_host or parts.username is not None or parts.password is not None:
        raise _refusal(_("Write it like https://example.com/holidays.ics."))


def fetch_feed(url: str) -> bytes:
    """Return the file behind an address; raises InvalidInput that says what went wrong."""
    deadline = time.monotonic() + SECONDS
    for _hop in range(MAX_REDIRECTS + 1):
        check_feed_address(url)
        try:
            answer = _asked(url, deadline)
        except (OSError, HTTPException, ValueError) as error:
            if time.monotonic() >= deadline:
                raise _too_slow() from error
            raise _refusal(_("It cannot be reached (%(why)s).") % {"why": _why(error)}) from error
        if isinstance(answer, bytes):
            return answer
        url = urljoin(url, answer)
    raise _refusal(_("It leads from one address to the next without end."))


def _asked(url: str, deadline: float) -> bytes | str:
    """Ask once: the content, or the address it has moved to."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _public_address(host, port)
    remaining = max(0.1, deadline - time.monotonic())
    connection = HTTPConnection(host, port, timeout=remaining)
    if parts.scheme == "https":
        connection = HTTPSConnection(host, port, timeout=remaining)
    # Connected here, to the address that was checked: a second look-up might answer otherwise.
    sock = socket.create_connection((str(address), port), timeout=remaining)
    if parts.scheme == "https":
        sock = ssl.create_default_context().wrap_socket(
            sock, server_hostname=host, do_handshake_on_connect=False
        )
    # A server that sends a byte now and then never runs into a timeout of its own.
    stop = threading.Timer(remaining, _cut, [sock])
    stop.daemon = True
    stop.start()
    try:
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
        connection.sock = sock
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "GET", path, headers={"Accept": "text/calendar", "Accept-Encoding": "identity"}
        )
        with connection.getresponse() as response:
            return _read(response, deadline)
    finally:
        stop.cancel()
        connection.close()
        sock.close()


def _read(response: HTTPResponse, deadline: float) -> bytes | str:
    location = response.headers.get("Location", "")
    if response.status in REDIRECTS and location:
        return location
    if response.status != 200:
        raise _refusal(_("Its server answers %(status)s.") % {"status": response.status})
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise _refusal(_("Its server sends a compressed file, which was not asked for."))
    content = response.read(MAX_BYTES + 1)
    if time.monotonic() >= deadline:
        raise _too_slow()
    if len(content) > MAX_BYTES:
        raise _refusal(_("It is larger than %(size)s KB.") % {"size": MAX_BYTES // 1024})
    return content


def _public_address(host: str, port: int) -> IPAddress:
    """Return the address to connect to; one private address among them refuses the name."""
    found = [
        ipaddress.ip_address(str(info[4][0]).partition("%")[0])
        for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]
    if not settings.PRIVATE_FEEDS_ALLOWED and not all(map(is_public, found)):
        raise _refusal(_("It lies in a private network, which is never asked."))
    return found[0]


def is_public(address: IPAddress) -> bool:
    """Whether an address, or the one that is packed into it, belongs to the open internet."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None:
            return False
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return _("its certificate is not valid")
    if isinstance(error, socket.gaierror):
        return _("no server has this name")
    return type(error).__name__


def _too_slow() -> InvalidInput:
    return _refusal(_("It takes longer than %(seconds)s seconds.") % {"seconds": int(SECONDS)})


def _refusal(why: str) -> InvalidInput:
    message = _("This feed cannot be read. %(why)s") % {"why": why}
    return InvalidInput("feed_unreadable", message, fields={"feed_url": message})
