"""Read the days of an iCalendar file: all-day events, of several days, and recurring ones.

What comes from outside is bounded before it is worked on: size, number of events,
kinds of recurrence, and the time it takes.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dateutil.rrule import rrulestr
from django.utils.translation import gettext as _
from icalendar import Calendar

from portal.kit.refused import InvalidInput

MAX_BYTES = 512 * 1024
MAX_EVENTS = 5_000
MAX_SECONDS = 5.0
MAX_DAYS = 1_000
NAME_LENGTH = 120
# Of these, the ones that holidays are written with. Combinations that never come true
# would be searched for until the year 9999.
PARTS = {
    "YEARLY": {"BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS"},
    "MONTHLY": {"BYMONTHDAY", "BYDAY", "BYSETPOS"},
    "WEEKLY": {"BYDAY"},
    "DAILY": set(),
}
COMMON_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
ONE_DAY = timedelta(days=1)
MIDNIGHT = datetime.min.time()


@dataclass(frozen=True, slots=True)
class IcalDays:
    """The days of a file and their names, and how many events with times were left out."""

    days: Mapping[date, str]
    left_out: int


def days_of_ical(content: bytes, since: date, until: date) -> IcalDays:
    """Return the all-day events from one day to another, both included.

    An event with a time of day is no holiday and is only counted. Raises
    InvalidInput in words when this is no calendar or one that cannot be read.
    """
    if len(content) > MAX_BYTES:
        raise _unreadable(_("It is larger than %(size)s KB.") % {"size": MAX_BYTES // 1024})
    events = _events(content)
    moved = {
        (str(event.get("UID", "")), day)
        for event in events
        for day in _dates(event.get("RECURRENCE-ID"))
    }
    deadline = time.monotonic() + MAX_SECONDS
    found: dict[date, str] = {}
    left_out = 0
    for event in events:
        if time.monotonic() > deadline:
            raise _unreadable(_("It takes too long: too many recurring events."))
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        start = _start(event)
        if start is None:
            left_out += 1
            continue
        name = " ".join(str(event.get("SUMMARY", "")).split())[:NAME_LENGTH]
        for day in _days_of(event, start, moved, since, until):
            known = found.get(day)
            found[day] = known or name
    if len(found) > MAX_DAYS:
        raise _unreadable(
            _("It closes %(count)s days, which cannot be holidays.") % {"count": len(found)}
        )
    return IcalDays(dict(sorted(found.items())), left_out)


def _events(content: bytes) -> list[Any]:
    if b"BEGIN:VCALENDAR" not in content[:4096].upper():
        raise _unreadable(_("It does not begin with BEGIN:VCALENDAR."))
    if b"END:VCALENDAR" not in content[-4096:].upper():
        raise _unreadable(_("It ends in the middle: the rest is missing."))
    if content.upper().count(b"BEGIN:VEVENT") > MAX_EVENTS:
        raise _unreadable(_("It holds more than %(count)s events.") % {"count": MAX_EVENTS})
    try:
        return [
            event for calendar in Calendar.from_ical(content, multiple=True)
            for event in calendar.walk("VEVENT")
        ]  # fmt: skip
    except Exception as error:
        # Whatever a parser trips over in a stranger's file: it is the file's fault.
        raise _unreadable(_("It is damaged.")) from error


def _start(event: Any) -> date | None:
    """Return the day an all-day event starts on; None for one with a time of day."""
    start = getattr(event.get("DTSTART"), "dt", None)
    return start if isinstance(start, date) and not isinstance(start, datetime) else None


def _days_of(
    event: Any, start: date, moved: set[tuple[str, date]], since: date, until: date
) -> Iterator[date]:
    length = _length(event, start)
    skipped = set(_dates(event.get("EXDATE")))
    if event.get("RECURRENCE-ID") is None:
        uid = str(event.get("UID", ""))
        skipped |= {day for one, day in moved if one == uid}
    starts = [*_recurring(event, start, until), *_dates(event.get("RDATE"))]
    for first in starts:
        if first in skipped:
            continue
        # Only as much of it as lies in the window, however long somebody says it is.
        day, last = max(first, since), min(first + (length - ONE_DAY), until)
        while day <= last:
            yield day
            day += ONE_DAY


def _length(event: Any, start: date) -> timedelta:
    end = getattr(event.get("DTEND"), "dt", None)
    length = getattr(event.get("DURATION"), "dt", None)
    if isinstance(end, date) and not isinstance(end, datetime):
        length = end - start
    if not isinstance(length, timedelta) or length < ONE_DAY:
        return ONE_DAY
    return min(timedelta(days=length.days), timedelta(days=MAX_DAYS))


def _recurring(event: Any, start: date, until: date) -> Iterator[date]:
    """Yield the days on which an event starts, up to a day."""
    rule = event.get("RRULE")
    if rule is None:
        yield start
        return
    text = _understood(rule)
    try:
        occurrences: Iterable[datetime] = rrulestr(text, dtstart=datetime.combine(start, MIDNIGHT))
        for at in occurrences:
            if at.date() > until:
                return
            yield at.date()
    except (ValueError, TypeError, OverflowError) as error:
        raise _unreadable(
            _("It recurs by a rule that makes no sense: %(rule)s") % {"rule": text}
        ) from error


def _understood(rule: Any) -> str:
    """Return a recurrence as text without zones; refuse what would be searched for long."""
    if isinstance(rule, list):
        raise _unreadable(_("An event recurs by two rules."))
    parts = {str(key).upper(): list(value) for key, value in rule.items()}
    text = rule.to_ical().decode(errors="replace")[:200]
    freq = str(parts.get("FREQ", [""])[0]).upper()
    if freq not in PARTS or set(parts) - COMMON_PARTS - PARTS[freq]:
        raise _unreadable(_("It recurs by a rule that no holiday needs: %(rule)s") % {"rule": text})
    kept = []
    for part in text.split(";"):
        key, _equals, value = part.partition("=")
        if key.upper() == "UNTIL":
            value = value[:8]
        if key.upper() == "INTERVAL" and not 1 <= int(value or 0) <= 400:
            raise _senseless(text)
        kept.append(f"{key}={value}")
    return ";".join(kept)


def _dates(values: Any) -> Iterator[date]:
    """Yield the days named by EXDATE, RDATE or RECURRENCE-ID, however often they stand there."""
    if values is None:
        return
    for one in values if isinstance(values, list) else [values]:
        for value in getattr(one, "dts", [one]):
            found = getattr(value, "dt", None)
            if isinstance(found, datetime):
                yield found.date()
            elif isinstance(found, date):
                yield found


def _senseless(rule: str) -> InvalidInput:
    return _unreadable(_("It recurs by a rule that makes no sense: %(rule)s") % {"rule": rule})


def _unreadable(why: str) -> InvalidInput:
    message = _("This calendar file cannot be used. %(why)s") % {"why": why}
    return InvalidInput("ical_unreadable", message, fields={"file": message})
