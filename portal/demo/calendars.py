"""The demo's own calendar, and a draft that somebody is in the middle of."""

from datetime import datetime, timedelta

from django.utils.text import slugify

from people.models import User
from tiers.actions import (
    create_calendar,
    draft_calendar_version,
    publish_calendar_version,
    save_calendar_draft,
)
from tiers.default_program import BUSINESS_HOURS, WEEK
from tiers.holiday_sources import public_holidays
from tiers.models import Calendar

NEW_YORK = "Customer care New York"
NEW_YORK_KEY = slugify(NEW_YORK)
COUNTRY, STATE = "US", "NY"
YEARS_BEHIND, YEARS_AHEAD = 1, 3
USUAL, LATE = [["08:00", "18:00"]], [["08:00", "20:00"]]


def bring_in_calendars(*, ops: User, since: datetime, now: datetime) -> None:
    """Publish the calendar of the American team, and leave a draft of the usual one."""
    years = range(now.year - YEARS_BEHIND, now.year + YEARS_AHEAD)
    names = {day.isoformat(): name for day, name in public_holidays(COUNTRY, STATE, years).items()}
    closed = set(names)
    shifts, breaks = {}, {}
    for year in years:
        for day in (f"{year}-12-24", f"{year}-12-31"):
            if day not in closed:
                shifts[day] = [["08:00", "13:00"]]
                names[day] = "Short day"
        # The team's half-year meeting.
        meeting = f"{year}-06-10"
        breaks[meeting] = [["12:00", "14:00"]]
        names[meeting] = "Team meeting"
    weekly = {day: LATE if day == "thu" else USUAL for day in WEEK[:5]}
    says = {
        "timezone": "America/New_York",
        "weekly": weekly,
        "holidays": sorted(closed),
        "shifts": shifts,
        "breaks": breaks,
    }
    draft = create_calendar(name=NEW_YORK, definition=says, holiday_names=names, by=ops, now=since)
    draft = save_calendar_draft(
        version=draft,
        definition=says,
        holiday_names=names,
        valid_from=None,
        reason="",
        revision=draft.revision,
        source=(COUNTRY, STATE),
        by=ops,
        now=since,
    )
    publish_calendar_version(
        version=draft,
        reason="The team in New York takes over customers in the Americas",
        published_by=ops,
        now=since,
    )
    _leave_a_draft(ops, now)


def _leave_a_draft(ops: User, now: datetime) -> None:
    """Write, but do not publish, shorter days before the holidays."""
    office = Calendar.objects.get(key=BUSINESS_HOURS)
    written = now - timedelta(days=2)
    draft = draft_calendar_version(calendar=office, by=ops, now=written)
    shifts = {f"{now.year}-12-{day}": [["09:00", "13:00"]] for day in (24, 31)}
    names = {f"{now.year}-12-24": "Christmas Eve", f"{now.year}-12-31": "New Year's Eve"}
    save_calendar_draft(
        version=draft,
        definition={**draft.definition, "shifts": shifts},
        holiday_names={**draft.holiday_names, **names},
        valid_from=None,
        reason="Short days before the holidays, as agreed with the works council",
        revision=draft.revision,
        by=ops,
        now=written,
    )
