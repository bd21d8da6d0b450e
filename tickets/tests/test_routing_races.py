"""Queues go out of use, states come back and tickets move, all at the same moment."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from conftest import TUESDAY
from people.models import User
from people.tests.test_races import at_once
from portal.kit.claims import lock
from portal.kit.refused import Refused
from tickets.actions import change_queue, empty_archived_queues, set_severity
from tickets.actions.archiving_queues import archive_queue
from tickets.actions.queues import add_queue, set_queue_members
from tickets.actions.triggers import remove_trigger, restore_trigger, save_trigger
from tickets.models import Queue, RoutingChange, Ticket, TicketEvent, Trigger

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "postgres" not in settings.DATABASES["default"]["ENGINE"],
        reason="SQLite has one writer at a time: there is no race to show",
    ),
]

Opened = Callable[..., Ticket]


def words(results: list[Any]) -> list[str]:
    """Return what came of each as a word, refusals by their code."""
    return sorted(
        result.code if isinstance(result, Refused) else
        type(result).__name__ if isinstance(result, Exception) else "done"
        for result in results
    )  # fmt: skip


def into_night(by: User) -> Trigger:
    return save_trigger(
        name="At night", event="ticket_created", conditions={"all": [], "any": []}, by=by,
        actions=[{"do": "set_queue", "value": "night"}], now=TUESDAY,
    )  # fmt: skip


def test_a_row_joined_to_its_queue_is_lost_when_somebody_else_moves_it_meanwhile(
    stella: User, open_for: Opened
) -> None:
    """Why a ticket is locked alone: PostgreSQL asks the join again, with the old queue."""
    ticket = open_for(stella)
    other = Queue.objects.get(key="professional")
    is_held, waits = Event(), Event()

    def move() -> None:
        with transaction.atomic():
            lock(Ticket.objects.filter(pk=ticket.pk)).get()
            is_held.set()
            waits.wait(2)
            Ticket.objects.filter(pk=ticket.pk).update(queue=other)

    def joined() -> Ticket:
        is_held.wait(10)
        with transaction.atomic():
            found: Ticket = lock(Ticket.objects.select_related("queue")).get(pk=ticket.pk)
            return found

    assert words(at_once(move, joined)) == ["DoesNotExist", "done"]


def test_two_who_change_a_ticket_at_once_both_do(
    stella: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    queues = list(Queue.objects.exclude(pk=ticket.queue_id))

    def move_about() -> None:
        for turn in range(12):
            queue = queues[turn % 2]
            change_queue(ticket=ticket, queue=queue, reason="", by=lena, now=TUESDAY)

    def judge() -> None:
        for turn in range(12):
            severity = 1 + turn % 2
            set_severity(ticket=ticket, severity=severity, reason="x", by=lena, now=TUESDAY)

    assert words(at_once(move_about, judge)) == ["done", "done"]
    seqs = list(ticket.events.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


def test_of_archiving_a_queue_and_naming_it_one_is_refused(oscar: User) -> None:
    night = add_queue(name="Night", by=oscar, now=TUESDAY)
    results = at_once(
        lambda: archive_queue(queue=night, moves_to=None, by=oscar, now=TUESDAY),
        lambda: into_night(oscar),
    )
    night.refresh_from_db()
    is_named = Trigger.objects.filter(name="At night").exists()
    assert is_named is (night.archived_at is None)
    assert words(results).count("done") == 1


def test_two_workers_move_each_ticket_once(
    stella: User, lena: User, oscar: User, open_for: Opened
) -> None:
    night = add_queue(name="Night", by=oscar, now=TUESDAY)
    general = Queue.objects.get(key="general")
    for _ in range(12):
        change_queue(ticket=open_for(stella), queue=night, reason="", by=lena, now=TUESDAY)
    archive_queue(queue=night, moves_to=general, by=oscar, now=TUESDAY)
    later = TUESDAY + timedelta(minutes=1)
    results = at_once(*[lambda: empty_archived_queues(now=later)] * 3)
    assert sum(results) + empty_archived_queues(now=later) == 12
    assert TicketEvent.objects.filter(old="Night", new="General").count() == 12


def test_a_deleted_trigger_comes_back_once(oscar: User) -> None:
    row = Trigger.objects.get(name="Everybody else to General")
    pk = row.pk
    remove_trigger(trigger=row, by=oscar, now=TUESDAY)
    change = RoutingChange.objects.of("trigger", pk)[0]
    results = at_once(
        *[lambda: restore_trigger(change=change, by=oscar, now=TUESDAY)] * 2,
    )
    assert "done" in words(results)
    assert set(words(results)) <= {"done", "trigger_changed"}
    assert Trigger.objects.filter(pk=pk).count() == 1
    assert RoutingChange.objects.of("trigger", pk).filter(kind="restored").count() == 1


def test_of_two_lists_made_from_one_state_the_second_is_refused(
    oscar: User, agnes: User, lena: User
) -> None:
    queue = Queue.objects.get(key="professional")
    results = at_once(
        *(
            lambda who=who: set_queue_members(
                queue=queue, agents=[who], by=oscar, now=TUESDAY, revision=queue.revision
            )
            for who in (agnes, lena)
        )
    )
    assert words(results) == ["done", "queue_changed"]
