"""When somebody is there: open or closed now, and the week, in the visitor's own zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.kit import clock
from tiers.calendar_words import is_around_the_clock, zone_words
from tiers.rules.business_time import BusinessCalendar, CalendarDefinition

# How far ahead a day off is worth telling.
DAYS_OFF_AHEAD = 14


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Open or closed, until when, and the usual week.

    ``changes_at`` is the closing while open and the next opening while closed;
    None when it never closes. ``own_hours`` is the next open day in the
    visitor's zone, empty where that is the vendor's own.
    """

    is_open: bool
    is_always_open: bool
    changes_at: datetime | None
    week: list[tuple[str, str]]
    place: str
    own_hours: str
    days_off: list[date]


def opening_hours(calendar: BusinessCalendar, now: datetime) -> OpeningHours:
    """Return the hours of a calendar as they look from the current time zone."""
    at = clock.to_epoch(now)
    hours = calendar.definition_at(at)
    if is_around_the_clock(hours):
        return OpeningHours(True, True, None, [(_("Every day"), _("day and night"))], "", "", [])
    is_open = calendar.is_open(at)
    changes = calendar.closing(at) if is_open else calendar.next_opening(at)
    return OpeningHours(
        is_open=is_open,
        is_always_open=False,
        changes_at=None if changes is None else clock.from_epoch(changes),
        week=_week(hours),
        place=zone_words(hours.time_zone),
        own_hours=_own_hours(hours, calendar.next_opening(at)),
        days_off=_days_off(hours, now.astimezone(hours.zone).date()),
    )


def _week(hours: CalendarDefinition) -> list[tuple[str, str]]:
    """Return the days of the week, those with the same hours together."""
    groups: list[tuple[list[int], str]] = []
    for weekday in range(7):
        spans = hours.weekly.get(weekday, ())
        text = _spans_words(spans) if spans else _("closed")
        if groups and groups[-1][1] == text:
            groups[-1][0].append(weekday)
        else:
            groups.append(([weekday], text))
    return [(_days_words(days), text) for days, text in groups]


def _days_words(days: Sequence[int]) -> str:
    first, last = str(WEEKDAYS[days[0]]), str(WEEKDAYS[days[-1]])
    if len(days) == 1:
        return first
    if len(days) == 2:
        return _("%(first)s and %(last)s") % {"first": first, "last": last}
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


def _spans_words(spans: Sequence[tuple[int, int]]) -> str:
    return ", ".join(f"{_clock(start)}–{_clock(end)}" for start, end in spans)


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second % 3600 // 60:02}"


def _own_hours(hours: CalendarDefinition, opening: int) -> str:
    """Return the hours of the next open day on the visitor's clock, if that is another one."""
    own: tzinfo = timezone.get_current_timezone()
    instant = clock.from_epoch(opening)
    if instant.astimezone(own).utcoffset() == instant.astimezone(hours.zone).utcoffset():
        return ""
    day = instant.astimezone(hours.zone).date()
    return ", ".join(
        "–".join(_wall(day, second, hours.zone, own) for second in span)
        for span in hours.hours_on(day)
    )


def _wall(day: date, second: int, zone: ZoneInfo, own: tzinfo) -> str:
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=zone)
    # Wall time, not elapsed time: 09:00 stays 09:00 on the day the clocks change.
    instant = (midnight.replace(tzinfo=None) + timedelta(seconds=second)).replace(tzinfo=zone)
    return date_format(instant.astimezone(own), "H:i")


def _days_off(hours: CalendarDefinition, today: date) -> list[date]:
    """Return the closed dates of the coming days that would be open otherwise."""
    ahead = (today + timedelta(days=days) for days in range(DAYS_OFF_AHEAD))
    return [day for day in ahead if day in hours.closed_dates and day.weekday() in hours.weekly]
