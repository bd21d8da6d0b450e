"""The account of a ticket's clocks for programs and spreadsheets: one shape, every door.

`document` is what `manage.py explain_ticket --json` prints and what the API answers (its schema
describes every key): ISO 8601 instants in UTC, lengths in business seconds. Within one `SCHEMA`
keys are only ever added. `ledger_csv` is the ledger for a dispute: each line stands for itself.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from portal.kit.spreadsheets import safe_cell
from tickets.amount_words import iso_duration
from tickets.explaining.account import (
    Cause,
    Change,
    ClockAccount,
    Segment,
    Step,
    TargetFacts,
    TicketAccount,
)
from tickets.explaining.cause_words import DESK, Audience, cause_words
from tickets.explaining.sentences import notes, sentence
from tiers.calendars import calendar_key, pinned_number

SCHEMA = "clocks/1"


def iso(instant: datetime | None) -> str | None:
    """Return an instant in UTC to the second, as the engine counts: 2026-03-10T09:00:00Z."""
    if instant is None:
        return None
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def document(
    account: TicketAccount,
    audience: Audience = DESK,
    *,
    clocks: Sequence[ClockAccount] | None = None,
    with_ledger: bool = True,
) -> dict[str, Any]:
    """Return the account as plain data; ``clocks`` narrows it down to some of them."""
    shown = account.clocks if clocks is None else clocks
    return {
        "schema": SCHEMA,
        "reference": account.ticket.reference,
        "evaluated_at": iso(account.now),
        "fault": account.fault,
        "clocks": [clock_document(one, audience, with_ledger=with_ledger) for one in shown],
    }


def clock_document(one: ClockAccount, audience: Audience, *, with_ledger: bool) -> dict[str, Any]:
    """Return one cycle of one promise. Ladder steps are for our own people alone."""
    found: dict[str, Any] = {
        "metric": one.metric,
        "cycle": one.cycle,
        "status": one.status,
        "severity": one.severity or None,
        "started_at": iso(one.started_at),
        "due_at": iso(one.due_at),
        "breaches_after": iso(one.breaches_after),
        "breached_at": iso(one.breached_at),
        "stopped_at": iso(one.stopped_at),
        "stopped_by": _cause(one.stop, audience) if one.stop else None,
        "paused_reason": one.paused_reason,
        "paused_since": iso(one.paused_since),
        "target_seconds": one.target_seconds,
        "elapsed_seconds": one.elapsed_seconds,
        "remaining_seconds": one.remaining_seconds,
        "calendar": calendar_key(one.reading.calendar),
        "calendar_version": pinned_number(one.reading.calendar),
        "time_zone": one.definition.time_zone if one.definition else None,
        **_terms(one.target),
        "sentence": sentence(one),
        "notes": notes(one),
        "breaches": [
            {
                "at": iso(broken.at),
                "target_seconds": broken.target_seconds,
                "policy_version": broken.target.policy_version if broken.target else None,
            }
            for broken in one.broken
        ],
        "changes": [_change(change, audience) for change in one.changes],
    }
    if audience.is_staff:
        found["steps"] = [_step(step) for step in one.steps]
    if with_ledger:
        found["ledger"] = [_segment(segment, audience) for segment in one.segments]
    return found


def _terms(target: TargetFacts | None) -> dict[str, Any]:
    return {
        "policy_version": target.policy_version if target else None,
        "tier": target.tier if target else None,
        "promised_by": target.by if target else None,
    }


def _cause(cause: Cause, audience: Audience) -> dict[str, Any]:
    return {
        # The engine's key of some terms means nothing outside; what they say stands beside it.
        "code": "terms" if cause.code.startswith("terms:") else cause.code,
        "mode": cause.mode,
        "at": iso(cause.at),
        "by": cause.by,
        "says": cause_words(cause, audience),
    }


def _change(change: Change, audience: Audience) -> dict[str, Any]:
    return {
        "at": iso(change.at),
        "from_seconds": change.before.seconds if change.before else None,
        "to_seconds": change.after.seconds if change.after else None,
        "cause": _cause(change.cause, audience),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "step": step.step,
        "at": iso(step.at),
        "is_reached": step.is_reached,
        "is_present": step.is_present,
        "tells": list(step.tells),
        "recorded_at": iso(step.recorded_at),
        "announced_at": iso(step.announced_at),
        "acknowledged_at": iso(step.acknowledged_at),
        "acknowledged_by": step.acknowledged_by,
    }


def _segment(segment: Segment, audience: Audience) -> dict[str, Any]:
    return {
        "start": iso(segment.start),
        "end": iso(segment.end),
        "state": segment.state,
        "wall_seconds": segment.wall_seconds,
        "counted_seconds": segment.counted_seconds,
        "elapsed_seconds": segment.so_far_seconds,
        "cause": _cause(segment.cause, audience),
        "calendar": segment.calendar_key,
        "calendar_version": segment.calendar_version,
        "target_seconds": segment.target.seconds if segment.target else None,
        "severity": segment.target.severity if segment.target else None,
        **_terms(segment.target),
    }


COLUMNS = (
    "ticket", "organization", "metric", "cycle", "status", "line", "state", "start_utc", "end_utc",
    "start_local", "end_local", "time_zone", "cause", "counted_seconds", "counted_iso",
    "elapsed_seconds", "elapsed_iso", "calendar", "calendar_version", "calendar_time_zone", "tier",
    "policy_version", "promised_by", "severity", "target_seconds", "target_iso", "due_at_utc",
    "breaches_after_utc", "breached_at_utc", "stopped_at_utc", "evaluated_at_utc",
)  # fmt: skip


def ledger_csv(account: TicketAccount, audience: Audience) -> str:
    """Return the whole ledger: one line per stretch, a line of its own for what never began.

    Lengths are business seconds and ISO 8601 durations without days; ``elapsed`` is the sum up
    to and with the line. Local times are those of the reader. No cell begins like a formula.
    """
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in account.clocks:
        for line in _lines(account, one, audience):
            writer.writerow([safe_cell("" if cell is None else cell) for cell in line])
    return text.getvalue()


def csv_name(account: TicketAccount) -> str:
    """Return the name of the file."""
    return f"{account.ticket.reference}_clocks_{account.now:%Y-%m-%d}.csv"


def _lines(
    account: TicketAccount, one: ClockAccount, audience: Audience
) -> Iterator[Iterable[object]]:
    zone = ZoneInfo(timezone.get_current_timezone_name())
    ticket = account.ticket
    segments: Sequence[Segment | None] = one.segments or [None]
    for number, segment in enumerate(segments, start=1):
        target = segment.target if segment else one.target
        counted = segment.counted_seconds if segment else 0
        so_far = segment.so_far_seconds if segment else 0
        hours = segment.definition if segment else one.definition
        yield (
            ticket.reference,
            ticket.organization.name,
            one.metric,
            one.cycle,
            one.status,
            number,
            segment.state if segment else one.status,
            iso(segment.start) if segment else None,
            iso(segment.end) if segment else None,
            _local(segment.start, zone) if segment else None,
            _local(segment.end, zone) if segment else None,
            zone.key,
            cause_words(segment.cause, audience) if segment else None,
            counted,
            iso_duration(counted),
            so_far,
            iso_duration(so_far),
            segment.calendar_key if segment else calendar_key(one.reading.calendar),
            segment.calendar_version if segment else pinned_number(one.reading.calendar),
            hours.time_zone if hours else None,
            target.tier if target else None,
            target.policy_version if target else None,
            target.by if target else None,
            target.severity if target else None,
            target.seconds if target else None,
            iso_duration(target.seconds) if target else None,
            iso(one.due_at),
            iso(one.breaches_after),
            iso(one.breached_at),
            iso(one.stopped_at),
            iso(account.now),
        )


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="seconds")
