"""What a calendar says, in local words: zone, weekly hours, closed dates, special hours, breaks.

A span is a pair of seconds of the local day, 0 to 86400 (24:00); it belongs to one local date
and never crosses midnight. The JSON form is the one the conformance files use:

    {"timezone": "Europe/Berlin",
     "weekly": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]},
     "holidays": ["2026-12-25"],
     "breaks": {"2026-12-24": [["12:00", "24:00"]]},
     "shifts": {"2026-12-19": [["10:00", "14:00"]]}}

Precedence on one date: a closed date is closed whatever else is said about it; special hours
("shifts") replace the weekly hours of their date; breaks are taken out of what remains.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Self
from zoneinfo import ZoneInfo

Span = tuple[int, int]
Spans = tuple[Span, ...]

DAY_SECONDS = 86_400
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class CalendarError(ValueError):
    """Something about a calendar, or a question asked of it, cannot be right."""


class MalformedCalendarError(CalendarError):
    """A span, date or weekday that does not say what it should."""


class UnknownTimeZoneError(CalendarError):
    """The time zone is not in the IANA database."""


class NeverOpenError(CalendarError):
    """No open time at all: nothing promised in such a calendar would ever come due."""


class NoOpeningError(CalendarError):
    """The answer lies beyond the years that are searched, so there is none worth giving."""


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo:
    """Return the IANA zone, or refuse its name in words an editor understands."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError, TypeError) as error:
        raise UnknownTimeZoneError(
            f"Unknown time zone {name!r}; use an IANA name such as Europe/Berlin."
        ) from error


def local_to_utc(zone: ZoneInfo, ordinal: int, second: int) -> int:
    """Return the instant of a local wall-clock second of the date with that proleptic ordinal.

    A time that daylight saving skips is moved forward by the gap; one that occurs twice means
    its first occurrence. Both are what PEP 495 gives for fold=0. Second 86400 is the next date's
    midnight.
    """
    wall = datetime.fromordinal(ordinal) + timedelta(seconds=second)
    return int(wall.replace(tzinfo=zone).timestamp())


@dataclass(frozen=True)
class CalendarDefinition:
    """One version of a calendar. Spans are sorted and joined; what makes no sense is refused."""

    time_zone: str
    weekly: Mapping[int, Spans] = field(default_factory=dict)
    closed_dates: frozenset[date] = frozenset()
    special_hours: Mapping[date, Spans] = field(default_factory=dict)
    breaks: Mapping[date, Spans] = field(default_factory=dict)

    def __post_init__(self) -> None:
        zone_named(self.time_zone)
        for weekday in self.weekly:
            if weekday not in range(7):
                raise MalformedCalendarError(
                    f"Weekday {weekday!r} is not 0 (Monday) to 6 (Sunday)."
                )
        tidy = object.__setattr__  # the dataclass is frozen; this is still its construction
        tidy(
            self,
            "weekly",
            {
                weekday: joined(spans, WEEKDAYS[weekday])
                for weekday, spans in sorted(self.weekly.items())
                if spans
            },
        )
        for name in ("special_hours", "breaks"):
            dated: Mapping[date, Spans] = getattr(self, name)
            tidied = {day: joined(dated[day], day.isoformat()) for day in sorted(dated)}
            tidy(self, name, tidied)
        tidy(self, "closed_dates", frozenset(self.closed_dates))
        if not self.weekly and not any(self.opens_on(day) for day in self.special_hours):
            raise NeverOpenError("This calendar has no open hours at all; add at least one.")

    @property
    def zone(self) -> ZoneInfo:
        return zone_named(self.time_zone)

    def opens_on(self, day: date) -> bool:
        """Whether that local date is a business day; breaks do not make it less of one."""
        return bool(self.hours_on(day))

    def hours_on(self, day: date) -> Spans:
        """Return the local spans of a date before breaks are taken out."""
        if day in self.closed_dates:
            return ()
        if day in self.special_hours:
            return self.special_hours[day]
        return self.weekly.get(day.weekday(), ())

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form; `from_json` of it is equal to this definition."""
        return {
            "timezone": self.time_zone,
            "weekly": {WEEKDAYS[day]: as_clock_pairs(spans) for day, spans in self.weekly.items()},
            "holidays": [day.isoformat() for day in sorted(self.closed_dates)],
            "breaks": {day.isoformat(): as_clock_pairs(s) for day, s in self.breaks.items()},
            "shifts": {day.isoformat(): as_clock_pairs(s) for day, s in self.special_hours.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form; refuse what it does not know rather than ignore it."""
        unknown = set(data) - {"timezone", "weekly", "holidays", "breaks", "shifts"}
        if unknown:
            raise MalformedCalendarError(f"Unknown calendar entries: {', '.join(sorted(unknown))}.")
        if not isinstance(data.get("timezone"), str):
            raise MalformedCalendarError("A calendar needs a time zone.")
        return cls(
            time_zone=data["timezone"],
            weekly={
                parse_weekday(name): parse_spans(spans, name)
                for name, spans in (data.get("weekly") or {}).items()
            },
            closed_dates=frozenset(parse_date(text) for text in data.get("holidays") or ()),
            special_hours=parse_dated(data.get("shifts") or {}),
            breaks=parse_dated(data.get("breaks") or {}),
        )


def joined(spans: Iterable[Span], where: str) -> Spans:
    """Sort spans and join those that touch or overlap; refuse the impossible ones."""
    result: list[Span] = []
    for start, end in sorted((int(start), int(end)) for start, end in spans):
        if start < 0 or end > DAY_SECONDS:
            raise MalformedCalendarError(f"{where}: a span lies between 00:00 and 24:00.")
        if start >= end:
            raise MalformedCalendarError(
                f"{where}: {as_clock(start)} to {as_clock(end)} does not end after it starts;"
                " write midnight as 24:00 and split what runs past it over two days."
            )
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return tuple(result)


def as_clock(second: int) -> str:
    """Write a second of the day as HH:MM, or HH:MM:SS where seconds matter."""
    hours, rest = divmod(second, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def as_clock_pairs(spans: Spans) -> list[list[str]]:
    return [[as_clock(start), as_clock(end)] for start, end in spans]


def parse_clock(text: object, where: str) -> int:
    """Read HH:MM or HH:MM:SS, up to 24:00, as a second of the day."""
    parts = text.split(":") if isinstance(text, str) else []
    if len(parts) not in (2, 3) or not all(part.isascii() and part.isdigit() for part in parts):
        raise MalformedCalendarError(f"{where}: {text!r} is not a time of day such as 09:00.")
    hours, minutes, seconds = (*map(int, parts), 0)[:3]
    second = hours * 3600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or second > DAY_SECONDS:
        raise MalformedCalendarError(f"{where}: {text!r} is not a time of day; the last is 24:00.")
    return second


def parse_spans(pairs: object, where: str) -> Spans:
    if not isinstance(pairs, list | tuple):
        raise MalformedCalendarError(f"{where}: expected a list of [from, to] pairs.")
    spans = []
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise MalformedCalendarError(f"{where}: {pair!r} is not a [from, to] pair.")
        spans.append((parse_clock(pair[0], where), parse_clock(pair[1], where)))
    return tuple(spans)


def parse_weekday(name: str) -> int:
    try:
        return WEEKDAYS.index(name)
    except ValueError:
        raise MalformedCalendarError(
            f"{name!r} is not a weekday; use {', '.join(WEEKDAYS)}."
        ) from None


def parse_date(text: object) -> date:
    try:
        return date.fromisoformat(text)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        raise MalformedCalendarError(f"{text!r} is not a date such as 2026-12-25.") from None


def parse_dated(data: Mapping[str, Any]) -> dict[date, Spans]:
    return {parse_date(day): parse_spans(spans, day) for day, spans in data.items()}
