"""The clock of the stand-in: the machine's own, or one that tests move."""

from datetime import UTC, datetime, timedelta
from threading import Lock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Clock:
    """Says what time it is at the vendor. With ``start`` it stands still until it is moved."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self._moved = timedelta()
        self._lock = Lock()

    def now(self) -> datetime:
        """Return the vendor's present instant, aware, in UTC."""
        # Another company's computer: its clock is not the portal's.
        base = self._start or datetime.now(UTC)  # noqa: TID251
        with self._lock:
            return base + self._moved

    def now_ms(self) -> int:
        """Return the same as whole milliseconds since 1970."""
        return to_ms(self.now())

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        with self._lock:
            self._moved += timedelta(seconds=seconds)


def to_ms(instant: datetime) -> int:
    """Return whole milliseconds since 1970."""
    return (instant - EPOCH) // MILLISECOND


def to_text(ms: int) -> str:
    """Return an instant as HubSpot writes it: ``2026-11-01T00:00:00.000Z``."""
    moment = EPOCH + timedelta(milliseconds=ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
