"""A queue goes out of use without losing a ticket, and comes back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.models import User
from portal.kit import bulk
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tickets.actions import archiving_queues as module
from tickets.actions import (
    assign,
    change_queue,
    empty_archived_queues,
    reply_as_agent,
    set_status,
)
from tickets.actions.archiving_queues import archive_queue, revive_queue
from tickets.actions.queues import add_queue
from tickets.actions.triggers import save_trigger
from tickets.models import Queue, RoutingChange, Ticket, TicketEvent
from tickets.tests.publishing_kit import publish
from tiers.actions import discard_draft, draft_from_live, draft_from_version
from tiers.models import TierPolicy
from tiers.tests.ops_kit import main_of, words_of

Door = Callable[..., Client]
Opened = Callable[..., Ticket]
LATER = TUESDAY + timedelta(minutes=1)


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


@pytest.fixture
def night(oscar: User) -> Queue:
    """A queue that nothing names."""
    return add_queue(name="Night", by=oscar, now=TUESDAY)


@pytest.fixture
def general(db: None) -> Queue:
    """The queue of Starter."""
    return Queue.objects.get(key="general")


def into(queue: Queue, ticket: Ticket, by: User) -> Ticket:
    return change_queue(ticket=ticket, queue=queue, reason="", by=by, now=TUESDAY)


def naming(queue: Queue, author: User) -> TierPolicy:
    """Begin a draft of the program that puts the tickets of Starter into a queue."""
    draft = draft_from_live(author=author, now=TUESDAY)
    draft.promises.filter(tier="starter").update(queue_key=queue.key)
    return draft


def test_an_empty_queue_is_archived_and_comes_back(oscar: User, night: Queue) -> None:
    for _again in range(2):
        archive_queue(queue=night, moves_to=None, by=oscar, now=LATER)
    assert Queue.objects.get(pk=night.pk).archived_at == LATER
    for _again in range(2):
        revive_queue(queue=night, by=oscar, now=LATER)
    assert Queue.objects.get(pk=night.pk).archived_at is None
    kinds = RoutingChange.objects.of("queue", night.pk).order_by("id")
    assert list(kinds.values_list("kind", flat=True)) == ["added", "archived", "revived"]


def test_open_tickets_have_to_go_somewhere(
    oscar: User, lena: User, stella: User, night: Queue, general: Queue, open_for: Opened
) -> None:
    into(night, open_for(stella), lena)
    codes = []
    for target in (None, night):
        try:
            archive_queue(queue=night, moves_to=target, by=oscar, now=LATER)
        except Refused as refusal:
            codes.append(refusal.code)
    assert codes == ["target_missing", "target_invalid"]


def test_its_tickets_move_in_batches_with_an_event_each_and_once(
    oscar: User, lena: User, agnes: User, stella: User, night: Queue, general: Queue,
    open_for: Opened, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "BATCH", 2)
    monkeypatch.setattr(module, "BATCH_FOR_ONE_WRITER", 2)
    tickets = [into(night, open_for(stella), lena) for _ in range(5)]
    assign(ticket=tickets[0], agent=lena, by=lena, now=TUESDAY)
    archive_queue(queue=night, moves_to=general, by=oscar, now=LATER)
    assert [empty_archived_queues(now=LATER), empty_archived_queues(now=LATER)] == [5, 0]
    for ticket in tickets:
        ticket.refresh_from_db()
        assert ticket.queue == general
        event = ticket.events.latest("seq")
        assert (event.kind, event.old, event.new, event.actor) == (
            TicketEvent.Kind.QUEUE, "Night", "General", oscar,
        )  # fmt: skip
        assert event.seq == ticket.last_event_seq
    assert tickets[0].assignee == lena


def test_a_killed_worker_loses_no_ticket(
    oscar: User, lena: User, stella: User, night: Queue, general: Queue, open_for: Opened,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    tickets = [into(night, open_for(stella), lena) for _ in range(4)]
    archive_queue(queue=night, moves_to=general, by=oscar, now=LATER)
    monkeypatch.setattr(module, "BATCH", 2)
    monkeypatch.setattr(module, "BATCH_FOR_ONE_WRITER", 2)
    real, calls = bulk.update_all, []

    def dies(*args: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "update_all", dies)
    with pytest.raises(KeyboardInterrupt):
        empty_archived_queues(now=LATER)
    assert Ticket.objects.filter(queue=general).count() == 2
    assert empty_archived_queues(now=LATER) == 2
    moved = TicketEvent.objects.filter(old="Night", new="General")
    assert sorted(moved.values_list("ticket_id", flat=True)) == [one.pk for one in tickets]


def test_a_solved_ticket_that_is_opened_again_goes_on_too(
    oscar: User, lena: User, stella: User, night: Queue, general: Queue, open_for: Opened
) -> None:
    ticket = into(night, open_for(stella), lena)
    reply_as_agent(ticket=ticket, author=lena, body="Done", now=TUESDAY, status="solved")
    archive_queue(queue=night, moves_to=None, by=oscar, now=LATER)
    assert empty_archived_queues(now=LATER) == 0
    set_status(ticket=ticket, status="open", by=stella, now=LATER)
    assert empty_archived_queues(now=LATER) == 1
    ticket.refresh_from_db()
    assert ticket.queue == Queue.objects.in_use().first()


def test_what_triggers_or_the_program_name_cannot_vanish(
    oscar: User, night: Queue, general: Queue
) -> None:
    save_trigger(
        name="At night", event="ticket_created", conditions={"all": [], "any": []}, by=oscar,
        actions=[{"do": "set_queue", "value": "night"}], now=TUESDAY, is_enabled=False,
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        archive_queue(queue=night, moves_to=general, by=oscar, now=LATER)
    assert "The trigger “At night” names it." in refused.value.message
    with pytest.raises(Refused) as refused:
        archive_queue(queue=general, moves_to=night, by=oscar, now=LATER)
    assert "of the program puts the tickets of starter into it." in refused.value.message


def test_a_draft_that_was_thrown_away_keeps_no_queue(oscar: User, night: Queue) -> None:
    draft = naming(night, oscar)
    with pytest.raises(Refused, match="Version 2 of the program"):
        archive_queue(queue=night, moves_to=None, by=oscar, now=LATER)
    discard_draft(policy=draft, by=oscar, now=LATER)
    archive_queue(queue=night, moves_to=None, by=oscar, now=LATER)


def test_a_version_that_names_an_archived_queue_is_not_published(oscar: User, night: Queue) -> None:
    draft = naming(night, oscar)
    discard_draft(policy=draft, by=oscar, now=TUESDAY)
    archive_queue(queue=night, moves_to=None, by=oscar, now=TUESDAY)
    again = draft_from_version(source=draft, author=oscar, now=TUESDAY)
    with pytest.raises(Refused) as refused:
        publish(again, "keep", oscar)
    assert refused.value.code == "queue_archived"
    assert TierPolicy.objects.live().get().version == 1
    revive_queue(queue=night, by=oscar, now=LATER)
    publish(TierPolicy.objects.get(pk=again.pk), "keep", oscar)
    assert TierPolicy.objects.live().get() == again


def test_nothing_comes_into_an_archived_queue(
    oscar: User, lena: User, stella: User, night: Queue, general: Queue, open_for: Opened
) -> None:
    ticket = open_for(stella)
    archive_queue(queue=night, moves_to=general, by=oscar, now=LATER)
    with pytest.raises(Refused) as refused:
        into(night, ticket, lena)
    assert refused.value.code == "queue_archived"
    with pytest.raises(InvalidInput):
        save_trigger(
            name="x", event="ticket_created", conditions={"all": [], "any": []}, by=oscar,
            actions=[{"do": "set_queue", "value": "night"}], now=TUESDAY,
        )  # fmt: skip
    # As a hand in the database might: the program and a trigger still name it.
    Queue.objects.filter(pk=general.pk).update(archived_at=LATER)
    opened = open_for(stella)
    assert opened.queue.key == "enterprise"


def test_who_went_to_a_queue_goes_on_to_where_that_one_goes(
    oscar: User, night: Queue, general: Queue
) -> None:
    day = add_queue(name="Day", by=oscar, now=TUESDAY)
    archive_queue(queue=night, moves_to=day, by=oscar, now=LATER)
    archive_queue(queue=day, moves_to=general, by=oscar, now=LATER)
    night.refresh_from_db()
    assert night.moves_to == general


@pytest.mark.parametrize("actor", ["agnes", "lena", "ada"])
def test_only_operations_archive(actor: str, night: Queue, request: pytest.FixtureRequest) -> None:
    somebody = request.getfixturevalue(actor)
    with pytest.raises(NotPermitted):
        archive_queue(queue=night, moves_to=None, by=somebody, now=LATER)
    with pytest.raises(NotPermitted):
        revive_queue(queue=night, by=somebody, now=LATER)


def test_the_page_archives_says_where_tickets_go_and_brings_back(
    ops: Client, lena: User, stella: User, night: Queue, general: Queue, open_for: Opened
) -> None:
    into(night, open_for(stella), lena)
    address = reverse("ops_queue_archive", args=["night"])
    refused = main_of(ops.post(address, {}))
    assert "There are open tickets in it: say which queue they go to." in refused
    told = words_of(ops.post(address, {"moves_to": "general"}, follow=True))
    assert "Night is archived. Its open tickets are moving to General." in told
    assert "Archived Night 1 ticket still to move" in told
    page = main_of(ops.get(reverse("ops_queue", args=["night"])))
    assert "no ticket comes in any more" in page
    told = words_of(ops.post(reverse("ops_queue_revive", args=["night"]), follow=True))
    assert "Night is in use again." in told


def test_the_page_says_what_is_in_the_way(ops: Client, general: Queue) -> None:
    shown = main_of(ops.get(reverse("ops_queue", args=["general"])))
    assert "It cannot be archived as long as something puts tickets into it" in shown
    assert "The trigger “Everybody else to General” names it." in shown


def test_queues_are_put_in_order_by_buttons(ops: Client, night: Queue) -> None:
    def order() -> list[str]:
        return list(Queue.objects.values_list("key", flat=True))

    ops.post(reverse("ops_queue_move", args=["night"]), {"to": "up"})
    assert order() == ["enterprise", "professional", "night", "general"]
    ops.post(reverse("ops_queue_move", args=["enterprise"]), {"to": "up"})
    assert order()[0] == "enterprise"
    assert ops.get(reverse("ops_queue_move", args=["night"])).status_code == 405
