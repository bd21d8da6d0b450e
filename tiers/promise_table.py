"""What an organization is promised, as a table: a row per severity, a column per metric."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.kit.words import METRICS, SEVERITIES, Words
from tiers.calendar_words import (
    amount_words,
    calendar_words,
    definitions_at,
    is_around_the_clock,
)
from tiers.models import Calendar
from tiers.program import PromisedTarget
from tiers.rules.business_time import CalendarDefinition


@dataclass(frozen=True, slots=True)
class Cell:
    """One target: how soon, in which calendar, and whether the contract says so."""

    amount: str
    calendar: str
    is_around_the_clock: bool
    is_custom: bool


@dataclass(frozen=True, slots=True)
class CalendarNote:
    """A calendar of the table with its hours in words."""

    name: str
    hours: str


@dataclass(frozen=True, slots=True)
class PromiseTable:
    """The table, and the calendars that its cells name."""

    metrics: tuple[Words, ...]
    rows: tuple[tuple[Words, int, tuple[Cell | None, ...]], ...]
    calendars: tuple[CalendarNote, ...]

    @property
    def has_custom(self) -> bool:
        """Whether the contract replaces any target of the tier."""
        return any(cell and cell.is_custom for _, _, cells in self.rows for cell in cells)


Targets = Mapping[tuple[int, str], PromisedTarget]


def promise_table(targets: Targets, calendars: "CalendarBook") -> PromiseTable:
    """Return the table of one set of targets."""
    metrics = [metric for metric in METRICS if any(one == metric for _, one in targets)]
    used = sorted({target.calendar for target in targets.values()})
    return PromiseTable(
        metrics=tuple(METRICS[metric].desk_label for metric in metrics),
        rows=tuple(
            (
                severity.label,
                severity.level,
                tuple(
                    _cell(targets.get((severity.level, metric)), calendars) for metric in metrics
                ),
            )
            for severity in SEVERITIES.values()
        ),
        calendars=tuple(calendars.note(key) for key in used),
    )


class CalendarBook:
    """Names and hours of calendars at an instant, read in two queries for a whole page."""

    def __init__(self, keys: set[str], at: datetime) -> None:
        self._today = at.date()
        self._names = dict(Calendar.objects.filter(key__in=keys).values_list("key", "name"))
        self._definitions: dict[str, CalendarDefinition] = definitions_at(at, keys)

    def name(self, key: str) -> str:
        """Return what a calendar is called."""
        return self._names.get(key, key)

    def is_around_the_clock(self, key: str) -> bool:
        """Whether every hour counts in it."""
        return key in self._definitions and is_around_the_clock(self._definitions[key])

    def note(self, key: str) -> CalendarNote:
        """Return a calendar with its hours in words."""
        definition = self._definitions.get(key)
        hours = calendar_words(definition, self._today) if definition else ""
        return CalendarNote(self.name(key), hours)


def _cell(target: PromisedTarget | None, calendars: CalendarBook) -> Cell | None:
    if target is None:
        return None
    return Cell(
        amount=amount_words(target.seconds),
        calendar=calendars.name(target.calendar),
        is_around_the_clock=calendars.is_around_the_clock(target.calendar),
        is_custom=target.by == "contract",
    )
