"""Rows written many at a time are the rows that the ORM would have written."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from conftest import TUESDAY
from portal.kit.bulk import insert_all, insert_or_update, update_all
from tickets.actions.clocks import STORED
from tickets.models import Clock, ClockEvent, Ticket

pytestmark = pytest.mark.django_db
UNIQUE = ["ticket", "metric", "cycle"]


def stored(ticket: Ticket) -> list[dict[str, Any]]:
    return [{**row} for row in Clock.objects.filter(ticket=ticket).order_by("pk").values()]


def test_what_is_there_is_updated_and_what_is_not_is_inserted(stella, open_for):
    ticket = open_for(stella)
    before = stored(ticket)
    rows = [Clock(**{**row, "id": None}) for row in before]
    rows[0].due_at = TUESDAY + timedelta(hours=3, microseconds=123456)
    rows[0].paused_reason = 'quoted "twice", 50 % and ünïcode \\ too'
    rows[0].next_check_at = None
    rows[0].ladder = [[75, 1_709_305_200], [-30, 1_709_305_300]]
    rows.append(Clock(**{**before[0], "id": None, "cycle": 7, "next_check_at": None}))
    written = insert_or_update(rows, unique_fields=UNIQUE, update_fields=STORED)
    after = stored(ticket)
    assert sorted(row.pk for row in written) == [row["id"] for row in after]
    assert [row.pk for row in written[:-1]] == [row["id"] for row in before]
    for row in written:
        assert not row._state.adding
        assert {**Clock.objects.filter(pk=row.pk).values()[0]} == {
            field.attname: getattr(row, field.attname) for field in Clock._meta.concrete_fields
        }


def test_rows_are_inserted_once_and_those_that_are_known_stay_as_they_are(stella, open_for):
    ticket = open_for(stella)
    clock = Clock.objects.filter(ticket=ticket)[0]
    rows = [
        ClockEvent(
            clock=clock, ticket=ticket, terms=clock.terms, kind="warning", step=step, at=TUESDAY,
            recorded_at=TUESDAY + timedelta(microseconds=7),
        )
        for step in (50, 75)
    ]  # fmt: skip
    insert_all(rows[:1])
    rows[0].recorded_at = TUESDAY
    insert_all(rows, skip_known=True)
    insert_all([])
    found = ClockEvent.objects.order_by("step").values_list("step", "recorded_at", "announced_at")
    assert list(found) == [
        (50, TUESDAY + timedelta(microseconds=7), None),
        (75, TUESDAY + timedelta(microseconds=7), None),
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_all(rows)


def test_only_the_fields_that_are_named_are_updated(stella, paul, open_for):
    mine, other = open_for(stella), open_for(paul)
    mine.subject, mine.tier, mine.last_event_at = "not to be kept", "professional", TUESDAY
    other.tier = "enterprise"
    update_all([mine, other], ["tier", "last_event_at"])
    fresh = Ticket.objects.get(pk=mine.pk)
    assert (fresh.tier, fresh.last_event_at) == ("professional", TUESDAY)
    assert fresh.subject != "not to be kept"
    assert Ticket.objects.get(pk=other.pk).tier == "enterprise"


def test_many_rows_are_one_statement_and_none_is_none(stella, open_for, django_assert_num_queries):
    rows = [Clock(**{**row, "id": None}) for row in stored(open_for(stella))]
    with django_assert_num_queries(1):
        insert_or_update(rows, unique_fields=UNIQUE, update_fields=STORED)
    with django_assert_num_queries(0):
        assert insert_or_update([], unique_fields=UNIQUE, update_fields=STORED) == []
        update_all([], ["tier"])
