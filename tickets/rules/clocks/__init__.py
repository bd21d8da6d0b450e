"""The clocks of a ticket: what is running, what is owed when, what was kept and what was broken.

`evaluate(events, calendars, now)` is a pure function over the ordered events of one ticket. It
reads no clock and no database; the same events give the same answer for any later `now`, apart
from time that has gone by. Instants are integer epoch seconds in UTC, durations are seconds of
business time in the calendar of the target. Start, pause, resume, stop and cycles per metric
follow Zendesk's definitions; `engine` holds the table.
"""

from tickets.rules.clocks.engine import evaluate
from tickets.rules.clocks.facts import METRICS, Event, Options, Taken, Target, Terms, Turn
from tickets.rules.clocks.inheriting import handed_on
from tickets.rules.clocks.reading import (
    Alarm,
    Breach,
    Reading,
    Segment,
    next_alarm_at,
    worst_reading,
)

__all__ = [
    "METRICS",
    "Alarm",
    "Breach",
    "Event",
    "Options",
    "Reading",
    "Segment",
    "Taken",
    "Target",
    "Terms",
    "Turn",
    "evaluate",
    "handed_on",
    "next_alarm_at",
    "worst_reading",
]
