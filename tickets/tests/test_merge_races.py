"""Merging and answering at once, on PostgreSQL: no ring, no deadlock, no word astray."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from conftest import TUESDAY
from people.models import User
from people.tests.test_races import at_once, meeting, without_locks
from tickets.actions import events, merge_tickets, merging, reply_as_customer
from tickets.models import Message, Ticket

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
LATER = TUESDAY + timedelta(hours=1)


@pytest.fixture(autouse=True)
def needs_rows_that_wait(db: None) -> None:
    """SQLite has one writer at a time: there is no race to show."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")


@pytest.fixture
def pair(ada: User, open_for: Any) -> tuple[Ticket, Ticket]:
    return open_for(ada), open_for(ada)


def outcomes(results: list[Any]) -> list[str]:
    """Return what came of each as a word."""
    return sorted(
        type(result).__name__ if isinstance(result, Exception) else "done" for result in results
    )


def both_ways(pair: tuple[Ticket, Ticket], lena: User) -> list[Any]:
    one, other = pair
    return at_once(
        lambda: merge_tickets(source=one, target=other, by=lena, now=LATER),
        lambda: merge_tickets(source=other, target=one, by=lena, now=LATER),
    )


def merged(pair: tuple[Ticket, Ticket]) -> int:
    pks = [ticket.pk for ticket in pair]
    return Ticket.objects.filter(pk__in=pks).exclude(merged_into=None).count()


def test_without_the_lock_both_believe_that_they_may(
    pair: tuple[Ticket, Ticket], lena: User
) -> None:
    with without_locks(events), meeting(merging, "check_may_merge"):
        results = both_ways(pair, lena)
    # Both got past the question, and only the order of the events stopped one, without words.
    assert "Refused" not in outcomes(results)


def test_with_the_lock_one_of_them_is_told_it_is_too_late(
    pair: tuple[Ticket, Ticket], lena: User
) -> None:
    for _round in range(3):
        results = both_ways(pair, lena)
        assert "OperationalError" not in outcomes(results)
        assert merged(pair) == 1


def test_a_reply_that_comes_while_its_ticket_is_merged_is_not_lost(
    pair: tuple[Ticket, Ticket], ada: User, lena: User
) -> None:
    source, target = pair
    results = at_once(
        lambda: merge_tickets(source=source, target=target, by=lena, now=LATER),
        lambda: reply_as_customer(ticket=source, author=ada, body="Still there?", now=LATER),
        lambda: reply_as_customer(ticket=target, author=ada, body="Hello?", now=LATER),
    )
    assert outcomes(results) == ["done"] * 3
    assert Message.objects.of_conversation(target).filter(body="Still there?").count() == 1
