"""From a saved contract value in the CRM to the tier, the open tickets' queue, the next promise.

Twice: on PostgreSQL, and on what ``make run`` has without any server. See ``bench.following``.
"""

import os
from collections.abc import Iterator
from typing import Any

from bench.apart import lines_of, own_database

TARGET_SECONDS = 5
CHANGES = {10_000: 20, 100_000: 60, 1_000_000: 200}
LONGEST = 1_200


def run(size: int) -> Iterator[dict[str, Any]]:
    """Yield a line per database."""
    with own_database("crm") as address:
        servers = {"DATABASE_URL": address, "REDIS_URL": os.environ.get("REDIS_URL", "")}
        yield measured("PostgreSQL", servers, CHANGES[size])
    yield measured("SQLite", {"DATABASE_URL": "", "REDIS_URL": ""}, CHANGES[size])


def measured(name: str, servers: dict[str, str], changes: int) -> dict[str, Any]:
    """Change accounts one after the other in a process of its own and return its line."""
    line = lines_of("bench.following", servers, changes, longest=LONGEST)[-1]
    slowest = max(line[effect].get("max", float("inf")) for effect in ("tier", "queue", "promise"))
    return {
        "name": f"CRM change to tier, queue and promise, {name}",
        "value": slowest,
        "unit": "s at most",
        "runs": 1,
        "target": TARGET_SECONDS,
        "broker": "redis" if servers["REDIS_URL"] else "files",
        **line,
    }
