"""The desk's queue page over HTTP: first page, far page, statements, plan.

A real server with two processes, one user with a kept connection, a closed
loop; the session is made as a login makes it. The far page is reached by its
cursor, as an agent who pages on would reach it.
"""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.result import measure, milliseconds
from people.models import User
from tickets.models import Ticket
from tickets.queue_page import Cursor

RUNS = 200
FAR = 100_000
TARGET_MS = 25
MOST_QUERIES = 7
# django-helpdesk 2.6.1, list shell and data at 1,000,000 and 100,000 tickets, p50.
PEER_MS = {1_000_000: 27 + 4_286, 100_000: 23 + 486}
AGENT = "agent2@bench.example"


def run(size: int) -> Iterator[dict[str, Any]]:
    """Yield the lines."""
    client = Client(HTTP_HOST="localhost")
    client.force_login(
        User.objects.get(email=AGENT), backend="django.contrib.auth.backends.ModelBackend"
    )
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    first = "/desk/views/all/"
    far = f"{first}?after={far_cursor(size)}"
    yield statements(client, first, far)
    with server() as port:
        peer = PEER_MS.get(size)
        near = milliseconds(page(port, first, cookie), RUNS)
        nothing = milliseconds(page(port, "/healthz", cookie), RUNS)
        yield measure(
            "queue page", near, target=TARGET_MS, peer=peer,
            floor=measure("healthz", nothing)["value"],
        )  # fmt: skip
        yield measure("queue page, far", milliseconds(page(port, far, cookie), RUNS))
        yield measure(
            "queue page, one tier",
            milliseconds(page(port, "/desk/views/enterprise/", cookie), RUNS),
        )


def far_cursor(size: int) -> str:
    """Return the cursor about 100,000 rows down (or in the middle of a smaller queue)."""
    active = Ticket.objects.active().order_by("rank_at", "id")
    place = min(FAR, active.count() // 2)
    row = active.values_list("rank_at", "pk")[place]
    return Cursor(*row).text


def statements(client: Client, first: str, far: str) -> dict[str, Any]:
    """Count the statements of a page and look for OFFSET in them."""
    counts = []
    offsets = 0
    for address in (first, far):
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}")
        counts.append(len(queries))
        offsets += sum(" OFFSET " in query["sql"] for query in queries.captured_queries)
    return {
        "name": "queue page statements",
        "value": max(counts),
        "unit": "queries",
        "runs": 2,
        "target": MOST_QUERIES,
        "with_offset": offsets,
    }


def page(port: int, address: str, cookie: str) -> Any:
    """Return a way to fetch a page over one kept connection; anything but 200 ends the run."""
    link = http.client.HTTPConnection("127.0.0.1", port)

    def fetch() -> None:
        link.request("GET", address, headers={"Cookie": cookie, "Host": "localhost"})
        answer = link.getresponse()
        body = answer.read()
        if answer.status != 200 or not body:
            raise SystemExit(f"{address} answered {answer.status}")

    for _warm in range(20):
        fetch()
    return fetch


@contextmanager
def server() -> Iterator[int]:
    """Run the portal as in production, two processes, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2",
            "--host", "127.0.0.1", "--port", str(port), "portal.wsgi:application",
        ],
        env=os.environ.copy(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            link.request("GET", "/healthz", headers={"Host": "localhost"})
            if link.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit("the server did not come up")
