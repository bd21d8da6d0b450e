"""Open tickets recomputed after the edit of a calendar, with the time of each stage.

In a database of its own; see ``bench.recomputing``. SIZE=s takes 10,000 open tickets, the others
100,000.
"""

from collections.abc import Iterator
from typing import Any

from bench.apart import lines_of, own_database

MOST = 100_000
LONGEST = 3_600


def run(size: int) -> Iterator[dict[str, Any]]:
    """Yield the lines."""
    with own_database("recompute") as address:
        servers = {"DATABASE_URL": address, "REDIS_URL": ""}
        yield from lines_of("bench.recomputing", servers, min(size, MOST), longest=LONGEST)
