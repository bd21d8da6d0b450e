"""How long to wait before trying again, and when to give up."""

from datetime import timedelta

SHORTEST = timedelta(seconds=2)
LONGEST_CALL = timedelta(minutes=10)
LONGEST_ROW = timedelta(hours=6)
# After so many failures in a row a connection is called failing. Fewer are hiccups.
FAILING_AFTER = 3
# A row that failed by itself, while others went through, is set aside after so many tries.
TRIES = 8
LARGEST_JITTER = 0.2


def call_delay(failures: int, chance: float, retry_after: float | None) -> timedelta:
    """Return how long a CRM is left alone after this many failures in a row.

    What the CRM asked for counts when it is longer. ``chance`` is from 0 to 1.
    """
    asked = timedelta(seconds=min(max(retry_after or 0, 0), 86_400))
    own: timedelta = _doubled(failures, LONGEST_CALL) * (1 + chance * LARGEST_JITTER)
    return max(own, asked)


def row_delay(attempts: int, chance: float) -> timedelta | None:
    """Return how long a row waits after its failed attempts; None when it is set aside."""
    if attempts >= TRIES:
        return None
    return _doubled(attempts, LONGEST_ROW) * (1 + chance * LARGEST_JITTER)


def _doubled(times: int, longest: timedelta) -> timedelta:
    doublings: int = min(max(times - 1, 0), 16)
    grown: timedelta = SHORTEST * (1 << doublings)
    return min(grown, longest)
