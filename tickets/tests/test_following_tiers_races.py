"""Tiers change while tickets are opened, moved and followed by several workers at once."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from conftest import TUESDAY
from people.models import Organization, User
from people.tests.test_races import at_once
from portal.kit.claims import lock
from tickets.actions import change_queue, follow_tiers, following_tiers, opening
from tickets.models import Queue, Ticket, TicketEvent
from tiers import promises
from tiers.actions import record_facts
from tiers.models import TierAssignment

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "postgres" not in settings.DATABASES["default"]["ENGINE"],
        reason="SQLite has one writer at a time: there is no race to show",
    ),
]

Opened = Callable[..., Ticket]
SOON = TUESDAY + timedelta(minutes=5)
LATER = SOON + timedelta(seconds=1)


def pays(organization: Organization, acv: str) -> None:
    record_facts(organization=organization, values={"acv": acv}, source="ops", now=SOON)


def tier_events() -> list[int]:
    """Return the tickets of all events about tiers."""
    rows = TicketEvent.objects.filter(kind=TicketEvent.Kind.TIER).order_by("ticket_id")
    return list(rows.values_list("ticket_id", flat=True))


def follow() -> int:
    return follow_tiers(now=LATER)


def test_without_the_claim_two_workers_want_the_same_tickets(
    paul: User, professional: Organization, open_for: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = [open_for(paul) for _ in range(3)]
    pays(professional, "60000")
    arrived, real = [], following_tiers._follow_one
    both_are_here = Event()

    def unclaimed(rows: Any, limit: int) -> Any:
        return rows[:limit]

    def wait_for_the_other(*args: Any) -> Any:
        arrived.append(1)
        if len(arrived) > 1:
            both_are_here.set()
        both_are_here.wait(5)
        return real(*args)

    monkeypatch.setattr(following_tiers, "claim", unclaimed)
    monkeypatch.setattr(following_tiers, "_follow_one", wait_for_the_other)
    results = at_once(follow, follow)
    # Only the constraint on the order of events saved the tickets from a second one.
    assert "IntegrityError" in [type(result).__name__ for result in results]
    assert tier_events() == [ticket.pk for ticket in tickets]


def test_with_the_claim_each_ticket_follows_once_however_many_workers_there_are(
    paul: User, professional: Organization, stella: User, starter: Organization, open_for: Opened
) -> None:
    tickets = [open_for(paul) for _ in range(15)] + [open_for(stella) for _ in range(15)]
    pays(professional, "60000")
    pays(starter, "60000")
    results = at_once(follow, follow, follow)
    assert sum(results) + follow() == 30
    follow()
    assert tier_events() == [ticket.pk for ticket in tickets]
    assert set(Ticket.objects.values_list("tier", "queue__key")) == {("enterprise", "enterprise")}
    assert not TierAssignment.objects.unfollowed(LATER).exists()


def test_a_ticket_that_somebody_holds_is_not_waited_for_and_follows_afterwards(
    paul: User, professional: Organization, open_for: Opened
) -> None:
    held, free = open_for(paul), open_for(paul)
    pays(professional, "60000")
    is_held, is_done = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            lock(Ticket.objects.filter(pk=held.pk)).get()
            is_held.set()
            is_done.wait(10)

    def tick() -> int:
        is_held.wait(10)
        try:
            return follow()
        finally:
            is_done.set()

    _nothing, followed = at_once(hold, tick)
    assert followed == 1
    assert tier_events() == [free.pk]
    assert TierAssignment.objects.unfollowed(LATER).count() == 1
    assert follow() == 1
    assert tier_events() == [held.pk, free.pk]
    assert not TierAssignment.objects.unfollowed(LATER).exists()


def test_a_ticket_opened_in_the_middle_of_a_change_is_caught_by_the_next_tick(
    paul: User, professional: Organization, open_for: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_read, has_changed = Event(), Event()
    real = promises.promise_for

    def promise_for(*args: Any) -> Any:
        found = real(*args)
        has_read.set()
        has_changed.wait(10)
        return found

    def change_and_follow() -> int:
        has_read.wait(10)
        pays(professional, "60000")
        try:
            return follow()
        finally:
            has_changed.set()

    monkeypatch.setattr(opening, "promise_for", promise_for)
    ticket, followed = at_once(lambda: open_for(paul, now=SOON), change_and_follow)
    assert (ticket.tier, followed) == ("professional", 0)
    assert not TierAssignment.objects.unfollowed(LATER).exists()
    assert follow() == 1
    ticket.refresh_from_db()
    assert (ticket.tier, ticket.queue.key) == ("enterprise", "enterprise")


def test_agents_who_move_tickets_meanwhile_have_the_last_word(
    paul: User, professional: Organization, lena: User, open_for: Opened
) -> None:
    tickets = [open_for(paul) for _ in range(12)]
    general = Queue.objects.get(key="general")
    pays(professional, "60000")

    def by_hand() -> None:
        for ticket in tickets:
            change_queue(ticket=ticket, queue=general, reason="Easy", by=lena, now=SOON)

    results = at_once(by_hand, follow)
    assert not [result for result in results if isinstance(result, Exception)]
    follow()
    assert set(Ticket.objects.values_list("tier", "queue__key")) == {("enterprise", "general")}
    assert tier_events() == [ticket.pk for ticket in tickets]
    for ticket in tickets:
        seqs = list(ticket.events.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))


def test_a_tier_that_changes_again_and_again_while_it_is_followed_ends_where_it_stands(
    paul: User, professional: Organization, open_for: Opened
) -> None:
    tickets = [open_for(paul) for _ in range(6)]

    def change() -> None:
        for acv in ("60000", "61000", "26000", "60000"):
            pays(professional, acv)

    def keep_following() -> None:
        for _ in range(6):
            follow()

    results = at_once(change, keep_following, keep_following)
    assert not [result for result in results if isinstance(result, Exception)]
    follow()
    assert set(Ticket.objects.values_list("tier", "queue__key")) == {("enterprise", "enterprise")}
    assert tier_events() == [ticket.pk for ticket in tickets]
