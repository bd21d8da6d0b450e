"""From the instant of a breach to its row: the lag under a steady load, with one worker.

Twice: on PostgreSQL, and on what ``make run`` has without any server (SQLite in WAL mode and the
broker of files). See ``bench.steady`` for the load. ``recorded_lag`` is when the sweep looked;
``seen_lag``, the value, is when somebody else could read the row: the honest end of the way.
"""

import os
from collections.abc import Iterator
from typing import Any

from bench.apart import lines_of, own_database

TARGET_SECONDS = 2
TICKETS = 20_000
SECONDS = {10_000: 30, 100_000: 120, 1_000_000: 300}
LONGEST = 1_200


def run(size: int) -> Iterator[dict[str, Any]]:
    """Yield a line per database."""
    with own_database("lag") as address:
        servers = {"DATABASE_URL": address, "REDIS_URL": os.environ.get("REDIS_URL", "")}
        yield measured("PostgreSQL", servers, SECONDS[size])
    yield measured("SQLite", {"DATABASE_URL": "", "REDIS_URL": ""}, SECONDS[size])


def measured(name: str, servers: dict[str, str], seconds: int) -> dict[str, Any]:
    """Run the load in a process of its own and return its line."""
    line = lines_of("bench.steady", servers, TICKETS, seconds, longest=LONGEST)[-1]
    return {
        "name": f"breach to event, {name}, one worker",
        "value": line["seen_lag"].get("p99"),
        "unit": "s at p99",
        "runs": 1,
        "target": TARGET_SECONDS,
        "broker": "redis" if servers["REDIS_URL"] else "files",
        **line,
    }
