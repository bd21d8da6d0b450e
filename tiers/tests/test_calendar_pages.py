"""The ops pages of calendars: the list, the year, the sheet, the preview, and the feed."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import TUESDAY
from people.models import Organization, User
from tiers.actions import (
    create_calendar,
    draft_calendar_version,
    publish_calendar_version,
    save_calendar_draft,
)
from tiers.calendar_year import year_of
from tiers.models import Calendar, CalendarVersion
from tiers.tests.ops_kit import main_of, words_of
from tiers.tests.test_calendar_sources import ics

Door = Callable[..., Client]
KEY = "business-hours"
DRAFT = "ops_calendar_draft"
SINGLE = {"timezone": "Europe/London", "weekly": {"mon": [["09:00", "17:00"]]}}


@pytest.fixture(autouse=True)
def tuesday() -> Iterator[None]:
    with time_machine.travel(TUESDAY, tick=False):
        yield


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


@pytest.fixture
def draft(oscar: User) -> CalendarVersion:
    """A draft of the calendar that ships."""
    office = Calendar.objects.get(key=KEY)
    return draft_calendar_version(calendar=office, by=oscar, now=TUESDAY)


def at(name: str, key: str = KEY) -> str:
    """Return the address of a calendar's page."""
    return reverse(name, args=[key])


def typed(draft: CalendarVersion, **changes: Any) -> dict[str, Any]:
    """Return the sheet of a draft as a browser would send it."""
    says, names = draft.definition, draft.holiday_names
    sheet: dict[str, Any] = {
        "zone": says["timezone"],
        "revision": str(draft.revision),
        "offered": json.dumps({day: names.get(day, "") for day in says["holidays"]}),
        "closed": list(says["holidays"]),
        "starts": "now",
        "do": "save",
    }
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        spans = says["weekly"].get(day, [["", ""]])
        sheet[f"{day}_start"] = [span[0] for span in spans]
        sheet[f"{day}_end"] = [span[1] for span in spans]
    return {**sheet, **changes}


def _each(values: Any) -> list[str]:
    return values if isinstance(values, list) else [values]


def special(*rows: tuple[str, str, str, str, str]) -> dict[str, list[str]]:
    """Return rows of days with other hours."""
    names = ("date", "what", "start", "end", "name")
    return {f"special_{name}": [row[at] for row in rows] for at, name in enumerate(names)}


def test_the_list_says_hours_zone_version_holidays_and_who_counts_in_it(ops: Client) -> None:
    shown = main_of(ops.get(reverse("ops_calendars")))
    assert "Business hours (Berlin) version 1 Monday to Friday 09:00–17:00" in shown
    assert "Open now until 17:00" in shown
    assert "loaded until 26 Dec 2030" in shown
    assert "Professional: 12 targets" in shown
    assert "Around the clock version 1 Day and night" in shown
    assert "none: always open" in shown


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2030, 9, 26), None),
        (date(2030, 9, 27), "The last loaded holiday is in 90 days: load more."),
        (date(2030, 12, 25), "The last loaded holiday is in 1 day: load more."),
        (date(2030, 12, 26), "The last loaded holiday is today: load more."),
        (date(2030, 12, 27), "The last loaded holiday was on 26 Dec 2030: load more."),
    ],
)
def test_a_calendar_warns_before_its_holidays_run_out(
    today: date, said: str | None, oscar: User, at_door: Door
) -> None:
    day = TUESDAY.replace(year=today.year, month=today.month, day=today.day)
    with time_machine.travel(day, tick=False):
        ops = at_door(oscar)
        listed, home = main_of(ops.get(reverse("ops_calendars"))), words_of(ops.get("/ops/"))
    assert said is None or said in listed
    assert ("load more" in listed) is bool(said)
    assert ("holidays for" in home or "no holidays left" in home) is bool(said)


def test_the_list_asks_as_often_for_many_calendars(
    ops: Client, oscar: User, django_assert_num_queries: Any
) -> None:
    ops.get(reverse("ops_calendars"))
    with CaptureQueriesContext(connection) as asked:
        ops.get(reverse("ops_calendars"))
    few = len(asked)
    for number in range(12):
        one = create_calendar(name=f"Site {number}", definition=SINGLE, by=oscar, now=TUESDAY)
        publish_calendar_version(version=one, reason="New", published_by=oscar, now=TUESDAY)
    ops.get(reverse("ops_calendars"))
    with django_assert_num_queries(few):
        ops.get(reverse("ops_calendars"))


def test_the_year_shows_every_day_with_a_mark_and_names_the_special_ones(ops: Client) -> None:
    response = ops.get(at("ops_calendar"), {"year": "2026"})
    shown = main_of(response)
    year = response.context["year"]
    assert sum(len(month.days) for month in year.months) == 365
    march = {day.date: day for day in year.months[2].days}
    assert march[date(2026, 3, 29)].daylight == "23 h long: 02:00–03:00 does not exist"
    assert year.months[9].days[24].daylight == "25 h long: 02:00–03:00 happens twice"
    assert march[date(2026, 3, 10)].said == "09:00–17:00"
    assert march[date(2026, 3, 14)].said == "closed"
    assert year.months[11].days[24].said == "Christmas Day; closed"
    assert "Fri 25 Christmas Day" in shown
    # 22 weekdays of 8 hours.
    assert "March 176 h" in shown
    assert 'aria-current="date"' in response.content.decode()


def test_a_year_that_makes_no_sense_is_the_present_one(ops: Client) -> None:
    for year in ("", "1", "9999", "x", "٢٠٢٦"):
        assert ops.get(at("ops_calendar"), {"year": year}).context["year"].year == 2026
    assert ops.get(at("ops_calendar"), {"year": "2031"}).context["year"].year == 2031


def test_special_hours_breaks_and_a_date_that_never_was_are_days_of_their_own() -> None:
    says = {
        "timezone": "Pacific/Apia",
        "weekly": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "shifts": {"2011-12-24": [["10:00", "12:00"]]},
        "breaks": {"2011-12-20": [["12:00", "13:00"]]},
    }
    names = {"2011-12-24": "Christmas Eve"}
    december = year_of(
        [CalendarVersion(number=1, definition=says, holiday_names=names)], 2011
    ).months[11]
    days = {day.date.day: day for day in december.days}
    assert (days[24].mark, days[24].hours, days[24].name) == ("S", "10:00–12:00", "Christmas Eve")
    assert (days[20].mark, days[20].hours) == ("B", "09:00–12:00 and 13:00–17:00")
    assert (days[30].kind, days[30].seconds) == ("closed", 0)
    assert "does not exist here" in days[30].hours


def test_a_draft_is_begun_by_a_button_and_never_by_looking(ops: Client) -> None:
    assert ops.get(at(DRAFT)).status_code == 302
    assert not CalendarVersion.objects.drafts().exists()
    assert ops.get(at("ops_calendar_draft_start")).status_code == 405
    ops.post(at("ops_calendar_draft_start"))
    ops.post(at("ops_calendar_draft_start"))
    assert CalendarVersion.objects.drafts().get().number == 2
    assert "draft of version 2" in main_of(ops.get(at(DRAFT)))


def test_a_saved_draft_says_what_was_typed(ops: Client, draft: CalendarVersion) -> None:
    answer = ops.post(
        at(DRAFT),
        typed(
            draft,
            thu_start=["9", "18.00"],
            thu_end=["17:00", "24:00"],
            closed=draft.definition["holidays"][1:],
            added_date=["2026-12-28", ""],
            added_name=["Company day", ""],
            **special(
                ("2026-12-24", "open", "09:00", "13:00", "Christmas Eve"),
                ("2026-12-22", "break", "12:00", "13:00", ""),
                ("", "open", "", "", ""),
            ),
            starts="at",
            start_date="2026-12-01",
            start_time="",
            reason="Late Thursday",
            country="DE",
        ),
    )
    assert answer.headers["Location"] == at("ops_calendar_preview")
    draft.refresh_from_db()
    says = draft.definition
    assert says["weekly"]["thu"] == [["09:00", "17:00"], ["18:00", "24:00"]]
    assert "2024-01-01" not in says["holidays"]
    assert "2026-12-28" in says["holidays"]
    assert says["shifts"] == {"2026-12-24": [["09:00", "13:00"]]}
    assert says["breaks"] == {"2026-12-22": [["12:00", "13:00"]]}
    assert draft.holiday_names["2026-12-28"] == "Company day"
    assert draft.holiday_names["2026-12-24"] == "Christmas Eve"
    assert "2024-01-01" not in draft.holiday_names
    assert draft.valid_from is not None
    assert draft.valid_from.isoformat() == "2026-11-30T23:00:00+00:00"
    assert (draft.reason, draft.edited_by) == ("Late Thursday", User.objects.get(name="Oscar Ops"))
    again = typed(draft, **special(("2026-12-24", "open", "09:00", "13:00", "Christmas Eve")))
    assert ops.post(at(DRAFT), again).status_code == 302
    draft.refresh_from_db()
    assert draft.definition["weekly"] == says["weekly"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mon_start": ["17:00"], "mon_end": ["09:00"]}, "17:00 to 09:00 does not end after it"),
        ({"mon_start": ["9h30"], "mon_end": ["25:00"]}, "“25:00” is no time of day"),
        ({"mon_start": ["09:00"], "mon_end": [""]}, "both times are needed"),
        (
            {"mon_start": ["09:00", "12:00"], "mon_end": ["13:00", "17:00"]},
            "Overlaps with 09:00–13:00",
        ),
        ({"zone": "Mars/Olympus"}, "Choose a time zone from the list"),
        ({"added_date": ["soon"], "added_name": [""]}, "“soon” is no date"),
        ({"added_date": [""], "added_name": ["Party"]}, "Say on which date"),
        (special(("2026-12-25", "open", "09:00", "12:00", "")), "is a closed day too"),
        (special(("2026-12-24", "open", "", "", "")), "both times are needed"),
        (special(("2026-12-24", "break", "18:00", "19:00", "")), "Nothing is open then"),
        (
            special(
                ("2026-12-24", "open", "09:00", "12:00", ""),
                ("2026-12-24", "open", "11:00", "13:00", ""),
            ),
            "Overlaps with 09:00–12:00",
        ),
        ({"starts": "at", "start_date": ""}, "Say on which day it begins"),
        ({"starts": "at", "start_date": "2026-04-01", "start_time": "soon"}, "Write the moment as"),
        ({"starts": "at", "start_date": "2026-03-01"}, "time that has gone by is counted anew"),
        ({"reason": "x" * 301}, "At most 300 characters"),
        (
            {f"{day}_{end}": [""] for day in ("mon", "tue", "wed", "thu", "fri") for end in
             ("start", "end")},
            "Nothing is ever open",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field_and_nothing_typed_is_lost(
    changes: dict[str, Any], said: str, ops: Client, draft: CalendarVersion
) -> None:
    before = draft.definition
    kept = {} if "ever open" in said else {"sun_start": ["07:07"], "sun_end": ["08:08"]}
    answer = ops.post(at(DRAFT), typed(draft, **kept, **changes))
    assert answer.status_code == 200
    shown, markup = main_of(answer), answer.content.decode()
    assert said in shown
    assert "everything you typed is still here" in shown or "At most 300" in shown
    for value in (
        v for values in changes.values() for v in (values if isinstance(values, list) else [values])
    ):
        if value not in {"at", "open", "break", "Mars/Olympus"}:
            assert value in markup
    assert not kept or 'value="07:07"' in markup
    draft.refresh_from_db()
    assert draft.definition == before


def test_rows_are_added_and_days_copied_without_judging_or_saving(
    ops: Client, draft: CalendarVersion
) -> None:
    sheet = typed(draft, mon_start=["nonsense"])
    answer = ops.post(at(DRAFT), {**sheet, "do": "row:mon"})
    assert [span.start for span in answer.context["sheet"].week[0].spans] == ["nonsense", ""]
    answer = ops.post(at(DRAFT), {**sheet, "do": "row:special"})
    assert len(answer.context["sheet"].special) == 1
    answer = ops.post(
        at(DRAFT), {**sheet, "do": "copy", "copy_from": "tue", "copy_to": ["sat", "sun"]}
    )
    assert "Copied to Saturday, Sunday." in words_of(answer)
    assert [day.spans[0].start for day in answer.context["sheet"].week][5:] == ["09:00", "09:00"]
    answer = ops.post(at(DRAFT), {**sheet, "do": "copy", "copy_from": "tue"})
    assert "Tick the days" in main_of(answer)
    draft.refresh_from_db()
    assert draft.revision == 1


def test_holidays_come_from_the_library_and_are_kept_with_their_names(
    ops: Client, draft: CalendarVersion
) -> None:
    sheet = typed(
        draft, country="US", subdivision="ny", first_year="2031", last_year="2032",
        mon_start=["07:30"],
    )  # fmt: skip
    answer = ops.post(at(DRAFT), {**sheet, "do": "library"})
    taken = answer.context["sheet"]
    assert "Save the draft to keep them" in words_of(answer)
    assert taken.offered["2031-07-04"] == "Independence Day"
    assert "2031-07-04" in taken.kept
    assert 'value="07:30"' in answer.content.decode()
    for wrong, said in (
        ({"country": ""}, "Choose a country"),
        ({"subdivision": "ZZ"}, "United States has these: AK"),
        ({"first_year": "2032", "last_year": "2031"}, "Write two years such as"),
        ({"last_year": "2099"}, "at most ten years apart"),
    ):
        assert said in main_of(ops.post(at(DRAFT), {**sheet, "do": "library", **wrong}))
    saved = typed(draft, offered=taken.offered_json, closed=sorted(taken.kept), country="US")
    ops.post(at(DRAFT), saved)
    draft.refresh_from_db()
    assert "2031-07-04" in draft.definition["holidays"]
    assert draft.holiday_names["2031-07-04"] == "Independence Day"
    assert Calendar.objects.get(key=KEY).holiday_country == "US"


def test_holidays_come_from_a_file(ops: Client, draft: CalendarVersion) -> None:
    content = ics(
        "SUMMARY:Works outing|DTSTART;VALUE=DATE:20260610|DTEND;VALUE=DATE:20260612",
        "SUMMARY:Lunch|DTSTART:20260610T120000Z",
    )
    file = SimpleUploadedFile("days.ics", content)
    answer = ops.post(at(DRAFT), {**typed(draft), "do": "file", "file": file})
    shown = words_of(answer)
    assert "2 days more are closed" in shown
    assert "1 event with a time of day was left out" in shown
    assert answer.context["sheet"].offered["2026-06-11"] == "Works outing"
    assert "Choose an .ics file" in main_of(ops.post(at(DRAFT), {**typed(draft), "do": "file"}))
    wrong = SimpleUploadedFile("days.ics", b"<html>")
    answer = ops.post(at(DRAFT), {**typed(draft), "do": "file", "file": wrong})
    assert "does not begin with BEGIN:VCALENDAR" in main_of(answer)


def test_of_two_who_save_the_later_is_told_keeps_the_typed_and_may_insist(
    ops: Client, draft: CalendarVersion, root: User, at_door: Door
) -> None:
    hers, his = typed(draft, mon_start=["08:00"]), typed(draft, mon_start=["07:00"])
    at_door(root).post(at(DRAFT), hers)
    answer = ops.post(at(DRAFT), his)
    assert "Ruth Root changed this draft while you had it open." in main_of(answer)
    assert 'value="07:00"' in answer.content.decode()
    draft.refresh_from_db()
    assert draft.definition["weekly"]["mon"] == [["08:00", "17:00"]]
    ops.post(at(DRAFT), {**his, "revision": str(answer.context["sheet"].revision)})
    draft.refresh_from_db()
    assert draft.definition["weekly"]["mon"] == [["07:00", "17:00"]]


def test_the_preview_says_which_days_and_how_many_hours_change(
    ops: Client, draft: CalendarVersion
) -> None:
    ops.post(
        at(DRAFT),
        typed(draft, thu_end=["20:00"], **special(("2026-12-24", "open", "09:00", "13:00", ""))),
    )
    answer = ops.get(at("ops_calendar_preview"))
    shown = main_of(answer)
    assert "Thursday: 09:00–20:00, was 09:00–17:00" in shown
    assert "24 Dec 2026: open 09:00–13:00" in shown
    # 52 Thursdays, less Ascension Day and Christmas Eve.
    assert "Thursday, 50 times from 12 Mar 2026 on 09:00–17:00 09:00–20:00" in shown
    assert "Thu 24 Dec 2026 09:00–17:00 09:00–13:00" in shown
    months = {f"{row['month']:%Y-%m}": row["difference"] for row in answer.context["months"]}
    # Five Thursdays, each three hours longer.
    assert months["2026-04"] == "+15 h"
    assert len(months) == 12
    assert not answer.context["is_correction"]


def test_a_correction_shows_the_past_days_too(ops: Client, draft: CalendarVersion) -> None:
    ops.post(
        at(DRAFT),
        typed(
            draft, starts="at", start_date="2026-03-02", reason="We were closed on 6 March",
            added_date=["2026-03-06"], added_name=["Move"],
        ),
    )  # fmt: skip
    shown = main_of(ops.get(at("ops_calendar_preview")))
    assert "This is a correction" in shown
    assert "Fri 6 Mar 2026 09:00–17:00 closed: Move" in shown


def test_versions_say_what_changed_who_when_and_why(
    ops: Client, draft: CalendarVersion, oscar: User, root: User
) -> None:
    saved = save_calendar_draft(
        version=draft,
        definition={**draft.definition, "timezone": "Europe/London",
                    "holidays": draft.definition["holidays"][1:]},
        holiday_names=draft.holiday_names, valid_from=None, reason="", revision=1, by=oscar,
        now=TUESDAY,
    )  # fmt: skip
    publish_calendar_version(version=saved, reason="We moved", published_by=root, now=TUESDAY)
    shown = main_of(ops.get(at("ops_calendar")))
    assert "Version 2 counts now from 10 Mar 2026, 10:00 on" in shown
    assert "by Ruth Root, written by Oscar Ops" in shown
    assert "“We moved”" in shown
    assert "Time zone: Europe/London, was Europe/Berlin" in shown
    assert "No longer closed on 1 day: 1 Jan 2024 (New Year's Day)" in shown
    assert "Version 2 begins." in shown


def test_a_calendar_is_added_written_and_thrown_away(ops: Client) -> None:
    answer = ops.post(
        reverse("ops_calendar_new"),
        {"name": "Customer care New York", "zone": "America/New_York", "like": ""},
    )
    key = "customer-care-new-york"
    assert answer.headers["Location"] == at(DRAFT, key)
    assert "This is the draft" in main_of(ops.get(at("ops_calendar", key)))
    assert "draft, never published" in main_of(ops.get(reverse("ops_calendars")))
    assert "The first version." in main_of(ops.get(at("ops_calendar_preview", key)))
    like = Calendar.objects.get(key=KEY)
    ops.post(
        reverse("ops_calendar_new"), {"name": "Paris", "zone": "Europe/Paris", "like": like.pk}
    )
    paris = CalendarVersion.objects.get(calendar__key="paris")
    assert paris.definition["timezone"] == "Europe/Paris"
    assert "2026-12-25" in paris.holiday_names
    refused = ops.post(reverse("ops_calendar_new"), {"name": "paris", "zone": "Europe/Paris"})
    assert "There is a calendar of this name already" in main_of(refused)
    answer = ops.post(at("ops_calendar_draft_discard", key))
    assert answer.headers["Location"] == reverse("ops_calendars")
    assert not Calendar.objects.filter(key=key).exists()


def test_a_draft_is_thrown_away_and_the_calendar_stays(ops: Client, draft: CalendarVersion) -> None:
    assert ops.post(at("ops_calendar_draft_discard")).headers["Location"] == at("ops_calendar")
    assert ops.post(at("ops_calendar_draft_discard")).status_code == 302
    assert not CalendarVersion.objects.drafts().exists()
    answer = ops.post(at(DRAFT), typed(draft), follow=True)
    assert "The draft is gone" in words_of(answer)


def test_a_calendar_is_renamed(ops: Client) -> None:
    answer = ops.post(at("ops_calendar_name"), {"name": "Office"}, follow=True)
    assert "It is called Office now." in words_of(answer)
    answer = ops.post(at("ops_calendar_name"), {"name": "Around the clock"}, follow=True)
    assert "of this name already" in words_of(answer)


def test_the_pages_are_for_those_who_run_operations(
    agnes: User, lena: User, ada: User, root: User, at_door: Door, enterprise: Organization
) -> None:
    for user in (agnes, lena, ada):
        assert at_door(user).get(reverse("ops_calendars")).status_code in {302, 403}
        assert at_door(user).post(at("ops_calendar_draft_start")).status_code in {302, 403}
    assert not CalendarVersion.objects.drafts().exists()
    assert at_door(root).get(reverse("ops_calendars")).status_code == 200


def test_an_unknown_calendar_is_not_found(ops: Client) -> None:
    for name in ("ops_calendar", DRAFT, "ops_calendar_preview"):
        assert ops.get(at(name, "nowhere")).status_code == 404
