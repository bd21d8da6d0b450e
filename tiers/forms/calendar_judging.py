"""Judge a calendar's sheet: every error in words beside its row, or the calendar it makes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from tiers.calendar_words import day_words
from tiers.forms.calendar_sheet import (
    AT,
    CLOSED_BETWEEN,
    OPEN_ONLY,
    CalendarSheet,
    ClosedRow,
    SpanRow,
    SpecialRow,
)
from tiers.rules.business_time import UnknownTimeZoneError
from tiers.rules.business_time.definition import (
    DAY_SECONDS,
    WEEKDAYS,
    Span,
    as_clock,
    as_clock_pairs,
    zone_named,
)

CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?")
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a sheet without errors says, as the action takes it."""

    definition: dict[str, Any]
    holiday_names: dict[str, str]
    valid_from: datetime | None


def judge(sheet: CalendarSheet, now: datetime) -> Judged | None:
    """Return what a sheet says, or None after noting on it everything that is wrong."""
    sheet.errors.clear()
    zone = _zone(sheet)
    weekly = {day.key: _spans(day.spans) for day in sheet.week}
    closed, names = _closed(sheet)
    shifts, breaks = _special(sheet, weekly, closed, names)
    valid_from = _start(sheet, zone, now)
    if not any(weekly.values()) and not shifts:
        sheet.errors["week"] = _(
            "Nothing is ever open, so nothing would ever come due. Fill in hours for a day."
        )
    if zone is None or sheet.errors or _has_errors(sheet):
        return None
    return Judged(
        definition={
            "timezone": sheet.zone,
            "weekly": {day: as_clock_pairs(tuple(spans)) for day, spans in weekly.items() if spans},
            "holidays": sorted(day.isoformat() for day in closed),
            "shifts": {day.isoformat(): as_clock_pairs(tuple(s)) for day, s in shifts.items()},
            "breaks": {day.isoformat(): as_clock_pairs(tuple(s)) for day, s in breaks.items()},
        },
        holiday_names={day.isoformat(): name for day, name in names.items() if name},
        valid_from=valid_from,
    )


def _has_errors(sheet: CalendarSheet) -> bool:
    rows: list[SpanRow | ClosedRow | SpecialRow] = [*sheet.added, *sheet.special]
    for day in sheet.week:
        rows += day.spans
    return any(row.error for row in rows)


def _zone(sheet: CalendarSheet) -> ZoneInfo | None:
    try:
        return zone_named(sheet.zone)
    except UnknownTimeZoneError:
        sheet.errors["zone"] = _("Choose a time zone from the list.")
        return None


def _spans(rows: Iterable[SpanRow | SpecialRow]) -> list[Span]:
    """Return the spans of rows that belong to one day; note what is wrong beside the row."""
    found: list[Span] = []
    for row in rows:
        if isinstance(row, SpanRow) and row.is_empty:
            continue
        span = _span(row)
        if span is None:
            continue
        for start, end in found:
            if span[0] < end and start < span[1]:
                row.error = _(
                    "Overlaps with %(start)s–%(end)s: join the two, or let one end sooner."
                ) % {"start": as_clock(start), "end": as_clock(end)}
        found.append(span)
    return sorted(found)


def _span(row: SpanRow | SpecialRow) -> Span | None:
    if not row.start.strip() or not row.end.strip():
        row.error = _("Say from when to when: both times are needed.")
        return None
    start, end = _clock(row.start), _clock(row.end)
    for typed, read in ((row.start, start), (row.end, end)):
        if read is None:
            row.error = _(
                "“%(typed)s” is no time of day. Write 09:00; the end of a day is 24:00."
            ) % {"typed": typed}
            return None
    assert start is not None
    assert end is not None
    if start >= end:
        row.error = _(
            "%(start)s to %(end)s does not end after it starts. Past midnight: end at 24:00 and "
            "go on the next day at 00:00."
        ) % {"start": as_clock(start), "end": as_clock(end)}
        return None
    return start, end


def _clock(typed: str) -> int | None:
    match = CLOCK.fullmatch(typed.strip())
    if match is None:
        return None
    hours, minutes = int(match[1]), int(match[2] or 0)
    second = hours * 3600 + minutes * 60
    return second if minutes < 60 and second <= DAY_SECONDS else None


def _closed(sheet: CalendarSheet) -> tuple[set[date], dict[date, str]]:
    names = {date.fromisoformat(day): sheet.offered[day] for day in sheet.kept & set(sheet.offered)}
    closed = set(names)
    for row in sheet.added:
        if row.is_empty:
            continue
        day = _day(row)
        if day is not None:
            closed.add(day)
            names[day] = row.name.strip() or names.get(day, "")
    return closed, names


def _special(
    sheet: CalendarSheet,
    weekly: dict[str, list[Span]],
    closed: set[date],
    names: dict[date, str],
) -> tuple[dict[date, list[Span]], dict[date, list[Span]]]:
    """Return special hours and breaks by date; add what the days are called to the names."""
    rows: dict[tuple[str, date], list[SpecialRow]] = {}
    for row in sheet.special:
        if row.is_empty:
            continue
        day = _day(row)
        if day is None:
            continue
        if day in closed:
            row.error = _(
                "%(day)s is a closed day too. Untick it among the closed days, or clear this row."
            ) % {"day": day_words(day)}
            continue
        what = row.what if row.what in {OPEN_ONLY, CLOSED_BETWEEN} else OPEN_ONLY
        rows.setdefault((what, day), []).append(row)
        if row.name.strip():
            names[day] = row.name.strip()
    shifts = {day: _spans(found) for (what, day), found in rows.items() if what == OPEN_ONLY}
    breaks = {}
    for (what, day), found in rows.items():
        if what == CLOSED_BETWEEN:
            breaks[day] = _breaks(found, shifts.get(day) or weekly[WEEKDAYS[day.weekday()]])
    return shifts, breaks


def _breaks(rows: list[SpecialRow], hours: list[Span]) -> list[Span]:
    spans = _spans(rows)
    for row in rows:
        if not row.error and not any(
            start < end_of and start_of < end
            for start, end in hours
            for start_of, end_of in [_span(row) or (0, 0)]
        ):
            row.error = _("Nothing is open then, so there is nothing to close.")
    return spans


def _day(row: ClosedRow | SpecialRow) -> date | None:
    try:
        day = date.fromisoformat(row.date.strip())
    except ValueError:
        row.error = (
            _("“%(typed)s” is no date. Write it like 2026-12-24.") % {"typed": row.date}
            if row.date.strip()
            else _("Say on which date.")
        )
        return None
    if not FIRST_DAY <= day < LAST_DAY:
        row.error = _("Choose a date between the years 2000 and 2199.")
        return None
    return day


def _start(sheet: CalendarSheet, zone: ZoneInfo | None, now: datetime) -> datetime | None:
    """Return from when the version counts; None is the moment of publishing."""
    if sheet.starts != AT or zone is None:
        return None
    try:
        day = date.fromisoformat(sheet.start_date.strip())
    except ValueError:
        sheet.errors["start"] = _("Say on which day it begins to count.")
        return None
    second = _clock(sheet.start_time) if sheet.start_time.strip() else 0
    if second is None or second >= DAY_SECONDS or not FIRST_DAY <= day < LAST_DAY:
        sheet.errors["start"] = _("Write the moment as a date and a time such as 09:00.")
        return None
    begins = datetime.combine(day, time(second // 3600, second % 3600 // 60), tzinfo=zone)
    if begins < now and not sheet.reason.strip():
        sheet.errors["reason"] = _(
            "This begins in the past, so time that has gone by is counted anew. Say why."
        )
    return begins
