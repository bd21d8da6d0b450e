"""The sweep: what time alone does to clocks is written down once, with its true instant."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import TUESDAY
from people.models import Notice
from tickets import actions
from tickets.actions import announcing, routing
from tickets.actions.events import locked
from tickets.models import Clock, ClockEvent

pytestmark = pytest.mark.django_db


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """An instant of the Tuesday on which all of this happens, UTC."""
    return datetime(2026, 3, 10, hour, minute, second, tzinfo=UTC)


def test_each_step_of_the_ladder_is_recorded_once_with_its_own_instant(ada, open_for):
    open_for(ada, severity=1)  # first answer within one hour, day and night
    assert actions.sweep_clocks(now=at(9, 29)) == 0
    for now in (at(9, 31), at(9, 31), at(9, 50), at(9, 59), at(12)):
        actions.sweep_clocks(now=now)
    assert list(ClockEvent.objects.values_list("kind", "step", "at")) == [
        ("warning", 50, at(9, 30)),
        ("warning", 75, at(9, 45)),
        ("warning", 90, at(9, 54)),
        ("breach", 100, at(10, 0, 1)),
    ]


def test_a_sweep_that_comes_hours_late_records_the_same_as_one_that_came_in_time(ada, open_for):
    open_for(ada, severity=1)
    actions.sweep_clocks(now=at(12))
    assert [event.at for event in ClockEvent.objects.order_by("at")] == [
        at(9, 30), at(9, 45), at(9, 54), at(10, 0, 1),
    ]  # fmt: skip
    assert set(ClockEvent.objects.values_list("recorded_at", flat=True)) == {at(12)}


def test_a_target_used_up_exactly_is_kept_and_one_second_more_is_broken(ada, open_for):
    ticket = open_for(ada, severity=1)
    actions.sweep_clocks(now=at(10))
    first = Clock.objects.get(ticket=ticket, metric="first_reply")
    assert (first.status, first.due_at, first.breaches_after) == ("running", at(10), at(10))
    actions.sweep_clocks(now=at(10, 0, 1))
    first.refresh_from_db()
    assert (first.status, first.breached_at) == ("breached", at(10, 0, 1))


def test_sweeping_again_changes_nothing(ada, open_for):
    open_for(ada, severity=1)
    actions.sweep_clocks(now=at(12))
    before = list(Clock.objects.order_by("id").values())
    assert actions.sweep_clocks(now=at(12)) == 0
    assert list(Clock.objects.order_by("id").values()) == before
    assert ClockEvent.objects.count() == 4


def test_a_swept_clock_equals_one_recomputed_from_the_events(ada, stella, open_for):
    for requester, severity in ((ada, 1), (ada, 3), (stella, 1)):
        open_for(requester, severity=severity)
    later = TUESDAY + timedelta(days=3)
    actions.sweep_clocks(now=later)
    fields = ("ticket_id", "metric", "status", "due_at", "breached_at", "ladder", "next_check_at")
    swept = list(Clock.objects.order_by("id").values_list(*fields))
    events = list(
        ClockEvent.objects.order_by("clock_id", "step").values_list("clock_id", "step", "at")
    )
    for clock in Clock.objects.all():
        actions.reclock(locked(clock.ticket), later)
    assert list(Clock.objects.order_by("id").values_list(*fields)) == swept
    assert (
        list(ClockEvent.objects.order_by("clock_id", "step").values_list("clock_id", "step", "at"))
        == events
    )


def test_an_answer_after_the_target_cannot_hide_the_breach_from_a_late_sweep(ada, agnes, open_for):
    ticket = open_for(ada, severity=1)
    actions.reply_as_agent(ticket=ticket, author=agnes, body="Here", now=at(10, 5))
    assert ClockEvent.objects.get(kind="breach").at == at(10, 0, 1)
    clock = Clock.objects.get(ticket=ticket, metric="first_reply")
    assert (clock.status, clock.next_check_at) == ("met_late", None)
    actions.sweep_clocks(now=at(10, 6))
    assert ClockEvent.objects.filter(kind="breach").count() == 1


def test_an_answer_in_time_leaves_nothing_to_sweep(ada, agnes, open_for):
    ticket = open_for(ada, severity=1)
    actions.reply_as_agent(ticket=ticket, author=agnes, body="Here", now=at(9, 10))
    actions.sweep_clocks(now=at(11))
    assert not ClockEvent.objects.filter(clock__metric="first_reply").exists()


def test_a_ticket_that_waits_for_the_customer_does_not_use_up_its_resolution(ada, agnes, open_for):
    ticket = open_for(ada, severity=1)  # resolution: 8 hours around the clock
    actions.reply_as_agent(
        ticket=ticket, author=agnes, body="Which scanner?", now=at(9, 30), status="pending"
    )
    resolution = Clock.objects.get(ticket=ticket, metric="resolution")
    assert (resolution.status, resolution.paused_reason) == ("paused", "pending")
    assert resolution.next_check_at is None
    actions.sweep_clocks(now=at(23))
    assert not ClockEvent.objects.filter(clock=resolution).exists()
    actions.reply_as_customer(ticket=ticket, author=ada, body="This one", now=at(20))
    resolution.refresh_from_db()
    assert resolution.due_at == at(20) + timedelta(hours=7, minutes=30)


@pytest.mark.parametrize("ladder", [[["x", "y"]], [[50]], [], {"no": "list"}, 7])
def test_a_clock_that_cannot_be_read_steps_aside_and_starves_nobody(ada, open_for, ladder):
    poisoned, fine = open_for(ada, severity=1), open_for(ada, severity=1)
    Clock.objects.filter(ticket=poisoned, metric="first_reply").update(ladder=ladder)
    actions.sweep_clocks(now=at(10, 1), batch=1)
    assert Clock.objects.get(ticket=fine, metric="first_reply").status == "breached"
    row = Clock.objects.get(ticket=poisoned, metric="first_reply")
    assert row.fault
    assert row.next_check_at is None
    assert actions.sweep_clocks(now=at(10, 1)) == 0


@pytest.mark.parametrize("tickets", [3, 40])
def test_a_batch_takes_three_statements_whatever_its_size(ada, open_for, tickets):
    for _number in range(tickets):
        open_for(ada, severity=1)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert actions.sweep_batch(now=at(12)) == tickets
    work = [
        query["sql"]
        for query in queries.captured_queries
        if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
    ]
    assert len(work) == 3, work


def test_an_idle_sweep_is_one_statement(ada, open_for):
    open_for(ada)
    with CaptureQueriesContext(connection) as queries:
        assert actions.sweep_clocks(now=TUESDAY) == 0
    reads = [query for query in queries.captured_queries if "tickets_clock" in query["sql"]]
    assert len(reads) == 1


def test_looking_for_due_clocks_uses_the_partial_index(ada, open_for):
    open_for(ada)
    plan = Clock.objects.due(TUESDAY).values_list("id", "ladder")[:1000].explain()
    if connection.vendor == "postgresql":
        # A handful of rows is read faster whole; forbid that to see whether the index fits.
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Clock.objects.due(TUESDAY).values_list("id", "ladder")[:1000].explain()
    assert "tickets_clock_due" in plan


def test_people_are_told_once_however_often_everything_runs(ada, agnes, lena, open_for):
    ticket = open_for(ada, severity=1)
    actions.sweep_clocks(now=at(10, 1))
    assert actions.announce_clock_events(now=at(10, 1)) == 4
    assert actions.announce_clock_events(now=at(10, 2)) == 0
    # Three steps named somebody; the breach is told, and the two before it no longer needed.
    assert actions.send_alerts(now=at(10, 2)) == 3
    assert actions.send_alerts(now=at(10, 3)) == 0
    told = Notice.objects.filter(kind__startswith="clock_").values_list("kind", "address", "about")
    assert list(told) == [("clock_breach", lena.email, f"ticket:{ticket.pk}")]


def test_an_event_that_cannot_be_announced_does_not_hold_up_the_others(
    ada, lena, open_for, monkeypatch
):
    bad, good = open_for(ada, severity=1), open_for(ada, severity=1)
    actions.sweep_clocks(now=at(10, 1))
    real = routing.facts_of

    def broken(ticket, *args, **kwargs):
        if ticket.pk == bad.pk:
            raise RuntimeError("no such fact")
        return real(ticket, *args, **kwargs)

    monkeypatch.setattr(announcing, "facts_of", broken)
    actions.announce_clock_events(now=at(10, 1))
    waiting = set(ClockEvent.objects.unannounced().values_list("ticket_id", flat=True))
    assert waiting == {bad.pk}
    monkeypatch.undo()
    actions.announce_clock_events(now=at(10, 2))
    assert not ClockEvent.objects.unannounced().exists()
    actions.send_alerts(now=at(10, 3))
    assert Notice.objects.filter(kind="clock_breach").count() == 2
    assert good.pk != bad.pk
