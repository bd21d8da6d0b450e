"""A row of the list is drawn once; its name must hold everything the drawing depends on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from tickets.models import NO_PROMISE_RUNNING
from tickets.queue_page import Row
from tickets.views.desk.listed import ListedRow, listed

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DUE = Row(
    pk=7,
    subject="Scanner is offline",
    status="open",
    severity=2,
    tier="enterprise",
    rank_at=NOON + timedelta(hours=3),
    rank_metric="next_reply",
    solved_at=None,
    organization="Acme",
    assignee="Agnes Agent",
    assignee_email="agnes@vendor.example",
    broken_at=None,
)
ADDRESS = "/desk/tickets/T-0?view=all"


def row_of(row: Row, now: datetime = NOON, **how: Any) -> ListedRow:
    return listed([row], ADDRESS, now, **how)[0]


def drawn(row: ListedRow) -> str:
    return render_to_string("desk/fragments/rows.html", {"rows": [row]})


@pytest.mark.parametrize(
    "change",
    [
        {"pk": 8},
        {"subject": "Scanner is on fire"},
        {"status": "pending"},
        {"tier": "starter"},
        {"rank_at": NOON + timedelta(hours=4)},
        {"rank_metric": "resolution"},
        {"organization": "Bolt"},
        {"assignee": "Lena Lead"},
        {"assignee_email": "other@vendor.example"},
        {"broken_at": NOON},
        {"status": "solved", "solved_at": NOON},
    ],
)
def test_whatever_a_row_shows_is_in_the_name_of_its_drawing(change: dict[str, Any]) -> None:
    assert row_of(replace(DUE, **change)).drawn_from != row_of(DUE).drawn_from


def test_so_are_the_open_ticket_the_view_the_language_and_the_zone() -> None:
    name = row_of(DUE).drawn_from
    assert row_of(DUE, opened=7).drawn_from != name
    assert listed([DUE], "/desk/tickets/T-0?view=mine", NOON)[0].drawn_from != name
    with translation.override("de"):
        assert row_of(DUE).drawn_from != name
    with timezone.override("America/New_York"):
        assert row_of(DUE).drawn_from != name


def test_a_drawing_is_found_again_within_the_minute_and_made_anew_after_it() -> None:
    first = drawn(row_of(DUE, NOON + timedelta(seconds=10)))
    assert drawn(row_of(DUE, NOON + timedelta(seconds=50))) == first
    later = drawn(row_of(DUE, NOON + timedelta(seconds=70)))
    assert later != first
    assert "2 h 58 min" in later


def test_two_readers_never_share_a_drawing() -> None:
    english = drawn(row_of(DUE))
    with translation.override("de"), timezone.override("Europe/Berlin"):
        german = drawn(row_of(DUE))
    assert "Next reply due 15:00" in english
    assert "16:00" in german
    assert "Next reply" not in german


def test_what_a_customer_wrote_stays_text() -> None:
    html = drawn(row_of(replace(DUE, subject="<script>alert(1)</script>", organization="<b>")))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<b>" not in html


def words_of(row: ListedRow) -> tuple[object, ...]:
    clock = row.clock
    return row.why, row.idle, clock and (clock.state, clock.text, clock.reason, clock.due_at)


@given(
    ahead=st.integers(-200_000, 200_000),
    later=st.integers(0, 120),
    status=st.sampled_from(["open", "pending", "solved"]),
    ranked=st.booleans(),
    broken=st.booleans(),
)
def test_drawings_of_one_name_say_the_same(
    ahead: int, later: int, status: str, ranked: bool, broken: bool
) -> None:
    at = NOON + timedelta(seconds=ahead)
    row = replace(
        DUE,
        status=status,
        rank_at=at if ranked else NO_PROMISE_RUNNING,
        solved_at=at if status == "solved" else None,
        broken_at=at if broken else None,
    )
    one, other = row_of(row, NOON), row_of(row, NOON + timedelta(seconds=later))
    if one.drawn_from == other.drawn_from:
        assert words_of(one) == words_of(other)
