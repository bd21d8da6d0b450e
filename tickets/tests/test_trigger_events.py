"""Each of the four events fires its triggers, once per happening, and none sets off another."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from conftest import TUESDAY
from people.models import Notice, User
from people.viewers import viewer_of
from tickets.actions import (
    announce_clock_events,
    assign,
    change_queue,
    close_solved_tickets,
    reply_as_agent,
    reply_as_customer,
    send_alerts,
    set_severity,
    set_status,
    sweep_clocks,
    take_next,
)
from tickets.models import Clock, ClockAlert, Queue, Ticket, TicketEvent, Trigger
from tickets.tests.publishing_kit import publish
from tiers.actions import draft_from_live
from tiers.models import TierPolicy

Opened = Callable[..., Ticket]
LATER = TUESDAY + timedelta(minutes=5)


def trigger(event: str, *actions: tuple[str, Any], **conditions: Any) -> Trigger:
    """Store a trigger of an event; conditions are "is"."""
    asked = [{"field": field, "op": "is", "value": value} for field, value in conditions.items()]
    last = Trigger.objects.filter(event=event).order_by("position").last()
    return Trigger.objects.create(
        name=f"On {event} {actions}", event=event,
        position=last.position + 10 if last else 10,
        conditions={"all": asked}, actions=[{"do": do, "value": value} for do, value in actions],
    )  # fmt: skip


def flags() -> int:
    return Notice.objects.filter(kind="ticket_flagged").count()


def acts(ticket: Ticket, stella: User, agnes: User, lena: User) -> dict[str, Callable[[], Any]]:
    """Return everything that changes a ticket, by name."""
    general, other = Queue.objects.get(key="general"), Queue.objects.get(key="professional")
    return {
        "status": lambda: set_status(ticket=ticket, status="pending", by=lena, now=LATER),
        "severity": lambda: set_severity(
            ticket=ticket, severity=2, reason="Worse", by=lena, now=LATER
        ),
        "assignee": lambda: assign(ticket=ticket, agent=agnes, by=lena, now=LATER),
        "queue": lambda: change_queue(
            ticket=ticket,
            queue=other if ticket.queue == general else general,
            reason="",
            by=lena,
            now=LATER,
        ),
        "customer": lambda: reply_as_customer(
            ticket=ticket, author=stella, body="Any news?", now=LATER
        ),
        "agent": lambda: reply_as_agent(ticket=ticket, author=agnes, body="On it", now=LATER),
        "note": lambda: reply_as_agent(
            ticket=ticket, author=agnes, body="Hm", now=LATER, is_public=False
        ),
        "next": lambda: take_next(agent=agnes, viewer=viewer_of(agnes), now=LATER),
    }


@pytest.mark.parametrize(
    "act", ["status", "severity", "assignee", "queue", "customer", "agent", "note", "next"]
)
def test_every_change_of_a_ticket_fires_once_and_tells_whom_it_names(
    act: str, stella: User, agnes: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    trigger("ticket_updated", ("notify", "lead"))
    acts(ticket, stella, agnes, lena)[act]()
    assert flags() == 1
    assert Notice.objects.get(kind="ticket_flagged").recipient == lena


def test_a_change_that_changes_nothing_fires_nothing(
    stella: User, agnes: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    assign(ticket=ticket, agent=agnes, by=lena, now=LATER)
    trigger("ticket_updated", ("notify", "lead"))
    assign(ticket=ticket, agent=agnes, by=lena, now=LATER)
    set_status(ticket=ticket, status="new", by=lena, now=LATER)
    set_severity(ticket=ticket, severity=3, reason="Same", by=lena, now=LATER)
    change_queue(ticket=ticket, queue=ticket.queue, reason="", by=lena, now=LATER)
    assert flags() == 0


def test_triggers_do_not_set_each_other_off(stella: User, lena: User, open_for: Opened) -> None:
    ticket = open_for(stella)
    trigger("ticket_updated", ("set_queue", "professional"), queue="general")
    trigger("ticket_updated", ("set_queue", "general"), queue="professional")
    trigger("ticket_updated", ("set_severity", 1), severity=2)
    trigger("ticket_updated", ("add_tag", "was-critical"), severity=1)
    set_severity(ticket=ticket, severity=2, reason="Worse", by=lena, now=LATER)
    ticket.refresh_from_db()
    assert (ticket.queue.key, ticket.severity, ticket.tags) == ("professional", 1, [])
    assert ticket.events.filter(kind=TicketEvent.Kind.QUEUE, actor=None).count() == 1


def test_what_was_written_with_a_change_can_be_asked_for(
    stella: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    Trigger.objects.create(
        name="Lawyers", event="ticket_updated", position=10,
        actions=[{"do": "add_tag", "value": "legal"}],
        conditions={"any": [{"field": "body", "op": "contains", "value": "our lawyer"}]},
    )  # fmt: skip
    set_status(ticket=ticket, status="open", by=lena, now=LATER)
    ticket.refresh_from_db()
    assert ticket.tags == []
    reply_as_customer(ticket=ticket, author=stella, body="I will ask OUR  lawyer", now=LATER)
    ticket.refresh_from_db()
    assert ticket.tags == ["legal"]


def test_a_trigger_that_assigns_tells_the_one_who_got_it(
    stella: User, agnes: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    trigger("ticket_updated", ("assign", agnes.email), severity=2)
    set_severity(ticket=ticket, severity=2, reason="Worse", by=lena, now=LATER)
    assert Notice.objects.get(kind="ticket_assigned").recipient == agnes


def test_closing_by_itself_is_a_change_too_and_a_closed_ticket_keeps_what_it_has(
    stella: User, agnes: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=lena, body="Done", now=TUESDAY, status="solved")
    trigger(
        "ticket_updated", ("set_severity", 1), ("assign", agnes.email), ("add_tag", "done"),
        status="closed",
    )  # fmt: skip
    later = TUESDAY + timedelta(days=40)
    assert close_solved_tickets(now=later) == 1
    ticket.refresh_from_db()
    assert (ticket.status, ticket.severity, ticket.assignee, ticket.tags) == (
        "closed", 3, lena, ["done"],
    )  # fmt: skip


@pytest.mark.parametrize(("event", "share"), [("sla_warning", 0.76), ("sla_breach", 1.0)])
def test_a_clock_fires_its_triggers_once_however_often_it_is_looked_at(
    event: str, share: float, ada: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(ada, severity=1)
    clock = Clock.objects.filter(ticket=ticket, metric="first_reply").get()
    step = 100 if event == "sla_breach" else 75
    trigger(event, ("add_tag", "late"), ("notify", "lead"), step=step, metric="first_reply")
    at = TUESDAY + timedelta(seconds=clock.target_seconds * share + 2)
    for _again in range(2):
        sweep_clocks(now=at)
        announce_clock_events(now=at)
    ticket.refresh_from_db()
    assert ticket.tags == ["late"]
    assert ticket.events.filter(kind=TicketEvent.Kind.TAGGED).count() == 1
    told = ClockAlert.objects.filter(event__step=step, event__clock=clock, recipient=lena)
    assert told.count() == 1
    send_alerts(now=at + timedelta(minutes=30))
    assert Notice.objects.filter(recipient=lena).exists()


def test_opening_fires_once_and_tells_once(stella: User, lena: User, open_for: Opened) -> None:
    trigger("ticket_created", ("notify", "lead"), ("add_tag", "fresh"))
    trigger("ticket_created", ("notify", "lead"))
    trigger("ticket_updated", ("add_tag", "changed"))
    ticket = open_for(stella)
    assert ticket.tags == ["fresh"]
    assert Notice.objects.filter(kind="ticket_arrived", recipient=lena).count() == 1


def test_tiers_are_compared_in_the_order_of_the_program_in_force(
    paul: User, oscar: User, lena: User, open_for: Opened
) -> None:
    Trigger.objects.create(
        name="Starter or higher", event="ticket_created", position=100,
        conditions={"all": [{"field": "tier", "op": "at_least", "value": "starter"}]},
        actions=[{"do": "add_tag", "value": "counted"}],
    )  # fmt: skip
    assert open_for(paul).tags == ["counted"]
    draft = draft_from_live(author=oscar, now=TUESDAY)
    TierPolicy.objects.filter(pk=draft.pk).update(
        tier_order=["professional", "starter", "enterprise"]
    )
    draft.refresh_from_db()
    publish(draft, "next_ticket", oscar, LATER)
    assert open_for(paul, now=LATER).tags == []
