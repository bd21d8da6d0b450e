"""The clocks of a ticket with everything that happened to them; one query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.words import Words, calendar_label, metric_label, pause_reason
from tickets.models import Clock, ClockAlert, ClockEvent, Ticket
from tickets.views.desk.change_words import Change, moment_words

OWED = frozenset({Clock.Status.RUNNING, Clock.Status.BREACHED})
# Seconds in a minute, minutes in an hour.
MINUTE = 60


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the warning ladder: percent of the target, and when it is reached."""

    step: int
    at: datetime


@dataclass(slots=True)
class DeskClock:
    """One cycle of one metric, with its whole ladder, as the clock tags read it."""

    metric: str
    cycle: int
    status: str
    started_at: datetime
    due_at: datetime | None
    breaches_after: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    paused_reason: str
    target_seconds: int
    elapsed_seconds: int
    calendar: str
    alarms: list[Step] = field(default_factory=list)

    def judge(self, now: datetime) -> None:
        """Let time that has gone by since the row was stored break the promise."""
        last = self.breaches_after
        if self.status == Clock.Status.RUNNING and last is not None and last < now:
            self.status = Clock.Status.BREACHED
            self.breached_at = self.breached_at or last + timedelta(seconds=1)

    @property
    def is_owed(self) -> bool:
        """Whether somebody still has to keep it; a broken one is owed until it is answered."""
        return self.status in OWED and self.stopped_at is None and self.due_at is not None

    @property
    def words(self) -> Words:
        """The desk's word for what is promised."""
        return metric_label(self.metric, for_customer=False)

    @property
    def target_words(self) -> str:
        """How soon was promised, and in which hours."""
        return f"{time_words(self.target_seconds)}, {calendar_label(self.calendar)}"

    @property
    def pause_words(self) -> Words:
        """Why it stands still."""
        return pause_reason(self.paused_reason)


def time_words(seconds: int) -> str:
    """Return a length of business time in words, which is never said in days."""
    hours, minutes = divmod(seconds // MINUTE, MINUTE)
    parts = [_("%(count)s h") % {"count": hours}] if hours else []
    if minutes or not hours:
        parts.append(_("%(count)s min") % {"count": minutes})
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Moment:
    """A warning or a breach at its true instant, for the story of the ticket."""

    metric: str
    is_breach: bool
    step: int
    at: datetime
    pk: int = 0
    seen_by: str = ""

    @property
    def text(self) -> str:
        """What it is, as one says it."""
        return moment_words(self.metric, self.step)


@dataclass(frozen=True, slots=True)
class Promises:
    """What is owed: the next promise, the other present clocks, and every moment so far.

    ``warnings`` are the last steps of running clocks that broke or of which somebody was told.
    """

    next: DeskClock | None
    others: Sequence[DeskClock]
    moments: Sequence[Moment]
    warnings: Sequence[Moment] = ()

    @property
    def shown(self) -> list[DeskClock]:
        """All present clocks, the next promise first."""
        return [*([self.next] if self.next else []), *self.others]

    @property
    def awaits_next_reply(self) -> bool:
        """Whether a message of the customer waits for an answer after the first."""
        return any(one.metric == "next_reply" and one.stopped_at is None for one in self.shown)


def promises_of(ticket: Ticket, now: datetime) -> Promises:
    """Return the clocks of a ticket; one query, however many warnings there were.

    A promise that broke since the last sweep is shown as broken all the same.
    """
    clocks: dict[str, DeskClock] = {}
    moments: list[Moment] = []
    warned: dict[str, Moment] = {}
    alerts = ClockAlert.objects.filter(event=OuterRef("events__pk"))
    read = [
        "metric", "cycle", "status", "started_at", "due_at", "breaches_after", "breached_at",
        "stopped_at", "paused_reason", "target_seconds", "elapsed_seconds", "calendar",
    ]  # fmt: skip
    rows = (
        Clock.objects.filter(ticket_id=ticket.pk)
        .annotate(was_told=Exists(alerts))
        .order_by("metric", "cycle", "events__at", "events__step")
        .values_list(
            *read, "ladder", "terms_id", "events__kind", "events__step", "events__at",
            "events__terms_id", "events__pk", "was_told", "events__acknowledged_at",
            "events__acknowledged_by__name", "events__acknowledged_by__email",
        )
    )  # fmt: skip
    for row in rows:
        ladder, terms, kind, step, at, event_terms, pk, told, seen, name, email = row[len(read) :]
        found = clocks.get(row[0])
        if found is None or found.cycle != row[1]:
            found = clocks[row[0]] = DeskClock(*row[: len(read)])
            found.alarms = [Step(percent, clock.from_epoch(when)) for percent, when in ladder]
            warned.pop(row[0], None)
        if kind is not None:
            seen_by = (name or email or _("somebody")) if seen else ""
            moment = Moment(row[0], kind == ClockEvent.Kind.BREACH, step, at, pk, seen_by)
            moments.append(moment)
            if event_terms == terms:
                found.alarms.append(Step(step, at))
                if found.is_owed and (told or moment.is_breach):
                    warned[row[0]] = moment
    for one in clocks.values():
        one.judge(now)
    return _sorted(clocks.values(), moments, warned)


def _sorted(
    clocks: Iterable[DeskClock], moments: Sequence[Moment], warned: Mapping[str, Moment]
) -> Promises:
    """Put the earliest promise still owed first, then running, paused and finished ones."""
    present = sorted(
        (one for one in clocks if one.status != Clock.Status.CANCELLED),
        key=lambda one: (not one.is_owed, one.due_at is None, one.due_at or one.started_at),
    )
    first = present[0] if present and present[0].is_owed else None
    warnings = sorted(warned.values(), key=lambda one: (bool(one.seen_by), not one.is_breach))
    return Promises(first, present[1:] if first else present, moments, warnings)


def moment_change(moment: Moment) -> Change:
    """Return a warning or breach as a line of the story."""
    if moment.is_breach:
        return Change("octagon-x", moment.text, moment.at, is_loud=True)
    return Change("hourglass", moment.text, moment.at)
