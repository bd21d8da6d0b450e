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
and stop nothing. A merge ends every running clock as cancelled, and the ticket that takes the
other in inherits what was owed there: its first or next reply counts from the oldest message that
was not answered, the clocks that run from the opening from the earlier one. Time before the merge
is counted as it was spent on the other ticket, and nothing breaks before the merge.

Changing severity or terms retargets the live clocks: same start, same elapsed time, new target
and calendar from that instant on. Without a target the clock is cancelled, its history kept;
should a later change promise the metric again, it goes on counting from there. What is over stays
judged as it was. The other modes:

| mode    | what becomes of a clock that lives                                                   |
|---------|--------------------------------------------------------------------------------------|
| restart | its cycle ends as cancelled and the next begins                                      |
| keep    | it goes on under its own target, calendar and pauses, also after a reopening, until  |
|         | severity or terms change in another mode; what starts later is under the new terms   |
| correct | it is counted anew from its start, as if the new terms had been there since (at the  |
|         | severity and in the status of each moment). Breaches on record stay on record; one   |
|         | that only the new count shows is broken at the correction, not before it             |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TypeVar

from tickets.rules.clocks.facts import DONE, Event, Options, Target, Turn
from tickets.rules.clocks.measuring import not_started, reading_of
from tickets.rules.clocks.reading import Reading
from tickets.rules.clocks.run import Beginning, Run
from tickets.rules.clocks.running import Running
from tiers.rules.business_time import BusinessCalendar

T = TypeVar("T")

OUR_RULES = Options()

FROM_OPENING = ("requester_wait", "agent_work", "resolution", "first_resolution")
# Within one instant a reply does not overtake what was said before it.
SAID = frozenset({"opened", "message"})


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
    for clocks.place, event in enumerate(ordered):
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
    public reply goes before the changes of its instant, though not before earlier messages. Not
    so where the events were recorded as they happened: a reply in the second after which a promise
    was changed came after it, and must not undo a breach that is on record by then.
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
        at = event.at
        if at == before and not event.recorded and is_answer(event):
            place = index
            while ordered[place - 1].at == at and ordered[place - 1].kind not in SAID:
                place -= 1
            if place < index:
                ordered.insert(place, ordered.pop(index))
        before = at
    return ordered


def is_answer(event: Event) -> bool:
    """Whether the customer hears from an agent."""
    return event.kind == "message" and event.by == "agent" and event.public and not event.automatic


class Clocks(Running):
    """Every run of one ticket while its events are taken in, one after the other."""

    def __init__(self, options: Options, events: Sequence[Event]) -> None:
        super().__init__(options, events)
        self.merged = False
        # Since when the clocks of the whole ticket count, and the turns before its own opening.
        self.opened_at = 0
        self.before: tuple[Turn, ...] = ()

    def _opened(self, event: Event) -> None:
        if self.severity:
            raise ValueError("A ticket is opened once.")
        self.opened_at = event.at
        self.severity = required(event.severity, "severity", event)
        self.enter(event.status or "new")
        self.agree(event.terms)
        for metric in FROM_OPENING:
            self.start(metric, event.at, "opened")
        if event.by == "customer" and event.public:
            self.start("first_reply", event.at, "opened")
            if self.options.periodic_update_from_opening:
                self.start("periodic_update", event.at, "opened")
        if self.status in DONE:
            self.solve(event.at)

    def _message(self, event: Event) -> None:
        if event.automatic or not event.public:
            return
        if event.by == "agent":
            self._agent_replied(event.at)
        elif event.by == "customer":
            self._customer_wrote(event.at)

    def _severity(self, event: Event) -> None:
        if event.mode not in ("retarget", "restart"):
            raise ValueError(f"A severity is changed by retarget or restart, not {event.mode!r}.")
        self.severity = required(event.severity, "severity", event)
        self.agree(self.terms)
        self._promise_changed(event, f"severity:{self.severity}")

    def _terms(self, event: Event) -> None:
        if event.mode == "keep":
            self._keep_promises()
        self.agree(event.terms)
        if event.mode == "correct":
            self._correct(event)
        elif event.mode != "keep":
            self._promise_changed(event, self._terms_cause())

    def _terms_cause(self) -> str:
        return f"terms:{self.terms_key}" if self.terms else "no_terms"

    def _keep_promises(self) -> None:
        """Let every run that may still count hold on to what it is promised until now."""
        for metric, runs in self.runs.items():
            run = runs[-1]
            if not run.final and run.kept is None:
                run.kept = (self.promises.get(metric), self.terms_key)

    def _correct(self, event: Event) -> None:
        """Count the live runs anew; what is promised no more keeps the history it has."""
        for metric, runs in self.runs.items():
            run = runs[-1]
            run.kept = None
            if run.ending is not None:
                continue  # over, and judged
            if metric in self.promises:
                runs[-1] = self.recount(run, event.terms)
                runs[-1].corrected = (run, event.at)
            else:
                self.turn(run, event.at, self._terms_cause())

    def _no_reply_needed(self, event: Event) -> None:
        run = self.live("next_reply")
        if run is not None:
            run.stop(event.at, "cancelled", "no_reply_needed", final=True)

    def _merged(self, event: Event) -> None:
        for metric in self.metrics:
            run = self.live(metric)
            if run is not None:
                run.stop(event.at, "cancelled", "merged", final=True)
        self.merged = True

    def _took_in(self, event: Event) -> None:
        """Inherit what another ticket owed, each metric from the earlier of both starts."""
        taken = required(event.taken, "taken", event)
        opened_at, waiting_since = taken.opened_at, taken.waiting_since
        if any(at is not None and at > event.at for at in taken[:3]):
            raise ValueError("Nothing is inherited from what is still to come.")
        if opened_at is not None and opened_at < self.opened_at:
            earlier = tuple(turn for turn in taken.turns if turn.at < self.opened_at)
            self.before = earlier + self.before
            self.opened_at = opened_at
            for metric in FROM_OPENING:
                if self.live(metric) is not None:
                    self._take_over(metric, Beginning(0, "opened", opened_at, self.before), event)
        if waiting_since is not None:
            awaited = self._awaited()
            if self._starts_after(awaited, waiting_since):
                began = Beginning(self.place, "customer_message", waiting_since, taken.turns)
                self._take_over(awaited, began, event)
        if taken.updated_at is not None and self._owes_no_update():
            began = Beginning(self.place, "agent_reply", taken.updated_at, taken.turns)
            self._take_over("periodic_update", began, event)
        for metric, _ in taken.holds:
            run, held = self.live(metric), self._held(metric, event)
            if run is not None and held is not None:
                run.kept = held
                self.turn(run, event.at, "merged")

    def _owes_no_update(self) -> bool:
        return self.live("periodic_update") is None and self.status not in DONE

    def _awaited(self) -> str:
        """Return which reply would answer an unanswered message now."""
        first = self.runs.get("first_reply")
        return "next_reply" if first and first[-1].ending == "stopped" else "first_reply"

    def _starts_after(self, metric: str, at: int) -> bool:
        """Whether a message of `at` has been waiting longer than the run of a reply knows."""
        run = self.live(metric)
        if run is None:
            return metric == "next_reply" or metric not in self.runs
        if run.began.since is not None:
            return at < run.began.since
        return at < self.events[run.began.place].at

    def _take_over(self, metric: str, began: Beginning, event: Event) -> None:
        """Let a clock run since it began on the other ticket; breaches on record stay."""
        if metric not in self.metrics:
            return
        runs = self.runs.setdefault(metric, [])
        own = self.live(metric)
        cycle = own.cycle if own else len(runs) + 1
        blank = Run(metric, cycle, event.at, "running", began.cause, None, "", began)
        blank.kept = self._held(metric, event) or (own.kept if own else None)
        promise = blank.kept[0] if blank.kept else self.promises.get(metric)
        if own is not None and promise is None:
            return  # promised no more: it keeps the history it has
        anew = self.recount(blank, self.terms)
        anew.corrected = (own, event.at)
        if own is None:
            runs.append(anew)
        elif anew.ending is None:
            runs[-1] = anew

    def _held(self, metric: str, event: Event) -> tuple[Target, str] | None:
        """Return the promise of the other ticket, where it is the one to hold on to."""
        theirs = dict(event.taken.holds).get(metric) if event.taken else None
        if theirs is None or event.terms is None:
            return None
        target = event.terms.targets.get((self.severity, theirs))
        return (target, event.terms.key) if target else None

    def _customer_wrote(self, at: int) -> None:
        first = self.runs.get("first_reply")
        early = self.options.next_reply_from_first_message
        if first is None:
            self.start("first_reply", at, "customer_message")
            if not early:
                return
        elif not early and first[-1].ending != "stopped":
            return  # the first reply, still owed, will answer this message as well
        if self.live("next_reply") is None:
            self.start("next_reply", at, "customer_message")

    def _agent_replied(self, at: int) -> None:
        first = self.runs.get("first_reply")
        if first and not first[-1].final:
            first[-1].answer(at)
        for metric in ("next_reply", "periodic_update"):
            run = self.live(metric)
            if run is not None:
                run.stop(at, "stopped", "agent_reply", final=True)
        if self.status not in DONE:
            self.start("periodic_update", at, "agent_reply")

    def _status(self, event: Event) -> None:
        self.move(event.at, required(event.status, "status", event))

    def _promise_changed(self, event: Event, cause: str) -> None:
        for metric in tuple(self.runs):
            run = self.live(metric)
            self.runs[metric][-1].kept = None
            if run is None:
                continue  # over, and judged
            if event.mode == "restart" and metric in self.promises and run.was_promised:
                run.stop(event.at, "cancelled", f"restart:{cause}", final=True)
                self.start(metric, event.at, cause)
            else:
                self.turn(run, event.at, cause)


TAKING: Mapping[str, Callable[[Clocks, Event], None]] = {
    "opened": Clocks._opened,
    "message": Clocks._message,
    "status": Clocks._status,
    "severity": Clocks._severity,
    "terms": Clocks._terms,
    "no_reply_needed": Clocks._no_reply_needed,
    "merged": Clocks._merged,
    "took_in": Clocks._took_in,
}


def required(value: T | None, name: str, event: Event) -> T:
    if value is None:
        raise ValueError(f"An event {event.kind!r} needs a {name}.")
    return value
