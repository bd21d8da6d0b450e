"""Periods of a report: whole days of one time zone, cut into blocks for its charts."""

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

DAY = timedelta(days=1)
# Longer periods get longer blocks, so that a chart has 7 to 26 of them.
DAILY_UP_TO, WEEKLY_UP_TO = 14, 182
WEEK, FOUR_WEEKS = 7, 28


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both included, as they lie in ``zone``."""

    first: date
    last: date
    zone: zoneinfo.ZoneInfo

    @classmethod
    def ending(cls, last: date, days: int, zone: zoneinfo.ZoneInfo) -> "Period":
        """Return the period of so many days that ends with ``last``."""
        return cls(last - (days - 1) * DAY, last, zone)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """Its first instant, in UTC."""
        return self._midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first instant after it, in UTC."""
        return self._midnight(self.last + DAY)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC)

    @property
    def block_days(self) -> int:
        """How many days one block of a chart has."""
        if self.days <= DAILY_UP_TO:
            return 1
        return WEEK if self.days <= WEEKLY_UP_TO else FOUR_WEEKS

    def blocks(self) -> list[tuple[date, date]]:
        """Return first and last day of each block, oldest first.

        Counted back from the end, so that the latest block is whole and only the
        first one may be shorter.
        """
        return list(reversed(list(self._blocks_back())))

    def _blocks_back(self) -> Iterator[tuple[date, date]]:
        last = self.last
        while last >= self.first:
            first = max(self.first, last - (self.block_days - 1) * DAY)
            yield first, last
            last = first - DAY

    def block_of(self, day: date) -> int:
        """Return the number of the block that a day of the period falls into."""
        back = (self.last - day).days // self.block_days
        return -(-self.days // self.block_days) - 1 - back
