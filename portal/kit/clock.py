"""The only reader of the wall clock.

Views, tasks and commands read it once, at the edge, and pass ``now`` inward;
actions and rules never look. Inside, every instant is UTC.
"""

from datetime import UTC, datetime

from django.utils import timezone


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return timezone.now()


def to_epoch(instant: datetime) -> int:
    """Return whole epoch seconds of an aware instant, rounded down.

    The promise engine counts whole seconds; an event belongs to the second in
    which it happened.
    """
    return int(instant.timestamp() // 1)


def from_epoch(seconds: int) -> datetime:
    """Return the aware UTC instant of epoch seconds."""
    return datetime.fromtimestamp(seconds, tz=UTC)
