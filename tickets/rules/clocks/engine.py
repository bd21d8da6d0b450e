"""Reading the events of a ticket into the runs of its clocks.

| metric           | starts                              | stops                          | again |
|------------------|-------------------------------------|--------------------------------|-------|
| first_reply      | opening by the customer, else their | first public agent reply       | no    |
|                  | first public message                |                                |       |
| next_reply       | oldest unanswered public customer   | public agent reply, solve,     | yes   |
|                  | message after the first reply       | "no reply needed"              |       |
| periodic_update  | each public agent reply             | the next one, solve            | yes   |
| requester_wait   | opening; never counts pending       | solve; reopening resumes       | no    |
| agent_work       | opening; never counts pending and   | solve; reopening resumes       | no    |
|                  | on hold                             |                                |       |
| resolution       | opening                             | solve; reopening resumes       | no    |
| first_resolution | opening                             | first solve                    | no    |

Time spent solved never counts, for any metric. First reply, solved without one, is over as
cancelled (or breached, when it was late by then) and goes on after a reopening. Every metric
pauses in addition on the statuses its target names. Internal notes and automatic messages start
and stop nothing. A merge ends every running clock as cancelled.

Changing severity or terms retargets the live clocks: same start, same elapsed time, new target
and calendar from that instant on. With mode "restart" the cycle ends as cancelled and the next
begins. Without a target the clock is cancelled, its history kept; should a later change promise
the metric again, it goes on counting from there. What is over stays judged as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TypeVar

from tickets.rules.clocks.facts import (
    DONE,
    METRICS,
    STATUSES,
    Event,
    Options,
    Target,
    Terms,
)
from tickets.rules.clocks.measuring import not_started, reading_of
from tickets.rules.clocks.reading import Reading, State
from tickets.rules.clocks.run import Run
from tiers.rules.business_time import BusinessCalendar

T = TypeVar("T")

OUR_RULES = Options()

# Metrics that by their very definition do not count in a status.
PAUSED_BY_DEFINITION: Mapping[str, frozenset[str]] = {
    "pending": frozenset({"requester_wait", "agent_work"}),
    "on_hold": frozenset({"agent_work"}),
    # A clock that a message starts on a solved ticket waits for the reopening.
    "solved": frozenset(METRICS),
    "closed": frozenset(METRICS),
}
FROM_OPENING = ("requester_wait", "agent_work", "resolution", "first_resolution")
# Within one instant a reply does not overtake what was said before it.
SAID = frozenset({"opened", "message"})
# What a solve means to a live run: how it ends and whether that is for good.
ON_SOLVE: Mapping[str, tuple[str, bool]] = {
    "first_reply": ("unanswered", False),
    "next_reply": ("stopped", True),
    "periodic_update": ("stopped", True),
    "requester_wait": ("stopped", False),
    "agent_work": ("stopped", False),
    "resolution": ("stopped", False),
    "first_resolution": ("stopped", True),
}


def evaluate(
    events: Iterable[Event],
    calendars: Mapping[str, BusinessCalendar],
    now: int,
    options: Options = OUR_RULES,
) -> tuple[Reading, ...]:
    """Return a reading per metric and cycle that is or was promised, as of `now`.

    Events after `now` are ignored. Readings are ordered by metric, then cycle. Raises ValueError
    for events that cannot be a ticket's, and for a target whose calendar is not given.
    """
    ordered = in_order([event for event in events if event[0] <= now])
    if not ordered:
        return ()
    clocks = Clocks(options, ordered)
    for event in ordered:
        taking = TAKING.get(event.kind)
        if taking is None:
            raise ValueError(f"Unknown kind of event {event.kind!r}.")
        taking(clocks, event)
        if clocks.merged:
            break
    readings = []
    for metric in clocks.metrics:
        runs = clocks.runs.get(metric)
        if runs:
            for run in runs:
                reading = reading_of(run, calendars, now)
                if reading is not None:
                    readings.append(reading)
        elif metric in clocks.promises and not clocks.merged:
            readings.append(not_started(metric, clocks.promises[metric], clocks.terms_key))
    return tuple(readings)


def in_order(events: Iterable[Event]) -> Sequence[Event]:
    """Order events by (at, seq), the opening first, and replies before what is saved with them.

    An agent who replies and sets a status, severity or the like in one act has replied first: a
    public reply goes before the changes of its instant, though not before earlier messages.
    """
    ordered = sorted(events, key=itemgetter(0, 1))
    if not ordered:
        return ordered
    for index, event in enumerate(ordered):
        if event.kind == "opened":
            if event.at > ordered[0].at:
                raise ValueError("The first event of a ticket is its opening.")
            ordered.insert(0, ordered.pop(index))
            break
    else:
        raise ValueError("A ticket needs its opening.")
    before = ordered[0].at
    for index, event in enumerate(ordered):
        at, _, kind, by, public, automatic = event[:6]
        if at == before and kind == "message" and by == "agent" and public and not automatic:
            place = index
            while ordered[place - 1].at == at and ordered[place - 1].kind not in SAID:
                place -= 1
            if place < index:
                ordered.insert(place, ordered.pop(index))
        before = at
    return ordered


class Clocks:
    """Every run of one ticket while its events are taken in, one after the other."""

    def __init__(self, options: Options, events: Sequence[Event]) -> None:
        self.options = options
        promised = {metric for event in events if event.terms for metric in event.terms.metrics}
        # First reply is followed even where it is not promised: next reply begins after it.
        promised.add("first_reply")
        self.metrics = [metric for metric in METRICS if metric in promised]
        self.runs: dict[str, list[Run]] = {}
        self.status = "new"
        self.paused_metrics: frozenset[str] = frozenset()
        self.severity = 0
        self.terms: Terms | None = None
        self.terms_key = ""
        self.promises: dict[str, Target] = {}
        self.merged = False

    def _opened(self, event: Event) -> None:
        if self.severity:
            raise ValueError("A ticket is opened once.")
        self.severity = required(event.severity, "severity", event)
        self._enter(event.status or "new")
        self._agree(event.terms)
        for metric in FROM_OPENING:
            self._start(metric, event.at, "opened")
        if event.by == "customer" and event.public:
            self._start("first_reply", event.at, "opened")
            if self.options.periodic_update_from_opening:
                self._start("periodic_update", event.at, "opened")
        if self.status in DONE:
            self._solved(event.at)

    def _message(self, event: Event) -> None:
        if event.automatic or not event.public:
            return
        if event.by == "agent":
            self._agent_replied(event.at)
        elif event.by == "customer":
            self._customer_wrote(event.at)

    def _severity(self, event: Event) -> None:
        self.severity = required(event.severity, "severity", event)
        self._agree(self.terms)
        self._promise_changed(event, f"severity:{self.severity}")

    def _terms(self, event: Event) -> None:
        self._agree(event.terms)
        self._promise_changed(event, f"terms:{self.terms_key}" if self.terms else "no_terms")

    def _no_reply_needed(self, event: Event) -> None:
        run = self._live("next_reply")
        if run is not None:
            run.stop(event.at, "cancelled", "no_reply_needed", final=True)

    def _merged(self, event: Event) -> None:
        for metric in self.metrics:
            run = self._live(metric)
            if run is not None:
                run.stop(event.at, "cancelled", "merged", final=True)
        self.merged = True

    def _enter(self, status: str) -> None:
        if status not in STATUSES:
            raise ValueError(f"Unknown ticket status {status!r}.")
        self.status = status
        if status in self.options.pause_every_metric_on:
            self.paused_metrics = frozenset(METRICS)
        else:
            self.paused_metrics = PAUSED_BY_DEFINITION.get(status, frozenset())

    def _agree(self, terms: Terms | None) -> None:
        """Look up what is promised per metric, at the present severity."""
        self.terms = terms
        self.terms_key = terms.key if terms else ""
        self.promises = {}
        if terms:
            for metric in self.metrics:
                target = terms.targets.get((self.severity, metric))
                if target is not None:
                    self.promises[metric] = target

    def _customer_wrote(self, at: int) -> None:
        first = self.runs.get("first_reply")
        early = self.options.next_reply_from_first_message
        if first is None:
            self._start("first_reply", at, "customer_message")
            if not early:
                return
        elif not early and first[-1].ending != "stopped":
            return  # the first reply, still owed, will answer this message as well
        if self._live("next_reply") is None:
            self._start("next_reply", at, "customer_message")

    def _agent_replied(self, at: int) -> None:
        first = self.runs.get("first_reply")
        if first and not first[-1].final:
            first[-1].answer(at)
        for metric in ("next_reply", "periodic_update"):
            run = self._live(metric)
            if run is not None:
                run.stop(at, "stopped", "agent_reply", final=True)
        if self.status not in DONE:
            self._start("periodic_update", at, "agent_reply")

    def _status(self, event: Event) -> None:
        self._enter(required(event.status, "status", event))
        if self.status in DONE:
            self._solved(event.at)
            return
        cause = f"status:{self.status}"
        for runs in self.runs.values():
            run = runs[-1]
            if not run.final:
                run.ending = None  # reopened, if it had one
                self._turn(run, event.at, cause)

    def _solved(self, at: int) -> None:
        for metric in self.runs:
            run = self._live(metric)
            if run is None:
                continue
            ending, final = ON_SOLVE[metric]
            if metric == "periodic_update" and at == run.since and not run.stretches:
                ending = "cancelled"  # solved with the reply that began it: nothing was owed
            run.stop(at, ending, f"status:{self.status}", final=final)

    def _promise_changed(self, event: Event, cause: str) -> None:
        for metric in tuple(self.runs):
            run = self._live(metric)
            if run is None:
                continue  # over, and judged
            if event.mode == "restart" and metric in self.promises and run.was_promised:
                run.stop(event.at, "cancelled", f"restart:{cause}", final=True)
                self._start(metric, event.at, cause)
            else:
                self._turn(run, event.at, cause)

    def _live(self, metric: str) -> Run | None:
        runs = self.runs.get(metric)
        return runs[-1] if runs and runs[-1].ending is None else None

    def _start(self, metric: str, at: int, cause: str) -> None:
        if metric not in self.metrics:
            return
        runs = self.runs.get(metric)
        if runs is None:
            runs = self.runs[metric] = []
        target = self.promises.get(metric)
        state, cause = self._state(metric, target, cause)
        runs.append(Run(metric, len(runs) + 1, at, state, cause, target, self.terms_key))

    def _turn(self, run: Run, at: int, cause: str) -> None:
        """Let a live run go on under the present status and promise."""
        target = self.promises.get(run.metric)
        state, cause = self._state(run.metric, target, cause)
        run.turn(at, state, cause, target, self.terms_key)

    def _state(self, metric: str, target: Target | None, cause: str) -> tuple[State, str]:
        """Return the state of a live clock under the present status, and what put it there."""
        if target is None:
            return "cancelled", cause
        if metric in self.paused_metrics or self.status in target.pause_on:
            return "paused", f"status:{self.status}"
        return "running", cause


TAKING: Mapping[str, Callable[[Clocks, Event], None]] = {
    "opened": Clocks._opened,
    "message": Clocks._message,
    "status": Clocks._status,
    "severity": Clocks._severity,
    "terms": Clocks._terms,
    "no_reply_needed": Clocks._no_reply_needed,
    "merged": Clocks._merged,
}


def required(value: T | None, name: str, event: Event) -> T:
    if value is None:
        raise ValueError(f"An event {event.kind!r} needs a {name}.")
    return value
