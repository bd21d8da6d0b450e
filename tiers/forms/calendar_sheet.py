"""The sheet on which a calendar's draft is written: everything typed, as it was typed.

A sheet comes from a version or from what was sent, can take in a copied day or
loaded holidays without being judged, and is judged only when it is to be saved.
So nothing that was typed is lost, whatever is wrong with it.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.dates import WEEKDAYS

from tiers.models import CalendarVersion
from tiers.rules.business_time.definition import WEEKDAYS as DAY_KEYS
from tiers.rules.business_time.definition import zone_named

NOW, AT = "now", "at"
OPEN_ONLY, CLOSED_BETWEEN = "open", "break"
MOST_ROWS = 80
MOST_SPANS = 8
MOST_CLOSED = 400
DAY_NAME_LENGTH = 120
YEARS_AHEAD = 3


@dataclass(slots=True)
class SpanRow:
    """One span of a weekday as it was typed."""

    start: str = ""
    end: str = ""
    error: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.start.strip() or self.end.strip())


@dataclass(slots=True)
class ClosedRow:
    """One more closed day as it was typed."""

    date: str = ""
    name: str = ""
    error: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.date.strip() or self.name.strip())


@dataclass(slots=True)
class SpecialRow:
    """One date with other hours, or with a break, as it was typed."""

    date: str = ""
    what: str = OPEN_ONLY
    start: str = ""
    end: str = ""
    name: str = ""
    error: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not any(one.strip() for one in (self.date, self.start, self.end, self.name))


@dataclass(slots=True)
class WeekDay:
    """A weekday and its spans."""

    key: str
    spans: list[SpanRow]

    @classmethod
    def of(cls, key: str, spans: Iterable[Sequence[str]]) -> "WeekDay":
        """Return a weekday with these spans, or with an empty row for one."""
        return cls(key, [SpanRow(*span) for span in spans] or [SpanRow()])

    @property
    def label(self) -> str:
        """The weekday's name."""
        return str(WEEKDAYS[DAY_KEYS.index(self.key)])


@dataclass(slots=True)
class CalendarSheet:
    """Everything on the page, and, once judged, what is wrong with it."""

    zone: str
    week: list[WeekDay]
    # Closed days that are offered with a tick each, and those that are ticked.
    offered: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    added: list[ClosedRow] = field(default_factory=list)
    special: list[SpecialRow] = field(default_factory=list)
    starts: str = NOW
    start_date: str = ""
    start_time: str = ""
    reason: str = ""
    revision: int = 0
    country: str = ""
    subdivision: str = ""
    first_year: str = ""
    last_year: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_version(cls, version: CalendarVersion, today: date) -> "CalendarSheet":
        """Return the sheet of a stored draft."""
        says, names = version.definition, version.holiday_names
        zone = says["timezone"]
        start = version.valid_from and timezone.localtime(version.valid_from, zone_named(zone))
        closed = says.get("holidays", [])
        rows = [
            SpecialRow(day, what, one[0], one[1], names.get(day, ""))
            for what, dated in ((OPEN_ONLY, "shifts"), (CLOSED_BETWEEN, "breaks"))
            for day, spans in says.get(dated, {}).items()
            for one in spans
        ]
        return cls(
            zone=zone,
            week=[
                WeekDay(
                    key, [SpanRow(*span) for span in says["weekly"].get(key, [])] or [SpanRow()]
                )
                for key in DAY_KEYS
            ],
            offered={day: names.get(day, "") for day in closed},
            kept=set(closed),
            added=[ClosedRow()],
            special=[*sorted(rows, key=lambda row: (row.date, row.start)), SpecialRow()],
            starts=AT if start else NOW,
            start_date=start.date().isoformat() if start else "",
            start_time=f"{start:%H:%M}" if start else "",
            reason=version.reason,
            revision=version.revision,
            country=version.calendar.holiday_country,
            subdivision=version.calendar.holiday_subdivision,
            first_year=str(today.year),
            last_year=str(today.year + YEARS_AHEAD),
        )

    @classmethod
    def of_post(cls, data: QueryDict) -> "CalendarSheet":
        """Return what was sent, word for word."""
        return cls(
            zone=data.get("zone", ""),
            week=[
                WeekDay.of(key, _rows(data, MOST_SPANS, f"{key}_start", f"{key}_end"))
                for key in DAY_KEYS
            ],
            offered=_offered(data.get("offered", "")),
            kept=set(data.getlist("closed")),
            added=[ClosedRow(*row) for row in _rows(data, MOST_ROWS, "added_date", "added_name")],
            special=[
                SpecialRow(*row)
                for row in _rows(
                    data, MOST_ROWS, "special_date", "special_what", "special_start",
                    "special_end", "special_name",
                )
            ],
            starts=AT if data.get("starts") == AT else NOW,
            start_date=data.get("start_date", ""),
            start_time=data.get("start_time", ""),
            reason=data.get("reason", ""),
            revision=_number(data.get("revision", "")),
            country=data.get("country", ""),
            subdivision=data.get("subdivision", "").strip().upper(),
            first_year=data.get("first_year", ""),
            last_year=data.get("last_year", ""),
        )  # fmt: skip

    def add_row(self, where: str) -> None:
        """Add an empty row to a weekday, to the closed days or to the special days."""
        if where == "added" and len(self.added) < MOST_ROWS:
            self.added.append(ClosedRow())
        elif where == "special" and len(self.special) < MOST_ROWS:
            self.special.append(SpecialRow())
        for day in self.week:
            if day.key == where and len(day.spans) < MOST_SPANS:
                day.spans.append(SpanRow())

    def copy_day(self, source: str, targets: Iterable[str]) -> list[str]:
        """Give weekdays the spans of another; return the names of those that changed."""
        by_key = {day.key: day for day in self.week}
        if source not in by_key:
            return []
        copied = []
        for key in targets:
            if key in by_key and key != source:
                by_key[key].spans = [SpanRow(row.start, row.end) for row in by_key[source].spans]
                copied.append(by_key[key].label)
        return copied

    def take_in(self, days: Mapping[date, str]) -> int:
        """Tick days from a source; return how many were not closed before."""
        fresh = 0
        for day, name in days.items():
            text = day.isoformat()
            fresh += text not in self.kept
            if len(self.offered) < MOST_CLOSED or text in self.offered:
                self.offered[text] = name or self.offered.get(text, "")
                self.kept.add(text)
        return fresh

    @property
    def offered_json(self) -> str:
        """Return the offered days, to be sent along."""
        return json.dumps(self.offered)

    def closed_years(self) -> list[dict[str, Any]]:
        """Return the offered days by year, the ticked ones marked."""
        years: dict[int, list[dict[str, Any]]] = {}
        for text, name in sorted(self.offered.items()):
            day = date.fromisoformat(text)
            years.setdefault(day.year, []).append(
                {"date": day, "iso": text, "name": name, "is_kept": text in self.kept}
            )
        return [
            {"year": year, "days": days, "count": sum(day["is_kept"] for day in days)}
            for year, days in years.items()
        ]


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0


def _rows(data: QueryDict, most: int, *names: str) -> list[Sequence[str]]:
    """Return the values of inputs that stand beside each other, row by row."""
    columns = [data.getlist(name)[:most] for name in names]
    return [
        tuple(str(value)[:DAY_NAME_LENGTH] for value in row)
        for row in zip_longest(*columns, fillvalue="")
    ]


def _offered(text: str) -> dict[str, str]:
    """Return the days that the page offered, of those the ones that are dates."""
    try:
        days = json.loads(text or "{}")
    except ValueError:
        return {}
    found = {}
    for day, name in days.items() if isinstance(days, dict) else ():
        try:
            found[date.fromisoformat(day).isoformat()] = str(name)[:DAY_NAME_LENGTH]
        except ValueError:
            continue
    return dict(list(found.items())[:MOST_CLOSED])
