"""Calendars: a draft counts nowhere, a published version never changes, and who may do what."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, connections, transaction

from conftest import TUESDAY
from people.models import Organization, User
from portal.kit import clock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers import calendars
from tiers.actions import (
    agree_custom_target,
    create_calendar,
    discard_calendar_draft,
    draft_calendar_version,
    publish_calendar_version,
    rename_calendar,
    save_calendar_draft,
)
from tiers.calendar_words import definitions_at
from tiers.calendars import calendars_by_key, pinned_names
from tiers.models import Calendar, CalendarVersion

NOW = TUESDAY
LATER = NOW + timedelta(days=1)
LATE_HOURS = {
    "timezone": "America/New_York",
    "weekly": {"mon": [["09:00", "24:00"]]},
    "holidays": ["2026-12-25"],
}


@pytest.fixture
def office(db: None) -> Calendar:
    """The calendar that ships."""
    return Calendar.objects.get(key="business-hours")


@pytest.fixture
def draft(office: Calendar, oscar: User) -> CalendarVersion:
    """Its second version, being written."""
    return draft_calendar_version(calendar=office, by=oscar, now=NOW)


def saved(draft: CalendarVersion, by: User, **changes: Any) -> CalendarVersion:
    """Save a draft; by default it says nothing new."""
    values = {
        "definition": draft.definition,
        "holiday_names": draft.holiday_names,
        "valid_from": None,
        "reason": "",
        "revision": draft.revision,
        **changes,
    }
    return save_calendar_draft(version=draft, by=by, now=NOW, **values)


def publish(version: CalendarVersion, by: User, **changes: Any) -> CalendarVersion:
    """Publish a draft."""
    return publish_calendar_version(
        **{
            "version": version,
            "reason": "Longer Mondays",
            "published_by": by,
            "now": NOW,
            **changes,
        }
    )


def test_a_draft_begins_with_what_counts_now_and_there_is_one(
    office: Calendar, draft: CalendarVersion, lena: User, oscar: User, root: User
) -> None:
    first = office.versions.get(number=1)
    assert (draft.number, draft.definition) == (2, first.definition)
    assert draft.holiday_names == first.holiday_names
    assert draft.created_by == oscar
    assert draft_calendar_version(calendar=office, by=root, now=LATER) == draft


def test_a_draft_counts_nowhere(
    office: Calendar, draft: CalendarVersion, oscar: User, starter: Organization
) -> None:
    saved(draft, oscar, definition=LATE_HOURS, valid_from=NOW - timedelta(days=300))
    only_draft = create_calendar(name="Night shift", definition=LATE_HOURS, by=oscar, now=NOW)
    assert (
        definitions_at(NOW, ["business-hours", "night-shift"])["business-hours"].time_zone
        == "Europe/Berlin"
    )
    assert "night-shift" not in definitions_at(NOW, ["business-hours", "night-shift"])
    assert pinned_names(["business-hours", "night-shift"]) == {"business-hours": "business-hours@1"}
    book = calendars_by_key()
    assert set(book) == {"around-the-clock", "business-hours"}
    tuesday_evening = clock.to_epoch(NOW.replace(hour=20))
    assert not book["business-hours"].is_open(tuesday_evening)
    # Not even under a name that reaches as far as the draft.
    assert not book["business-hours@2"].is_open(tuesday_evening)
    with pytest.raises(KeyError):
        calendars_by_key(["night-shift@1"])["night-shift@1"]
    assert CalendarVersion.objects.in_force_at(NOW).filter(calendar=office).count() == 1
    assert only_draft.calendar not in Calendar.objects.usable()
    with pytest.raises(InvalidInput, match="cannot be agreed") as refused:
        agree_custom_target(
            organization=starter, severity=1, metric="first_reply", target_seconds=60,
            floor_seconds=120, calendar_key="night-shift", reason="Contract", approved_by=oscar,
            valid_from=NOW, now=NOW,
        )  # fmt: skip
    assert "calendar" in refused.value.fields


def test_publishing_counts_from_now_on_and_says_who_when_and_why(
    office: Calendar, draft: CalendarVersion, oscar: User, root: User
) -> None:
    monday_evening = clock.to_epoch(NOW.replace(day=16, hour=20))
    assert not calendars_by_key()["business-hours"].is_open(monday_evening)
    saved(draft, oscar, definition={**LATE_HOURS, "timezone": "Europe/Berlin"})
    version = publish(draft, root)
    assert version.valid_from == version.published_at == NOW
    assert (version.created_by, version.published_by) == (oscar, root)
    assert version.reason == "Longer Mondays"
    book = calendars_by_key()
    assert book["business-hours"].is_open(monday_evening)
    assert not book["business-hours@1"].is_open(monday_evening)
    assert not book["business-hours"].is_open(clock.to_epoch(NOW.replace(day=9, hour=20)))
    assert pinned_names(["business-hours"]) == {"business-hours": "business-hours@2"}
    assert draft_calendar_version(calendar=office, by=oscar, now=LATER).number == 3


def test_a_first_version_counts_since_ever(oscar: User) -> None:
    first = create_calendar(name="Care New York", definition=LATE_HOURS, by=oscar, now=NOW)
    saved(first, oscar, valid_from=NOW)
    assert publish(first, oscar).valid_from is None
    assert calendars_by_key()["care-new-york"].is_open(clock.to_epoch(NOW.replace(day=9, hour=20)))


def test_a_version_may_start_later(draft: CalendarVersion, oscar: User) -> None:
    saved(draft, oscar, definition=LATE_HOURS, valid_from=LATER)
    assert not draft.reaches_back(NOW)
    publish(draft, oscar)
    assert definitions_at(NOW, ["business-hours"])["business-hours"].time_zone == "Europe/Berlin"
    assert definitions_at(LATER, ["business-hours"])["business-hours"].time_zone == (
        "America/New_York"
    )


def test_a_correction_reaches_back_but_not_behind_an_earlier_version(
    office: Calendar, draft: CalendarVersion, oscar: User
) -> None:
    saved(draft, oscar, valid_from=NOW - timedelta(days=10))
    second = publish(draft, oscar)
    assert second.reaches_back(NOW)
    third = draft_calendar_version(calendar=office, by=oscar, now=NOW)
    with pytest.raises(InvalidInput, match="Version 2 counts from 28 Feb 2026, 10:00") as refused:
        saved(third, oscar, valid_from=NOW - timedelta(days=11))
    assert "valid_from" in refused.value.fields
    CalendarVersion.objects.filter(pk=third.pk).update(valid_from=NOW - timedelta(days=11))
    with pytest.raises(InvalidInput, match="cannot start before"):
        publish(third, oscar)


def test_of_two_that_start_together_the_later_counts(
    office: Calendar, draft: CalendarVersion, oscar: User
) -> None:
    start = NOW - timedelta(days=10)
    saved(draft, oscar, valid_from=start, definition={**LATE_HOURS, "holidays": ["2026-03-09"]})
    publish(draft, oscar)
    third = draft_calendar_version(calendar=office, by=oscar, now=NOW)
    saved(third, oscar, valid_from=start, definition=LATE_HOURS)
    publish(third, oscar)
    monday = clock.to_epoch(NOW.replace(day=9, hour=20))
    book = calendars_by_key()
    assert book["business-hours"].is_open(monday)
    assert not book["business-hours@2"].is_open(monday)
    assert definitions_at(NOW, ["business-hours"])["business-hours"].opens_on(
        NOW.replace(day=9).date()
    )


def test_publishing_needs_a_reason_and_happens_once(draft: CalendarVersion, oscar: User) -> None:
    with pytest.raises(InvalidInput, match="Say why"):
        publish(draft, oscar, reason="  ")
    with pytest.raises(InvalidInput, match="At most 300"):
        publish(draft, oscar, reason="x" * 301)
    assert CalendarVersion.objects.drafts().count() == 1
    publish(draft, oscar)
    with pytest.raises(Refused, match="Version 2 is published already"):
        publish(draft, oscar)
    with pytest.raises(Refused, match="is published already"):
        saved(draft, oscar)
    with pytest.raises(Refused, match="is published already"):
        discard_calendar_draft(version=draft, by=oscar)


def test_what_is_no_calendar_is_neither_kept_nor_published(
    draft: CalendarVersion, oscar: User
) -> None:
    for wrong in (
        {"timezone": "Mars/Olympus", "weekly": {"mon": [["09:00", "17:00"]]}},
        {"timezone": "Europe/Berlin", "weekly": {}},
        {"timezone": "Europe/Berlin", "weekly": {"mon": [["17:00", "09:00"]]}},
    ):
        with pytest.raises(InvalidInput, match="not a calendar that can be counted in"):
            saved(draft, oscar, definition=wrong)
        CalendarVersion.objects.filter(pk=draft.pk).update(definition=wrong)
        with pytest.raises(InvalidInput, match="not a calendar that can be counted in"):
            publish(draft, oscar)


@pytest.mark.parametrize(
    "change",
    [
        {"definition": LATE_HOURS},
        {"holiday_names": {}},
        {"valid_from": LATER},
        {"published_at": None},
        {"reason": "Something else"},
        {"number": 7},
    ],
)
def test_the_database_refuses_to_change_a_published_version(
    change: dict[str, Any], draft: CalendarVersion, oscar: User
) -> None:
    version = publish(draft, oscar)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        CalendarVersion.objects.filter(pk=version.pk).update(**change)
    for name, value in change.items():
        setattr(version, name, value)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        version.save()


def test_a_person_may_go_and_the_version_stays(draft: CalendarVersion, oscar: User) -> None:
    version = publish(draft, oscar)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tiers_calendarversion SET published_by_id = NULL")
    version.refresh_from_db()
    assert version.published_by is None


def test_the_later_of_two_saves_is_told_and_keeps_nothing(
    draft: CalendarVersion, oscar: User, root: User
) -> None:
    saved(draft, root, definition=LATE_HOURS)
    with pytest.raises(Refused, match="Ruth Root changed this draft while you had it open"):
        saved(draft, oscar)
    with pytest.raises(Refused, match="Ruth Root changed this draft"):
        publish(draft, oscar, revision=draft.revision)
    draft.refresh_from_db()
    assert draft.definition["timezone"] == "America/New_York"


def test_a_draft_is_thrown_away_once_and_a_calendar_without_versions_with_it(
    office: Calendar, draft: CalendarVersion, oscar: User
) -> None:
    assert discard_calendar_draft(version=draft, by=oscar)
    assert not discard_calendar_draft(version=draft, by=oscar)
    assert office.versions.count() == 1
    with pytest.raises(Refused, match="threw this draft away"):
        saved(draft, oscar)
    first = create_calendar(name="Never used", definition=LATE_HOURS, by=oscar, now=NOW)
    assert discard_calendar_draft(version=first, by=oscar)
    assert not Calendar.objects.filter(key="never-used").exists()
    assert not discard_calendar_draft(version=first, by=oscar)


def test_names_are_needed_and_free(office: Calendar, oscar: User) -> None:
    for name, said in (
        ("", "Give the calendar a name"),
        ("business hours (BERLIN)", "of this name already"),
        ("日本", "letter or digit"),
        ("x" * 81, "At most 80"),
    ):
        with pytest.raises(InvalidInput, match=said):
            create_calendar(name=name, definition=LATE_HOURS, by=oscar, now=NOW)
    assert rename_calendar(calendar=office, name=" Office  hours ", by=oscar).name == "Office hours"
    assert office.versions.count() == 1


def test_calendars_are_changed_by_ops_alone(
    office: Calendar, draft: CalendarVersion, agnes: User, lena: User, ada: User
) -> None:
    for user in (agnes, lena, ada):
        for attempt in (
            lambda user=user: create_calendar(name="Mine", definition=LATE_HOURS, by=user, now=NOW),
            lambda user=user: draft_calendar_version(calendar=office, by=user, now=NOW),
            lambda user=user: saved(draft, user),
            lambda user=user: publish(draft, user),
            lambda user=user: discard_calendar_draft(version=draft, by=user),
            lambda user=user: rename_calendar(calendar=office, name="Mine", by=user),
        ):
            with pytest.raises(NotPermitted, match="Only ops"):
                attempt()


def test_a_compiled_calendar_is_read_once(office: Calendar, django_assert_num_queries: Any) -> None:
    calendars._compiled.cache_clear()
    with django_assert_num_queries(2):
        first = calendars_by_key()["business-hours"]
    with django_assert_num_queries(1):
        assert calendars_by_key()["business-hours"] is first


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(settings.USES_SQLITE, reason="an in-memory SQLite is one connection's own")
def test_of_two_who_publish_at_once_one_does(draft: CalendarVersion, oscar: User) -> None:
    done = at_once(lambda: publish(draft, oscar))
    assert sorted(type(one).__name__ for one in done) == ["CalendarVersion", "Refused"]
    assert CalendarVersion.objects.filter(calendar=draft.calendar).count() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(settings.USES_SQLITE, reason="an in-memory SQLite is one connection's own")
def test_of_two_who_save_at_once_one_is_told(draft: CalendarVersion, oscar: User) -> None:
    done = at_once(lambda: saved(draft, oscar))
    assert sorted(type(one).__name__ for one in done) == ["CalendarVersion", "Refused"]
    draft.refresh_from_db()
    assert draft.revision == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(settings.USES_SQLITE, reason="an in-memory SQLite is one connection's own")
def test_two_who_begin_a_draft_at_once_share_it(office: Calendar, oscar: User) -> None:
    done = at_once(lambda: draft_calendar_version(calendar=office, by=oscar, now=NOW))
    assert len({one.pk for one in done}) == 1


def at_once(work: Callable[[], Any]) -> list[Any]:
    """Do something twice at the same time; return what came of each, refusals too."""

    def one() -> Any:
        try:
            return work()
        except Refused as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        return [future.result() for future in [pool.submit(one), pool.submit(one)]]
