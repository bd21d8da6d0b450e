"""Holiday feeds: looked at daily; what they say becomes a draft, never more by itself."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.actions.calendars import draft_calendar_version, save_calendar_draft
from tiers.actions.telling import tell_ops
from tiers.calendar_standing import Standing, standings
from tiers.calendar_words import day_words
from tiers.holiday_sources import days_of_ical, fetch_feed
from tiers.holiday_sources.feed import check_feed_address
from tiers.models import Calendar, CalendarVersion
from tiers.rules.business_time import CalendarDefinition

URL_LENGTH = 500
ERROR_LENGTH = 300
# How far a feed is read, backwards and forwards.
BEHIND, AHEAD = timedelta(days=31), timedelta(days=5 * 366)
EVERY = timedelta(hours=20)
NAMED = 12


@transaction.atomic
def set_holiday_feed(*, calendar: Calendar, url: str, by: User) -> Calendar:
    """Say where a calendar's holiday feed is; an empty address ends it. Nothing is fetched yet."""
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops may change calendars."))
    url = url.strip()
    if len(url) > URL_LENGTH:
        message = _("At most %(count)s characters.") % {"count": URL_LENGTH}
        raise InvalidInput("feed_too_long", message, fields={"feed_url": message})
    if url:
        check_feed_address(url)
    row: Calendar = lock(Calendar.objects.filter(pk=calendar.pk)).get()
    if row.feed_url != url:
        row.feed_url, row.feed_days, row.feed_error = url, {}, ""
        row.feed_checked_at = None
        row.save(update_fields=["feed_url", "feed_days", "feed_error", "feed_checked_at"])
    return row


def feeds_to_look_at(now: datetime) -> list[int]:
    """Return the ids of calendars whose feed nobody has looked at today."""
    feeds = Calendar.objects.exclude(feed_url="")
    fresh = feeds.filter(feed_checked_at__gt=now - EVERY)
    return list(feeds.exclude(pk__in=fresh).order_by("pk").values_list("pk", flat=True))


def look_at_holiday_feed(*, calendar: Calendar, now: datetime) -> CalendarVersion | None:
    """Fetch a calendar's feed and keep what it says; return the draft that came of it, if any.

    The feed is fetched before the transaction begins. What goes wrong is kept
    with the calendar, in words, until it goes right; it refuses nothing.
    """
    today = timezone.localtime(now).date()
    try:
        content = fetch_feed(calendar.feed_url)
        days = days_of_ical(content, today - BEHIND, today + AHEAD).days
        if not days:
            raise InvalidInput("feed_empty", _("This feed holds no all-day events."))
    except Refused as refusal:
        return note_holiday_feed(
            calendar=calendar, url=calendar.feed_url, days=None, error=refusal.message, now=now
        )
    return note_holiday_feed(calendar=calendar, url=calendar.feed_url, days=days, error="", now=now)


@transaction.atomic
def note_holiday_feed(
    *,
    calendar: Calendar,
    url: str,
    days: Mapping[date, str] | None,
    error: str,
    now: datetime,
) -> CalendarVersion | None:
    """Keep what a feed said, or why it could not be read.

    A feed that says something new that the newest version does not say makes a
    draft and tells ops; one that repeats itself does nothing. A draft that
    somebody writes is left alone. Days that were typed in by hand stay: only what
    the feed itself said before and says no longer is opened again.
    """
    row: Calendar | None = lock(Calendar.objects.filter(pk=calendar.pk)).first()
    if row is None or row.feed_url != url:
        return None  # Somebody changed the address while it was fetched.
    row.feed_checked_at, row.feed_error = now, error[:ERROR_LENGTH]
    if days is None:
        row.save(update_fields=["feed_checked_at", "feed_error"])
        return None
    before = {date.fromisoformat(day) for day in row.feed_days}
    said = {day.isoformat(): name for day, name in days.items()}
    is_news = set(days) != before
    row.feed_days = said
    row.save(update_fields=["feed_checked_at", "feed_error", "feed_days"])
    return _drafted(row, days, before, now) if is_news else None


def _drafted(
    calendar: Calendar, days: Mapping[date, str], before: set[date], now: datetime
) -> CalendarVersion | None:
    newest = CalendarVersion.objects.filter(calendar=calendar).order_by("-number").first()
    if newest is None:
        return None
    says = CalendarDefinition.from_json(newest.definition)
    today = timezone.localtime(now, says.zone).date()
    added = {day for day in days if day >= today} - says.closed_dates
    removed = {day for day in before - set(days) if day >= today} & says.closed_dates
    if not added and not removed:
        return None
    draft = None if newest.is_draft else _draft_of_feed(calendar, days, added, removed, now)
    told = hashlib.sha256(repr(sorted(days)).encode()).hexdigest()[:16]
    names = dict(newest.holiday_names) | {day.isoformat(): name for day, name in days.items()}
    tell_ops(
        kind="calendar_feed",
        once=f"{calendar.pk}:{told}",
        page=("ops_calendar", [calendar.key]),
        now=now,
        calendar=calendar,
        added=_named(added, names),
        removed=_named(removed, names),
        has_draft=draft is not None,
    )
    return draft


def _draft_of_feed(
    calendar: Calendar,
    days: Mapping[date, str],
    added: set[date],
    removed: set[date],
    now: datetime,
) -> CalendarVersion:
    draft = draft_calendar_version(calendar=calendar, by=None, now=now)
    closed = {date.fromisoformat(day) for day in draft.definition["holidays"]}
    names = dict(draft.holiday_names)
    names |= {day.isoformat(): days[day] for day in added}
    gone = {day.isoformat() for day in removed}
    return save_calendar_draft(
        version=draft,
        definition={
            **draft.definition,
            "holidays": sorted(day.isoformat() for day in (closed | added) - removed),
        },
        holiday_names={day: name for day, name in names.items() if day not in gone},
        valid_from=None,
        reason=_("The holiday feed changed"),
        revision=draft.revision,
        by=None,
        now=now,
    )


def warn_of_last_holidays(*, now: datetime) -> int:
    """Tell ops, once for each last holiday, that a calendar soon knows none; return how many."""
    warned: list[Standing] = [standing for standing in standings(now) if standing.warning]
    for standing in warned:
        tell_ops(
            kind="calendar_ends",
            once=f"{standing.calendar.pk}:{standing.last_holiday}",
            page=("ops_calendar", [standing.calendar.key]),
            now=now,
            calendar=standing.calendar,
            last=standing.last_holiday,
            days_left=standing.days_left,
        )
    return len(warned)


def _named(days: set[date], names: Mapping[str, str]) -> list[str]:
    return [day_words(day, names.get(day.isoformat(), "")) for day in sorted(days)[:NAMED]]
