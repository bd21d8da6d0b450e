"""The warning ladder of a promise: at which steps somebody is told, and who.

A step is a whole number: 1 to 99 is percent of the target, a negative one is business
minutes before its end, and 100 is the breach, which is always on the ladder. `tell` maps a
step, as text, to the roles told at it; a step without roles is only recorded, for the desk
and for triggers.

Editors type steps as "50 %, 75 %, 30 min before"; `parse_steps` reads that and `steps_text`
writes it, so that what is shown can be typed back. German forms are read as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from tiers.rules.evaluation.reasons import Param, Reason, gettext_noop

ROLES = ("assignee", "lead", "queue", "account_team")
BREACH = 100
MOST_STEPS = 8
"""More rungs than this are noise, not warning."""
MOST_MINUTES = 30_000
"""500 business hours: beyond any promise, and what a stored step can hold."""

_percent = re.compile(r"^(\d{1,3})\s*%?$")
_before = re.compile(
    r"^[-−]?\s*(?:(\d{1,4})\s*(?:h|hrs?|hours?|std\.?|stunden?)\s*)?"
    r"(?:(\d{1,5})\s*(?:m|mins?\.?|minutes?|minuten?))?\s*"
    r"(?:before(?:\s+(?:the\s+)?end)?|left|vorher|vor(?:\s+dem)?\s+ende)?$"
)
_minus = re.compile(r"^[-−]\s*(\d{1,5})$")


class LadderReason(Reason):
    """A sentence about what is wrong with a ladder."""

    TEMPLATES: ClassVar[Mapping[str, str]] = {
        "not_a_step": gettext_noop(
            "“{text}” is not a step. Write a percentage like 75 % or a time like 30 min before."
        ),
        "step_range": gettext_noop(
            "{step} is not a step: a percentage goes from 1 to 99, and 100 % is the breach, which "
            "is always on the ladder."
        ),
        "too_early": gettext_noop(
            "{step} lies before the start: the whole promise is {target}. Choose a later step."
        ),
        "too_long": gettext_noop("{step} is too long; a step lies at most 500 h before the end."),
        "same_moment": gettext_noop("{step} and {other} are the same moment; keep one of them."),
        "too_many": gettext_noop(
            "{count} steps are too many; keep at most {most}, so that each is heeded."
        ),
        "tell_without_step": gettext_noop(
            "The ladder has no step {step}, so nobody can be told then. Add the step or take out "
            "who is told."
        ),
        "unknown_role": gettext_noop("“{text}” cannot be told; known are {known}."),
        "breach_unheard": gettext_noop("Say who is told when the promise is broken."),
    }

    def shown_param(self, name: str, value: Param) -> str:
        if name in {"step", "other"} and isinstance(value, int):
            return step_text(value)
        if name == "target" and isinstance(value, int):
            return _length(value // 60)
        return ", ".join(value) if isinstance(value, tuple) else str(value)


class LadderError(ValueError):
    """A ladder that cannot be used; `reasons` says everything that is wrong with it."""

    def __init__(self, reasons: Sequence[LadderReason]) -> None:
        super().__init__(" ".join(reason.text for reason in reasons))
        self.reasons = tuple(reasons)


def parse_steps(text: str) -> tuple[int, ...]:
    """Read "50 %, 75 %, 30 min before" (commas, semicolons or lines between); each step once.

    Raises LadderError naming every part that is not a step. An empty text is a ladder
    without warnings. 100 % may be typed and is left out: the breach is always there.
    """
    steps: list[int] = []
    reasons: list[LadderReason] = []
    for part in re.split(r"[,;\n]", text):
        typed = " ".join(part.split())
        if not typed:
            continue
        step = parse_step(typed)
        if step is None:
            reasons.append(LadderReason("not_a_step", {"text": typed}))
        elif step not in steps and step != BREACH:
            steps.append(step)
    if reasons:
        raise LadderError(reasons)
    return tuple(steps)


def parse_step(text: str) -> int | None:
    """Read one step, like "75 %" or "30 min before"; None for what is none."""
    typed = " ".join(text.split()).casefold()
    if found := _percent.match(typed):
        return int(found[1]) or None
    if found := _minus.match(typed):
        return -int(found[1]) or None
    found = _before.match(typed)
    if found is None:
        return None
    return -(int(found[1] or 0) * 60 + int(found[2] or 0)) or None


def step_text(step: int) -> str:
    """Write one step as `parse_steps` reads it: "75 %", "1 h 30 min before"."""
    return f"{step} %" if step > 0 else f"{_length(-step)} before"


def steps_text(steps: Iterable[int]) -> str:
    """Write steps as `parse_steps` reads them."""
    return ", ".join(step_text(step) for step in steps)


def _length(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours))


def counted_at(step: int, target_seconds: int) -> int:
    """Return the business seconds counted at a step; percent rounded up to whole seconds."""
    return target_seconds + 60 * step if step < 0 else -(-target_seconds * step // 100)


def in_order(steps: Iterable[int], target_seconds: int) -> tuple[int, ...]:
    """Return the steps as time reaches them; the order in which people read a ladder."""
    return tuple(sorted(set(steps), key=lambda step: (counted_at(step, target_seconds), step)))


def ladder_problems(
    warn_at: Sequence[int], tell: Mapping[str, Sequence[str]], target_seconds: int
) -> tuple[LadderReason, ...]:
    """Return everything wrong with a ladder for a target; nothing when it can be used."""
    return (*_about_steps(warn_at, target_seconds), *_about_people(warn_at, tell))


def _about_steps(warn_at: Sequence[int], target_seconds: int) -> Iterable[LadderReason]:
    if len(set(warn_at)) > MOST_STEPS:
        yield LadderReason("too_many", {"count": len(set(warn_at)), "most": MOST_STEPS})
    moments: dict[int, int] = {}
    for step in in_order(warn_at, target_seconds):
        if step == 0 or step >= BREACH:
            yield LadderReason("step_range", {"step": step})
        elif step < -MOST_MINUTES:
            yield LadderReason("too_long", {"step": step})
        elif counted_at(step, target_seconds) <= 0:
            yield LadderReason("too_early", {"step": step, "target": target_seconds})
        else:
            moment = counted_at(step, target_seconds)
            if moment in moments:
                yield LadderReason("same_moment", {"step": moments[moment], "other": step})
            moments[moment] = step


def _about_people(
    warn_at: Sequence[int], tell: Mapping[str, Sequence[str]]
) -> Iterable[LadderReason]:
    known = {str(step) for step in (*warn_at, BREACH)}
    for step, roles in tell.items():
        if step not in known and roles:
            number = re.fullmatch(r"-?\d{1,6}", step)
            yield LadderReason("tell_without_step", {"step": int(step) if number else step})
        for role in roles:
            if role not in ROLES:
                yield LadderReason("unknown_role", {"text": role, "known": ROLES})
    if not tell.get(str(BREACH)):
        yield LadderReason("breach_unheard")
