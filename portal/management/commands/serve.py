"""Prepare the data and run web, worker and beat together: what ``make run`` starts.

For one machine: a demo, a trial, a small team. Larger installations start the
same processes under their own process manager and any number of times.
"""

import io
import json
import os
import socket
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.demo.crm import connect_demo_crm, demo_crm_file
from portal.kit import clock

LOCALHOST = "127.0.0.1"
# Threads, not processes: the work is waiting for the database and for mail, and a
# second Python process would cost another 100 MB and more.
WEB_THREADS = 8
# More than there are tasks that take long: each of those holds one at most (LoneTask), and the
# sweep, which must come every second, finds one free.
WORKER_THREADS = 8


class Progress(io.TextIOBase):
    """A place to write to that shows how many of the expected lines have come."""

    def __init__(self, command: BaseCommand, expected: int, starts_with: str) -> None:
        self.command = command
        self.expected = expected
        self.starts_with = starts_with
        self.seen = 0
        self.shown_tenth = 0

    def write(self, text: str) -> int:
        """Count, and show every tenth of the way."""
        self.seen += sum(line.startswith(self.starts_with) for line in text.splitlines())
        tenth = self.seen * 10 // max(self.expected, 1)
        if tenth > self.shown_tenth:
            self.shown_tenth = tenth
            self.command.stdout.write(f"      {self.seen} of {self.expected}")
            self.command.stdout.flush()
        return len(text)


class Command(BaseCommand):
    """``manage.py serve``: everything on one machine, in the foreground."""

    help = __doc__.splitlines()[0] if __doc__ else ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where the web server listens."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        """Prepare step by step, then become the supervisor."""
        refuse_taken_port(host, port)
        if settings.DEMO:
            refuse_taken_port(LOCALHOST, settings.DEMO_CRM_PORT, "DEMO_CRM_PORT")
        self.migrate()
        # WhiteNoise warns about a missing folder even where it serves the sources.
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
        if settings.HASHED_STATIC_FILES:
            with self.step("Collecting static files"):
                call_command("collectstatic", interactive=False, verbosity=0)
        if settings.DEMO:
            self.stdout.write("Loading the demo company ...")
            call_command("seed_demo", stdout=self.stdout)
            with self.step("Connecting the demo CRM"):
                connect_demo_crm(now=clock.now())
        banner = self.banner()
        connection.close()
        self.stdout.write("Starting web, worker and beat ...")
        become_supervisor(
            {
                "children": children(host, port),
                "ready_url": f"http://{host}:{port}/healthz",
                "banner": banner,
            }
        )

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Say what begins, and how long it took."""
        started = time.monotonic()
        self.stdout.write(f"{title} ...")
        self.stdout.flush()
        yield
        self.stdout.write(f"      done in {time.monotonic() - started:.1f} s")
        self.stdout.flush()

    def migrate(self) -> None:
        """Bring the database to the newest shape, counting the steps."""
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if not missing:
            self.stdout.write("Database is up to date.")
            return
        with self.step(f"Preparing the database: {missing} steps"):
            progress = Progress(self, missing, "  Applying ")
            call_command("migrate", interactive=False, stdout=progress)

    def banner(self) -> str:
        """Return what a newcomer needs to know: addresses, logins, how to stop."""
        lines = [
            "",
            f"  {settings.VENDOR_NAME} Support is up.",
            "",
            f"    Customers  {settings.BASE_URL}/",
            f"    Agents     {settings.BASE_URL}/desk/",
            f"    Ops        {settings.BASE_URL}/ops/",
        ]
        if settings.MAILBOX_DIR:
            lines.append(f"    Mails      {settings.BASE_URL}/mailbox/")
        if settings.DEMO_CRM_URL:
            lines.append(f"    Demo CRM   {settings.DEMO_CRM_URL}/  (change a contract value here)")
        if settings.DEMO:
            lines += ["", "  Demo logins", *demo_logins()]
        lines += ["", f"  Data is kept in {settings.DATA_DIR}. Ctrl-C stops everything.", ""]
        return "\n".join(lines)


def demo_logins() -> list[str]:
    """Return one line per demo login, as ``seed_demo --logins`` names them (JSON lines)."""
    answer = io.StringIO()
    call_command("seed_demo", logins=True, stdout=answer)
    logins = [json.loads(line) for line in answer.getvalue().splitlines() if line.strip()]
    width = max(len(login["email"]) for login in logins)
    return [
        f"    {login['door']:<9}  {login['email']:<{width}}  {login['password']}  ({login['who']})"
        for login in logins
    ]


def refuse_taken_port(host: str, port: int, name: str = "PORT") -> None:
    """Say at once, not after a minute of loading, that somebody else listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the server itself binds: a connection that lingers after a stop is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}): another program "
                f"listens there. Stop it, or choose another port: make run {name}={port + 1}"
            ) from error


def children(host: str, port: int) -> list[dict[str, Any]]:
    """Return the processes to keep running, by name."""
    web = ["granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    web += ["--workers", "1", "--blocking-threads", str(WEB_THREADS), "--log-level", "warning"]
    celery = ["celery", "--quiet", "-A", "portal"]
    worker = ["worker", "--pool", "threads", "--concurrency", str(WORKER_THREADS)]
    worker += ["--queues", "sla,hooks,mail_out,default", "--without-gossip", "--without-mingle"]
    # A demo in a container runs as root; the first thing a newcomer reads is not a warning.
    unalarmed = ["-W", "ignore:You're running the worker with superuser"] if settings.DEMO else []
    extra = [demo_crm(host, port)] if settings.DEMO else []
    return [
        # ``python -m``: scripts in .venv/bin carry the path at which they were installed.
        {"name": "web", "argv": [sys.executable, "-m", *web, "portal.wsgi:application"]},
        {"name": "worker", "argv": [sys.executable, *unalarmed, "-m", *celery, *worker]},
        {"name": "beat", "argv": [sys.executable, "-m", *celery, "beat", "--pidfile="]},
        *extra,
    ]


def demo_crm(host: str, port: int) -> dict[str, Any]:
    """Return the process of the Demo CRM, which listens on this machine alone."""
    everywhere = host in {"0.0.0.0", "::", ""}  # noqa: S104  (compared, not listened on)
    argv = ["-m", "integrations.crm.hubspot.contract.demo", "--file", str(demo_crm_file())]
    argv += ["--port", str(settings.DEMO_CRM_PORT), "--portal", settings.BASE_URL]
    argv += ["--deliver-to", f"http://{LOCALHOST if everywhere else host}:{port}"]
    return {"name": "crm", "argv": [sys.executable, *argv]}


def become_supervisor(plan: dict[str, Any]) -> None:
    """Replace this process: same process id and terminal, without Django's memory."""
    # A file without a name: the plan holds the demo logins and argv is visible to everybody.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as plan_file:
        json.dump(plan, plan_file)
        plan_file.flush()
        plan_file.seek(0)
        os.set_inheritable(plan_file.fileno(), True)
        sys.stdout.flush()
        program = str(settings.BASE_DIR / "portal" / "supervisor.py")
        command = [sys.executable, "-P", program, "--plan-fd", str(plan_file.fileno())]
        os.execve(sys.executable, command, {**os.environ, "PYTHONUNBUFFERED": "1"})
