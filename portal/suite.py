"""Run the test suite on every kind of server that there is: what ``make test`` starts.

Always on the embedded default (SQLite, no broker server), and once more, without
the tests that touch no database, on PostgreSQL and Redis when ``DATABASE_URL`` /
``REDIS_URL`` name them or servers answer on their standard local ports. Says at the
end what ran, what did not and why; the last line adds everything up. Started by
path, standard library only.
"""

import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL = ("127.0.0.1", 5432)
REDIS = ("127.0.0.1", 6379)
# Not database 0, which may hold what somebody works with: tests empty theirs.
REDIS_DATABASE = 1
SERVER_VARIABLES = ("DATABASE_URL", "REDIS_URL", "BROKER_URL")
PROBE_SECONDS = 2.0
# Tells conftest.py to leave out tests that touch no server: half of them, and they ran before.
SERVERS_ONLY = "TESTS_ABOUT_SERVERS_ONLY"


@dataclass
class Run:
    """One pass of the suite, and what came of it."""

    title: str
    environment: dict[str, str]
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    code: int = 0


@dataclass
class Plan:
    """Which servers to use, and why one is left out."""

    runs: list[Run] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def database_name() -> str:
    """Return a database name of this checkout's own, so that two clones never share one."""
    return f"kept_{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"


def find_postgresql() -> tuple[str | None, str]:
    """Return the address of a PostgreSQL to test on, and how it was found or why not."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith(("postgres://", "postgresql://")):
        return given, "DATABASE_URL"
    host, port = POSTGRESQL
    sockets = [f"{host}:{port}", f"%2Fvar%2Frun%2Fpostgresql:{port}", f"%2Ftmp:{port}"]
    for place in sockets:
        url = f"postgres://postgres@{place}/postgres"
        if answers_query(url):
            return url.removesuffix("postgres") + database_name(), "found on this machine"
    return None, f"DATABASE_URL is not set and no server lets postgres in on {host}:{port}"


def answers_query(url: str) -> bool:
    """Tell whether the server lets us in without a password."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=int(PROBE_SECONDS)):
            return True
    except psycopg.Error:
        return False


def find_redis() -> tuple[str | None, str]:
    """Return the address of a Redis to test on, and how it was found or why not."""
    if given := os.environ.get("REDIS_URL"):
        return given, "REDIS_URL"
    host, port = REDIS
    try:
        with socket.create_connection(REDIS, timeout=PROBE_SECONDS) as connection:
            connection.sendall(b"PING\r\n")
            if connection.recv(16).startswith(b"+PONG"):
                return f"redis://{host}:{port}/{REDIS_DATABASE}", "found on this machine"
    except OSError:
        pass
    return None, f"REDIS_URL is not set and nothing answers PING on {host}:{port}"


def make_plan() -> Plan:
    """Look which servers there are."""
    bare = {name: value for name, value in os.environ.items() if name not in SERVER_VARIABLES}
    plan = Plan([Run("embedded default (SQLite, no broker server)", bare)])
    database, about_database = find_postgresql()
    redis, about_redis = find_redis()
    used = []
    extra = {}
    if database:
        used.append(f"PostgreSQL ({about_database})")
        extra["DATABASE_URL"] = database
    else:
        plan.left_out.append(f"PostgreSQL: {about_database}")
    if redis:
        used.append(f"Redis ({about_redis})")
        extra["REDIS_URL"] = redis
    else:
        plan.left_out.append(f"Redis: {about_redis}")
    if used:
        plan.runs.append(Run(" + ".join(used), {**bare, **extra, SERVERS_ONLY: "1"}))
    return plan


def carry_out(run: Run, arguments: list[str]) -> None:
    """Run pytest once and read the counts from its report."""
    print(f"\n=== {run.title} ===\n", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", f"--junitxml={report}", "--durations=15"]
        command += ["--durations-min=3", *arguments]
        run.code = subprocess.run(command, cwd=ROOT, env=run.environment, check=False).returncode
        run.seconds = time.monotonic() - started
        if report.exists():
            parsed = ElementTree.parse(report)  # noqa: S314 (written by our own pytest)
            for suite in parsed.getroot().iter("testsuite"):
                total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
                failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
                run.failed += failed
                run.skipped += skipped
                run.passed += max(total - failed - skipped, 0)
    if run.code and not run.failed:
        run.failed = 1  # stopped before or after the tests: no test counts it, we do


def main(arguments: list[str]) -> int:
    """Run the suite everywhere; return 0 only if nothing failed anywhere."""
    plan = make_plan()
    for run in plan.runs:
        carry_out(run, arguments)
    print("\nWhat ran:")
    for run in plan.runs:
        counts = f"{run.passed} passed, {run.failed} failed, {run.skipped} skipped"
        print(f"  {run.title}: {counts} in {run.seconds:.0f} s")
    for sentence in plan.left_out:
        print(f"  not on {sentence}")
    passed = sum(run.passed for run in plan.runs)
    failed = sum(run.failed for run in plan.runs)
    skipped = sum(run.skipped for run in plan.runs)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if any(run.code for run in plan.runs) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
