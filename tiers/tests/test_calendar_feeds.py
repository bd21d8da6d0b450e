"""Holiday feeds and last holidays: a draft and a mail, once, and never a publication."""

from datetime import date, timedelta
from typing import Any

import pytest

from conftest import TUESDAY
from people.models import Notice, User
from portal.kit.refused import InvalidInput, NotPermitted
from tiers.actions import (
    draft_calendar_version,
    feeds_to_look_at,
    look_at_holiday_feed,
    set_holiday_feed,
    warn_of_last_holidays,
)
from tiers.actions.holiday_feeds import note_holiday_feed
from tiers.models import Calendar, CalendarVersion
from tiers.tests.test_calendar_sources import serving

NOW = TUESDAY
URL = "https://feeds.example.com/holidays.ics"
CHRISTMAS = date(2026, 12, 25)
OUTING = date(2026, 6, 10)


@pytest.fixture
def office(oscar: User) -> Calendar:
    """The calendar that ships, with a feed."""
    calendar = Calendar.objects.get(key="business-hours")
    return set_holiday_feed(calendar=calendar, url=URL, by=oscar)


def said(office: Calendar, *days: date, later: int = 0, error: str = "") -> Any:
    """Let the feed say that these days are closed."""
    return note_holiday_feed(
        calendar=office,
        url=URL,
        days=None if error else dict.fromkeys(days, "Outing"),
        error=error,
        now=NOW + timedelta(days=later),
    )


def test_a_feed_with_other_days_makes_a_draft_and_tells_ops_but_publishes_nothing(
    office: Calendar, oscar: User, root: User, lena: User
) -> None:
    draft = said(office, CHRISTMAS, OUTING)
    assert draft is not None
    assert draft.is_draft
    assert draft.created_by is None
    assert "2026-06-10" in draft.definition["holidays"]
    assert draft.holiday_names["2026-06-10"] == "Outing"
    # What it called Christmas itself stays as the calendar has it.
    assert draft.holiday_names["2026-12-25"] == "Christmas Day"
    assert CalendarVersion.objects.published().filter(calendar=office).count() == 1
    notices = Notice.objects.filter(kind="calendar_feed")
    assert {notice.recipient for notice in notices} == {oscar, root}
    assert "10 Jun 2026 (Outing)" in notices[0].body_text
    assert "A draft is ready" in notices[0].body_text


def test_a_feed_that_repeats_itself_does_nothing(office: Calendar, oscar: User) -> None:
    draft = said(office, CHRISTMAS, OUTING)
    assert said(office, CHRISTMAS, OUTING, later=1) is None
    draft.delete()
    assert said(office, CHRISTMAS, OUTING, later=2) is None
    assert Notice.objects.filter(kind="calendar_feed").count() == 1
    assert not CalendarVersion.objects.drafts().exists()


def test_a_feed_that_says_what_is_known_makes_no_draft(office: Calendar) -> None:
    assert said(office, CHRISTMAS) is None
    assert not Notice.objects.filter(kind="calendar_feed").exists()


def test_only_what_the_feed_itself_closed_is_opened_again(office: Calendar, oscar: User) -> None:
    said(office, CHRISTMAS)
    draft = said(office, OUTING, later=1)
    assert "2026-12-25" not in draft.definition["holidays"]
    # New Year stood in the calendar before, and the feed never spoke of it.
    assert "2027-01-01" in draft.definition["holidays"]
    assert "2026-12-25" not in draft.holiday_names


def test_somebody_s_draft_is_left_alone(office: Calendar, oscar: User) -> None:
    mine = draft_calendar_version(calendar=office, by=oscar, now=NOW)
    assert said(office, OUTING) is None
    mine.refresh_from_db()
    assert "2026-06-10" not in mine.definition["holidays"]
    notice = Notice.objects.get(kind="calendar_feed")
    assert "was left alone" in notice.body_text


def test_days_gone_by_are_no_news(office: Calendar) -> None:
    assert said(office, CHRISTMAS, date(2026, 3, 9)) is None


def test_what_went_wrong_stays_visible_until_it_goes_right(office: Calendar) -> None:
    said(office, CHRISTMAS)
    said(office, error="This feed cannot be read. Its server answers 404.", later=1)
    office.refresh_from_db()
    assert office.feed_error == "This feed cannot be read. Its server answers 404."
    assert office.feed_days == {"2026-12-25": "Outing"}
    said(office, CHRISTMAS, later=2)
    office.refresh_from_db()
    assert office.feed_error == ""


def test_an_answer_for_an_address_that_was_changed_meanwhile_is_dropped(
    office: Calendar, oscar: User
) -> None:
    set_holiday_feed(calendar=office, url="https://feeds.example.com/other.ics", by=oscar)
    assert said(office, OUTING) is None
    assert not CalendarVersion.objects.drafts().exists()


def test_a_feed_is_looked_at_once_a_day(office: Calendar) -> None:
    assert feeds_to_look_at(NOW) == [office.pk]
    said(office, CHRISTMAS)
    assert feeds_to_look_at(NOW + timedelta(hours=1)) == []
    assert feeds_to_look_at(NOW + timedelta(hours=21)) == [office.pk]


def test_a_feed_is_fetched_and_noted(office: Calendar, oscar: User, settings: Any) -> None:
    settings.PRIVATE_FEEDS_ALLOWED = True
    with serving() as base:
        row = set_holiday_feed(calendar=office, url=f"{base}/holidays.ics", by=oscar)
        assert look_at_holiday_feed(calendar=row, now=NOW.replace(month=1, day=1)) is None
        row.refresh_from_db()
        assert row.feed_days == {"2026-01-01": ""}
        set_holiday_feed(calendar=office, url=f"{base}/gone", by=oscar)
        row.refresh_from_db()
        look_at_holiday_feed(calendar=row, now=NOW)
    row.refresh_from_db()
    assert "answers 404" in row.feed_error


def test_an_address_is_set_by_ops_alone_and_must_be_a_public_https_one(
    office: Calendar, oscar: User, lena: User
) -> None:
    with pytest.raises(NotPermitted):
        set_holiday_feed(calendar=office, url=URL, by=lena)
    for wrong in ("http://example.com/a.ics", "javascript:alert(1)", "https://x/" + "a" * 500):
        with pytest.raises(InvalidInput) as refused:
            set_holiday_feed(calendar=office, url=wrong, by=oscar)
        assert "feed_url" in refused.value.fields
    assert set_holiday_feed(calendar=office, url="", by=oscar).feed_url == ""
    assert feeds_to_look_at(NOW) == []


def test_ops_are_told_once_that_the_holidays_end(office: Calendar, oscar: User) -> None:
    assert warn_of_last_holidays(now=NOW) == 0
    soon = NOW.replace(year=2030, month=11, day=13)
    assert warn_of_last_holidays(now=soon) == 1
    warn_of_last_holidays(now=soon + timedelta(days=1))
    notice = Notice.objects.get(kind="calendar_ends")
    assert notice.recipient == oscar
    assert notice.subject == "Business hours (Berlin): load more holidays"
    assert "26 Dec 2030" in notice.body_text
    assert "/ops/calendars/business-hours/" in notice.body_text
