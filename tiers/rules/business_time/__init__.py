"""Business time: how much of the time between two instants is open, and when so much will be over.

Instants are integer seconds since the Unix epoch, in UTC; durations are integer seconds. A
`CalendarDefinition` says in local words when somebody works; a `BusinessCalendar` compiles one
or several dated versions of it into sorted, disjoint UTC intervals with prefix sums, so that
every question is two binary searches. Pure: no Django, no database, no reading of the clock.

>>> from tiers.rules.business_time import BusinessCalendar, CalendarDefinition
>>> nine_to_five = CalendarDefinition.from_json(
...     {"timezone": "Europe/Berlin", "weekly": {"fri": [["09:00", "17:00"]]}, "holidays": []}
... )
>>> calendar = BusinessCalendar([(None, nine_to_five)])
>>> friday_at_four = 1_709_305_200  # 2024-03-01 16:00 in Berlin
>>> calendar.due(friday_at_four, 3600) - friday_at_four  # closing time: one hour later
3600
>>> calendar.last_moment(friday_at_four, 3600) - friday_at_four  # next opening: Friday 09:00
579600
"""

from tiers.rules.business_time.calendar import ALWAYS_OPEN, BusinessCalendar
from tiers.rules.business_time.definition import (
    CalendarDefinition,
    CalendarError,
    MalformedCalendarError,
    NeverOpenError,
    NoOpeningError,
    Span,
    UnknownTimeZoneError,
    local_to_utc,
)

__all__ = [
    "ALWAYS_OPEN",
    "BusinessCalendar",
    "CalendarDefinition",
    "CalendarError",
    "MalformedCalendarError",
    "NeverOpenError",
    "NoOpeningError",
    "Span",
    "UnknownTimeZoneError",
    "local_to_utc",
]
