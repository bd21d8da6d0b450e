"""Keep web, worker and beat running under one foreground process.

Standard library only and started by path (``python -P portal/supervisor.py``),
because what stays in the foreground all day should weigh a few megabytes and
not a loaded Django. ``manage.py serve`` prepares everything and then turns into
this program, which reads its plan as JSON from a file descriptor:

    {"children": [{"name": "web", "argv": ["..."]}],
     "ready_url": "http://127.0.0.1:8000/healthz",  (optional)
     "banner": "text shown once ready_url answers"}

One thread on purpose: the kernel ends children with the *thread* that started
them (see ``end_with_parent``).
"""

import argparse
import contextlib
import ctypes
import http.client
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TextIO
from urllib.parse import urlsplit

PR_SET_PDEATHSIG = 1  # linux/prctl.h
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_SECONDS = 15.0
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
STEADY_SECONDS = 60.0  # a child that ran this long starts again with the first delay
POLL_SECONDS = 0.5
READY_PATIENCE_SECONDS = 60.0
QUIET_SECONDS = 2.0  # how long nobody spoke before the banner, which should stand last
QUIET_PATIENCE_SECONDS = 10.0
LONGEST_LINE_BYTES = 64 * 1024
COLOURS = ("36", "33", "35", "32", "34")


def restart_delay(crashes_in_a_row: int) -> float:
    """Return the seconds to wait before start number ``crashes_in_a_row + 1``: 1, 2, 4 .. 30."""
    return min(FIRST_DELAY_SECONDS * 2.0 ** (crashes_in_a_row - 1), LONGEST_DELAY_SECONDS)


def end_with_parent(parent: int) -> Callable[[], None] | None:
    """Return what a child runs before its program, so that it never outlives its parent.

    SIGKILL leaves the supervisor no moment to stop anybody; Linux then sends the
    child a SIGTERM for us (prctl(2), PR_SET_PDEATHSIG). Other systems have no such
    thing: there only a SIGKILL of the supervisor leaves children behind.
    """
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent died between fork and prctl
            os._exit(1)

    return tie


@dataclass
class Child:
    """One process that should always run, and what is known about its current life."""

    name: str
    argv: list[str]
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_at: float = 0.0
    crashes_in_a_row: int = 0
    unfinished_line: bytes = field(default=b"", repr=False)


class Supervisor:
    """Start the children, pass on what they print, restart them, stop them together."""

    def __init__(
        self,
        children: list[Child],
        *,
        ready_url: str | None = None,
        banner: str = "",
        out: TextIO = sys.stdout,
    ) -> None:
        self.children = children
        self.ready_url = ready_url
        self.banner = banner
        self.out = out
        self.width = max((len(child.name) for child in children), default=0)
        self.stop_requests = 0
        self.last_line_at = 0.0
        self.selector = selectors.DefaultSelector()
        self.tie = end_with_parent(os.getpid())

    # -- what people see -------------------------------------------------------

    def show(self, name: str, line: str) -> None:
        """Print one line under the name of who said it."""
        self.last_line_at = time.monotonic()
        prefix = f"{name:<{self.width}} |"
        if self.out.isatty():
            names = [child.name for child in self.children]
            colour = COLOURS[names.index(name) % len(COLOURS)] if name in names else "1"
            prefix = f"\033[{colour}m{prefix}\033[0m"
        self.say(f"{prefix} {line}")

    def say(self, text: str) -> None:
        """Print; a reader that went away (a closed pipe) must not stop the services."""
        try:
            print(text, file=self.out, flush=True)
        except BrokenPipeError:
            self.out = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115

    # -- life of a child -------------------------------------------------------

    def start(self, child: Child) -> None:
        """Start the child in a session of its own: Ctrl-C reaches only the supervisor."""
        child.started_at = time.monotonic()
        try:
            child.process = subprocess.Popen(
                child.argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=self.tie,  # safe: this process has one thread
            )
        except OSError as error:
            self.plan_restart(child, f"cannot be started ({error})")
            return
        output = child.process.stdout
        assert output is not None
        os.set_blocking(output.fileno(), False)
        self.selector.register(output, selectors.EVENT_READ, child)

    def read(self, child: Child) -> None:
        """Pass on every whole line that the child has printed."""
        process = child.process
        if process is None or process.stdout is None:
            return
        chunk = process.stdout.read()
        if chunk == b"":
            self.selector.unregister(process.stdout)
            process.stdout.close()
            process.stdout = None
        *lines, rest = (child.unfinished_line + (chunk or b"")).split(b"\n")
        if len(rest) > LONGEST_LINE_BYTES or (chunk == b"" and rest):
            lines, rest = [*lines, rest], b""
        child.unfinished_line = rest
        for line in lines:
            self.show(child.name, line.decode("utf-8", "replace").rstrip("\r"))

    def bury(self, child: Child) -> None:
        """Forget a process that has ended, with everything it had started itself."""
        process = child.process
        assert process is not None
        # A server killed the hard way leaves its own workers behind, holding the port.
        signal_group(process.pid, signal.SIGKILL)
        self.read(child)
        if process.stdout is not None:
            self.selector.unregister(process.stdout)
            process.stdout.close()
        child.process = None
        child.unfinished_line = b""

    def plan_restart(self, child: Child, why: str) -> None:
        """Decide when the child is started again, and say so."""
        now = time.monotonic()
        if now - child.started_at >= STEADY_SECONDS:
            child.crashes_in_a_row = 0
        child.crashes_in_a_row += 1
        delay = restart_delay(child.crashes_in_a_row)
        child.start_at = now + delay
        self.show(child.name, f"{why}; starting again in {delay:.0f} s")

    def look_after(self, child: Child) -> None:
        """Notice that a child ended; start the one whose time has come."""
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            self.bury(child)
            self.plan_restart(child, f"stopped by itself ({describe_exit(code)})")
        elif time.monotonic() >= child.start_at:
            self.start(child)

    # -- the loop --------------------------------------------------------------

    def run(self) -> int:
        """Keep everything running until asked to stop; return the exit code."""
        wake_up = self.listen_for_signals()
        welcome = self.welcome()
        while not self.stop_requests:
            for child in self.children:
                self.look_after(child)
            self.wait_for_news(POLL_SECONDS, wake_up)
            next(welcome, None)
        return self.stop(wake_up)

    def welcome(self) -> Iterator[None]:
        """Show the banner when the server answers and the start has gone quiet."""
        if self.ready_url:
            patience_ends = time.monotonic() + READY_PATIENCE_SECONDS
            while not answers(self.ready_url):
                if time.monotonic() > patience_ends:
                    self.say(f"{self.ready_url} still does not answer; the lines above say why.")
                    return
                yield
            patience_ends = time.monotonic() + QUIET_PATIENCE_SECONDS
            while time.monotonic() < min(self.last_line_at + QUIET_SECONDS, patience_ends):
                yield
        self.say(self.banner)

    def listen_for_signals(self) -> int:
        """Turn signals into bytes on a pipe, so that the loop wakes at once."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self.ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(reader, selectors.EVENT_READ, None)
        return reader

    def ask_to_stop(self, *_: object) -> None:
        """Count the requests: the second one does not wait for anybody."""
        self.stop_requests += 1

    def wait_for_news(self, seconds: float, wake_up: int) -> None:
        """Sleep until a child prints or ends, a signal comes, or the time is over."""
        for key, _ in self.selector.select(seconds):
            if key.data is None:
                os.read(wake_up, 1024)
            else:
                self.read(key.data)

    def stop(self, wake_up: int) -> int:
        """Ask all children to finish, then end those that do not."""
        running = [child for child in self.children if child.process is not None]
        self.say(f"Stopping {', '.join(child.name for child in running)} ...")
        for child in running:
            assert child.process is not None
            child.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        while running and time.monotonic() < deadline and self.stop_requests < 2:
            self.wait_for_news(0.1, wake_up)
            for child in [c for c in running if c.process and c.process.poll() is not None]:
                self.bury(child)
                running.remove(child)
        for child in running:
            assert child.process is not None
            self.show(child.name, "did not stop in time and was ended")
            signal_group(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self.bury(child)
        self.say("Stopped.")
        return 0


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to all that is left of a child's process group."""
    # Nobody left is fine; macOS says EPERM for a group of zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def describe_exit(code: int) -> str:
    """Return an exit code of subprocess in words."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def answers(url: str) -> bool:
    """Tell whether somebody speaks HTTP there without an error of its own."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=0.3)
    try:
        connection.request("GET", where.path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """Read the plan and carry it out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--plan-fd", type=int, required=True, help="descriptor with the JSON plan")
    with open(parser.parse_args().plan_fd, encoding="utf-8") as source:
        plan: dict[str, Any] = json.load(source)
    children = [Child(name=entry["name"], argv=entry["argv"]) for entry in plan["children"]]
    return Supervisor(
        children, ready_url=plan.get("ready_url"), banner=plan.get("banner", "")
    ).run()


if __name__ == "__main__":
    sys.exit(main())
