"""Django's SQLite backend, except for how a transaction waits for the one writer there may be.

SQLite itself looks for the lock ten times a second in the end, and whoever happens to look gets
it. A task that writes row after row, a transaction each, leaves it free for a millisecond in
thirty; next to one, others waited for seconds: the clock sweep, and a customer who had pressed
"Send". Looking every other millisecond finds those gaps, at hardly any cost.
"""

import random
import sqlite3
import time
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

SHORTEST_NAP, LONGEST_NAP = 0.0005, 0.003  # seconds


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to SQLite that looks often for its turn to write."""

    def _start_transaction_under_autocommit(self) -> None:
        patience = float(self.settings_dict["OPTIONS"].get("timeout", 5))
        deadline = time.monotonic() + patience
        raw: Any = self.connection
        raw.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    super()._start_transaction_under_autocommit()  # type: ignore[misc]
                    return
                except OperationalError as error:
                    if not is_busy(error) or time.monotonic() > deadline:
                        raise
                time.sleep(random.uniform(SHORTEST_NAP, LONGEST_NAP))  # noqa: S311  (no secret)
        finally:
            raw.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")


def is_busy(error: OperationalError) -> bool:
    """Tell whether somebody else is writing, as against all other troubles."""
    cause = error.__cause__
    return isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode == sqlite3.SQLITE_BUSY
