"""The time of a call that goes on for a while."""

import time
from datetime import datetime, timedelta


class Watch:
    """Tells the instant while a call goes on from ``now``, and when it has used up its time.

    The wall clock is read once, at the edge; what goes by from then on is measured, so that a
    clock that is set meanwhile changes nothing.
    """

    def __init__(self, now: datetime, budget_seconds: float) -> None:
        self._now, self._begun, self._budget = now, time.monotonic(), budget_seconds

    @property
    def _gone(self) -> float:
        return time.monotonic() - self._begun

    def now(self) -> datetime:
        """Return the instant that it is."""
        return self._now + timedelta(seconds=self._gone)

    def is_over(self) -> bool:
        """Whether the call should come to an end."""
        return self._gone >= self._budget
