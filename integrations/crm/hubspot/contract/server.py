"""The stand-in over HTTP: one thread per connection, on this machine only."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from integrations.crm.hubspot.contract.account import Account, Call, read_call
from integrations.crm.hubspot.contract.answers import Answer, invalid
from integrations.crm.hubspot.contract.faults import Fault
from integrations.crm.hubspot.contract.shapes import only

LOCALHOST = "127.0.0.1"


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets the account answer, and spoils the answer if that is scripted."""

    protocol_version = "HTTP/1.1"
    server: "ContractServer"
    # Answers are small and a client waits for each.
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_one_request(self) -> None:
        """Handle one request, whatever its method."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            call = read_call(self.command, self.path, dict(self.headers.items()), raw)
            self.respond(call)
            self.wfile.flush()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def respond(self, call: Call) -> None:
        """Answer one call: a control of the stand-in, a page of its own, or the vendor's API."""
        extra = self.server.page(call) if self.server.page else None
        if extra is not None:
            self.send(*extra)
        elif call.path.startswith("/__"):
            self.send_answer(self.server.control(call))
        else:
            self.respond_as_vendor(call)

    def respond_as_vendor(self, call: Call) -> None:
        """Answer as HubSpot would, or as the script wants it."""
        account = self.server.account
        fault = account.faults.next_for(call.method, call.path)
        if fault is None:
            self.send_answer(account.answer(call))
            return
        if fault.delay_ms:
            self.server.stopping.wait(fault.delay_ms / 1000)
        real = account.answer(call) if fault.after or not fault.status else Answer(fault.status)
        if not (fault.after or not fault.status):
            account.log.append((call.method, call.path, fault.status))
        self.spoil(fault, real)

    def spoil(self, fault: Fault, real: Answer) -> None:
        """Send an answer as the fault wants it."""
        if fault.drop:
            self.close_connection = True
            return
        status = fault.status or real.status
        body = fault.text if fault.text is not None else json.dumps(fault.body or real.body)
        self.send(
            status,
            {"Content-Type": "application/json", **real.headers, **fault.headers},
            body.encode(),
            cut=fault.truncate,
        )

    def send_answer(self, answer: Answer) -> None:
        """Send a JSON answer."""
        body = b"" if answer.status == 204 else json.dumps(answer.body).encode()
        headers = {"Content-Type": "application/json;charset=utf-8", **answer.headers}
        self.send(answer.status, headers, body)

    def send(self, status: int, headers: dict[str, str], body: bytes, *, cut: bool = False) -> None:
        """Write status, headers and body; ``cut`` stops in the middle of the body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the account keeps its own log."""


class ContractServer(ThreadingHTTPServer):
    """The stand-in on a port of this machine; ``with`` starts and stops it.

    ``POST /__faults`` takes ``{"faults": [...], "webhooks": {...}}``, ``POST /__clock`` takes
    ``{"advance": seconds}``, ``GET /__log`` shows the calls so far.
    """

    daemon_threads = True
    # Whoever stops does not wait for clients that keep their connections open.
    block_on_close = False

    def __init__(self, account: Account, *, port: int = 0) -> None:
        super().__init__((LOCALHOST, port), Handler)
        self.account = account
        self.stopping = Event()
        self.page: Any = None

    @property
    def url(self) -> str:
        """The address, like ``http://127.0.0.1:8331``."""
        return f"http://{LOCALHOST}:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Raise nothing for clients that went away; everything else is shown as usual."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def control(self, call: Call) -> Answer:
        """Answer the addresses that steer the stand-in; none of them exists at the vendor."""
        try:
            return self._controlled(call)
        except Answer as refusal:
            return refusal

    def _controlled(self, call: Call) -> Answer:
        account = self.account
        if (call.method, call.path) == ("GET", "/__log"):
            return Answer(200, [list(line) for line in account.log])
        if (call.method, call.path) == ("POST", "/__clock"):
            body = call.json()
            only(body, ("advance",))
            account.clock.advance(float(body["advance"]))
            return Answer(200, {"now": account.clock.now_ms()})
        if (call.method, call.path) == ("POST", "/__faults"):
            body = call.json()
            only(body, ("faults", "webhooks", "clear"))
            if body.get("clear"):
                account.faults.clear()
            for spec in body.get("faults") or []:
                account.faults.add(spec)
            for name, value in (body.get("webhooks") or {}).items():
                if not hasattr(account.webhooks.mischief, name):
                    raise invalid(f"There is no mischief called {name}.")
                setattr(account.webhooks.mischief, name, value)
            return Answer(200, {"waiting": len(account.faults.waiting)})
        return Answer(404, {"message": "There is no such control."})


@contextmanager
def running(account: Account, *, port: int = 0) -> Iterator[ContractServer]:
    """Serve an account for as long as the block lasts."""
    server = ContractServer(account, port=port)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


__all__ = ["LOCALHOST", "ContractServer", "running"]
