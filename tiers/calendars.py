"""Compiled calendars, one per key, from the versions in the database."""

from collections.abc import Iterable
from functools import lru_cache

from portal.kit import clock
from tiers.models import CalendarVersion
from tiers.rules.business_time import BusinessCalendar, CalendarDefinition


def calendars_by_key(keys: Iterable[str] | None = None) -> dict[str, BusinessCalendar]:
    """Return the compiled calendars, all of them or those named, in one query.

    Versions never change, so a compiled calendar is kept for the life of the
    process under the ids of its versions; a new version makes a new entry.
    """
    versions = CalendarVersion.objects.order_by("calendar__key", "number")
    if keys is not None:
        versions = versions.filter(calendar__key__in=set(keys))
    numbers: dict[str, list[int]] = {}
    for key, version_id in versions.values_list("calendar__key", "id"):
        numbers.setdefault(key, []).append(version_id)
    return {key: _compiled(tuple(version_ids)) for key, version_ids in numbers.items()}


@lru_cache(maxsize=256)
def _compiled(version_ids: tuple[int, ...]) -> BusinessCalendar:
    rows = CalendarVersion.objects.filter(pk__in=version_ids).order_by("number")
    return BusinessCalendar(
        [
            (
                None if row.valid_from is None else clock.to_epoch(row.valid_from),
                CalendarDefinition.from_json(row.definition),
            )
            for row in rows
        ]
    )
