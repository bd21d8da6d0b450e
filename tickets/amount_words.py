"""Lengths of time in words and for programs: promised, counted, left, late."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tiers.calendar_words import is_around_the_clock, week_words, zone_words
from tiers.rules.business_time import CalendarDefinition

MINUTE, HOUR, DAY = 60, 3600, 86_400


def within_words(seconds: int, hours: CalendarDefinition) -> str:
    """Return a target as people say it: working days where they come out even."""
    if is_around_the_clock(hours):
        return _plain(seconds)
    day = _working_day(hours)
    if day and seconds % day == 0:
        days = seconds // day
        return ngettext("%(n)s working day", "%(n)s working days", days) % {"n": days}
    if seconds % HOUR == 0:
        count = seconds // HOUR
        return ngettext("%(n)s working hour", "%(n)s working hours", count) % {"n": count}
    return _("%(time)s of working time") % {"time": _plain(seconds)}


def _working_day(hours: CalendarDefinition) -> int:
    """Return the seconds of a working day when all are of one length, else 0."""
    lengths = {sum(end - start for start, end in spans) for spans in hours.weekly.values()}
    return lengths.pop() if len(lengths) == 1 else 0


def _plain(seconds: int) -> str:
    """Return a length of time in the largest unit that leaves no rest."""
    if seconds % DAY == 0 and seconds > 2 * DAY:
        days = seconds // DAY
        return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    if seconds % HOUR == 0:
        hours = seconds // HOUR
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    minutes = max(1, seconds // MINUTE)
    return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}


def when_counted(hours: CalendarDefinition) -> str:
    """Return when time counts, to follow on "counted": the week and the place."""
    if is_around_the_clock(hours):
        return _("day and night")
    return _("%(week)s, %(zone)s") % {
        "week": week_words(hours),
        "zone": zone_words(hours.time_zone),
    }


def exact_words(seconds: int) -> str:
    """Return a counted length to the second: hours stay hours, a business day is no day."""
    hours, rest = divmod(abs(seconds), HOUR)
    minutes, rest = divmod(rest, MINUTE)
    parts = [_("%(count)s h") % {"count": hours}] if hours else []
    if minutes:
        parts.append(_("%(count)s min") % {"count": minutes})
    if rest or not parts:
        parts.append(_("%(count)s s") % {"count": rest})
    return " ".join(parts)


def counted_words(seconds: int, hours: CalendarDefinition | None) -> str:
    """Return a counted length in whole minutes, and that only working time was counted.

    Rounded down as every clock's face is, so that a page never says two numbers for one
    delay. Less than a minute is said to the second.
    """
    if seconds >= MINUTE:
        seconds = seconds // MINUTE * MINUTE
    if hours is None or is_around_the_clock(hours):
        return exact_words(seconds)
    return _("%(time)s of working time") % {"time": exact_words(seconds)}


def iso_duration(seconds: int) -> str:
    """Return a length as ISO 8601 has it, without days: PT26H5M, -PT30S."""
    hours, rest = divmod(abs(seconds), HOUR)
    minutes, rest = divmod(rest, MINUTE)
    text = "".join(
        f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if count
    )
    return f"{'-' if seconds < 0 else ''}PT{text or '0S'}"
