"""How much business time a day and a week of each calendar hold, for typing and comparing."""

from dataclasses import dataclass
from datetime import datetime

from tiers.calendar_words import definitions_at
from tiers.models import Calendar
from tiers.rules.business_time import CalendarDefinition


@dataclass(frozen=True, slots=True)
class CalendarLength:
    """A calendar that can be promised in. Seconds are open seconds of a usual week."""

    key: str
    name: str
    # None where the working days of a week differ in length.
    day_seconds: int | None
    week_seconds: int


def calendar_lengths(at: datetime) -> dict[str, CalendarLength]:
    """Return every calendar that has a version in force, by key; two queries."""
    names = dict(Calendar.objects.order_by("name").values_list("key", "name"))
    definitions = definitions_at(at, names)
    return {
        key: CalendarLength(key, name, _day(definitions[key]), sum(_days(definitions[key])))
        for key, name in names.items()
        if key in definitions
    }


def _days(definition: CalendarDefinition) -> list[int]:
    return [sum(end - start for start, end in spans) for spans in definition.weekly.values()]


def _day(definition: CalendarDefinition) -> int | None:
    lengths = set(_days(definition))
    return lengths.pop() if len(lengths) == 1 else None
