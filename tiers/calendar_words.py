"""Calendars and durations in words: "Monday to Friday 09:00–17:00, Europe/Berlin"."""

from collections.abc import Iterable
from datetime import date, datetime

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tiers.models import CalendarVersion
from tiers.rules.business_time import CalendarDefinition
from tiers.rules.business_time.definition import DAY_SECONDS, Spans, as_clock

WHOLE_DAY: Spans = ((0, DAY_SECONDS),)


def definitions_at(instant: datetime, keys: Iterable[str]) -> dict[str, CalendarDefinition]:
    """Return what each calendar says at an instant, by key, in one query."""
    rows = (
        CalendarVersion.objects.in_force_at(instant)
        .filter(calendar__key__in=set(keys))
        .values_list("calendar__key", "definition")
    )
    found: dict[str, CalendarDefinition] = {}
    for key, definition in rows:
        found.setdefault(key, CalendarDefinition.from_json(definition))
    return found


def is_around_the_clock(definition: CalendarDefinition) -> bool:
    """Whether every hour of every day counts."""
    return not (definition.closed_dates or definition.special_hours or definition.breaks) and all(
        definition.weekly.get(day) == WHOLE_DAY for day in range(7)
    )


def calendar_words(definition: CalendarDefinition, today: date) -> str:
    """Return the open hours of a calendar as one sentence."""
    if is_around_the_clock(definition):
        return _("Day and night, every day of the year")
    hours = week_words(definition)
    closed = sum(day >= today for day in definition.closed_dates)
    if not closed:
        return _("%(hours)s (%(zone)s), no holidays") % {
            "hours": hours,
            "zone": definition.time_zone,
        }
    return ngettext(
        "%(hours)s (%(zone)s), closed on %(closed)s holiday to come, until %(last)s",
        "%(hours)s (%(zone)s), closed on %(closed)s holidays to come, until %(last)s",
        closed,
    ) % {
        "hours": hours,
        "zone": definition.time_zone,
        "closed": closed,
        "last": max(definition.closed_dates).year,
    }


def hours_words(spans: Spans) -> str:
    """Return the open hours of one day."""
    return _spans(spans) if spans else _("closed")


def day_words(day: date, name: str = "") -> str:
    """Return a date, and what it is called in brackets."""
    words = date_format(day, _("j M Y"))
    return f"{words} ({name})" if name else words


def week_words(definition: CalendarDefinition) -> str:
    """Return the hours of the usual week: "Monday to Friday 09:00–17:00"."""
    return "; ".join(
        f"{_days(first, last)} {_spans(spans)}" for first, last, spans in _runs(definition)
    )


def zone_words(name: str) -> str:
    """Return how people call a time zone: "Berlin time"."""
    if "/" not in name:
        return name
    city = name.rpartition("/")[2].replace("_", " ")
    return _("%(city)s time") % {"city": city}


def amount_words(seconds: int) -> str:
    """Return a length of business time: hours stay hours, because a business day is no day."""
    hours, rest = divmod(seconds, 3600)
    minutes = rest // 60
    if not hours:
        return _("%(minutes)s min") % {"minutes": minutes}
    amount = number_format(hours, force_grouping=True)
    if not minutes:
        return _("%(hours)s h") % {"hours": amount}
    return _("%(hours)s h %(minutes)s min") % {"hours": amount, "minutes": minutes}


def _runs(definition: CalendarDefinition) -> list[tuple[int, int, Spans]]:
    """Return the week as runs of days with the same hours."""
    runs: list[tuple[int, int, Spans]] = []
    for day, spans in sorted(definition.weekly.items()):
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == spans:
            runs[-1] = (runs[-1][0], day, spans)
        else:
            runs.append((day, day, spans))
    return runs


def _days(first: int, last: int) -> str:
    if first == last:
        return str(WEEKDAYS[first])
    return _("%(first)s to %(last)s") % {"first": WEEKDAYS[first], "last": WEEKDAYS[last]}


def _spans(spans: Spans) -> str:
    if spans == WHOLE_DAY:
        return _("all day")
    return _(" and ").join(f"{as_clock(start)}–{as_clock(end)}" for start, end in spans)
