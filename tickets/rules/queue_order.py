"""Which ticket is next: the earliest promise that is running, and why, in words.

Instants are integer epoch seconds in UTC, as in the clocks. A queue is sorted by the next promise
due, then by severity, then by age (the id). Tickets that owe nothing at the moment come last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import ClassVar, Protocol

from tiers.rules.evaluation import Param, Params, Reason, gettext_noop

NO_PROMISE_AT = 253_370_764_800
"""9999-01-01 UTC: sorts behind every promise, so that one index orders the whole queue."""

METRIC_LABELS: Mapping[str, str] = {
    "first_reply": gettext_noop("first reply"),
    "next_reply": gettext_noop("next reply"),
    "periodic_update": gettext_noop("next update"),
    "requester_wait": gettext_noop("end of the customer's wait"),
    "agent_work": gettext_noop("agent work"),
    "resolution": gettext_noop("resolution"),
    "first_resolution": gettext_noop("first resolution"),
}
# Of promises due at the same second, the one a customer notices first is told.
_TOLD_FIRST = {metric: place for place, metric in enumerate(METRIC_LABELS)}
# A broken promise is still owed until it is answered.
_OWED = frozenset({"running", "breached"})
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class ReadingLike(Protocol):
    """What is read from a clock. A clock that has a `stopped_at` owes nothing any more."""

    @property
    def metric(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def due_at(self) -> int | None: ...
    @property
    def breaches_after(self) -> int | None: ...


class QueueReason(Reason):
    """Why a ticket stands where it stands. `at` and `until` are epoch seconds, UTC."""

    TEMPLATES: ClassVar[Mapping[str, str]] = {
        "promise_due": gettext_noop("{metric} due {at}"),
        "promise_due_at_opening": gettext_noop("{metric} was due {at}, in time until {until}"),
        "promise_was_due": gettext_noop("{metric} was due {late} ago"),
        "promise_broken": gettext_noop("{metric} was due {at}"),
        "waiting_for_customer": gettext_noop("waiting for the customer, no clock running"),
        "waiting_for_third_party": gettext_noop("waiting for a third party, no clock running"),
        "done": gettext_noop("done, no clock running"),
        "no_clock": gettext_noop("no clock running"),
    }

    def shown_param(self, name: str, value: Param) -> str:
        if name == "metric":
            return METRIC_LABELS.get(str(value), str(value).replace("_", " "))
        if name in {"at", "until"} and isinstance(value, int):
            return instant_in(value, UTC)
        if name == "late" and isinstance(value, int):
            return span(value)
        return str(value)


@dataclass(frozen=True)
class NextPromise:
    """The promise by which a ticket is ranked.

    `rank_at` is None when nothing is running. `reason` does not depend on the hour at which it is
    read, so that it may be stored; `reason_at` gives the words for a moment.
    """

    rank_at: int | None
    metric: str
    breaches_after: int | None
    broken: bool
    reason: QueueReason

    @property
    def sort_at(self) -> int:
        """`rank_at`, or the sentinel behind every promise."""
        return NO_PROMISE_AT if self.rank_at is None else self.rank_at

    def reason_at(self, now: int) -> QueueReason:
        """What to say at `now`: due, due but in time until the next opening, or late."""
        if self.rank_at is None or now <= self.rank_at:
            return self.reason
        if not self.broken and self.breaches_after is not None and now <= self.breaches_after:
            params: Params = {
                "metric": self.metric,
                "at": self.rank_at,
                "until": self.breaches_after,
            }
            return QueueReason("promise_due_at_opening", params)
        late: Params = {"metric": self.metric, "at": self.rank_at, "late": now - self.rank_at}
        return QueueReason("promise_was_due", late)


def next_promise(readings: Iterable[ReadingLike], status: str = "") -> NextPromise:
    """The earliest promise still owed. `status` of the ticket only chooses the words without one.

    A paused clock is not owed; a broken one is, until it is answered.
    """
    owed = [
        (reading.due_at, _TOLD_FIRST.get(reading.metric, len(_TOLD_FIRST)), index, reading)
        for index, reading in enumerate(readings)
        if reading.status in _OWED
        and reading.due_at is not None
        and getattr(reading, "stopped_at", None) is None
    ]
    if not owed:
        return NextPromise(None, "", None, False, QueueReason(_IDLE.get(status, "no_clock")))
    due_at, _, _, reading = min(owed)
    broken = reading.status == "breached"
    return NextPromise(
        rank_at=due_at,
        metric=reading.metric,
        breaches_after=reading.breaches_after,
        broken=broken,
        reason=QueueReason(
            "promise_broken" if broken else "promise_due",
            {"metric": reading.metric, "at": due_at},
        ),
    )


_IDLE: Mapping[str, str] = {
    "pending": "waiting_for_customer",
    "on_hold": "waiting_for_third_party",
    "solved": "done",
    "closed": "done",
}


def order_key(promise: NextPromise, severity: int, ticket_id: int) -> tuple[int, int, int]:
    """Sorts a queue: promise due, then severity (1 is worst), then the older ticket."""
    return (promise.sort_at, severity, ticket_id)


def instant_in(instant: int, zone: tzinfo) -> str:
    """An instant for an English sentence, with its zone: "2026-01-05 14:20 UTC"."""
    return datetime.fromtimestamp(instant, tz=zone).strftime("%Y-%m-%d %H:%M %Z")


def span(seconds: int) -> str:
    """A length of time as people say it: the largest unit, and whole ones of it, rounded down."""
    if seconds < _MINUTE:
        return "less than a minute"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} h"
    return f"{seconds // _DAY} days"
