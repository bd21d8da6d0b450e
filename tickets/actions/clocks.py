"""Bring the clocks of a ticket in line with its events."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from portal.kit import clock
from tickets.models import Clock, ClockEvent, PromiseTerms, Ticket, TicketEvent
from tickets.models.clock import NO_PROMISE_RUNNING
from tickets.rules import clocks as rules
from tickets.rules.queue_order import next_promise
from tiers.calendars import calendars_by_key
from tiers.promises import Promise

ENGINE_KINDS = (
    TicketEvent.Kind.OPENED,
    TicketEvent.Kind.MESSAGE,
    TicketEvent.Kind.STATUS,
    TicketEvent.Kind.SEVERITY,
    TicketEvent.Kind.TERMS,
)
STORED = [
    "status", "tier", "severity", "terms", "calendar", "target_seconds", "elapsed_seconds",
    "started_at", "due_at", "breaches_after", "breached_at", "stopped_at", "paused_reason",
    "ladder", "next_check_at", "fault",
]  # fmt: skip


def keep_terms(promise: Promise) -> PromiseTerms:
    """Return the stored copy of a promise, word for word; the same promise is one row."""
    content = {
        "tier": promise.tier,
        "policy_version": promise.policy_version,
        "targets": [
            {
                "severity": severity,
                "metric": metric,
                "seconds": target.seconds,
                "floor_seconds": target.floor_seconds,
                "calendar": target.calendar,
                "pause_on": sorted(target.pause_on),
                "warn_at": sorted(target.warn_at),
            }
            for (severity, metric), target in sorted(promise.targets.items())
        ],
    }
    digest = hashlib.sha256(
        json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()
    terms, _created = PromiseTerms.objects.get_or_create(
        digest=digest,
        defaults={
            "content": {"key": digest, **content},
            "policy_version": promise.policy_version,
            "tier": promise.tier,
        },
    )
    return terms


def engine_events(ticket: Ticket) -> tuple[list[rules.Event], dict[str, PromiseTerms]]:
    """Return a ticket's events as the engine reads them, and the terms they name."""
    terms_rows: dict[str, PromiseTerms] = {}
    parsed: dict[str, rules.Terms] = {}
    events = []
    for row in (
        TicketEvent.objects.filter(ticket=ticket, kind__in=ENGINE_KINDS)
        .select_related("terms")
        .order_by("seq")
    ):
        if row.terms is not None and row.terms.digest not in parsed:
            parsed[row.terms.digest] = rules.Terms.from_json(row.terms.content)
            terms_rows[row.terms.digest] = row.terms
        opened = row.kind == TicketEvent.Kind.OPENED
        events.append(
            rules.Event(
                at=clock.to_epoch(row.at),
                seq=row.seq,
                kind=row.kind,  # type: ignore[arg-type]  # the engine's kinds are ours
                by=row.by,  # type: ignore[arg-type]
                public=row.is_public,
                automatic=row.is_automatic,
                status=row.new if row.kind == TicketEvent.Kind.STATUS else "new" if opened else None,
                severity=row.detail.get("severity"),
                terms=parsed[row.terms.digest] if row.terms else None,
                mode=row.detail.get("mode", "retarget"),
            )
        )
    return events, terms_rows


def readings_of(
    ticket: Ticket, now: datetime
) -> tuple[tuple[rules.Reading, ...], dict[str, PromiseTerms]]:
    """Evaluate a ticket's clocks at an instant, from its events alone."""
    events, terms_rows = engine_events(ticket)
    keys = {
        target["calendar"] for row in terms_rows.values() for target in row.content["targets"]
    }
    readings = rules.evaluate(events, calendars_by_key(keys), clock.to_epoch(now))
    return readings, terms_rows


def reclock(ticket: Ticket, now: datetime) -> None:
    """Recompute and store the clocks of a locked ticket; the caller saves the ticket.

    Steps that were reached before now and that no sweep has recorded yet are
    recorded here with their true instant, so that an answer that comes seconds
    after a breach cannot hide it.
    """
    readings, terms_rows = readings_of(ticket, now)
    shown = [reading for reading in readings if reading.started_at is not None]
    rows = Clock.objects.bulk_create(
        [_row(ticket, reading, terms_rows, now) for reading in shown],
        update_conflicts=True,
        unique_fields=["ticket", "metric", "cycle"],
        update_fields=STORED,
    )
    _record_reached(ticket, zip(rows, shown, strict=True), terms_rows, now)
    promise = next_promise(shown)
    ticket.rank_at = (
        NO_PROMISE_RUNNING if promise.rank_at is None else clock.from_epoch(promise.rank_at)
    )
    ticket.rank_metric = promise.metric or ""


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else clock.from_epoch(seconds)


def _row(
    ticket: Ticket, reading: rules.Reading, terms_rows: dict[str, PromiseTerms], now: datetime
) -> Clock:
    at = clock.to_epoch(now)
    ladder = (
        [[alarm.step, alarm.at] for alarm in reading.alarms if alarm.at > at]
        if reading.stopped_at is None
        else []
    )
    terms = terms_rows.get(reading.terms_key) or ticket.terms
    return Clock(
        ticket=ticket,
        metric=reading.metric,
        cycle=reading.cycle,
        status=reading.status,
        tier=terms.tier,
        severity=ticket.severity,
        terms=terms,
        calendar=reading.calendar,
        target_seconds=reading.target_seconds,
        elapsed_seconds=reading.elapsed_seconds,
        started_at=_instant(reading.started_at),
        due_at=_instant(reading.due_at),
        breaches_after=_instant(reading.breaches_after),
        breached_at=_instant(reading.breached_at),
        stopped_at=_instant(reading.stopped_at),
        paused_reason=reading.paused_reason or "",
        ladder=ladder,
        next_check_at=_instant(ladder[0][1]) if ladder else None,
        fault="",
    )


def _record_reached(
    ticket: Ticket,
    pairs: Iterable[tuple[Clock, rules.Reading]],
    terms_rows: dict[str, PromiseTerms],
    now: datetime,
) -> None:
    at = clock.to_epoch(now)
    events = []
    for row, reading in pairs:
        reached = {
            (reading.terms_key, alarm.step): alarm.at
            for alarm in reading.alarms
            if alarm.at <= at
        }
        reached |= {(breach.terms_key, 100): breach.at for breach in reading.breaches}
        events += [
            ClockEvent(
                clock=row,
                ticket=ticket,
                terms=terms_rows.get(terms_key, row.terms),
                kind=ClockEvent.Kind.BREACH if step == 100 else ClockEvent.Kind.WARNING,
                step=step,
                at=clock.from_epoch(instant),
                recorded_at=now,
            )
            for (terms_key, step), instant in reached.items()
        ]
    if events:
        ClockEvent.objects.bulk_create(events, ignore_conflicts=True)
