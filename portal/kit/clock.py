"""The only reader of the wall clock.

Views, tasks and commands read it once, at the edge, and pass ``now`` inward;
actions and rules never look. Inside, every instant is UTC.
"""

from datetime import UTC, datetime

from django.utils import timezone

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return timezone.now()


def to_epoch(instant: datetime) -> int:
    """Return whole epoch seconds of an aware instant, rounded down.

    The promise engine counts whole seconds; an event belongs to the second in
    which it happened.
    """
    since = instant - EPOCH  # by its parts: exact, and half the cost of timestamp()
    return since.days * 86_400 + since.seconds


def from_epoch(seconds: int) -> datetime:
    """Return the aware UTC instant of epoch seconds."""
    return datetime.fromtimestamp(seconds, UTC)
