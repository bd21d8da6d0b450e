"""Which trigger would fire for this ticket, and why not the others?"""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.models import User
from tickets.actions.triggers import save_trigger, set_trigger_enabled
from tickets.models import Ticket, TicketEvent, Trigger
from tiers.tests.ops_kit import main_of

Door = Callable[..., Client]
Opened = Callable[..., Ticket]


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


def asked(client: Client, ticket: str, **more: str) -> str:
    """Ask about a ticket and return the answer in words."""
    query = {"ticket": ticket, "event": "ticket_created", **more}
    return main_of(client.get(reverse("ops_triggers_explain"), query))


def test_the_one_that_fires_is_shown_and_why_each_other_one_does_not(
    paul: User, ops: Client, open_for: Opened
) -> None:
    ticket = open_for(paul)
    told = asked(ops, ticket.reference)
    assert f"{ticket.reference} The scanner shows E42" in told
    assert (
        "1. Enterprise accounts to Enterprise Support would not fire These conditions are not met "
        "not met tier is Enterprise · it is Professional" in told
    )
    assert (
        "2. Professional accounts to Professional would fire Every condition is met. met tier is "
        "Professional · it is Professional put into queue Professional" in told
    )
    assert "tier is none of Enterprise, Professional · it is Professional" in told


@pytest.mark.parametrize("typed", ["t-{pk}", "{pk}", " T-{pk} "])
def test_a_ticket_is_found_however_its_reference_is_typed(
    typed: str, paul: User, ops: Client, open_for: Opened
) -> None:
    ticket = open_for(paul)
    assert "would fire" in asked(ops, typed.format(pk=ticket.pk))


def test_an_action_that_came_too_late_says_who_was_first(
    paul: User, oscar: User, ops: Client, open_for: Opened
) -> None:
    save_trigger(
        name="All to General", event="ticket_created", conditions={"all": [], "any": []},
        actions=[{"do": "set_queue", "value": "general"}], by=oscar, now=TUESDAY,
    )  # fmt: skip
    told = asked(ops, open_for(paul).reference)
    assert (
        "4. All to General would fire It has no conditions, so it always fires. put into queue "
        "General “Professional accounts to Professional” came first and set queue already." in told
    )


def test_a_trigger_that_is_off_says_so(
    paul: User, oscar: User, ops: Client, open_for: Opened
) -> None:
    row = Trigger.objects.get(name="Professional accounts to Professional")
    set_trigger_enabled(trigger=row, is_enabled=False, by=oscar, now=TUESDAY)
    told = asked(ops, open_for(paul).reference)
    assert "2. Professional accounts to Professional off It is switched off." in told


def test_alternatives_are_told_apart_from_what_must_hold(
    paul: User, oscar: User, ops: Client, open_for: Opened
) -> None:
    ticket = open_for(paul)
    alternatives = [
        {"field": "tag", "op": "is", "value": "vip"},
        {"field": "body", "op": "contains", "value": "barcode"},
    ]
    save_trigger(
        name="Either", event="ticket_created", conditions={"all": [], "any": alternatives},
        actions=[{"do": "add_tag", "value": "x"}], by=oscar, now=TUESDAY,
    )  # fmt: skip
    told = asked(ops, ticket.reference)
    assert "not met one of: tag is “vip” · it has none" in told
    assert "met one of: text contains “barcode”" in told


def test_a_promise_at_risk_is_asked_with_its_kind_and_step(
    ada: User, oscar: User, ops: Client, open_for: Opened
) -> None:
    for name, op, value in (("Early", "at_least", 75), ("Late", "at_least", 90),
                            ("Last call", "is", -30)):  # fmt: skip
        save_trigger(
            name=name, event="sla_warning", by=oscar, now=TUESDAY,
            conditions={"all": [{"field": "step", "op": op, "value": value}], "any": []},
            actions=[{"do": "notify", "value": "assignee"}],
        )  # fmt: skip
    save_trigger(
        name="Enterprise is late", event="sla_breach", by=oscar, now=TUESDAY,
        conditions={"all": [{"field": "tier", "op": "is", "value": "enterprise"}], "any": []},
        actions=[{"do": "notify", "value": "account_team"}],
    )  # fmt: skip
    ticket = open_for(ada)
    at_75 = asked(ops, ticket.reference, event="sla_warning", metric="first_reply", step="75")
    assert "1. Early would fire" in at_75
    assert "time used is at least 90 % · it is 75 %" in at_75
    before = asked(
        ops, ticket.reference, event="sla_warning", metric="first_reply", step="30 min before"
    )
    assert "1. Early would not fire" in before
    assert "3. Last call would fire" in before
    broken = asked(ops, ticket.reference, event="sla_breach", metric="first_reply")
    assert "1. Enterprise is late would fire" in broken
    wrong = asked(ops, ticket.reference, event="sla_warning", metric="first_reply", step="soon")
    assert "Type a percentage like 75 % or a time like 30 min before the end." in wrong


def test_asking_changes_nothing(paul: User, ops: Client, open_for: Opened) -> None:
    ticket = open_for(paul)
    Ticket.objects.filter(pk=ticket.pk).update(queue=Trigger.objects.count() and ticket.queue_id)
    before = (TicketEvent.objects.count(), Ticket.objects.values().get())
    asked(ops, ticket.reference)
    assert (TicketEvent.objects.count(), Ticket.objects.values().get()) == before


def test_when_nothing_listens_the_page_says_so(paul: User, ops: Client, open_for: Opened) -> None:
    told = asked(ops, open_for(paul).reference, event="ticket_updated")
    assert "No trigger listens to this" in told


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"ticket": "T-999999"}, "There is no such ticket."),
        ({"ticket": "hello"}, "There is no such ticket."),
        ({"ticket": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_asked_is_said(
    query: dict[str, Any], told: str, ops: Client, db: None
) -> None:
    page = ops.get(reverse("ops_triggers_explain"), {"event": "ticket_created", **query})
    assert page.status_code == 200
    assert told in main_of(page)


def test_an_unreadable_trigger_does_not_spoil_the_answer(
    paul: User, ops: Client, open_for: Opened
) -> None:
    ticket = open_for(paul)
    Trigger.objects.filter(name="Everybody else to General").update(actions=[{"do": "sing"}])
    assert "2. Professional accounts to Professional would fire" in asked(ops, ticket.reference)
