"""The runs of a ticket's clocks under its present status and promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tickets.rules.clocks.facts import DONE, METRICS, STATUSES, Event, Options, Target, Terms
from tickets.rules.clocks.reading import State
from tickets.rules.clocks.run import Beginning, Run

# Metrics that by their very definition do not count in a status.
PAUSED_BY_DEFINITION: Mapping[str, frozenset[str]] = {
    "pending": frozenset({"requester_wait", "agent_work"}),
    "on_hold": frozenset({"agent_work"}),
    # A clock that a message starts on a solved ticket waits for the reopening.
    "solved": frozenset(METRICS),
    "closed": frozenset(METRICS),
}
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


class Running:
    """The runs so far, and what they run under. `place` is that of the event being taken in."""

    def __init__(self, options: Options, events: Sequence[Event]) -> None:
        self.options = options
        self.events = events
        self.place = 0
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

    def live(self, metric: str) -> Run | None:
        """Return the run of a metric that has not ended."""
        runs = self.runs.get(metric)
        return runs[-1] if runs and runs[-1].ending is None else None

    def agree(self, terms: Terms | None) -> None:
        """Look up what is promised per metric, at the present severity."""
        self.terms = terms
        self.terms_key = terms.key if terms else ""
        self.promises = {}
        if terms:
            for metric in self.metrics:
                target = terms.targets.get((self.severity, metric))
                if target is not None:
                    self.promises[metric] = target

    def enter(self, status: str) -> None:
        """Take on a status; the runs do not follow yet."""
        if status not in STATUSES:
            raise ValueError(f"Unknown ticket status {status!r}.")
        self.status = status
        if status in self.options.pause_every_metric_on:
            self.paused_metrics = frozenset(METRICS)
        else:
            self.paused_metrics = PAUSED_BY_DEFINITION.get(status, frozenset())

    def move(self, at: int, status: str) -> None:
        """Take on a status, and let the runs follow: solved, reopened, paused or resumed."""
        self.enter(status)
        if status in DONE:
            self.solve(at)
            return
        cause = f"status:{status}"
        for runs in self.runs.values():
            run = runs[-1]
            if not run.final:
                run.ending = None  # reopened, if it had one
                self.turn(run, at, cause)

    def solve(self, at: int) -> None:
        """End every live run by a solve."""
        for metric in self.runs:
            run = self.live(metric)
            if run is None:
                continue
            ending, final = ON_SOLVE[metric]
            if metric == "periodic_update" and at == run.since and not run.stretches:
                ending = "cancelled"  # solved with the reply that began it: nothing was owed
            run.stop(at, ending, f"status:{self.status}", final=final)

    def start(self, metric: str, at: int, cause: str) -> None:
        """Begin the next cycle of a metric, if this ticket has ever been promised it."""
        if metric not in self.metrics:
            return
        runs = self.runs.get(metric)
        if runs is None:
            runs = self.runs[metric] = []
        target = self.promises.get(metric)
        state, shown = self._state(metric, target, cause)
        began = Beginning(self.place, cause)
        runs.append(Run(metric, len(runs) + 1, at, state, shown, target, self.terms_key, began))

    def turn(self, run: Run, at: int, cause: str) -> None:
        """Let a live run go on under the present status, and its own or the present promise."""
        target, terms_key = run.kept or (self.promises.get(run.metric), self.terms_key)
        state, cause = self._state(run.metric, target, cause)
        run.turn(at, state, cause, target, terms_key)

    def _state(self, metric: str, target: Target | None, cause: str) -> tuple[State, str]:
        """Return the state of a live clock under the present status, and what put it there."""
        if target is None:
            return "cancelled", cause
        if metric in self.paused_metrics or self.status in target.pause_on:
            return "paused", f"status:{self.status}"
        return "running", cause

    def recount(self, run: Run, terms: Terms | None) -> Run:
        """Count a run anew from its beginning, as if these terms had been there since.

        One that keeps a promise of its own is counted under that. What has happened is walked
        through again with no other run than this one. In the end status and severity are again
        what they are now, and so are the runs but for this one.
        """
        runs, upto, began = self.runs, self.place, run.began
        self.runs = {}
        for place, event in enumerate(self.events[: upto + 1]):
            self.place = place
            if place == upto and place != began.place:
                break
            self._pass_by(event, terms)
            if place == began.place:
                if began.since is None:
                    self._begin_again(run, event.at)
                else:
                    self._inherit(run, event.at, terms)
            if event.kind == "opened" and self.status in DONE:
                self.solve(event.at)
        (anew,) = self.runs[run.metric]
        anew.cycle, anew.began = run.cycle, began
        self.runs, self.place = runs, upto
        return anew

    def _begin_again(self, run: Run, at: int) -> None:
        self.start(run.metric, at, run.began.cause)
        if run.kept is not None:
            (anew,) = self.runs[run.metric]
            anew.kept = run.kept
            self.turn(anew, at, run.began.cause)

    def _inherit(self, run: Run, joins_at: int, terms: Terms | None) -> None:
        """Walk a run through the turns of the other ticket, up to where it joins this one."""
        status, severity, since = self.status, self.severity, run.began.since or 0
        for turn in run.began.turns:
            if turn.at > since and not self.runs:
                self._begin_again(run, since)
            if turn.at < joins_at:
                self._turned(turn.at, turn.status, turn.severity, terms)
        if not self.runs:
            self._begin_again(run, since)
        self._turned(joins_at, status, severity, terms)

    def _pass_by(self, event: Event, terms: Terms | None) -> None:
        """Take in again what an event says of status and severity."""
        status = (event.status or "new") if event.kind == "opened" else event.status
        self._turned(event.at, status, event.severity, terms)

    def _turned(
        self, at: int, status: str | None, severity: int | None, terms: Terms | None
    ) -> None:
        if severity is not None:
            self.severity = severity
            self.agree(terms)
            for metric in self.runs:
                run = self.live(metric)
                if run is not None:
                    self.turn(run, at, f"severity:{severity}")
        if status is not None:
            self.move(at, status)
