"""Compiled calendars from the versions in the database, whole or as known up to a version.

A running clock must not move because somebody publishes a calendar. So the terms
of a ticket name a calendar together with the newest version there was: its
*pinned* name, "business-hours@3", means versions 1 to 3 and nothing later.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from django.db.models import Max

from portal.kit import clock
from tiers.models import CalendarVersion
from tiers.rules.business_time import BusinessCalendar, CalendarDefinition


class Calendars(Mapping[str, BusinessCalendar]):
    """The compiled calendars under their names, pinned or not; compiled when asked for.

    Published versions never change, so a compiled calendar is kept for the life
    of the process under the ids of its versions; a new version makes a new entry.
    """

    def __init__(self, versions: Mapping[str, Sequence[tuple[int, int]]]) -> None:
        """Take the (number, id) of the published versions of each key, in order."""
        self._versions = versions
        self._found: dict[str, BusinessCalendar] = {}

    def __getitem__(self, name: str) -> BusinessCalendar:
        found = self._found.get(name)
        if found is None:
            newest = pinned_number(name)
            ids = tuple(
                version_id
                for number, version_id in self._versions.get(calendar_key(name), ())
                if newest is None or number <= newest
            )
            if not ids:
                raise KeyError(name)
            found = self._found[name] = _compiled(ids)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)


def calendars_by_key(names: Iterable[str] | None = None) -> Calendars:
    """Return the compiled calendars, all of them or those named, in one query."""
    versions = CalendarVersion.objects.published().order_by("calendar__key", "number")
    if names is not None:
        versions = versions.filter(calendar__key__in={calendar_key(name) for name in names})
    known: dict[str, list[tuple[int, int]]] = {}
    for key, number, version_id in versions.values_list("calendar__key", "number", "id"):
        known.setdefault(key, []).append((number, version_id))
    return Calendars(known)


def pinned(key: str, number: int) -> str:
    """Return the name of a calendar as it was known up to a version."""
    return f"{key}@{number}"


def calendar_key(name: str) -> str:
    """Return the key of a calendar's name, pinned or not."""
    return name.partition("@")[0]


def pinned_number(name: str) -> int | None:
    """Return up to which version a pinned name knows its calendar; None for all of them."""
    number = name.partition("@")[2]
    return int(number) if number else None


def pinned_names(keys: Iterable[str]) -> dict[str, str]:
    """Return the names under which terms given now keep these calendars; one query."""
    newest = (
        CalendarVersion.objects.published()
        .filter(calendar__key__in=set(keys))
        .order_by()
        .values_list("calendar__key")
        .annotate(newest=Max("number"))
    )
    return {key: pinned(key, number) for key, number in newest}


@lru_cache(maxsize=256)
def _compiled(version_ids: tuple[int, ...]) -> BusinessCalendar:
    rows = CalendarVersion.objects.filter(pk__in=version_ids).order_by("number")
    return compiled_versions(rows)


def compiled_versions(rows: Iterable[CalendarVersion]) -> BusinessCalendar:
    """Return the calendar that versions make, given in the order of their numbers.

    Of two that start in the same second the later one counts: it is what the
    earlier one should have said.
    """
    versions: dict[int | None, CalendarDefinition] = {}
    for row in rows:
        since = None if row.valid_from is None else clock.to_epoch(row.valid_from)
        versions[since] = CalendarDefinition.from_json(row.definition)
    return BusinessCalendar(list(versions.items()))
