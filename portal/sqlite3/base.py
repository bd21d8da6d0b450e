"""Django's SQLite backend, except for how writers wait for the one place there is.

SQLite itself looks for the lock ten times a second in the end, and whoever happens to look gets
it. A task that writes row after row, a transaction each, leaves it free for a moment only; next
to one, others waited for seconds: the clock sweep, and a customer who had pressed "Send". So here

- who waits looks every other millisecond, at hardly any cost, and
- who has held the place for long leaves it free for a moment before taking it again.
"""

import random
import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.backends.sqlite3 import base

SHORTEST_NAP, LONGEST_NAP = 0.0005, 0.003  # seconds, between two looks
# After holding the place: a tenth of that time, but not more, and nothing after a short while.
SHORT_WHILE, LONGEST_REST = 0.01, 0.02

Answer = TypeVar("Answer")


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to SQLite that looks often for its turn to write, and gives others theirs."""

    held_since = 0.0
    rests_until = 0.0

    def init_connection_state(self) -> None:
        """Take the waiting out of SQLite's hands, when the connection stands."""
        super().init_connection_state()
        raw: Any = self.connection
        raw.execute("PRAGMA busy_timeout = 0")

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor whose statements wait for their turn."""
        raw: Any = self.connection
        cursor = raw.cursor(factory=PatientCursor)
        cursor.wait = self.patiently
        return cursor

    def patiently(self, work: Callable[[], Answer]) -> Answer:
        """Do it as soon as nobody else writes; give up after the timeout of the settings."""
        deadline = time.monotonic() + float(self.settings_dict["OPTIONS"].get("timeout", 5))
        while True:
            try:
                return work()
            except sqlite3.OperationalError as error:
                # Within a transaction the place is ours already: this is no matter of waiting.
                if not is_busy(error) or self.held_since or time.monotonic() > deadline:
                    raise
            time.sleep(random.uniform(SHORTEST_NAP, LONGEST_NAP))  # noqa: S311  (no secret)

    def _start_transaction_under_autocommit(self) -> None:
        rest = self.rests_until - time.monotonic()
        if rest > 0:
            time.sleep(rest)
        super()._start_transaction_under_autocommit()  # type: ignore[misc]
        self.held_since = time.monotonic()

    def _commit(self) -> Any:
        try:
            return super()._commit()  # type: ignore[misc]
        finally:
            self._let_go()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._let_go()

    def _let_go(self) -> None:
        now = time.monotonic()
        held = now - self.held_since if self.held_since else 0.0
        if held > SHORT_WHILE:
            self.rests_until = now + min(held / 10, LONGEST_REST)
        self.held_since = 0.0


class PatientCursor(base.SQLiteCursorWrapper):
    """A cursor that waits the way its connection does."""

    wait: Callable[[Callable[[], Any]], Any]

    def execute(self, query: str, params: Any = None) -> Any:
        """Run a statement."""
        return self.wait(lambda: super(PatientCursor, self).execute(query, params))

    def executemany(self, query: str, param_list: Any) -> Any:
        """Run a statement for each of several rows."""
        rows = list(param_list)
        return self.wait(lambda: super(PatientCursor, self).executemany(query, rows))


def is_busy(error: BaseException | None) -> bool:
    """Tell whether somebody else is writing, as against all other troubles."""
    return isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY
