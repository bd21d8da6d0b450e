"""Read a ticket's clocks with all that explains them; four queries, however long its history."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import structlog

from portal.kit import clock
from tickets.actions.clocks import ENGINE_KINDS, Readings, parsed_terms, read_clocks
from tickets.explaining.account import (
    Broken,
    Cause,
    Change,
    ClockAccount,
    Correction,
    Segment,
    Step,
    TargetFacts,
    TicketAccount,
)
from tickets.explaining.causes import Causes
from tickets.models import ClockEvent, PromiseTerms, Ticket, TicketEvent
from tickets.rules.clocks import Breach, Reading
from tickets.rules.ledger import Dated, Stretch, stretches
from tiers.calendars import Calendars, calendar_key, pinned_number
from tiers.models import CalendarVersion

log = structlog.get_logger("tickets.explaining")

RANKS = {"breached": 0, "running": 0, "paused": 1, "not_started": 2}


def explain(ticket: Ticket, now: datetime) -> TicketAccount:
    """Return every clock of a ticket at an instant, past, present or to come.

    What happened after the instant is left out, as if it were not yet known.
    """
    rows = list(
        TicketEvent.objects.filter(
            ticket_id=ticket.pk, kind__in=ENGINE_KINDS, at__lt=_second_after(now)
        )
        .select_related("terms", "actor")
        .order_by("seq")
    )
    try:
        readings = read_clocks(rows, now)
        clocks = Reckoning(ticket, rows, readings, now).accounts()
    except (ValueError, TypeError, KeyError) as error:
        fault = str(error) or type(error).__name__
        log.error("clocks cannot be explained", ticket=ticket.reference, error=fault)
        return TicketAccount(ticket, now, (), fault)
    return TicketAccount(ticket, now, clocks)


@dataclass(frozen=True, slots=True)
class Version:
    """What is told of a calendar version besides its hours."""

    pk: int
    dated: Dated
    holiday_names: Mapping[str, str]


class Reckoning:
    """The accounts of one ticket while they are put together."""

    def __init__(
        self, ticket: Ticket, rows: Sequence[TicketEvent], readings: Readings, now: datetime
    ) -> None:
        """Take the ticket's events in order and what the engine made of them."""
        self.ticket = ticket
        self.rows = rows
        self.now = now
        self.readings = readings
        self.causes = Causes(rows)
        self.severities = _severities(rows)
        self.given = _given(rows)
        names = _calendar_names(readings)
        self.versions = _versions(names)
        self.calendars = Calendars(
            {
                key: [(version.dated.number, version.pk) for version in known]
                for key, known in self.versions.items()
            }
        )
        self.recorded = _recorded(ticket, now)

    def accounts(self) -> list[ClockAccount]:
        """Return the accounts, the most urgent first, then what is over, the latest first."""
        last = {reading.metric: reading.cycle for reading in self.readings.clocks}
        found = [self.account(one, last[one.metric]) for one in self.readings.clocks]
        return sorted(found, key=_urgency)

    def account(self, reading: Reading, cycles: int) -> ClockAccount:
        """Return one cycle with its ledger; LedgerError when it does not add up."""
        at = clock.to_epoch(self.now)
        dated = {
            name: [version.dated for version in self.known(name)]
            for name in {segment.calendar for segment in reading.ledger}
        }
        parts = stretches(reading, self.calendars, dated, at)
        segments = self.segments(reading, parts)
        judged_at = reading.stopped_at if reading.stopped_at is not None else at
        target = self.target(
            reading.metric,
            reading.terms_key,
            judged_at,
            calendar=reading.calendar,
            seconds=reading.target_seconds,
        )
        stop = self.causes.of(reading.stop_cause, reading.stopped_at)
        return ClockAccount(
            reading=reading,
            target=target,
            segments=segments,
            steps=self.steps(reading, target),
            broken=[self.broken(reading, breach) for breach in reading.breaches],
            changes=list(_changes(segments)),
            corrections=self.corrections(reading),
            stop=stop,
            calendar=self.calendars.get(reading.calendar),
            cycles=cycles,
            now=self.now,
        )

    def segments(self, reading: Reading, parts: Iterable[Stretch]) -> list[Segment]:
        """Return the stretches with their causes, promises and running sums."""
        found = []
        so_far = 0
        for part in parts:
            so_far += part.counted_seconds
            names: Mapping[str, str] = {}
            for version in self.known(part.calendar):
                if version.dated.number == part.version:
                    names = version.holiday_names
            found.append(
                Segment(
                    stretch=part,
                    cause=self.causes.of(part.cause, part.start) or Cause(part.cause),
                    target=self.target(
                        reading.metric, part.terms_key, part.start, calendar=part.calendar
                    )
                    if part.calendar
                    else None,
                    so_far_seconds=so_far,
                    calendar=self.calendars.get(part.calendar) if part.calendar else None,
                    holiday_names=names,
                )
            )
        return found

    def known(self, name: str) -> list[Version]:
        """Return the versions that a calendar's name in the terms stands for."""
        newest = pinned_number(name)
        return [
            version
            for version in self.versions.get(calendar_key(name), ())
            if newest is None or version.dated.number <= newest
        ]

    def target(
        self, metric: str, terms_key: str, at: int, *, calendar: str = "", seconds: int = 0
    ) -> TargetFacts | None:
        """Return the promise of a metric in some terms, at the severity of that instant.

        Calendar and seconds, where they are known, have the last word: severities that change
        within one second cannot confuse two promises.
        """
        row = self.readings.terms.get(terms_key)
        if row is None:
            return None
        terms = parsed_terms(row)
        first = self.severity(at)
        for level in sorted({level for level, _ in terms.targets}, key=lambda one: one != first):
            found = terms.targets.get((level, metric))
            if (
                found is None
                or (calendar and found.calendar != calendar)
                or (seconds and found.seconds != seconds)
            ):
                continue
            since = self.given.get(terms_key, self.ticket.created_at)
            calendar_of = self.calendars.get(found.calendar)
            hours = calendar_of.definition_at(clock.to_epoch(since)) if calendar_of else None
            return TargetFacts(
                severity=level,
                seconds=found.seconds,
                floor_seconds=found.floor_seconds,
                calendar=found.calendar,
                pause_on=tuple(sorted(found.pause_on)),
                warn_at=found.warn_at,
                tell=found.tell,
                by=_promised_by(row, level, metric),
                tier=terms.tier,
                policy_version=terms.policy_version,
                terms_key=terms_key,
                since=since,
                hours=hours,
            )
        return None

    def severity(self, at: int) -> int:
        """Return the severity that the ticket had at an instant."""
        place = bisect_right(self.severities, at, key=lambda one: one[0]) - 1
        return self.severities[max(0, place)][1]

    def steps(self, reading: Reading, target: TargetFacts | None) -> list[Step]:
        """Return the ladder: what was reached and recorded, and what lies ahead."""
        at = clock.to_epoch(self.now)
        stored = dict(self.recorded.get((reading.metric, reading.cycle), {}))
        computed = {(reading.terms_key, alarm.step): alarm.at for alarm in reading.alarms}
        computed |= {(one.terms_key, 100): one.at for one in reading.breaches}
        for key, row in stored.items():
            computed.setdefault(key, clock.to_epoch(row.at))
        tell = target.tell if target else {}
        found = []
        for (terms_key, step), instant in computed.items():
            kept = stored.get((terms_key, step))
            present = terms_key == reading.terms_key
            found.append(
                Step(
                    step=step,
                    at=clock.from_epoch(instant),
                    is_reached=instant <= at,
                    is_present=present,
                    tells=tuple(tell.get(str(step), ())) if present else (),
                    **(_kept(kept, self.now) if kept else {}),
                )
            )
        return sorted(found, key=lambda one: (one.at, one.step if one.step > 0 else 99))

    def corrections(self, reading: Reading) -> list[Correction]:
        """Return when a clock was counted anew from its start, and why."""
        keys = {segment.terms_key for segment in reading.ledger} | {reading.terms_key}
        until = reading.stopped_at if reading.stopped_at is not None else clock.to_epoch(self.now)
        return [
            Correction(row.at, cause)
            for row in self.rows
            if row.kind == TicketEvent.Kind.TERMS
            and row.terms is not None
            and row.terms.digest in keys
            and row.detail.get("mode") == "correct"
            and (reading.started_at or until) <= clock.to_epoch(row.at) <= until
            and (cause := self.causes.of(f"terms:{row.terms.digest}", clock.to_epoch(row.at)))
        ]

    def broken(self, reading: Reading, breach: Breach) -> Broken:
        """Return a breach with what had been promised."""
        target = self.target(
            reading.metric, breach.terms_key, breach.at, seconds=breach.target_seconds
        )
        return Broken(clock.from_epoch(breach.at), breach.target_seconds, target)


def _second_after(now: datetime) -> datetime:
    """Return the end of the second that the engine counts as now."""
    return clock.from_epoch(clock.to_epoch(now) + 1)


def _kept(row: ClockEvent, now: datetime) -> dict[str, Any]:
    """Return what is stored of a step, as far as it was at the moment that is asked about."""

    def by_then(instant: datetime | None) -> datetime | None:
        return instant if instant is not None and instant <= now else None

    seen_at = by_then(row.acknowledged_at)
    return {
        "recorded_at": by_then(row.recorded_at),
        "announced_at": by_then(row.announced_at),
        "acknowledged_at": seen_at,
        "acknowledged_by": str(row.acknowledged_by) if seen_at and row.acknowledged_by else "",
    }


def _urgency(one: ClockAccount) -> tuple[object, ...]:
    due = one.reading.due_at if one.reading.due_at is not None else 1 << 62
    if not one.is_over and one.status in RANKS:
        return (RANKS[one.status], due, one.metric, -one.cycle)
    is_void = one.status == "cancelled"
    return (4 if is_void else 3, -(one.reading.stopped_at or 0), one.metric, -one.cycle)


def _severities(rows: Iterable[TicketEvent]) -> list[tuple[int, int]]:
    """Return (since, severity), in order."""
    return [
        (clock.to_epoch(row.at), int(row.detail["severity"]))
        for row in rows
        if row.detail.get("severity") is not None
    ] or [(0, 0)]


def _given(rows: Iterable[TicketEvent]) -> dict[str, datetime]:
    """Return when each terms were first given to the ticket."""
    found: dict[str, datetime] = {}
    for row in rows:
        if row.terms is not None:
            found.setdefault(row.terms.digest, row.at)
    return found


def _promised_by(row: PromiseTerms, severity: int, metric: str) -> str:
    for entry in row.content["targets"]:
        if (entry["severity"], entry["metric"]) == (severity, metric):
            return str(entry.get("by", "tier"))
    return "tier"


def _calendar_names(readings: Readings) -> set[str]:
    names = {reading.calendar for reading in readings.clocks}
    names |= {segment.calendar for one in readings.clocks for segment in one.ledger}
    return names - {""}


def _versions(names: Iterable[str]) -> dict[str, list[Version]]:
    """Return the published versions of calendars by key; one query."""
    rows = (
        CalendarVersion.objects.published()
        .filter(calendar__key__in={calendar_key(name) for name in names})
        .order_by("calendar__key", "number")
        .values_list("calendar__key", "pk", "number", "valid_from", "holiday_names")
    )
    found: dict[str, list[Version]] = {}
    for key, pk, number, valid_from, holiday_names in rows:
        since = None if valid_from is None else clock.to_epoch(valid_from)
        found.setdefault(key, []).append(Version(pk, Dated(since, number), holiday_names))
    return found


def _recorded(
    ticket: Ticket, now: datetime
) -> dict[tuple[str, int], dict[tuple[str, int], ClockEvent]]:
    """Return the stored warnings and breaches by clock, then by terms and step; one query."""
    rows = (
        ClockEvent.objects.filter(ticket_id=ticket.pk, at__lt=_second_after(now))
        .select_related("acknowledged_by", "clock", "terms")
        .defer("terms__content")
    )
    found: dict[tuple[str, int], dict[tuple[str, int], ClockEvent]] = {}
    for row in rows:
        of_clock = found.setdefault((row.clock.metric, row.clock.cycle), {})
        of_clock[(row.terms.digest, row.step)] = row
    return found


def _changes(segments: Sequence[Segment]) -> Iterable[Change]:
    """Yield where the promise became another one while the clock lived."""
    for before, after in pairwise(segments):
        old, new = before.target, after.target
        if _length(old) != _length(new):
            yield Change(after.start, old, new, after.cause)


def _length(target: TargetFacts | None) -> tuple[object, ...]:
    return () if target is None else (target.seconds, target.calendar)
