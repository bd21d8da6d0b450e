"""When somebody is told of a warning or breach, in how many mails, and when no longer.

Pure: instants in, decisions out. What the decisions are:

- A critical alert rings at once, at most MOST_SINGLE times within GATHER for one person; what
  more there is waits for the end of that time. Everything else waits GATHER. What is waiting
  then goes out together: up to MOST_SINGLE as mails of their own, more as one digest. So a
  storm of a minute is one digest per person, and nothing critical is missing from it.
- In quiet hours only what is critical rings, unless the person wants none of it. What was held
  comes when they end: warnings while they are still true, breaches always.
- A warning is told while it is true: the clock runs, nobody has acknowledged it. An
  acknowledgement by the one who has the ticket also silences later warnings of that clock,
  never its breach; anybody else's silences this step and earlier ones.
- Of several steps of one clock, only the last is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from tiers.rules.business_time.definition import local_to_utc

# A minute's storm, and what sweep and announcer need to write down the last of it.
GATHER = timedelta(seconds=75)
MOST_SINGLE = 3
CRITICAL_SEVERITY, URGENT_SEVERITY = 1, 2

Fate = Literal["needed", "not_needed", "not_wanted"]


def is_critical(severity: int, *, is_breach: bool) -> bool:
    """Whether it may not wait: anything about a critical ticket, a broken urgent promise."""
    return severity <= (URGENT_SEVERITY if is_breach else CRITICAL_SEVERITY)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one person wants to hear, and when: local times of their zone.

    ``quiet_until`` may lie before ``quiet_from``: then the night is quiet.
    """

    wants_mail: bool = True
    quiet_from: time | None = None
    quiet_until: time | None = None
    critical_when_quiet: bool = True
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def quiet_ends(self, instant: datetime) -> datetime | None:
        """Return when the quiet hours in which an instant lies are over; None outside of them.

        A local time that daylight saving skips is moved forward by the gap; one that
        occurs twice means its first occurrence.
        """
        if self.quiet_from is None or self.quiet_until is None:
            return None
        today = instant.astimezone(self.zone).date().toordinal()
        for day in (today - 1, today):
            runs_over_midnight = self.quiet_until <= self.quiet_from
            starts = local_to_utc(self.zone, day, _second(self.quiet_from))
            ends = local_to_utc(self.zone, day + runs_over_midnight, _second(self.quiet_until))
            if starts <= instant.timestamp() < ends:
                return datetime.fromtimestamp(ends, tz=UTC)
        return None

    def held_until(self, now: datetime, *, critical: bool) -> datetime:
        """Return when something that came up now may be told."""
        earliest = now if critical else now + GATHER
        if critical and self.critical_when_quiet:
            return earliest
        return self.quiet_ends(earliest) or earliest


def _second(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


@dataclass(frozen=True, slots=True)
class Waiting:
    """One alert of one person that has not been settled, and how things stand now.

    ``at`` is the instant of the step, ``due_at`` that of the promise. ``is_over``: the clock
    no longer runs, or under other terms. ``is_seen``: somebody takes care of it, ``is_known``:
    the person did so, or may no longer see the ticket.
    """

    key: int
    clock: int
    at: datetime
    due_at: datetime | None
    is_breach: bool
    is_critical: bool
    created_at: datetime
    hold_until: datetime
    is_over: bool = False
    is_seen: bool = False
    is_known: bool = False

    @property
    def was_held(self) -> bool:
        """Whether it waited longer than for company: it came up in quiet hours."""
        return self.hold_until - self.created_at > GATHER

    @property
    def rings(self) -> bool:
        """Whether it is to go out at once, alone."""
        return self.is_critical and self.hold_until <= self.created_at

    @property
    def urgency(self) -> tuple[bool, bool, datetime, int]:
        """What comes first: critical before the rest, broken before at risk, then by due time."""
        return (not self.is_critical, not self.is_breach, self.due_at or self.at, self.key)

    def fate(self, wishes: Wishes) -> Fate:
        """Return whether the person is to be told."""
        if self.is_known:
            return "not_needed"
        if not wishes.wants_mail and not (self.is_breach and self.is_critical):
            return "not_wanted"
        if self.is_breach:
            return "not_needed" if self.is_seen and not self.was_held else "needed"
        return "not_needed" if self.is_seen or self.is_over else "needed"


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the alerts of one person; each key is in one place, or waits on.

    ``covers`` names, for a key that is told, the earlier steps of its clock that it makes
    needless. ``later`` holds what waits on, and until when.
    """

    single: tuple[int, ...] = ()
    digest: tuple[int, ...] = ()
    not_needed: tuple[int, ...] = ()
    not_wanted: tuple[int, ...] = ()
    covers: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    later: Mapping[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _OneClock:
    """The steps of one clock that one person is to be told of: the last one is."""

    steps: tuple[Waiting, ...]

    @property
    def last(self) -> Waiting:
        return self.steps[-1]

    def due(self, now: datetime) -> list[Waiting]:
        return [step for step in self.steps if step.hold_until <= now]


def sort_out(
    waiting: Sequence[Waiting], *, wishes: Wishes, rung: Sequence[datetime], now: datetime
) -> Plan:
    """Decide about everything of one person that is due, or would be within GATHER.

    ``rung``: when critical alerts went out alone during the last GATHER.
    """
    awake, later = _awake(waiting, wishes, now)
    fates = {one.key: one.fate(wishes) for one in awake}
    clocks = _by_clock([one for one in awake if fates[one.key] == "needed"])
    due = [step for clock in clocks for step in clock.due(now)]
    single: list[_OneClock] = []
    digest: list[_OneClock] = []
    if due and all(step.rings for step in due):
        ringing = [clock for clock in clocks if clock.due(now)]
        room = max(0, MOST_SINGLE - len(rung))
        single = ringing[:room]
        end = min([*rung, now]) + GATHER
        later |= {step.key: end for clock in ringing[room:] for step in clock.due(now)}
    elif due and (
        len(clocks) > MOST_SINGLE or (len(clocks) > 1 and any(step.was_held for step in due))
    ):
        digest = clocks
    elif due:
        single = clocks
    moot = [one for one in awake if fates[one.key] != "needed" and one.hold_until <= now]
    return Plan(
        single=tuple(clock.last.key for clock in single),
        digest=tuple(clock.last.key for clock in digest),
        not_needed=tuple(one.key for one in moot if fates[one.key] == "not_needed"),
        not_wanted=tuple(one.key for one in moot if fates[one.key] == "not_wanted"),
        covers={
            clock.last.key: tuple(step.key for step in clock.steps[:-1])
            for clock in (*single, *digest)
        },
        later=later,
    )


def _awake(
    waiting: Sequence[Waiting], wishes: Wishes, now: datetime
) -> tuple[list[Waiting], dict[int, datetime]]:
    """Leave out what may not be told in these quiet hours; return what is left, and until when.

    Sending may come late: what was due before the quiet hours began waits for their end.
    """
    ends = wishes.quiet_ends(now)
    if ends is None:
        return list(waiting), {}
    awake = [one for one in waiting if one.is_critical and wishes.critical_when_quiet]
    asleep = [one for one in waiting if not (one.is_critical and wishes.critical_when_quiet)]
    return awake, {one.key: ends for one in asleep if one.hold_until < ends}


def _by_clock(needed: Iterable[Waiting]) -> list[_OneClock]:
    """Return the steps of each clock, a breach last, the most urgent clock first."""
    of_clock: dict[int, list[Waiting]] = {}
    for one in sorted(needed, key=lambda one: (one.is_breach, one.at, one.key)):
        of_clock.setdefault(one.clock, []).append(one)
    clocks = [_OneClock(tuple(steps)) for steps in of_clock.values()]
    return sorted(clocks, key=lambda clock: clock.last.urgency)
