"""How a ticket's story is told to customers: order, days, folding, length."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from conftest import TUESDAY
from people.models import User
from tickets.actions import reply_as_agent, reply_as_customer, set_severity, set_status
from tickets.models import Ticket
from tickets.views.customer import conversation
from tickets.views.customer.conversation import conversation_of, last_public_seq

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def told(ticket: Ticket, reader: User, *, whole: bool = False) -> list[str]:
    """Return the story as one line per entry."""
    lines = []
    for entry in conversation_of(ticket, reader, whole=whole).entries:
        if entry.day:
            lines.append(f"-- {entry.day}")
        elif entry.message:
            lines.append(f"{'+' if entry.is_more else ''}{entry.message.body}")
        else:
            lines.append(" | ".join(change.text for change in entry.changes))
    return lines


def test_messages_and_changes_come_in_their_order_with_their_days(
    stella: User, agnes: User, open_for: Any
) -> None:
    ticket = open_for(stella, body="It broke")
    reply_as_agent(ticket=ticket, author=agnes, body="Which?", status="pending", now=TUESDAY + HOUR)
    tomorrow = TUESDAY + timedelta(days=1)
    reply_as_customer(ticket=ticket, author=stella, body="MX-3", now=tomorrow)
    reply_as_agent(ticket=ticket, author=agnes, body="Done", status="solved", now=tomorrow + HOUR)
    assert told(ticket, stella) == [
        "-- 2026-03-10",
        "It broke",
        "Which?",
        "We are waiting for your reply",
        "-- 2026-03-11",
        "MX-3",
        "We are working on it again",
        "Done",
        "Agnes Agent marked it as solved",
    ]


def test_changes_without_a_word_between_them_are_folded(
    stella: User, agnes: User, open_for: Any
) -> None:
    ticket = open_for(stella, body="It broke")
    set_severity(ticket=ticket, severity=2, reason="Stops a shift", by=agnes, now=TUESDAY + HOUR)
    set_status(ticket=ticket, status="on_hold", by=agnes, now=TUESDAY + HOUR)
    set_status(ticket=ticket, status="solved", by=stella, now=TUESDAY + 2 * HOUR)
    [line] = told(ticket, stella)[2:]
    assert line.split(" | ") == [
        "Agnes Agent changed the severity from Normal to High",
        "We are waiting for a third party",
        "You marked it as solved",
    ]


def test_what_one_person_writes_in_one_breath_belongs_together(
    stella: User, agnes: User, open_for: Any
) -> None:
    ticket = open_for(stella, body="It broke")
    minute = timedelta(minutes=1)
    reply_as_customer(ticket=ticket, author=stella, body="and", now=TUESDAY + minute)
    reply_as_agent(ticket=ticket, author=agnes, body="yes?", now=TUESDAY + 2 * minute)
    reply_as_agent(ticket=ticket, author=agnes, body="and?", now=TUESDAY + 3 * minute)
    reply_as_agent(ticket=ticket, author=agnes, body="well", now=TUESDAY + HOUR)
    assert told(ticket, stella)[1:] == ["It broke", "+and", "yes?", "+and?", "well"]


def test_days_are_the_readers_days(stella: User, open_for: Any) -> None:
    ticket = open_for(stella)
    late = TUESDAY + timedelta(hours=15, minutes=30)  # 00:30 on Wednesday in Berlin
    reply_as_customer(ticket=ticket, author=stella, body="Still awake", now=late)
    with timezone.override("Europe/Berlin"):
        assert "-- 2026-03-11" in told(ticket, stella)
    with timezone.override("America/New_York"):
        assert "-- 2026-03-11" not in told(ticket, stella)


def test_notes_leave_no_trace(stella: User, agnes: User, open_for: Any) -> None:
    ticket = open_for(stella, body="It broke")
    before, seq = told(ticket, stella), last_public_seq(ticket)
    reply_as_agent(ticket=ticket, author=agnes, body="hm", is_public=False, now=TUESDAY + HOUR)
    assert told(ticket, stella) == before
    assert last_public_seq(ticket) == seq


def test_a_very_long_story_starts_with_its_end_and_can_be_read_whole(
    stella: User, open_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "LATEST_SHOWN", 5)
    ticket = open_for(stella, body="first")
    for number in range(8):
        now = TUESDAY + number * HOUR
        reply_as_customer(ticket=ticket, author=stella, body=f"m{number}", now=now)
    assert conversation_of(ticket, stella).leaves_out
    assert told(ticket, stella)[1:] == ["m3", "m4", "m5", "m6", "m7"]
    assert len(told(ticket, stella, whole=True)) == 1 + 9
    assert not conversation_of(ticket, stella, whole=True).leaves_out
