"""Where holidays come from: a library of public holidays, an .ics file, or a feed.

Each answers with dates and what they are called; a calendar keeps them as plain
dates, so that what is counted never depends on somebody else's server.
"""

from tiers.holiday_sources.feed import fetch_feed
from tiers.holiday_sources.ical import IcalDays, days_of_ical
from tiers.holiday_sources.library import countries, public_holidays, subdivisions

__all__ = [
    "IcalDays",
    "countries",
    "days_of_ical",
    "fetch_feed",
    "public_holidays",
    "subdivisions",
]
