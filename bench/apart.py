"""A measure in a process, a database and a folder of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from bench.database import drop_database, ensure_database


@contextmanager
def own_database(suffix: str) -> Iterator[str]:
    """Make an empty database beside the bench's and give its address; remove it in the end."""
    bench = urlsplit(os.environ["DATABASE_URL"])
    name = f"{bench.path.strip('/')}_{suffix}"
    drop_database(name)
    ensure_database(name)
    try:
        yield bench._replace(path=f"/{name}").geturl()
    finally:
        drop_database(name)


def lines_of(
    module: str, servers: dict[str, str], *arguments: int, longest: int
) -> list[dict[str, Any]]:
    """Run a module of the bench as a portal like ``make run`` has, and return what it reports.

    ``servers`` are settings; an empty one is taken away, so that the embedded part serves.
    ``longest`` is in seconds.
    """
    folder = tempfile.mkdtemp(prefix="kept-bench-")
    environment = {
        **{key: value for key, value in os.environ.items() if key not in servers},
        **{key: value for key, value in servers.items() if value},
        "DATA_DIR": folder,
        "DEMO": "true",
        "ALLOWED_HOSTS": "localhost",
        "BASE_URL": "http://localhost:8000",
    }
    command = [sys.executable, "-m", module, *map(str, arguments)]
    try:
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=longest
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@contextmanager
def running(children: Iterable[dict[str, Any]]) -> Iterator[None]:
    """Start processes of ``make run``, as ``serve.children`` names them; stop them in the end."""
    processes = [
        subprocess.Popen(child["argv"], stdout=subprocess.DEVNULL, stderr=sys.stderr)
        for child in children
    ]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
