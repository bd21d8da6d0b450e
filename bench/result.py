"""One JSON line per measure."""

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection


def report(line: dict[str, Any]) -> None:
    """Print a line at once, so that a long run shows its progress."""
    sys.stdout.write(json.dumps(line, default=str) + "\n")
    sys.stdout.flush()


def milliseconds(work: Callable[[], object], runs: int) -> list[float]:
    """Return the wall milliseconds of each run."""
    took = []
    for _run in range(runs):
        started = time.perf_counter()
        work()
        took.append((time.perf_counter() - started) * 1000)
    return took


def measure(name: str, took: Sequence[float], *, unit: str = "ms", **beside: Any) -> dict[str, Any]:
    """Return a line with median, p95 and quartiles of the runs."""
    ordered = sorted(took)
    quartiles = statistics.quantiles(ordered, n=4) if len(ordered) > 1 else [ordered[0]] * 3
    return {
        "name": name,
        "value": round(statistics.median(ordered), 3),
        "unit": unit,
        "runs": len(ordered),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 3),
        "iqr": round(quartiles[2] - quartiles[0], 3),
        **beside,
    }


def machine() -> dict[str, Any]:
    """Say on what this was measured: numbers of another machine compare as ratios alone."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
        cursor.execute("SHOW shared_buffers")
        buffers = cursor.fetchone()[0]
        cursor.execute("SHOW synchronous_commit")
        durable = cursor.fetchone()[0]
    return {
        "name": "machine",
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "postgresql": version,
        "shared_buffers": buffers,
        "synchronous_commit": durable,
        "fsync_ms": round(statistics.median(_fsyncs()), 3),
    }


def _fsyncs() -> list[float]:
    with tempfile.NamedTemporaryFile(dir=".") as file:

        def once() -> None:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())

        return milliseconds(once, 30)
