"""What one version of a calendar says otherwise than another, in words and in days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tiers.calendar_words import day_words, hours_words
from tiers.calendar_year import CalendarDays, Day
from tiers.models import CalendarVersion
from tiers.rules.business_time import CalendarDefinition
from tiers.rules.business_time.definition import Spans

NAMED = 6
PREVIEW_DAYS = 366
# So many equal changes on one weekday are said once.
TOGETHER = 3


def change_words(before: CalendarVersion | None, after: CalendarVersion) -> list[str]:
    """Return what a version says otherwise than the one before it, one sentence each."""
    new = CalendarDefinition.from_json(after.definition)
    if before is None:
        return [_("The first version.")]
    old = CalendarDefinition.from_json(before.definition)
    said = []
    if old.time_zone != new.time_zone:
        said.append(
            _("Time zone: %(new)s, was %(old)s") % {"new": new.time_zone, "old": old.time_zone}
        )
    for day in range(7):
        was, now = old.weekly.get(day, ()), new.weekly.get(day, ())
        if was != now:
            said.append(
                _("%(day)s: %(new)s, was %(old)s")
                % {"day": WEEKDAYS[day], "new": hours_words(now), "old": hours_words(was)}
            )
    names = {**before.holiday_names, **after.holiday_names}
    said += _closed_words(old.closed_dates, new.closed_dates, names)
    said += _dated_words(old.special_hours, new.special_hours, names, special=True)
    said += _dated_words(old.breaks, new.breaks, names, special=False)
    renamed = sum(
        before.holiday_names.get(day, "") != after.holiday_names.get(day, "")
        for day in map(str, old.closed_dates & new.closed_dates)
    )
    if renamed:
        said.append(
            ngettext("%(count)s day has another name", "%(count)s days have other names", renamed)
            % {"count": renamed}
        )
    return said


def _closed_words(
    old: frozenset[date], new: frozenset[date], names: Mapping[str, str]
) -> list[str]:
    said = []
    if added := sorted(new - old):
        said.append(
            ngettext(
                "Closed on %(count)s more day: %(days)s",
                "Closed on %(count)s more days: %(days)s",
                len(added),
            )
            % {"count": len(added), "days": _list(added, names)}
        )
    if removed := sorted(old - new):
        said.append(
            ngettext(
                "No longer closed on %(count)s day: %(days)s",
                "No longer closed on %(count)s days: %(days)s",
                len(removed),
            )
            % {"count": len(removed), "days": _list(removed, names)}
        )
    return said


def _list(days: Sequence[date], names: Mapping[str, str]) -> str:
    said = [day_words(day, names.get(day.isoformat(), "")) for day in days[:NAMED]]
    rest = len(days) - NAMED
    if rest > 0:
        last = date_format(days[-1], _("j M Y"))
        said.append(
            ngettext("%(count)s more, until %(last)s", "%(count)s more, until %(last)s", rest)
            % {"count": rest, "last": last}
        )
    return ", ".join(said)


def _dated_words(
    old: Mapping[date, Spans], new: Mapping[date, Spans], names: Mapping[str, str], *, special: bool
) -> list[str]:
    said = []
    for day in sorted({*old, *new}):
        was, now = old.get(day), new.get(day)
        if was == now:
            continue
        words = {
            "day": day_words(day, names.get(day.isoformat(), "")),
            "hours": hours_words(now or ()),
        }
        if now is None:
            text = (
                _("%(day)s: no special hours any more")
                if special
                else _("%(day)s: no break any more")
            )
        elif special:
            text = _("%(day)s: open %(hours)s") if now else _("%(day)s: closed")
        else:
            text = _("%(day)s: closed between %(hours)s")
        said.append(text % words)
    return said


@dataclass(frozen=True, slots=True)
class Change:
    """Days on which a draft says something else: when, and the hours before and after."""

    when: str
    before: str
    after: str
    days: int
    first: date
    # Open seconds gained by it, over all these days; negative when lost.
    gained: int


def changed_days(before: CalendarDays, after: CalendarDays, first: date) -> list[Change]:
    """Return the days of the next twelve months that differ, equal ones together, in order."""
    groups: dict[tuple[int, str, str], list[tuple[date, int]]] = {}
    for step in range(PREVIEW_DAYS):
        day = first + timedelta(days=step)
        begins, ends = after.bounds(day)
        if before.business.open_spans(begins, ends) == after.business.open_spans(begins, ends):
            continue
        was, now = before.day(day), after.day(day)
        gained = now.seconds - before.business.elapsed(begins, ends)
        key = (day.weekday(), _said(was, before, begins, after), _said(now, after, begins, after))
        groups.setdefault(key, []).append((day, gained))
    changes = []
    for (weekday, was_said, now_said), days in groups.items():
        if len(days) < TOGETHER:
            changes += [
                Change(date_format(day, _("D j M Y")), was_said, now_said, 1, day, gained)
                for day, gained in days
            ]
        else:
            gained = sum(gained for _day, gained in days)
            changes.append(
                Change(_weekdays(weekday, days), was_said, now_said, len(days), days[0][0], gained)
            )
    return sorted(changes, key=lambda change: change.first)


def _weekdays(weekday: int, days: Sequence[tuple[date, int]]) -> str:
    return _("%(day)s, %(count)s times from %(first)s on") % {
        "day": WEEKDAYS[weekday],
        "count": len(days),
        "first": date_format(days[0][0], _("j M Y")),
    }


def _said(day: Day, of: CalendarDays, instant: int, other: CalendarDays) -> str:
    """Return the hours of a day; with its zone where the zone changes too."""
    parts = [day.hours]
    zone = of.zone_at(instant)
    if zone != other.zone_at(instant) and day.seconds:
        parts.append(str(zone))
    if day.kind == "holiday":
        parts = [_("closed: %(name)s") % {"name": day.name}]
    return " ".join(parts)
