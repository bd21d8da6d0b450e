"""Queues in ops: who serves them, how much waits, and what a change leaves behind."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import TUESDAY
from people.models import User
from people.viewers import viewer_of
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tickets.actions import assign
from tickets.actions.queues import add_queue, change_queue_details, set_queue_members
from tickets.models import Queue, Ticket
from tiers.tests.ops_kit import main_of, words_of

Door = Callable[..., Client]
Opened = Callable[..., Ticket]


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


@pytest.fixture
def general(db: None) -> Queue:
    """The queue that Agnes serves."""
    return Queue.objects.get(key="general")


def test_the_list_counts_what_is_open_and_what_nobody_has(
    stella: User, agnes: User, lena: User, ops: Client, open_for: Opened
) -> None:
    taken, _waiting, done = open_for(stella), open_for(stella), open_for(stella)
    assign(ticket=taken, agent=agnes, by=lena, now=TUESDAY)
    Ticket.objects.filter(pk=done.pk).update(status="solved", solved_at=TUESDAY)
    shown = main_of(ops.get(reverse("ops_queues")))
    assert "General general S Starter 2 1 Agnes Agent" in shown
    assert "Enterprise Support enterprise E Enterprise 0 0 leads alone" in shown


def test_the_list_costs_the_same_with_many_tickets_and_people(
    stella: User, agnes: User, ops: Client, open_for: Opened
) -> None:
    def cost() -> int:
        ops.get(reverse("ops_queues"))
        with CaptureQueriesContext(connection) as queries:
            ops.get(reverse("ops_queues"))
        return len(queries)

    before = cost()
    for _ in range(5):
        open_for(stella)
    Queue.objects.create(key="more", name="More", position=9)
    assert cost() == before
    assert before <= 14


def test_a_new_queue_goes_to_the_end_and_keeps_its_key_when_it_is_renamed(
    oscar: User, ops: Client, db: None
) -> None:
    response = ops.post(
        reverse("ops_queue_new"), {"name": " Night  Shift ", "tier": "enterprise"}, follow=True
    )
    made = Queue.objects.last()
    assert made
    assert (made.key, made.name, made.tier) == ("night-shift", "Night Shift", "enterprise")
    assert "Night Shift was added. Say who serves it." in words_of(response)
    ops.post(reverse("ops_queue", args=["night-shift"]), {"name": "Day Shift", "tier": ""})
    made.refresh_from_db()
    assert (made.key, made.name, made.tier) == ("night-shift", "Day Shift", "")


@pytest.mark.parametrize("name", ["general", "GENERAL", " General ", "Général"])
def test_two_queues_cannot_have_one_name(name: str, ops: Client, general: Queue) -> None:
    response = ops.post(reverse("ops_queue_new"), {"name": name})
    assert "There is a queue with this name already." in main_of(response)
    assert Queue.objects.count() == 3


def test_a_queue_cannot_take_anothers_name_but_keep_its_own(oscar: User, general: Queue) -> None:
    change_queue_details(queue=general, name="general", tier="", by=oscar, now=TUESDAY)
    with pytest.raises(Refused) as refused:
        change_queue_details(queue=general, name="professional", tier="", by=oscar, now=TUESDAY)
    assert refused.value.code == "queue_exists"


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "日本"])
def test_a_name_that_makes_no_key_is_refused_in_words(name: str, oscar: User, db: None) -> None:
    with pytest.raises(InvalidInput) as refused:
        add_queue(name=name, by=oscar, now=TUESDAY)
    assert list(refused.value.fields) == ["name"]


def test_exactly_the_ticked_people_serve_a_queue_from_then_on(
    agnes: User, lena: User, ops: Client, general: Queue, stella: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    response = ops.post(
        reverse("ops_queue_members", args=["general"]), {"agents": [lena.pk]}, follow=True
    )
    assert list(general.agents.all()) == [lena]
    told = words_of(response)
    assert "Lena Lead now serve General." in told
    assert "Agnes Agent no longer serve General." in told
    assert not Ticket.objects.visible_to(viewer_of(agnes)).filter(pk=ticket.pk).exists()


def test_whoever_is_taken_out_keeps_their_tickets_and_ops_are_told(
    agnes: User, lena: User, ops: Client, general: Queue, stella: User, open_for: Opened
) -> None:
    assign(ticket=open_for(stella), agent=agnes, by=lena, now=TUESDAY)
    response = ops.post(reverse("ops_queue_members", args=["general"]), {}, follow=True)
    assert "1 open ticket stays assigned to them" in words_of(response)
    assert Ticket.objects.get().assignee == agnes


def test_saving_the_same_people_changes_nothing(
    agnes: User, oscar: User, ops: Client, general: Queue
) -> None:
    before = general.members.get().pk
    response = ops.post(
        reverse("ops_queue_members", args=["general"]), {"agents": [agnes.pk]}, follow=True
    )
    assert "Nothing was changed." in words_of(response)
    assert general.members.get().pk == before


def test_customers_and_ops_cannot_serve_a_queue(
    ada: User, oscar: User, agnes: User, general: Queue, ops: Client
) -> None:
    for person in (ada, oscar):
        with pytest.raises(InvalidInput):
            set_queue_members(queue=general, agents=[person], by=oscar, now=TUESDAY)
    ops.post(reverse("ops_queue_members", args=["general"]), {"agents": [ada.pk]})
    assert list(general.agents.all()) == [agnes]


@pytest.mark.parametrize("actor", ["agnes", "lena", "ada"])
def test_only_operations_change_queues(
    actor: str, general: Queue, request: pytest.FixtureRequest
) -> None:
    somebody = request.getfixturevalue(actor)
    acts: tuple[Callable[[], Any], ...] = (
        lambda: add_queue(name="Mine", by=somebody, now=TUESDAY),
        lambda: change_queue_details(queue=general, name="Mine", tier="", by=somebody, now=TUESDAY),
        lambda: set_queue_members(queue=general, agents=[], by=somebody, now=TUESDAY),
    )
    for act in acts:
        with pytest.raises(NotPermitted):
            act()


def test_the_page_of_a_queue_ticks_who_serves_it(
    agnes: User, lena: User, ops: Client, general: Queue
) -> None:
    markup = ops.get(reverse("ops_queue", args=["general"])).content.decode()
    ticked = [line for line in markup.splitlines() if 'name="agents"' in line and "checked" in line]
    assert len(ticked) == 1
    assert "Agnes Agent" in ticked[0]


def test_an_unknown_queue_is_not_found(ops: Client, db: None) -> None:
    assert ops.get(reverse("ops_queue", args=["nowhere"])).status_code == 404
    assert ops.post(reverse("ops_queue_members", args=["nowhere"])).status_code == 404
