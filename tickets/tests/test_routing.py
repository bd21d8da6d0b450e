"""From the account's tier to the queue: ordered triggers, and the actions that change them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from conftest import TUESDAY
from people.models import User
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tickets.actions.triggers import (
    move_trigger,
    remove_trigger,
    save_trigger,
    set_trigger_enabled,
)
from tickets.models import Queue, Ticket, TicketEvent, Trigger

Opened = Callable[..., Ticket]
ENTERPRISE = {"all": [{"field": "tier", "op": "is", "value": "enterprise"}], "any": []}
TO_GENERAL = [{"do": "set_queue", "value": "general"}]


def order(event: str = "ticket_created") -> list[str]:
    """Return the names of an event's triggers in their order."""
    return list(Trigger.objects.filter(event=event).values_list("name", flat=True))


def added(oscar: User, **changes: Any) -> Trigger:
    """Add a trigger through the action."""
    values: dict[str, Any] = {
        "name": "New rule",
        "event": "ticket_created",
        "conditions": ENTERPRISE,
        "actions": TO_GENERAL,
        **changes,
    }
    return save_trigger(by=oscar, now=TUESDAY, **values)


def test_each_tier_lands_in_its_own_queue(
    ada: User, paul: User, stella: User, open_for: Opened
) -> None:
    landed = {user.name: open_for(user).queue.key for user in (ada, paul, stella)}
    assert landed == {
        "Ada Byron": "enterprise",
        "Paul Pallet": "professional",
        "Stella Shelf": "general",
    }


def test_a_trigger_that_goes_first_has_the_queue(ada: User, oscar: User, open_for: Opened) -> None:
    late = added(oscar, name="Too late")
    assert open_for(ada).queue.key == "enterprise"
    while order()[0] != "Too late":
        move_trigger(trigger=late, is_up=True, by=oscar, now=TUESDAY)
    assert open_for(ada).queue.key == "general"


def test_a_trigger_that_is_off_does_nothing(ada: User, oscar: User, open_for: Opened) -> None:
    first = Trigger.objects.get(name="Enterprise accounts to Enterprise Support")
    set_trigger_enabled(trigger=first, is_enabled=False, by=oscar, now=TUESDAY)
    Queue.objects.filter(key="enterprise").update(key="other")
    # No promise names a queue that exists: the first one by order takes the ticket.
    assert open_for(ada).queue.position == 0
    assert not TicketEvent.objects.filter(kind=TicketEvent.Kind.QUEUE).exists()


def test_what_a_trigger_did_is_in_the_history_with_its_name(
    ada: User, oscar: User, open_for: Opened
) -> None:
    added(
        oscar,
        name="Mark scanners",
        conditions={"all": [{"field": "subject", "op": "contains", "value": "scanner"}], "any": []},
        actions=[{"do": "add_tag", "value": "hardware"}, {"do": "set_severity", "value": 2}],
    )
    ticket = open_for(ada, subject="The SCANNER is dead", severity=4)
    assert (ticket.tags, ticket.severity) == (["hardware"], 2)
    told = ticket.events.filter(reason="Mark scanners").values_list("kind", "new")
    assert set(told) == {("tagged", "hardware"), ("severity", "2")}


def test_a_new_trigger_goes_to_the_end_of_its_events_list(oscar: User, db: None) -> None:
    added(oscar, name="Last", event="ticket_created")
    added(oscar, name="Only", event="ticket_updated")
    assert order()[-1] == "Last"
    assert order("ticket_updated") == ["Only"]


def test_moving_exchanges_neighbours_and_stops_at_the_ends(oscar: User, db: None) -> None:
    before = order()
    second = Trigger.objects.get(name=before[1])
    move_trigger(trigger=second, is_up=True, by=oscar, now=TUESDAY)
    assert order() == [before[1], before[0], before[2]]
    move_trigger(trigger=second, is_up=True, by=oscar, now=TUESDAY)
    assert order() == [before[1], before[0], before[2]]
    for _ in range(3):
        move_trigger(trigger=second, is_up=False, by=oscar, now=TUESDAY)
    assert order() == [before[0], before[2], before[1]]


def test_changing_a_trigger_keeps_its_place_unless_it_listens_to_something_else(
    oscar: User, db: None
) -> None:
    before = order()
    first = Trigger.objects.get(name=before[0])
    added(oscar, trigger=first, name="Renamed")
    assert order() == ["Renamed", *before[1:]]
    added(oscar, trigger=first, name="Renamed", event="sla_breach")
    assert order() == before[1:]
    assert order("sla_breach")[-1] == "Renamed"


def test_the_database_allows_no_two_triggers_in_one_place(oscar: User, db: None) -> None:
    row = Trigger.objects.filter(event="ticket_created").first()
    assert row
    with pytest.raises(IntegrityError), transaction.atomic():
        Trigger.objects.create(event=row.event, position=row.position, name="Twin")


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"name": "  "}, "name", "name of at most"),
        ({"name": "x" * 121}, "name", "name of at most"),
        ({"event": "full_moon"}, "event", "listens to"),
        (
            {"conditions": {"all": [{"field": "tier", "op": "is", "value": "gold"}]}},
            "conditions",
            "“gold” is not known",
        ),
        (
            {"conditions": {"all": [{"field": "subject", "op": "at_least", "value": "a"}]}},
            "conditions",
            "cannot be compared",
        ),
        ({"actions": []}, "actions", "does nothing"),
        ({"actions": [{"do": "set_queue", "value": "nowhere"}]}, "actions", "not known"),
        ({"actions": [{"do": "assign", "value": "ghost@example.com"}]}, "actions", "not known"),
        ({"actions": [{"do": "set_severity", "value": 7}]}, "actions", "1 (Critical) to 4"),
    ],
)
def test_what_the_rules_cannot_read_is_never_stored(
    changes: dict[str, Any], field: str, told: str, oscar: User, db: None
) -> None:
    before = Trigger.objects.count()
    with pytest.raises(InvalidInput) as refused:
        added(oscar, **changes)
    assert list(refused.value.fields) == [field]
    assert told in refused.value.fields[field]
    assert Trigger.objects.count() == before


@pytest.mark.parametrize("actor", ["agnes", "lena", "ada"])
def test_only_operations_change_triggers(
    actor: str, oscar: User, request: pytest.FixtureRequest
) -> None:
    somebody = request.getfixturevalue(actor)
    row = Trigger.objects.filter(event="ticket_created").first()
    assert row
    for act in (
        lambda: added(somebody),
        lambda: move_trigger(trigger=row, is_up=False, by=somebody, now=TUESDAY),
        lambda: set_trigger_enabled(trigger=row, is_enabled=False, by=somebody, now=TUESDAY),
        lambda: remove_trigger(trigger=row, by=somebody, now=TUESDAY),
    ):
        with pytest.raises(NotPermitted):
            act()
    row.refresh_from_db()
    assert row.is_enabled


def test_a_trigger_that_somebody_deleted_meanwhile_is_refused_in_words(
    oscar: User, db: None
) -> None:
    row = added(oscar)
    remove_trigger(trigger=row, by=oscar, now=TUESDAY)
    gone = Trigger(pk=row.pk or 10**6, event="ticket_created")
    for act in (
        lambda: move_trigger(trigger=gone, is_up=True, by=oscar, now=TUESDAY),
        lambda: set_trigger_enabled(trigger=gone, is_enabled=True, by=oscar, now=TUESDAY),
        lambda: added(oscar, trigger=gone),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "trigger_gone"
