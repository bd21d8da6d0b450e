"""What make run starts: everything on one machine, from an empty folder to a clean stop."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from portal.demo.logins import DEMO_LOGINS
from portal.management.commands import serve

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 240.0


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def taken_port() -> Iterator[int]:
    """Return a port on which somebody listens."""
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        yield somebody.getsockname()[1]


def test_a_taken_port_is_refused_with_a_proposal(taken_port: int) -> None:
    with pytest.raises(CommandError) as refused:
        serve.refuse_taken_port("127.0.0.1", taken_port)
    assert f"Port {taken_port} on 127.0.0.1 cannot be used" in str(refused.value)
    assert f"make run PORT={taken_port + 1}" in str(refused.value)


def test_a_free_port_is_accepted() -> None:
    serve.refuse_taken_port("127.0.0.1", free_port())


def test_the_banner_names_the_doors_and_who_one_can_be(settings) -> None:
    settings.DEMO = True
    settings.BASE_URL = "http://localhost:8123"
    settings.DEMO_CRM_URL = "http://localhost:8124"
    banner = serve.Command().banner()
    assert "Demo CRM   http://localhost:8124/ " in banner
    for address in ("http://localhost:8123/", "http://localhost:8123/desk/", "8123/ops/"):
        assert f"{address}\n" in banner
    for login in DEMO_LOGINS:
        assert login["email"] in banner


def test_outside_the_demo_the_banner_names_nobody(settings) -> None:
    settings.DEMO = False
    assert "logins" not in serve.Command().banner()
    assert "CRM" not in serve.Command().banner()


def test_the_demo_crm_runs_in_the_demo_alone_and_sends_to_where_the_portal_listens(settings):
    settings.DEMO = False
    assert [child["name"] for child in serve.children("127.0.0.1", 8123)] == [
        "web", "worker", "beat",
    ]  # fmt: skip
    settings.DEMO = True
    for host, reached_at in (
        ("127.0.0.1", "http://127.0.0.1:8123"),
        ("0.0.0.0", "http://127.0.0.1:8123"),  # noqa: S104
        ("192.0.2.7", "http://192.0.2.7:8123"),
    ):
        child = serve.children(host, 8123)[-1]
        assert child["name"] == "crm"
        assert child["argv"][-1] == reached_at


def session_of(leader: int) -> set[int]:
    """Return the process and everything that it started, directly or not."""
    parents = {
        int(path.name): int(path.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1])
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and path.joinpath("stat").exists()
    }
    found, size = {leader}, 0
    while len(found) > size:
        size = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found


def watch_a_tier_follow(crm: str, deadline: float) -> None:
    """Change a contract value in the Demo CRM until the portal has written the new tier there."""
    with urllib.request.urlopen(f"{crm}/?q=Sparrow+Candles") as page:  # noqa: S310
        found = re.search(r"/contacts/4242/record/0-2/\d+", page.read().decode())
    assert found is not None
    with urllib.request.urlopen(crm + found[0]) as page:  # noqa: S310
        assert 'class="tier starter"' in page.read().decode()
    form = urllib.parse.urlencode({"name": "Sparrow Candles", "acv": "31,000"}).encode()
    request = urllib.request.Request(crm + found[0], form, {"Origin": crm})  # noqa: S310
    with urllib.request.urlopen(request) as page:  # noqa: S310
        assert "took the signed webhook" in page.read().decode()
    while True:
        with urllib.request.urlopen(crm + found[0]) as page:  # noqa: S310
            if 'class="tier enterprise"' in page.read().decode():
                return
        assert time.monotonic() < deadline, "the tier did not follow"
        threading.Event().wait(0.2)


@pytest.mark.slow
@pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="make run needs no server")
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for leftovers in /proc")
def test_an_empty_folder_becomes_a_working_demo_that_stops_without_leftovers(
    tmp_path: Path,
) -> None:
    port, crm_port = free_port(), free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATA_DIR": str(tmp_path),
        "DEMO": "true",
        "MAILBOX_DIR": str(tmp_path / "mailbox"),
        "BASE_URL": f"http://localhost:{port}",
        "DEMO_CRM_PORT": str(crm_port),
    }
    environment.pop("BROKER_URL", None)
    output = tmp_path / "output.txt"
    with output.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while "Support is up." not in output.read_text():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            threading.Event().wait(0.2)
        with urllib.request.urlopen(f"http://localhost:{port}/accounts/login/") as page:
            assert page.status == 200
        with urllib.request.urlopen(f"http://localhost:{crm_port}/") as page:
            assert "A stand-in for a real CRM" in page.read().decode()
        watch_a_tier_follow(f"http://localhost:{crm_port}", deadline)
        everybody = session_of(process.pid)
        assert len(everybody) >= 6  # supervisor, web and its worker, worker, beat, demo CRM
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, output.read_text()
        assert output.read_text().endswith("Stopped.\n")
        assert not any(Path(f"/proc/{number}").exists() for number in everybody)
        assert "Traceback" not in output.read_text()
    finally:
        process.kill()
        process.wait()
