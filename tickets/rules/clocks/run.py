"""One cycle of one clock while the events are read: a list of stretches, not yet counted."""

from __future__ import annotations

from typing import NamedTuple

from tickets.rules.clocks.facts import Target
from tickets.rules.clocks.reading import State


class Stretch(NamedTuple):
    """Time from `start` to `end` in one state under one target."""

    start: int
    end: int
    state: State
    cause: str
    target: Target | None
    terms_key: str


class Run:
    """A cycle: its finished stretches, the one still open since `since`, and how it ended.

    `ending` is None while the cycle lives; "stopped" is what the metric was waiting for,
    "unanswered" a solve without the reply that was owed, "cancelled" an end without a judgement.
    A run that is not `final` goes on when the ticket is reopened.
    """

    __slots__ = (
        "cause",
        "cycle",
        "ending",
        "final",
        "metric",
        "since",
        "state",
        "stretches",
        "target",
        "terms_key",
    )

    def __init__(
        self, metric: str, cycle: int, at: int, cause: str, target: Target | None, terms_key: str
    ) -> None:
        self.metric = metric
        self.cycle = cycle
        self.stretches: list[Stretch] = []
        self.since = at
        self.state: State = "running"
        self.cause = cause
        self.target = target
        self.terms_key = terms_key
        self.ending: str | None = None
        self.final = False

    def turn(
        self, at: int, state: State, cause: str, target: Target | None, terms_key: str
    ) -> None:
        """Enter a state, unless it is the one the run is in already."""
        if state == self.state and target is self.target and terms_key == self.terms_key:
            if state == "running" or cause == self.cause:
                return
        if at > self.since:
            self.stretches.append(
                Stretch(self.since, at, self.state, self.cause, self.target, self.terms_key)
            )
        self.since, self.state, self.cause = at, state, cause
        self.target, self.terms_key = target, terms_key
        self._join_previous()

    def stop(self, at: int, ending: str, cause: str, *, final: bool) -> None:
        """End the run; what it counted so far is judged by the target it has now."""
        self.turn(at, "stopped", cause, self.target, self.terms_key)
        self.ending, self.final = ending, final

    def resume(self, at: int, state: State, cause: str, target: Target | None, key: str) -> None:
        self.ending = None
        self.turn(at, state, cause, target, key)

    def _join_previous(self) -> None:
        """Undo a split that no time lies in: left and entered again in the same instant."""
        if not self.stretches:
            return
        last = self.stretches[-1]
        if last.end == self.since and last.state == self.state and last.target is self.target:
            if last.terms_key == self.terms_key and (
                self.state == "running" or last.cause == self.cause
            ):
                self.stretches.pop()
                self.since, self.cause = last.start, last.cause
