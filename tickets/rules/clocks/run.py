"""One cycle of one clock while the events are read: a list of stretches, not yet counted."""

from __future__ import annotations

from typing import NamedTuple

from tickets.rules.clocks.facts import Target, Turn
from tickets.rules.clocks.reading import State

# Time from start to end, in one state with its cause, under one target of some terms.
Stretch = tuple[int, int, State, str, Target | None, str]


class Beginning(NamedTuple):
    """How a run began: with the event at which place, and for what cause.

    A run that was inherited began earlier, at `since`, under the turns of the other ticket, and
    joined this one with the event at `place`.
    """

    place: int
    cause: str
    since: int | None = None
    turns: tuple[Turn, ...] = ()


class Run:
    """A cycle: its finished stretches, the one still open since `since`, and how it ended.

    `ending` is None while the cycle lives; "stopped" is what the metric was waiting for,
    "unanswered" a solve without the reply that was owed, "cancelled" an end without a judgement.
    A run that is not `final` goes on when the ticket is reopened.

    `kept` is the promise
    (target, terms key) it holds on to while others of the ticket follow new terms. `corrected` is
    the run as it was counted before a correction, if there was one, and the instant of that.
    """

    __slots__ = (
        "began",
        "cause",
        "corrected",
        "cycle",
        "ending",
        "final",
        "kept",
        "metric",
        "since",
        "state",
        "stretches",
        "target",
        "terms_key",
    )

    def __init__(
        self,
        metric: str,
        cycle: int,
        at: int,
        state: State,
        cause: str,
        target: Target | None,
        terms_key: str,
        began: Beginning,
    ) -> None:
        self.metric = metric
        self.cycle = cycle
        self.began = began
        self.kept: tuple[Target | None, str] | None = None
        self.corrected: tuple[Run | None, int] | None = None
        self.stretches: list[Stretch] = []
        self.since = at
        self.state = state
        self.cause = cause
        self.target = target
        self.terms_key = terms_key
        self.ending: str | None = None
        self.final = False

    @property
    def was_promised(self) -> bool:
        """Whether there has been a target for it at any time."""
        return self.target is not None or any(stretch[4] for stretch in self.stretches)

    def turn(
        self, at: int, state: State, cause: str, target: Target | None, terms_key: str
    ) -> None:
        """Enter a state, unless it is the one the run is in already."""
        if (
            state == self.state
            and target is self.target
            and terms_key == self.terms_key
            and (state != "paused" or cause == self.cause)
        ):
            return
        if at > self.since:
            self.stretches.append(
                (self.since, at, self.state, self.cause, self.target, self.terms_key)
            )
        self.since, self.state, self.cause = at, state, cause
        self.target, self.terms_key = target, terms_key
        if self.stretches:
            self._join_previous()

    def stop(self, at: int, ending: str, cause: str, *, final: bool) -> None:
        """End the run; what it counted so far is judged by the target it has now."""
        self.turn(at, "stopped", cause, self.target, self.terms_key)
        self.ending, self.final = ending, final

    def answer(self, at: int) -> None:
        """The reply that was waited for; also when the ticket was solved in silence before it."""
        if self.ending is None:
            self.stop(at, "stopped", "agent_reply", final=True)
        else:
            self.ending, self.cause, self.final = "stopped", "agent_reply", True

    def _join_previous(self) -> None:
        """Undo a split that no time lies in: left and entered again in the same instant."""
        start, end, state, cause, target, terms_key = self.stretches[-1]
        if (
            end == self.since
            and state == self.state
            and target is self.target
            and terms_key == self.terms_key
            and (state != "paused" or cause == self.cause)
        ):
            self.stretches.pop()
            self.since, self.cause = start, cause
