"""A row of a list as the template draws it.

A list of fifty asks for itself again every few seconds, mostly unchanged, from
every desk that is open. So a row first says what its drawing depends on, and finds
its words only where that drawing is not there yet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.utils import timezone
from django.utils.translation import get_language

from portal.kit.time_words import ClockFace
from tickets.queue_page import Row
from tickets.views.desk.row_words import clock_of, says_no_clock, why_here
from tickets.views.desk.timeline import Person

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Reader:
    """What all rows of a page have in common: the day, the zone and the language."""

    today: date
    zone: str
    language: str


class ListedRow:
    """One row of a list, for one reader at one moment."""

    def __init__(self, row: Row, now: datetime, address: str, is_open: bool, reader: Reader):
        self._row, self._now, self._reader = row, now, reader
        self.address, self.is_open = address, is_open

    @property
    def drawn_from(self) -> str:
        """The name of the drawing: all that it depends on.

        Words count in minutes from the promise, or from the solve, and steps of the
        clock begin with one; so whole minutes, rounded both ways, stand for the moment.
        """
        row = self._row
        said_from = row.solved_at if row.status == "solved" and row.solved_at else row.rank_at
        left = said_from - self._now
        minutes = (left // MINUTE, -(-left // MINUTE))
        return repr((row, minutes, self.address, self.is_open, self._reader))

    @property
    def pk(self) -> str:
        """The number, as text: a template would put separators into it."""
        return str(self._row.pk)

    @property
    def subject(self) -> str:
        """What the ticket is about."""
        return self._row.subject

    @property
    def organization(self) -> str:
        """Who asks."""
        return self._row.organization

    @property
    def tier(self) -> str:
        """The tier under which it is worked."""
        return self._row.tier

    @cached_property
    def why(self) -> str:
        """Why it stands here."""
        return why_here(self._row, self._now)

    @property
    def idle(self) -> str:
        """What follows on why, where no clock runs."""
        return says_no_clock(self._row)

    @property
    def clock(self) -> ClockFace | None:
        """The clock it is ranked by."""
        return clock_of(self._row, self._now)

    @property
    def assignee(self) -> Person | None:
        """Who works on it."""
        row = self._row
        return Person(None, row.assignee, row.assignee_email) if row.assignee_email else None


def listed(
    rows: Iterable[Row], address: str, now: datetime, *, opened: int | None = None
) -> list[ListedRow]:
    """Return rows as the template draws them.

    ``address`` is where the ticket T-0 would open: one address for all rows, as
    resolving takes its time. ``opened`` is the ticket that stands beside the list.
    """
    reader = Reader(
        today=timezone.localtime(now).date(),
        zone=timezone.get_current_timezone_name(),
        language=get_language() or "",
    )
    before, _zero, behind = address.partition("T-0")
    return [
        ListedRow(row, now, f"{before}T-{row.pk}{behind}", row.pk == opened, reader) for row in rows
    ]
