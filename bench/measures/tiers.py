"""Preview and apply a version of the program over very many accounts.

In a database of its own; see ``bench.tiering``. SIZE=s takes 10,000 accounts, m 100,000, l a
million.
"""

from collections.abc import Iterator
from typing import Any

from bench.apart import lines_of, own_database

LONGEST = 3_600


def run(size: int) -> Iterator[dict[str, Any]]:
    """Yield the lines."""
    with own_database("tiers") as address:
        servers = {"DATABASE_URL": address, "REDIS_URL": ""}
        yield from lines_of("bench.tiering", servers, size, longest=LONGEST)
