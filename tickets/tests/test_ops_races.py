"""Two people in ops at once: first what happens without the lock, then that it does not with it."""

from typing import Any

import pytest
from django.db import IntegrityError, connection

from conftest import TUESDAY
from people.actions import queue_notice
from people.actions.retrying import retry_notice
from people.models import Notice, User
from people.tests.test_races import at_once, meeting, without_locks
from portal.kit.refused import Refused
from tickets.actions import queues, triggers
from tickets.models import Queue, QueueMember, Trigger

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

CONDITIONS: dict[str, Any] = {"all": [], "any": []}
ACTIONS = [{"do": "add_tag", "value": "x"}]


@pytest.fixture(autouse=True)
def needs_rows_that_wait(db: None) -> None:
    """SQLite has one writer at a time: there is no race to show."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")


def add(name: str, by: User, event: str = "ticket_created") -> Trigger:
    """Add a trigger."""
    return triggers.save_trigger(
        name=name, event=event, conditions=CONDITIONS, actions=ACTIONS, by=by, now=TUESDAY
    )


def outcomes(results: list[Any]) -> list[str]:
    """Return what came of each as a word."""
    return sorted(
        type(result).__name__ if isinstance(result, Exception) else "done" for result in results
    )


def test_without_the_lock_two_new_triggers_want_one_place(
    oscar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "ATTEMPTS", 1)
    with without_locks(triggers), meeting(triggers, "_locked_triggers"):
        results = at_once(lambda: add("One", oscar), lambda: add("Two", oscar))
    assert outcomes(results) == ["IntegrityError", "done"]
    assert isinstance(next(r for r in results if isinstance(r, Exception)), IntegrityError)


def test_with_the_lock_two_new_triggers_stand_behind_each_other(
    oscar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "ATTEMPTS", 1)
    with meeting(triggers, "_locked_triggers"):
        results = at_once(lambda: add("One", oscar), lambda: add("Two", oscar))
    assert outcomes(results) == ["done", "done"]
    places = Trigger.objects.filter(name__in=["One", "Two"]).values_list("position", flat=True)
    assert len(set(places)) == 2


def test_the_very_first_two_triggers_of_an_event_both_get_a_place(oscar: User) -> None:
    """There is no row to wait at yet: the one that loses tries again."""
    Trigger.objects.all().delete()
    results = at_once(*(lambda n=n: add(f"No {n}", oscar) for n in range(3)))
    assert outcomes(results) == ["done"] * 3
    assert len(set(Trigger.objects.values_list("position", flat=True))) == 3


def test_two_who_move_triggers_at_once_lose_none_and_double_none(oscar: User) -> None:
    rows = list(Trigger.objects.filter(event="ticket_created"))
    results = at_once(
        lambda: triggers.move_trigger(trigger=rows[1], is_up=True, by=oscar, now=TUESDAY),
        lambda: triggers.move_trigger(trigger=rows[1], is_up=False, by=oscar, now=TUESDAY),
        lambda: triggers.move_trigger(trigger=rows[0], is_up=False, by=oscar, now=TUESDAY),
    )
    assert outcomes(results) == ["done"] * 3
    found = Trigger.objects.filter(event="ticket_created")
    assert {row.pk for row in found} == {row.pk for row in rows}
    assert len({row.position for row in found}) == len(rows)


def members(queue: Queue) -> set[str]:
    """Return the names of who serves a queue."""
    rows = QueueMember.objects.filter(queue=queue).select_related("agent")
    return {str(row.agent) for row in rows}


def test_without_the_lock_two_lists_of_members_become_a_mixture(
    oscar: User, agnes: User, lena: User
) -> None:
    queue = Queue.objects.get(key="professional")
    with without_locks(queues), meeting(queues, "_present_members"):
        results = at_once(
            lambda: queues.set_queue_members(queue=queue, agents=[agnes], by=oscar, now=TUESDAY),
            lambda: queues.set_queue_members(queue=queue, agents=[lena], by=oscar, now=TUESDAY),
        )
    assert outcomes(results) == ["done", "done"]
    assert members(queue) == {"Agnes Agent", "Lena Lead"}


def test_with_the_lock_the_later_list_stands_whole(oscar: User, agnes: User, lena: User) -> None:
    queue = Queue.objects.get(key="professional")
    with meeting(queues, "_present_members"):
        results = at_once(
            lambda: queues.set_queue_members(queue=queue, agents=[agnes], by=oscar, now=TUESDAY),
            lambda: queues.set_queue_members(queue=queue, agents=[lena], by=oscar, now=TUESDAY),
        )
    assert outcomes(results) == ["done", "done"]
    assert members(queue) in ({"Agnes Agent"}, {"Lena Lead"})


def test_one_of_two_queues_with_one_name_is_refused(oscar: User) -> None:
    results = at_once(
        lambda: queues.add_queue(name="Night Shift", by=oscar, now=TUESDAY),
        lambda: queues.add_queue(name="night shift", by=oscar, now=TUESDAY),
    )
    assert outcomes(results) == ["Refused", "done"]
    assert Queue.objects.filter(name__iexact="night shift").count() == 1


def test_of_two_who_send_a_notice_again_one_does(oscar: User, stella: User) -> None:
    queue_notice(
        kind="x", recipient=stella, dedupe_key="x", subject="x", body_text="x", now=TUESDAY
    )
    Notice.objects.filter(dedupe_key="x").update(dead_at=TUESDAY, attempts=7)
    notice = Notice.objects.get(dedupe_key="x")
    results = at_once(
        *[lambda: retry_notice(notice=Notice(pk=notice.pk), by=oscar, now=TUESDAY)] * 2
    )
    assert outcomes(results) == ["Refused", "done"]
    assert next(r for r in results if isinstance(r, Refused)).code == "not_dead"


def test_a_new_queue_and_a_renamed_one_cannot_both_have_the_name(oscar: User) -> None:
    general = Queue.objects.get(key="general")
    results = at_once(
        lambda: queues.add_queue(name="Night Shift", by=oscar, now=TUESDAY),
        lambda: queues.change_queue_details(
            queue=general, name="Night Shift", tier="", by=oscar, now=TUESDAY
        ),
    )
    assert outcomes(results) == ["Refused", "done"]
    assert Queue.objects.filter(name="Night Shift").count() == 1
