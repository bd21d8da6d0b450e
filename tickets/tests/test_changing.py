"""Change a ticket: what is allowed, what is kept as history, who is told, what the clocks do."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from conftest import TUESDAY
from people.actions import create_user
from people.models import Notice, User
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tickets.actions import (
    assign,
    change_queue,
    close_solved_tickets,
    reply_as_agent,
    reply_as_customer,
    set_severity,
    set_status,
)
from tickets.models import (
    NO_PROMISE_RUNNING,
    Clock,
    Queue,
    QueueMember,
    Ticket,
    TicketEvent,
    Trigger,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def ticket(stella: User, open_for: Any) -> Ticket:
    """A ticket in General, severity Normal."""
    opened: Ticket = open_for(stella)
    return opened


def queue(key: str) -> Queue:
    return Queue.objects.get(key=key)


def last_event(ticket: Ticket) -> TicketEvent:
    return TicketEvent.objects.filter(ticket=ticket).order_by("-seq")[0]


def told(kind: str) -> list[str]:
    return list(Notice.objects.filter(kind=kind).order_by("id").values_list("address", flat=True))


# --- Status -------------------------------------------------------------------------


def test_every_move_is_an_event_with_old_new_actor_and_instant(ticket: Ticket, agnes: User) -> None:
    at = TUESDAY + HOUR
    set_status(ticket=ticket, status="on_hold", by=agnes, now=at, reason="Waiting for the carrier")
    event = last_event(ticket)
    assert (event.kind, event.old, event.new) == ("status", "new", "on_hold")
    assert (event.actor, event.by, event.at) == (agnes, "agent", at)
    assert event.reason == "Waiting for the carrier"


def test_solving_stops_the_clocks_and_reopening_starts_them_again(
    ticket: Ticket, stella: User, agnes: User
) -> None:
    reply_as_agent(ticket=ticket, author=agnes, body="Done", now=TUESDAY + HOUR)
    solved = set_status(ticket=ticket, status="solved", by=agnes, now=TUESDAY + 2 * HOUR)
    assert solved.solved_at == TUESDAY + 2 * HOUR
    assert solved.rank_at == NO_PROMISE_RUNNING
    assert not Clock.objects.filter(ticket=ticket, next_check_at__isnull=False).exists()
    again = set_status(ticket=ticket, status="open", by=stella, now=TUESDAY + 3 * HOUR)
    assert again.solved_at is None
    assert again.rank_at < NO_PROMISE_RUNNING


def test_pending_pauses_the_resolution_clock_and_names_the_reason(
    ticket: Ticket, agnes: User
) -> None:
    reply_as_agent(ticket=ticket, author=agnes, body="?", status="pending", now=TUESDAY + HOUR)
    clock = Clock.objects.get(ticket=ticket, metric="resolution")
    assert (clock.status, clock.paused_reason) == ("paused", "pending")
    assert clock.next_check_at is None


@pytest.mark.parametrize(
    ("start", "status"), [("new", "closed"), ("open", "new"), ("solved", "closed")]
)
def test_an_agent_cannot_close_and_nothing_becomes_new_again(
    ticket: Ticket, agnes: User, start: str, status: str
) -> None:
    if start != "new":
        set_status(ticket=ticket, status=start, by=agnes, now=TUESDAY)
    events = TicketEvent.objects.count()
    with pytest.raises(Refused) as refusal:
        set_status(ticket=ticket, status=status, by=agnes, now=TUESDAY)
    assert refusal.value.code == "move_not_allowed"
    ticket.refresh_from_db()
    assert ticket.status == start
    assert TicketEvent.objects.count() == events


def test_staying_where_it_is_is_no_move_and_no_news(ticket: Ticket, agnes: User) -> None:
    set_status(ticket=ticket, status="pending", by=agnes, now=TUESDAY)
    events, notices = TicketEvent.objects.count(), Notice.objects.count()
    set_status(ticket=ticket, status="pending", by=agnes, now=TUESDAY + HOUR)
    assert (TicketEvent.objects.count(), Notice.objects.count()) == (events, notices)


@pytest.mark.parametrize("status", ["pending", "on_hold", "solved"])
def test_customers_are_told_when_it_is_their_turn_or_done(
    ticket: Ticket, stella: User, agnes: User, status: str
) -> None:
    set_status(ticket=ticket, status=status, by=agnes, now=TUESDAY)
    assert told("ticket_status") == [stella.email]


def test_a_status_that_comes_with_a_reply_is_told_in_one_mail(
    ticket: Ticket, stella: User, agnes: User
) -> None:
    reply_as_agent(ticket=ticket, author=agnes, body="Done", status="solved", now=TUESDAY)
    assert told("ticket_replied") == [stella.email]
    assert told("ticket_status") == []


def test_a_note_that_solves_still_tells_the_customer_that_it_is_solved(
    ticket: Ticket, stella: User, agnes: User
) -> None:
    reply_as_agent(
        ticket=ticket, author=agnes, body="By phone", is_public=False, status="solved", now=TUESDAY
    )
    assert told("ticket_replied") == []
    assert told("ticket_status") == [stella.email]


# --- Severity -----------------------------------------------------------------------


def test_a_new_severity_moves_the_clocks_to_its_target_from_the_start_of_the_ticket(
    ticket: Ticket, agnes: User
) -> None:
    """Starter: first reply within 16 business hours when Normal, within 4 when Critical."""
    before = Clock.objects.get(ticket=ticket, metric="first_reply")
    assert before.target_seconds == 16 * 3600
    changed = set_severity(
        ticket=ticket, severity=1, reason="They cannot ship", by=agnes, now=TUESDAY + HOUR
    )
    clock = Clock.objects.get(ticket=ticket, metric="first_reply")
    assert clock.target_seconds == 4 * 3600
    assert clock.due_at == TUESDAY + 4 * HOUR == changed.rank_at
    event = last_event(ticket)
    assert (event.old, event.new, event.reason) == ("3", "1", "They cannot ship")


def test_a_promise_missed_under_the_old_severity_is_on_record_though_the_new_one_is_kinder(
    stella: User, agnes: User, open_for: Any
) -> None:
    ticket = open_for(stella, severity=1)
    set_severity(ticket=ticket, severity=4, reason="Way round", by=agnes, now=TUESDAY + 5 * HOUR)
    assert ticket.clock_events.filter(kind="breach", clock__metric="first_reply").count() == 1


@pytest.mark.parametrize("reason", ["", "  ", "\n\t"])
def test_a_severity_does_not_change_without_a_reason(
    ticket: Ticket, agnes: User, reason: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        set_severity(ticket=ticket, severity=1, reason=reason, by=agnes, now=TUESDAY)
    assert "reason" in refusal.value.fields
    ticket.refresh_from_db()
    assert ticket.severity == 3


@pytest.mark.parametrize("severity", [0, 5, -1])
def test_there_are_four_severities(ticket: Ticket, agnes: User, severity: int) -> None:
    with pytest.raises(InvalidInput):
        set_severity(ticket=ticket, severity=severity, reason="x", by=agnes, now=TUESDAY)


def test_what_is_done_keeps_its_severity(ticket: Ticket, agnes: User) -> None:
    set_status(ticket=ticket, status="solved", by=agnes, now=TUESDAY)
    with pytest.raises(Refused) as refusal:
        set_severity(ticket=ticket, severity=1, reason="x", by=agnes, now=TUESDAY)
    assert refusal.value.code == "not_active"


def test_triggers_on_changes_see_the_new_severity(ticket: Ticket, agnes: User) -> None:
    Trigger.objects.create(
        name="Critical is marked",
        event="ticket_updated",
        position=10,
        conditions={"all": [{"field": "severity", "op": "is", "value": 1}]},
        actions=[{"do": "add_tag", "value": "war-room"}],
    )
    changed = set_severity(ticket=ticket, severity=1, reason="x", by=agnes, now=TUESDAY)
    assert changed.tags == ["war-room"]


# --- Assignee and queue -----------------------------------------------------------------


def test_an_agent_who_is_given_a_ticket_is_told_and_one_who_takes_it_is_not(
    ticket: Ticket, agnes: User, lena: User
) -> None:
    assign(ticket=ticket, agent=agnes, by=lena, now=TUESDAY)
    assert told("ticket_assigned") == [agnes.email]
    assign(ticket=ticket, agent=lena, by=lena, now=TUESDAY)
    assert told("ticket_assigned") == [agnes.email]
    assert last_event(ticket).old == "Agnes Agent"
    assert last_event(ticket).new == "Lena Lead"
    assert not last_event(ticket).is_public


def test_assigning_again_to_the_same_person_is_no_event(ticket: Ticket, agnes: User) -> None:
    assign(ticket=ticket, agent=agnes, by=agnes, now=TUESDAY)
    seq = last_event(ticket).seq
    assign(ticket=ticket, agent=agnes, by=agnes, now=TUESDAY)
    assert last_event(ticket).seq == seq


@pytest.mark.parametrize("who", ["oscar", "stella", "elsewhere", "inactive"])
def test_who_does_not_work_the_queue_cannot_have_its_tickets(
    request: pytest.FixtureRequest, ticket: Ticket, agnes: User, who: str
) -> None:
    if who == "elsewhere":
        person = create_user(email="e@x.example", staff_role="agent")
        QueueMember.objects.create(queue=queue("enterprise"), agent=person)
    elif who == "inactive":
        person = create_user(email="i@x.example", staff_role="agent", is_active=False)
        QueueMember.objects.create(queue=queue("general"), agent=person)
    else:
        person = request.getfixturevalue(who)
    with pytest.raises(NotPermitted) as refusal:
        assign(ticket=ticket, agent=person, by=agnes, now=TUESDAY)
    assert refusal.value.code == "cannot_be_assigned"


def test_a_lead_can_have_a_ticket_of_any_queue(ticket: Ticket, agnes: User, lena: User) -> None:
    assert assign(ticket=ticket, agent=lena, by=agnes, now=TUESDAY).assignee == lena


def test_moving_to_another_queue_lets_an_assignee_go_who_does_not_serve_it(
    ticket: Ticket, agnes: User, lena: User
) -> None:
    assign(ticket=ticket, agent=agnes, by=agnes, now=TUESDAY)
    moved = change_queue(
        ticket=ticket, queue=queue("enterprise"), reason="Theirs", by=lena, now=TUESDAY
    )
    assert moved.queue.key == "enterprise"
    assert moved.assignee is None
    kinds = TicketEvent.objects.filter(ticket=ticket).order_by("seq").values_list("kind", flat=True)
    assert list(kinds)[-2:] == ["queue", "assigned"]


def test_moving_keeps_an_assignee_who_serves_both_queues(ticket: Ticket, agnes: User) -> None:
    QueueMember.objects.create(queue=queue("enterprise"), agent=agnes)
    assign(ticket=ticket, agent=agnes, by=agnes, now=TUESDAY)
    moved = change_queue(
        ticket=ticket, queue=queue("enterprise"), reason="x", by=agnes, now=TUESDAY
    )
    assert moved.assignee == agnes


def test_moving_a_ticket_changes_neither_its_tier_nor_its_clocks(
    ticket: Ticket, lena: User
) -> None:
    before = list(Clock.objects.filter(ticket=ticket).order_by("pk").values())
    moved = change_queue(
        ticket=ticket, queue=queue("enterprise"), reason="x", by=lena, now=TUESDAY + HOUR
    )
    assert moved.tier == "starter"
    assert list(Clock.objects.filter(ticket=ticket).order_by("pk").values()) == before


@pytest.mark.parametrize("who", ["oscar", "stella"])
def test_ops_and_customers_change_nothing(
    request: pytest.FixtureRequest, ticket: Ticket, agnes: User, who: str
) -> None:
    person = request.getfixturevalue(who)
    seq = last_event(ticket).seq
    at = {"by": person, "now": TUESDAY}
    with pytest.raises(NotPermitted):
        assign(ticket=ticket, agent=agnes, **at)
    with pytest.raises(NotPermitted):
        set_severity(ticket=ticket, severity=1, reason="x", **at)
    with pytest.raises(NotPermitted):
        change_queue(ticket=ticket, queue=queue("enterprise"), reason="x", **at)
    if who == "oscar":
        with pytest.raises(NotPermitted):
            set_status(ticket=ticket, status="pending", **at)
    assert last_event(ticket).seq == seq


def test_an_event_never_lies_before_the_one_it_follows(ticket: Ticket, agnes: User) -> None:
    """Another machine's clock may be behind."""
    reply_as_agent(ticket=ticket, author=agnes, body="?", now=TUESDAY + HOUR)
    assign(ticket=ticket, agent=None, by=agnes, now=TUESDAY - HOUR)
    assert last_event(ticket).at == TUESDAY + HOUR


# --- Closing ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "closed"),
    [(timedelta(days=14) - timedelta(seconds=1), 0), (timedelta(days=14), 1)],
)
def test_a_solved_ticket_closes_by_itself_after_its_days(
    ticket: Ticket, agnes: User, after: timedelta, closed: int
) -> None:
    set_status(ticket=ticket, status="solved", by=agnes, now=TUESDAY)
    assert close_solved_tickets(now=TUESDAY + after) == closed
    assert close_solved_tickets(now=TUESDAY + after) == 0
    ticket.refresh_from_db()
    assert ticket.status == ("closed" if closed else "solved")
    assert (ticket.closed_at is not None) is bool(closed)
    if closed:
        event = last_event(ticket)
        assert (event.by, event.actor, event.new) == ("system", None, "closed")


def test_a_reopened_ticket_begins_its_days_anew(ticket: Ticket, stella: User, agnes: User) -> None:
    def day(number: int) -> datetime:
        return TUESDAY + timedelta(days=number)

    set_status(ticket=ticket, status="solved", by=agnes, now=day(0))
    reply_as_customer(ticket=ticket, author=stella, body="No", now=day(10))
    set_status(ticket=ticket, status="solved", by=agnes, now=day(11))
    assert close_solved_tickets(now=day(20)) == 0
    assert close_solved_tickets(now=day(25)) == 1
