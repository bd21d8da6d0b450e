"""Publishing a calendar's draft from its page: what was looked at, and nothing else."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.models import User
from tiers.actions import draft_calendar_version, save_calendar_draft
from tiers.models import Calendar, CalendarVersion
from tiers.tests.ops_kit import main_of, words_of

Door = Callable[..., Client]
KEY = "business-hours"
DIALOG = f"/ops/calendars/{KEY}/publish/"


@pytest.fixture(autouse=True)
def tuesday() -> Iterator[None]:
    with time_machine.travel(TUESDAY, tick=False):
        yield


@pytest.fixture
def draft(oscar: User) -> CalendarVersion:
    """A draft with a late Monday."""
    return edited(Calendar.objects.get(key=KEY), oscar, "20:00")


def edited(office: Calendar, by: User, closes: str) -> CalendarVersion:
    """Let Mondays close at another hour in the draft."""
    draft = draft_calendar_version(calendar=office, by=by, now=TUESDAY)
    weekly = {**draft.definition["weekly"], "mon": [["09:00", closes]]}
    return save_calendar_draft(
        version=draft, definition={**draft.definition, "weekly": weekly},
        holiday_names=draft.holiday_names, valid_from=None, reason="", revision=draft.revision,
        by=by, now=TUESDAY,
    )  # fmt: skip


def test_a_draft_is_published_from_its_preview(
    draft: CalendarVersion, oscar: User, at_door: Door
) -> None:
    ops = at_door(oscar)
    preview = ops.get(reverse("ops_calendar_preview", args=[KEY])).content.decode()
    assert f'href="{DIALOG}"' in preview
    sent = {"treatment": "next_ticket", "note": "Late Mondays", "revision": draft.revision}
    answer = ops.post(DIALOG, sent, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("ops_calendar", args=[KEY])
    shown = words_of(answer)
    assert "Version 2 counts now" in shown
    assert "Late Mondays" in shown
    assert "Monday: 09:00–20:00, was 09:00–17:00" in shown
    draft.refresh_from_db()
    assert draft.published_by == oscar


def test_what_somebody_changed_meanwhile_is_not_published_unseen(
    draft: CalendarVersion, oscar: User, root: User, at_door: Door
) -> None:
    ops = at_door(oscar)
    seen = draft.revision
    edited(draft.calendar, root, "23:00")
    sent = {"treatment": "next_ticket", "note": "Late Mondays", "revision": seen}
    answer = ops.post(DIALOG, sent)
    assert "Ruth Root changed this draft while you had it open." in main_of(answer)
    assert "Late Mondays" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.is_draft
    # The page shows the draft as it is now; sending it again publishes that.
    ops.post(DIALOG, {**sent, "revision": answer.context["revision"]})
    draft.refresh_from_db()
    assert draft.published_at == TUESDAY
    assert draft.definition["weekly"]["mon"] == [["09:00", "23:00"]]
    assert draft.valid_from is not None
    assert draft.valid_from - TUESDAY == timedelta(0)
