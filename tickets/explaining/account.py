"""What is known of one ticket's clocks: facts alone, in no language and for no reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from portal.kit import clock
from tickets.models import Ticket
from tickets.rules.clocks import Reading
from tickets.rules.ledger import Days, Stretch, days_of
from tiers.calendars import calendar_key
from tiers.rules.business_time import BusinessCalendar, CalendarDefinition

# Days of one stretch that are listed one by one; what lies behind them is one sum.
MOST_DAYS = 31
# Statuses in which a clock is judged and over, as against one that only lost its promise.
ANSWERED = frozenset({"met", "met_late"})


class Cause(NamedTuple):
    """What began a stretch: the engine's code, and the event behind it as far as it is known.

    ``code`` has no mode in front; ``mode`` is what a new promise did to the clock (restart,
    keep, correct), empty where that was the usual retargeting. ``by`` is the side that acted,
    ``source`` what a run gave new terms for ("policy:3", "calendar:business-hours@4").
    """

    code: str
    mode: str = ""
    at: datetime | None = None
    by: str = ""
    actor_id: int | None = None
    actor: str = ""
    reason: str = ""
    new: str = ""
    source: str = ""


class TargetFacts(NamedTuple):
    """One promise in its terms: how soon, in which hours, and who or what promised it.

    ``by`` is "contract" for a custom SLA, else "tier". ``since`` is when these terms were given
    to the ticket, ``hours`` what its calendar said then.
    """

    severity: int
    seconds: int
    floor_seconds: int | None
    calendar: str
    pause_on: tuple[str, ...]
    warn_at: tuple[int, ...]
    tell: Mapping[str, tuple[str, ...]]
    by: str
    tier: str
    policy_version: int
    terms_key: str
    since: datetime
    hours: CalendarDefinition | None

    def __hash__(self) -> int:
        """Return the place of a promise among others, by what names it."""
        return hash((self.terms_key, self.severity, self.calendar, self.seconds))

    @property
    def is_contract(self) -> bool:
        """Whether a custom SLA of the organization says so, not its tier."""
        return self.by == "contract"


@dataclass(frozen=True)
class Segment:
    """A stretch of the ledger, with its cause and its promise.

    ``so_far_seconds`` is what the clock had counted at the end of it.
    """

    stretch: Stretch
    cause: Cause
    target: TargetFacts | None
    so_far_seconds: int
    calendar: BusinessCalendar | None = None
    holiday_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def start(self) -> datetime:
        """When it began."""
        return clock.from_epoch(self.stretch.start)

    @property
    def end(self) -> datetime:
        """When it ended, or the moment of the reading."""
        return clock.from_epoch(self.stretch.end)

    @property
    def state(self) -> str:
        """Running, paused, stopped or cancelled."""
        return self.stretch.state

    @property
    def counted_seconds(self) -> int:
        """Business seconds counted in it."""
        return self.stretch.counted_seconds

    @property
    def wall_seconds(self) -> int:
        """How long it was by the clock on the wall."""
        return self.stretch.end - self.stretch.start

    @property
    def calendar_key(self) -> str:
        """The calendar that counted, without a version; empty where nothing was promised."""
        return calendar_key(self.stretch.calendar)

    @property
    def calendar_version(self) -> int | None:
        """The version of the calendar that was in force."""
        return self.stretch.version

    @property
    def definition(self) -> CalendarDefinition | None:
        """What that version says."""
        return self.calendar.definition_at(self.stretch.start) if self.calendar else None

    @cached_property
    def days(self) -> Days:
        """The local days behind a running stretch, capped."""
        if self.state != "running" or self.calendar is None:
            return Days((), 0, 0)
        return days_of(self.stretch, self.calendar, MOST_DAYS)

    def holiday(self, day: date) -> str:
        """Return what the calendar version calls a closed date, or nothing."""
        return str(self.holiday_names.get(day.isoformat(), ""))


class Step(NamedTuple):
    """A step of the warning ladder or the breach (100), under the promise of ``target``.

    ``recorded_at`` and the rest are None while nothing is stored: because it lies ahead, or
    because no sweep has come by since.
    """

    step: int
    at: datetime
    is_reached: bool
    is_present: bool
    tells: tuple[str, ...] = ()
    recorded_at: datetime | None = None
    announced_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""

    @property
    def is_breach(self) -> bool:
        """Whether the promise broke here."""
        return self.step == 100


class Broken(NamedTuple):
    """A broken promise at its true instant, and what had been promised."""

    at: datetime
    target_seconds: int
    target: TargetFacts | None


class Change(NamedTuple):
    """The promise of a clock changed while it ran: from, to (None: to nothing), and why."""

    at: datetime
    before: TargetFacts | None
    after: TargetFacts | None
    cause: Cause


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else clock.from_epoch(seconds)


class Correction(NamedTuple):
    """Everything was counted anew, as if other terms had been agreed from the start."""

    at: datetime
    cause: Cause


@dataclass(frozen=True)
class ClockAccount:
    """One cycle of one metric, with everything that explains it.

    Reads like a stored clock too, so that the parts of pages that draw clocks draw it.
    """

    reading: Reading
    target: TargetFacts | None
    segments: Sequence[Segment]
    steps: Sequence[Step]
    broken: Sequence[Broken]
    changes: Sequence[Change]
    corrections: Sequence[Correction]
    stop: Cause | None
    calendar: BusinessCalendar | None
    cycles: int
    now: datetime

    @property
    def metric(self) -> str:
        """Which promise."""
        return self.reading.metric

    @property
    def cycle(self) -> int:
        """Which time it runs; 1 for the first."""
        return self.reading.cycle

    @property
    def status(self) -> str:
        """The engine's verdict at the moment of the reading."""
        return self.reading.status

    @property
    def started_at(self) -> datetime | None:
        """When it began; None while it has not."""
        return _instant(self.reading.started_at)

    @property
    def due_at(self) -> datetime | None:
        """The moment told to people."""
        return _instant(self.reading.due_at)

    @property
    def breaches_after(self) -> datetime | None:
        """The last moment that is still in time."""
        return _instant(self.reading.breaches_after)

    @property
    def breached_at(self) -> datetime | None:
        """When the promise was first broken."""
        return _instant(self.reading.breached_at)

    @property
    def stopped_at(self) -> datetime | None:
        """When it was over."""
        return _instant(self.reading.stopped_at)

    @property
    def paused_reason(self) -> str:
        """The ticket status that holds it still."""
        return (self.reading.paused_reason or "").removeprefix("status:")

    @property
    def target_seconds(self) -> int:
        """Business seconds that are promised."""
        return self.reading.target_seconds

    @property
    def elapsed_seconds(self) -> int:
        """Business seconds counted."""
        return self.reading.elapsed_seconds

    @property
    def remaining_seconds(self) -> int:
        """Business seconds left, negative when late."""
        return self.reading.remaining_seconds

    @property
    def alarms(self) -> Sequence[object]:
        """The ladder, as the clock faces read it."""
        return self.reading.alarms

    @property
    def severity(self) -> int:
        """The severity whose promise counts."""
        return self.target.severity if self.target else 0

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it by time alone."""
        return self.reading.stopped_at is not None

    @property
    def is_live(self) -> bool:
        """Whether it runs, stands still or is late, and is not over."""
        return not self.is_over and self.status in {"running", "paused", "breached"}

    @property
    def is_in_grace(self) -> bool:
        """Whether it was due, and is in time all the same: nobody has worked since."""
        return bool(
            self.status == "running"
            and self.due_at
            and self.due_at < self.now
            and (self.breaches_after is None or self.now <= self.breaches_after)
        )

    @property
    def definition(self) -> CalendarDefinition | None:
        """The hours that count at the moment of the reading, or did in the end."""
        if self.calendar is None:
            return None
        at = self.reading.stopped_at or clock.to_epoch(self.now)
        return self.calendar.definition_at(at)

    @property
    def paused_since(self) -> datetime | None:
        """Since when it stands still."""
        since = None
        for segment in reversed(self.segments):
            if segment.state != "paused":
                break
            since = segment.start
        return since


@dataclass(frozen=True)
class TicketAccount:
    """Every clock of a ticket at one moment, the most urgent first.

    ``fault`` says why nothing can be said, when the clocks cannot be computed or a ledger does
    not add up; ``clocks`` is then empty.
    """

    ticket: Ticket
    now: datetime
    clocks: Sequence[ClockAccount]
    fault: str = ""

    @property
    def next(self) -> ClockAccount | None:
        """The promise that is due next, or stands still, if any is owed."""
        return next((one for one in self.clocks if one.is_live), None)

    @property
    def present(self) -> list[ClockAccount]:
        """The last cycle of each metric, the most urgent first."""
        return [one for one in self.clocks if one.cycle == one.cycles]
