"""Every change of a trigger or a queue is a row, can be read, compared and brought back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import TUESDAY
from people.models import User
from portal.kit.differences import Difference
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tickets.actions import set_queues
from tickets.actions.queues import (
    add_queue,
    change_queue_details,
    move_queue,
    restore_queue,
    set_queue_members,
)
from tickets.actions.triggers import (
    move_trigger,
    remove_trigger,
    restore_trigger,
    save_trigger,
    set_trigger_enabled,
)
from tickets.models import Queue, RoutingChange, Trigger
from tickets.routing_diff import compared
from tiers.tests.ops_kit import main_of, words_of

Door = Callable[..., Client]
LATER = TUESDAY + timedelta(hours=1)


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


def kinds(subject: str, pk: int) -> list[str]:
    rows = RoutingChange.objects.of(subject, pk).order_by("id")
    return list(rows.values_list("kind", flat=True))


def test_a_form_that_is_out_of_date_does_not_switch_a_trigger_on_again(oscar: User) -> None:
    row = made(oscar)
    seen = row.revision
    for _again in range(2):
        set_trigger_enabled(trigger=row, is_enabled=False, by=oscar, now=LATER)
    row.refresh_from_db()
    assert row.revision == seen + 1
    with pytest.raises(Refused) as refused:
        made(oscar, trigger=row, is_enabled=True, revision=seen)
    assert refused.value.code == "trigger_changed"
    again = made(oscar, trigger=row, is_enabled=True, revision=row.revision)
    assert (again.is_enabled, again.revision) == (True, seen + 2)


def made(by: User, **changes: Any) -> Trigger:
    values: dict[str, Any] = {
        "name": "VIPs first", "event": "ticket_created",
        "conditions": {"all": [{"field": "tag", "op": "is", "value": "vip"}], "any": []},
        "actions": [{"do": "set_queue", "value": "enterprise"}], "by": by, "now": TUESDAY,
    }  # fmt: skip
    return save_trigger(**values | changes)


def test_whatever_is_done_to_a_trigger_is_kept_with_who_and_when(oscar: User) -> None:
    row = made(oscar)
    made(oscar, trigger=row, name="VIPs go first", now=LATER)
    made(oscar, trigger=row, name="VIPs go first", now=LATER)
    set_trigger_enabled(trigger=row, is_enabled=False, by=oscar, now=LATER)
    set_trigger_enabled(trigger=row, is_enabled=False, by=oscar, now=LATER)
    move_trigger(trigger=row, is_up=True, by=oscar, now=LATER)
    pk = row.pk
    remove_trigger(trigger=row, by=oscar, now=LATER)
    remove_trigger(trigger=row, by=oscar, now=LATER)
    assert kinds("trigger", pk) == ["added", "changed", "switched", "moved", "removed"]
    changes = list(RoutingChange.objects.of("trigger", pk).order_by("id"))
    assert [change.by for change in changes] == [oscar] * 5
    assert changes[1].at == LATER
    assert changes[1].before["name"] == "VIPs first"
    assert changes[1].after["name"] == "VIPs go first"
    assert (changes[3].before["place"], changes[3].after["place"]) == (4, 3)
    assert changes[0].before is None
    assert changes[4].after is None


def test_a_deleted_trigger_comes_back_as_it_was_in_its_place(oscar: User) -> None:
    row = Trigger.objects.get(name="Professional accounts to Professional")
    pk, said = row.pk, (row.name, row.event, row.conditions, row.actions)
    remove_trigger(trigger=row, by=oscar, now=TUESDAY)
    change = RoutingChange.objects.of("trigger", pk)[0]
    back = restore_trigger(change=change, by=oscar, now=LATER)
    assert (back.name, back.event, back.conditions, back.actions) == said
    order = list(Trigger.objects.filter(event=back.event).values_list("pk", flat=True))
    assert order.index(pk) == 1
    assert kinds("trigger", pk) == ["removed", "restored"]
    assert RoutingChange.objects.of("trigger", pk)[0].restored_from == change


def test_an_earlier_state_comes_back_as_a_new_change_and_twice_is_once(oscar: User) -> None:
    row = made(oscar)
    first = RoutingChange.objects.of("trigger", row.pk)[0]
    made(oscar, trigger=row, event="ticket_updated", actions=[{"do": "add_tag", "value": "x"}])
    set_trigger_enabled(trigger=row, is_enabled=False, by=oscar, now=LATER)
    for _again in range(2):
        restore_trigger(change=first, by=oscar, now=LATER)
    row.refresh_from_db()
    assert (row.event, row.is_enabled) == ("ticket_created", True)
    assert row.actions == [{"do": "set_queue", "value": "enterprise"}]
    assert kinds("trigger", row.pk) == ["added", "changed", "switched", "restored"]


def test_a_state_that_names_what_is_gone_is_not_brought_back(oscar: User) -> None:
    row = made(oscar)
    change = RoutingChange.objects.of("trigger", row.pk)[0]
    made(oscar, trigger=row, actions=[{"do": "add_tag", "value": "x"}])
    Queue.objects.filter(key="enterprise").update(key="gone")
    with pytest.raises(InvalidInput) as refused:
        restore_trigger(change=change, by=oscar, now=LATER)
    assert "“enterprise” is not known" in refused.value.fields["actions"]


def test_whatever_is_done_to_a_queue_is_kept(oscar: User, agnes: User, lena: User) -> None:
    queue = add_queue(name="Night Shift", by=oscar, now=TUESDAY)
    set_queue_members(queue=queue, agents=[lena], by=oscar, now=TUESDAY)
    set_queue_members(queue=queue, agents=[lena], by=oscar, now=TUESDAY)
    set_queues(agent=agnes, queues=[queue], by=lena, now=LATER)
    change_queue_details(queue=queue, name="Night", tier="starter", by=oscar, now=LATER)
    move_queue(queue=queue, is_up=True, by=oscar, now=LATER)
    assert kinds("queue", queue.pk) == ["added", "members", "members", "changed", "moved"]
    changes = list(RoutingChange.objects.of("queue", queue.pk).order_by("id"))
    assert changes[2].by == lena
    assert changes[2].after["members"] == sorted([agnes.pk, lena.pk])
    assert (changes[4].before["place"], changes[4].after["place"]) == (4, 3)
    general = Queue.objects.get(key="general")
    assert kinds("queue", general.pk) == ["members"]


def test_a_queue_gets_its_name_place_and_people_back_but_nobody_who_left(
    oscar: User, agnes: User, lena: User
) -> None:
    queue = add_queue(name="Night Shift", by=oscar, now=TUESDAY)
    set_queue_members(queue=queue, agents=[lena, agnes], by=oscar, now=TUESDAY)
    change = RoutingChange.objects.of("queue", queue.pk)[0]
    set_queue_members(queue=queue, agents=[], by=oscar, now=TUESDAY)
    change_queue_details(queue=queue, name="Day", tier="", by=oscar, now=TUESDAY)
    move_queue(queue=queue, is_up=True, by=oscar, now=TUESDAY)
    User.objects.filter(pk=agnes.pk).update(is_active=False)
    restore_queue(change=change, by=oscar, now=LATER)
    queue.refresh_from_db()
    assert (queue.name, list(queue.agents.all())) == ("Night Shift", [lena])
    assert Queue.objects.last() == queue


def test_a_queues_newer_change_is_not_saved_over(oscar: User, lena: User, ops: Client) -> None:
    general = Queue.objects.get(key="general")
    seen = str(general.revision)
    set_queue_members(queue=general, agents=[lena], by=oscar, now=TUESDAY)
    for address, sent in (
        (reverse("ops_queue", args=["general"]), {"name": "Mine", "tier": ""}),
        (reverse("ops_queue_members", args=["general"]), {}),
    ):
        page = ops.post(address, sent | {"revision": seen})
        assert "Oscar Ops changed this queue while you were at it." in main_of(page)
    general.refresh_from_db()
    assert (general.name, list(general.agents.all())) == ("General", [lena])
    ops.post(
        reverse("ops_queue", args=["general"]),
        {"name": "Mine", "tier": "", "revision": str(general.revision)},
    )
    general.refresh_from_db()
    assert general.name == "Mine"


@pytest.mark.parametrize("actor", ["agnes", "lena", "ada"])
def test_only_operations_bring_states_back(
    actor: str, oscar: User, request: pytest.FixtureRequest
) -> None:
    row = made(oscar)
    change = RoutingChange.objects.of("trigger", row.pk)[0]
    somebody = request.getfixturevalue(actor)
    with pytest.raises(NotPermitted):
        restore_trigger(change=change, by=somebody, now=LATER)
    with pytest.raises(NotPermitted):
        restore_queue(change=change, by=somebody, now=LATER)
    with pytest.raises(Refused):
        restore_queue(change=change, by=oscar, now=LATER)


def test_the_pages_say_what_changed_line_by_line_and_compare_any_two(
    oscar: User, ops: Client
) -> None:
    row = made(oscar)
    made(
        oscar, trigger=row, now=LATER,
        conditions={"all": [{"field": "tag", "op": "is", "value": "gold"}], "any": []},
        actions=[{"do": "set_queue", "value": "enterprise"}, {"do": "add_tag", "value": "seen"}],
    )  # fmt: skip
    set_trigger_enabled(trigger=row, is_enabled=False, by=oscar, now=LATER)
    address = reverse("ops_trigger_history", args=[row.pk])
    shown = main_of(ops.get(address))
    assert "If tag is “vip” tag is “gold”" in shown
    assert "Then – add the tag “seen”" in shown
    assert "Switched on off" in shown
    assert "as it is now" in shown
    newest, _changed, first = RoutingChange.objects.of("trigger", row.pk)
    both = ops.get(address, {"old": first.pk, "new": newest.pk})
    assert [(one.old, one.new) for one in both.context["compared"]["differences"]] == [
        ("on", "off"),
        ("tag is “vip”", "tag is “gold”"),
        ("", "add the tag “seen”"),
    ]
    assert "Switched on off If tag is “vip” tag is “gold”" in main_of(both)
    same = main_of(ops.get(address, {"old": newest.pk, "new": newest.pk}))
    assert "Both say the same." in same
    assert "VIPs first" in main_of(ops.get(reverse("ops_routing_history")))


def test_a_deleted_trigger_is_brought_back_from_its_page(oscar: User, ops: Client) -> None:
    row = made(oscar)
    pk = row.pk
    ops.post(reverse("ops_trigger_remove", args=[pk]))
    change = RoutingChange.objects.of("trigger", pk)[0]
    page = ops.get(reverse("ops_trigger_history", args=[pk]))
    assert "Bring it back" in main_of(page)
    told = words_of(ops.post(reverse("ops_routing_restore", args=[change.pk]), follow=True))
    assert "“VIPs first” says that again." in told
    assert Trigger.objects.filter(pk=pk).exists()


def test_what_has_no_history_and_is_not_there_is_not_found(ops: Client, db: None) -> None:
    assert ops.get(reverse("ops_trigger_history", args=[9999])).status_code == 404
    assert ops.get(reverse("ops_queue_history", args=["nowhere"])).status_code == 404
    assert ops.post(reverse("ops_routing_restore", args=[9999])).status_code == 404
    assert ops.get(reverse("ops_routing_restore", args=[9999])).status_code == 405
    first = Trigger.objects.earliest("pk")
    untouched = main_of(ops.get(reverse("ops_trigger_history", args=[first.pk])))
    assert "Nothing was changed yet" in untouched


def test_a_change_that_cannot_be_read_is_shown_all_the_same(oscar: User, ops: Client) -> None:
    row = made(oscar)
    change = RoutingChange.objects.of("trigger", row.pk)[0]
    RoutingChange.objects.filter(pk=change.pk).update(
        after={**change.after, "conditions": {"all": [{"x": 1}]}, "actions": "sing"}
    )
    shown = main_of(ops.get(reverse("ops_trigger_history", args=[row.pk])))
    assert "Conditions that cannot be read" in shown


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([("Name", "a")], [("Name", "b")], [Difference("Name", "a", "b")]),
        ([("If", "x"), ("If", "y")], [("If", "y")], [Difference("If", "x", "")]),
        ([], [("If", "x")], [Difference("If", "", "x")]),
        (
            [("If", "x"), ("If", "y")],
            [("If", "z")],
            [Difference("If", "x", ""), Difference("If", "y", ""), Difference("If", "", "z")],
        ),
        ([("If", "x"), ("If", "x")], [("If", "x")], [Difference("If", "x", "")]),
        ([("Name", "a")], [("Name", "a")], []),
    ],
)
def test_lines_are_compared_as_people_read_them(
    old: list[tuple[str, str]], new: list[tuple[str, str]], expected: list[Difference]
) -> None:
    assert compared(old, new) == expected


def test_a_long_history_costs_what_a_short_one_does(oscar: User, ops: Client) -> None:
    row = made(oscar)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            ops.get(reverse("ops_trigger_history", args=[row.pk]))
        return len(queries)

    cost()
    before = cost()
    for number in range(6):
        made(oscar, trigger=row, name=f"Number {number}")
    assert cost() == before
