"""From the instant of a breach to its row: the lag under a steady load, with one worker.

Twice: on PostgreSQL, and on what ``make run`` has without any server (SQLite in WAL mode and the
broker of files). See ``bench.steady`` for the load. ``recorded_at`` is when the sweep looked;
``seen_lag`` is when somebody else could read the row, the honest end of the way.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from bench.database import drop_database, ensure_database

TARGET_SECONDS = 2
TICKETS = 20_000
SECONDS = {10_000: 30, 100_000: 120, 1_000_000: 300}
LONGEST = 900


def run(size: int) -> Iterator[dict[str, Any]]:
    """Yield a line per database."""
    seconds = SECONDS[size]
    database = urlsplit(os.environ["DATABASE_URL"]).path.strip("/") + "_lag"
    drop_database(database)
    ensure_database(database)
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
    broker = os.environ.get("REDIS_URL", "")
    try:
        yield measured("PostgreSQL", {"DATABASE_URL": address, "REDIS_URL": broker}, seconds)
    finally:
        drop_database(database)
    yield measured("SQLite", {"DATABASE_URL": "", "REDIS_URL": ""}, seconds)


def measured(name: str, servers: dict[str, str], seconds: int) -> dict[str, Any]:
    """Run the load in a process of its own and return its line."""
    folder = tempfile.mkdtemp(prefix="kept-lag-")
    environment = {
        **{key: value for key, value in os.environ.items() if key not in servers},
        **{key: value for key, value in servers.items() if value},
        "DATA_DIR": folder,
        "DEMO": "true",
        "ALLOWED_HOSTS": "localhost",
        "BASE_URL": "http://localhost:8000",
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.steady", str(TICKETS), str(seconds)],
            env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=LONGEST,
        )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    line = json.loads(done.stdout.splitlines()[-1])
    return {
        "name": f"breach to event, {name}, one worker",
        "value": line["seen_lag"]["p99"],
        "unit": "s at p99",
        "runs": 1,
        "target": TARGET_SECONDS,
        "broker": "redis" if servers["REDIS_URL"] else "files",
        **line,
    }
