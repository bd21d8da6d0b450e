"""The supervisor, run as the real program with small children."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal import supervisor

PROGRAM = Path(supervisor.__file__)
PATIENCE_SECONDS = 20.0
STAY = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STAY}"


class RunningSupervisor:
    """A started supervisor whose output can be waited for."""

    def __init__(self, plan: dict[str, object], folder: Path) -> None:
        plan_file = folder / "plan.json"
        plan_file.write_text(json.dumps(plan))
        self.output = folder / "output.txt"
        with plan_file.open() as source, self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(PROGRAM), "--plan-fd", str(source.fileno())],
                pass_fds=[source.fileno()],
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def printed(self) -> str:
        """Return everything printed so far."""
        return self.output.read_text()

    def wait_for(self, condition: Callable[[str], bool]) -> str:
        """Return the output once it is as wanted."""
        eventually(lambda: condition(self.printed()), lambda: self.printed())
        return self.printed()

    def numbers(self, name: str) -> list[int]:
        """Return the process ids that the child of this name has printed."""
        words = [line.split() for line in self.printed().splitlines()]
        return [int(line[3]) for line in words if line[:3] == [name, "|", "pid"]]


def eventually(condition: Callable[[], bool], describe: Callable[[], str]) -> None:
    """Wait until the condition holds; fail with a description when it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain; seen so far:\n{describe()}")
        threading.Event().wait(0.02)


def is_alive(number: int) -> bool:
    """Tell whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def child(name: str, code: str) -> dict[str, object]:
    """Return a plan's child that prints its process id and then runs ``code``."""
    announce = "import os; print('pid', os.getpid(), flush=True); "
    return {"name": name, "argv": [sys.executable, "-c", announce + code]}


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., RunningSupervisor]]:
    """Return a function that starts a supervisor; whatever is left is ended afterwards."""
    started: list[RunningSupervisor] = []

    def start(*children: dict[str, object], **more: object) -> RunningSupervisor:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(RunningSupervisor({"children": children, **more}, folder))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        running.process.wait()


def test_lines_carry_the_name_of_who_printed_them(supervise) -> None:
    running = supervise(child("web", STAY), child("worker", STAY))
    printed = running.wait_for(lambda text: text.count("| up") == 2)
    assert "web    | up\n" in printed
    assert "worker | up\n" in printed


def test_a_last_line_without_an_end_is_shown_too(supervise) -> None:
    running = supervise(child("web", "print('no end', end='', flush=True)"))
    running.wait_for(lambda text: "web | no end\n" in text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_stops_every_child_and_ends_well(supervise, number: int) -> None:
    running = supervise(child("web", STAY), child("beat", STAY))
    running.wait_for(lambda text: text.count("| up") == 2)
    running.process.send_signal(number)
    assert running.process.wait(PATIENCE_SECONDS) == 0
    assert running.printed().endswith("Stopped.\n")
    assert not any(map(is_alive, running.numbers("web") + running.numbers("beat")))


def test_a_second_stop_signal_does_not_wait_for_a_child_that_refuses(supervise) -> None:
    running = supervise(child("web", STUBBORN))
    running.wait_for(lambda text: "| up" in text)
    running.process.send_signal(signal.SIGINT)
    running.wait_for(lambda text: "Stopping web" in text)
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(PATIENCE_SECONDS) == 0
    assert "web | did not stop in time" in running.printed()
    assert not any(map(is_alive, running.numbers("web")))


def test_a_child_that_ends_is_started_again(supervise) -> None:
    running = supervise(child("web", STAY), child("worker", "raise SystemExit(3)"))
    running.wait_for(lambda text: text.count("worker | pid") >= 2)
    assert "worker | stopped by itself (exit code 3); starting again in 1 s" in running.printed()
    assert len(running.numbers("web")) == 1


def test_a_killed_child_takes_its_own_children_with_it_before_it_starts_again(supervise) -> None:
    with_helper = (
        "import subprocess, sys; "
        f"helper = subprocess.Popen([sys.executable, '-c', {STAY!r}]); "
        "print('helper', helper.pid, flush=True); helper.wait()"
    )
    running = supervise(child("web", with_helper))
    printed = running.wait_for(lambda text: "| up" in text)
    helper = int(printed.split("helper ")[1].split()[0])
    os.kill(running.numbers("web")[0], signal.SIGKILL)
    running.wait_for(lambda text: "stopped by itself (signal SIGKILL)" in text)
    eventually(lambda: not is_alive(helper), running.printed)
    running.wait_for(lambda text: text.count("web | pid") == 2)


def test_a_program_that_does_not_exist_is_said_and_stops_nothing_else(supervise) -> None:
    running = supervise({"name": "web", "argv": ["/no/such/program"]}, child("worker", STAY))
    printed = running.wait_for(lambda text: "worker | up" in text)
    assert "web    | cannot be started" in printed
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(PATIENCE_SECONDS) == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the children")
def test_children_do_not_outlive_a_killed_supervisor(supervise) -> None:
    running = supervise(child("web", STAY), child("worker", STAY))
    running.wait_for(lambda text: text.count("| up") == 2)
    children = running.numbers("web") + running.numbers("worker")
    assert all(map(is_alive, children))
    running.process.kill()
    running.process.wait()
    eventually(lambda: not any(map(is_alive, children)), lambda: f"{children} still run")


def test_the_banner_comes_once_the_server_answers(supervise) -> None:
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Keep the test quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as server:
        address = f"http://127.0.0.1:{server.server_port}/healthz"
        running = supervise(child("web", STAY), ready_url=address, banner="Open the door.")
        running.wait_for(lambda text: "web | up" in text)
        assert "Open the door." not in running.printed()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.wait_for(lambda text: "Open the door.\n" in text)
        server.shutdown()


def test_the_wait_before_a_restart_doubles_up_to_half_a_minute() -> None:
    waits = [supervisor.restart_delay(crashes) for crashes in range(1, 8)]
    assert waits == [1, 2, 4, 8, 16, 30, 30]
