"""One year of a calendar, day by day: what is open, why not, and what the clocks do."""

import calendar as months_of
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS, WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from portal.kit import clock
from tiers.calendar_words import amount_words, hours_words
from tiers.calendars import compiled_versions
from tiers.models import CalendarVersion
from tiers.rules.business_time import CalendarDefinition, local_to_utc
from tiers.rules.business_time.compiling import without
from tiers.rules.business_time.definition import DAY_SECONDS, Spans

# Kinds of days, with the mark that stands for each beside its colour.
MARKS = {"open": "●", "closed": "–", "holiday": "H", "special": "S", "break": "B"}


@dataclass(frozen=True, slots=True)
class Day:
    """One date: its kind, its open hours in words and seconds, and what is special about it."""

    date: date
    kind: str
    hours: str
    seconds: int
    name: str = ""
    daylight: str = ""
    starts_version: int | None = None

    @property
    def mark(self) -> str:
        """The sign of its kind."""
        return MARKS[self.kind]

    @property
    def is_noteworthy(self) -> bool:
        """Whether the day is listed by name under its month."""
        return bool(
            self.kind in {"holiday", "special", "break"} or self.daylight or self.starts_version
        )

    @property
    def said(self) -> str:
        """Everything about the day, for who cannot see its colour."""
        parts = [self.name, self.hours, self.daylight]
        if self.starts_version:
            parts.append(_("from here version %(number)s") % {"number": self.starts_version})
        return "; ".join(part for part in parts if part)


@dataclass(slots=True)
class Month:
    """A month as weeks of seven, None where a week reaches into another month."""

    number: int
    weeks: list[list[Day | None]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The month's name."""
        return str(MONTHS[self.number])

    @property
    def days(self) -> list[Day]:
        """Its days in order."""
        return [day for week in self.weeks for day in week if day]

    @property
    def total(self) -> str:
        """The open hours of the month."""
        return amount_words(sum(day.seconds for day in self.days))

    @property
    def noted(self) -> list[Day]:
        """The days that deserve a line."""
        return [day for day in self.days if day.is_noteworthy]


@dataclass(frozen=True, slots=True)
class Year:
    """Twelve months."""

    year: int
    months: list[Month]

    @property
    def weekdays(self) -> list[tuple[str, str]]:
        """The weekdays in short and in full, Monday first."""
        return [(str(WEEKDAYS_ABBR[day]), str(WEEKDAYS[day])) for day in range(7)]

    @property
    def total(self) -> str:
        """The open hours of the year."""
        return amount_words(sum(day.seconds for month in self.months for day in month.days))

    @property
    def open_days(self) -> int:
        """How many days have open hours."""
        return sum(day.seconds > 0 for month in self.months for day in month.days)

    @property
    def closed_for_a_reason(self) -> int:
        """How many days are holidays or closed by hand."""
        return sum(day.kind == "holiday" for month in self.months for day in month.days)


class CalendarDays:
    """Answers about single dates of a calendar made of versions, in the order of their numbers."""

    def __init__(self, versions: Sequence[CalendarVersion]) -> None:
        self.business = compiled_versions(versions)
        rows: dict[int, CalendarVersion] = {}
        for row in versions:
            rows[-(1 << 62) if row.valid_from is None else clock.to_epoch(row.valid_from)] = row
        self._starts = sorted(rows)
        self._rows = [rows[start] for start in self._starts]
        self._says = [CalendarDefinition.from_json(row.definition) for row in self._rows]

    def zone_at(self, instant: int) -> ZoneInfo:
        """Return the zone that counts at an instant."""
        return self._says[self._place(instant)].zone

    def bounds(self, day: date) -> tuple[int, int]:
        """Return the instants at which a local date begins and ends."""
        zone = self._says[-1].zone
        zone = self.zone_at(local_to_utc(zone, day.toordinal(), DAY_SECONDS // 2))
        ordinal = day.toordinal()
        return local_to_utc(zone, ordinal, 0), local_to_utc(zone, ordinal, DAY_SECONDS)

    def day(self, day: date) -> Day:
        """Return what a date is like."""
        begins, ends = self.bounds(day)
        place = self._place((begins + ends) // 2)
        row, says = self._rows[place], self._says[place]
        seconds = self.business.elapsed(begins, ends)
        kind = _kind(says, day)
        hours = hours_words(open_hours(says, day))
        if begins == ends:
            kind, hours = "closed", _("this date does not exist here")
        elif kind == "holiday":
            hours = _("closed")
        begun = [
            self._rows[at].number for at, start in enumerate(self._starts) if begins <= start < ends
        ]
        return Day(
            date=day,
            kind=kind,
            hours=hours,
            seconds=seconds,
            name=row.holiday_names.get(day.isoformat(), "") or _unnamed(kind),
            daylight=daylight_words(says.zone, begins, ends) if begins != ends else "",
            starts_version=begun[-1] if begun else None,
        )

    def _place(self, instant: int) -> int:
        return max(0, bisect_right(self._starts, instant) - 1)


def year_of(versions: Sequence[CalendarVersion], year: int) -> Year:
    """Return a year of a calendar made of versions."""
    days = CalendarDays(versions)
    weeks = months_of.Calendar(firstweekday=0)
    return Year(
        year,
        [
            Month(
                month,
                [
                    [days.day(day) if day.month == month else None for day in week]
                    for week in weeks.monthdatescalendar(year, month)
                ],
            )
            for month in range(1, 13)
        ],
    )


def open_hours(says: CalendarDefinition, day: date) -> Spans:
    """Return the local spans of a date with its breaks taken out."""
    hours = list(says.hours_on(day))
    return tuple(without(hours, list(says.breaks.get(day, ()))))


def daylight_words(zone: ZoneInfo, begins: int, ends: int) -> str:
    """Say what the clocks do on a date that is not 24 hours long; nothing on any other."""
    length = ends - begins
    if length == DAY_SECONDS:
        return ""
    moment = _jump(zone, begins, ends)
    before, after = _offset(zone, begins), _offset(zone, ends)
    wall = [_wall(moment + offset) for offset in (before, after)]
    hours = amount_words(length)
    if after > before:
        return _("%(hours)s long: %(start)s–%(end)s does not exist") % {
            "hours": hours, "start": wall[0], "end": wall[1],
        }  # fmt: skip
    return _("%(hours)s long: %(start)s–%(end)s happens twice") % {
        "hours": hours, "start": wall[1], "end": wall[0],
    }  # fmt: skip


def month_totals(
    calendars: Iterable[CalendarDays], first: date, count: int = 12
) -> list[tuple[date, list[int]]]:
    """Return the open seconds of each calendar in each of the months from a day's month on."""
    days = list(calendars)
    found = []
    month = first.replace(day=1)
    for _step in range(count):
        after = (month + timedelta(days=32)).replace(day=1)
        found.append(
            (
                month,
                [one.business.elapsed(one.bounds(month)[0], one.bounds(after)[0]) for one in days],
            )
        )
        month = after
    return found


def _kind(says: CalendarDefinition, day: date) -> str:
    if day in says.closed_dates:
        return "holiday"
    if day in says.special_hours:
        return "special"
    if not says.hours_on(day):
        return "closed"
    return "break" if day in says.breaks else "open"


def _unnamed(kind: str) -> str:
    names = {"holiday": _("Holiday"), "special": _("Special hours"), "break": _("Break")}
    return names.get(kind, "")


def _offset(zone: ZoneInfo, instant: int) -> int:
    shift = datetime.fromtimestamp(instant, zone).utcoffset() or timedelta()
    return int(shift.total_seconds())


def _jump(zone: ZoneInfo, begins: int, ends: int) -> int:
    """Return the first instant after a change of the offset, by halving."""
    old = _offset(zone, begins)
    while ends - begins > 1:
        middle = (begins + ends) // 2
        if _offset(zone, middle) == old:
            begins = middle
        else:
            ends = middle
    return ends


def _wall(local: int) -> str:
    minutes = local % DAY_SECONDS // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"
