"""Reading the events of a ticket into the runs of its clocks.

| metric           | starts                               | stops                           | again |
|------------------|--------------------------------------|---------------------------------|-------|
| first_reply      | opening by the customer, else their  | first public agent reply        | no    |
|                  | first public message                 |                                 |       |
| next_reply       | oldest unanswered public customer    | public agent reply, solve,      | yes   |
|                  | message after the first reply        | "no reply needed"               |       |
| periodic_update  | each public agent reply              | the next one, solve             | yes   |
| requester_wait   | opening; never counts pending        | solve; reopening resumes        | no    |
| agent_work       | opening; never counts pending and    | solve; reopening resumes        | no    |
|                  | on hold                              |                                 |       |
| resolution       | opening                              | solve; reopening resumes        | no    |
| first_resolution | opening                              | first solve                     | no    |

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

from collections.abc import Iterable, Mapping, Sequence

from tickets.rules.clocks.facts import DONE, METRICS, Event, Options, Target, Terms
from tickets.rules.clocks.measuring import not_started, reading_of
from tickets.rules.clocks.reading import Reading, State
from tickets.rules.clocks.run import Run
from tiers.rules.business_time import BusinessCalendar

OUR_RULES = Options()

# Statuses in which a metric does not count by its very definition.
PAUSED_BY_DEFINITION: Mapping[str, frozenset[str]] = {
    "requester_wait": frozenset({"pending"}),
    "agent_work": frozenset({"pending", "on_hold"}),
}
FROM_OPENING = ("requester_wait", "agent_work", "resolution", "first_resolution")
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
    ordered = in_order(event for event in events if event.at <= now)
    if not ordered:
        return ()
    clocks = Clocks(options)
    for event in ordered:
        clocks.take(event)
        if clocks.merged:
            break
    readings = []
    for metric in METRICS:
        runs = clocks.runs.get(metric, ())
        read = [
            reading for run in runs if (reading := reading_of(run, calendars, now)) is not None
        ]
        readings.extend(read)
        target = clocks.target(metric)
        if not runs and target is not None and not clocks.merged:
            readings.append(not_started(metric, target, clocks.terms_key))
    return tuple(readings)


def in_order(events: Iterable[Event]) -> Sequence[Event]:
    """Order events by (at, seq), the opening first, and replies before what is saved with them.

    An agent who replies and sets a status, severity or the like in one act has replied first:
    within one instant, everything but messages waits for the last public agent reply.
    """
    ordered = sorted(events, key=lambda event: (event[0], event[2] != "opened", event[1]))
    if not ordered:
        return ordered
    if ordered[0].kind != "opened":
        raise ValueError("The first event of a ticket is its opening.")
    for index in range(2, len(ordered)):
        event = ordered[index]
        if event[2] == "message" and event[3] == "agent" and event[4] and not event[5]:
            place = index
            while ordered[place - 1][2] not in ("message", "opened"):
                if ordered[place - 1][0] != event[0]:
                    break
                place -= 1
            if place < index:
                ordered.insert(place, ordered.pop(index))
    return ordered
