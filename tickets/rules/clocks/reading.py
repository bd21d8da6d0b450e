"""What comes out of the clocks: one reading per metric and cycle, with its whole ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

State = Literal["running", "paused", "stopped", "cancelled"]
Status = Literal["not_started", "running", "paused", "met", "met_late", "breached", "cancelled"]


class Segment(NamedTuple):
    """A stretch [start, end) of one state; `counted_seconds` is 0 unless it was running.

    `cause` says what began it: opened, customer_message, agent_reply, status:<status>,
    severity:<1-4>, terms:<key>. A state "stopped" lies between solve and reopening,
    "cancelled" where nothing was promised.
    """

    start: int
    end: int
    state: State
    cause: str
    calendar: str
    terms_key: str
    counted_seconds: int


class Alarm(NamedTuple):
    """A step of the warning ladder and the instant from which it is true.

    A positive step is percent of the target, a negative one business minutes before its end.

    Below 100 that is the first instant with so much elapsed; 100 is the breach, the first second
    with more than the target elapsed: one after `breaches_after`. No step is reached before its
    length was promised. New terms that leave the length alone ring no step again, and none that
    leave the clock late ring its breach again.
    """

    step: int
    at: int


class Breach(NamedTuple):
    """A broken promise, under the terms in force when it broke; never taken back."""

    at: int
    terms_key: str
    target_seconds: int


class Reading(NamedTuple):
    """One cycle of one metric, as of some instant.

    `due_at` is shown to people: the earliest instant at which the target has elapsed (closing
    time). `breaches_after` decides: the last instant at which no more than the target has
    elapsed (next opening). Both are None while a pause makes them unknowable. A stopped clock
    keeps the ones it was running towards.

    `breached_at` is when the promise was first broken, also if later terms set the clock running
    again; `breaches` holds every one. `lost_key` names the first terms that were broken when other
    terms took their place: that promise stays broken, whatever becomes of the clock. `status`
    judges by the terms in force now or at the stop.
    A clock that is over has `stopped_at`; first reply can be "breached" and over, when a ticket
    was solved late without any reply. `alarms` holds the steps already reached and, while
    running, those to come.
    """

    metric: str
    cycle: int
    status: Status
    started_at: int | None
    target_seconds: int
    elapsed_seconds: int
    remaining_seconds: int
    due_at: int | None
    breaches_after: int | None
    alarms: tuple[Alarm, ...]
    breached_at: int | None
    stopped_at: int | None
    paused_reason: str | None
    terms_key: str
    calendar: str
    ledger: tuple[Segment, ...]
    breaches: tuple[Breach, ...] = ()
    stop_cause: str | None = None
    lost_key: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to this clock unless the ticket changes."""
        return self.stopped_at is not None


def next_alarm_at(readings: Iterable[Reading], now: int) -> int | None:
    """Return the next instant after `now` at which any of these clocks has something to say."""
    return min(
        (
            alarm.at
            for reading in readings
            if reading.stopped_at is None
            for alarm in reading.alarms
            if alarm.at > now
        ),
        default=None,
    )


def worst_reading(readings: Iterable[Reading], metric: str) -> Reading | None:
    """Return the finished cycle of a metric with the least time left; cancelled ones are out."""
    return min(
        (
            reading
            for reading in readings
            if reading.metric == metric and reading.status in ("met", "met_late")
        ),
        key=lambda reading: reading.remaining_seconds,
        default=None,
    )
