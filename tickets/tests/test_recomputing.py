"""Open tickets after something was published: keep, retarget, or only the next one."""

from datetime import timedelta

import pytest

from conftest import TUESDAY
from portal.kit.refused import NotPermitted, Refused
from tickets.actions import (
    reply_as_agent,
    retarget_organization,
    set_status,
    sweep_clocks,
)
from tickets.actions.nightly import check_now
from tickets.models import Clock, ClockDiscrepancy, ClockEvent, RecomputeRun, TicketEvent
from tickets.tests.publishing_kit import LATER, halved, publish, work_off
from tiers.actions import agree_custom_target

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def clock_of(ticket, metric="first_reply", cycle=1):
    return Clock.objects.get(ticket=ticket, metric=metric, cycle=cycle)


def terms_events(ticket):
    return TicketEvent.objects.filter(ticket=ticket, kind="terms")


def test_retargeting_moves_running_clocks_to_the_new_promise_and_keeps_what_has_elapsed(
    ada, oscar, open_for
):
    ticket = open_for(ada, severity=1)
    before = clock_of(ticket)
    run = publish(halved(oscar), "retarget", oscar)
    assert run.total == 1
    work_off(run)
    after = clock_of(ticket)
    assert after.target_seconds == before.target_seconds // 2
    assert after.started_at == before.started_at
    assert after.due_at == before.started_at + timedelta(seconds=after.target_seconds)
    ticket.refresh_from_db()
    assert ticket.rank_at == after.due_at
    assert ticket.terms == after.terms
    assert ticket.terms.policy_version == 2
    event = terms_events(ticket).get()
    assert (event.at, event.reason, event.actor, event.detail["mode"]) == (
        LATER, "Faster", oscar, "retarget",
    )  # fmt: skip
    run.refresh_from_db()
    assert (run.done, run.changed, run.failed, run.finished_at) == (1, 1, 0, LATER)


def test_the_next_ticket_alone_gets_the_new_promise_when_that_was_chosen(ada, oscar, open_for):
    ticket = open_for(ada)
    assert publish(halved(oscar), "next_ticket", oscar) is None
    assert not RecomputeRun.objects.exists()
    assert not terms_events(ticket).exists()
    later = open_for(ada, now=LATER + MINUTE)
    assert clock_of(later).target_seconds * 2 == clock_of(ticket).target_seconds


def test_a_ticket_opened_after_publishing_gets_no_second_promise(ada, oscar, open_for):
    run = publish(halved(oscar), "retarget", oscar)
    ticket = open_for(ada, now=LATER + MINUTE)
    work_off(run, LATER + 2 * MINUTE)
    assert not terms_events(ticket).exists()


def test_a_ticket_that_was_solved_meanwhile_is_left_alone(ada, oscar, lena, open_for):
    ticket = open_for(ada)
    run = publish(halved(oscar), "retarget", oscar)
    set_status(ticket=ticket, status="solved", by=lena, now=LATER + MINUTE)
    work_off(run, LATER + 2 * MINUTE)
    assert not terms_events(ticket).exists()


def test_a_run_done_twice_changes_nothing_the_second_time(ada, oscar, open_for):
    ticket = open_for(ada)
    run = publish(halved(oscar), "retarget", oscar)
    work_off(run)
    RecomputeRun.objects.update(finished_at=None, last_ticket_id=0)
    work_off(run, LATER + MINUTE)
    assert terms_events(ticket).count() == 1


def test_a_breach_before_the_change_stays_on_record_and_the_sweep_adds_none(ada, oscar, open_for):
    ticket = open_for(ada, severity=1)
    due = clock_of(ticket).breaches_after
    draft = halved(oscar, by=4)
    late = due + 5 * MINUTE
    sweep_clocks(now=late)
    work_off(publish(draft, "retarget", oscar, late), late)
    assert clock_of(ticket).status == "running"
    assert clock_of(ticket).breached_at == due + timedelta(seconds=1)
    breaches = ClockEvent.objects.filter(ticket=ticket, kind="breach", clock__metric="first_reply")
    assert breaches.count() == 1
    sweep_clocks(now=clock_of(ticket).breaches_after + MINUTE)
    assert breaches.count() == 2


def test_new_terms_never_begin_before_a_breach_that_is_on_record(ada, oscar, open_for):
    ticket = open_for(ada, severity=1)
    due = clock_of(ticket).breaches_after
    run = publish(halved(oscar, by=4), "retarget", oscar, due - MINUTE)
    sweep_clocks(now=due + MINUTE)
    work_off(run, due - MINUTE)
    assert terms_events(ticket).get().at >= due + timedelta(seconds=1)
    assert clock_of(ticket).breached_at == due + timedelta(seconds=1)


def test_a_ticket_that_cannot_be_computed_is_counted_and_does_not_stop_the_run(
    ada, oscar, open_for
):
    broken, sound = open_for(ada), open_for(ada)
    TicketEvent.objects.filter(ticket=broken, kind="opened").update(detail={})
    run = publish(halved(oscar), "retarget", oscar)
    work_off(run)
    run.refresh_from_db()
    assert (run.done, run.changed, run.failed) == (2, 1, 1)
    assert run.finished_at is not None
    found = ClockDiscrepancy.objects.get()
    assert found.ticket == broken
    assert "severity" in found.difference["error"]
    assert not terms_events(broken).exists()
    assert terms_events(sound).count() == 1


def test_publishing_a_second_time_is_refused_and_starts_no_second_run(ada, oscar, open_for):
    open_for(ada)
    draft = halved(oscar)
    publish(draft, "retarget", oscar)
    with pytest.raises(Refused):
        publish(draft, "retarget", oscar)
    assert RecomputeRun.objects.count() == 1


def test_one_organization_alone_gets_its_custom_promise(ada, paul, oscar, open_for):
    hers, his = open_for(ada), open_for(paul)
    organization = ada.memberships.get().organization
    agree_custom_target(
        organization=organization, severity=3, metric="first_reply", target_seconds=1800,
        floor_seconds=3600, calendar_key="around-the-clock", reason="Contract", approved_by=oscar,
        valid_from=TUESDAY, now=LATER,
    )  # fmt: skip
    run = retarget_organization(
        organization=organization, treatment="retarget", reason="Contract", started_by=oscar,
        now=LATER,
    )  # fmt: skip
    work_off(run)
    assert clock_of(hers).due_at == TUESDAY + timedelta(minutes=30)
    assert not terms_events(his).exists()


def test_only_ops_bring_open_tickets_in_line(ada, lena):
    with pytest.raises(NotPermitted):
        retarget_organization(
            organization=ada.memberships.get().organization, treatment="keep", reason="x",
            started_by=lena, now=LATER,
        )  # fmt: skip


def test_a_reply_that_was_on_its_way_while_a_breach_was_recorded_came_after_it(
    ada, oscar, lena, open_for
):
    ticket = open_for(ada, severity=1)
    due = clock_of(ticket).breaches_after
    sweep_clocks(now=due + MINUTE / 60)
    reply_as_agent(ticket=ticket, author=lena, body="Here", now=due - MINUTE / 60)
    answered = clock_of(ticket)
    assert (answered.status, answered.breached_at) == ("met_late", due + MINUTE / 60)
    assert answered.stopped_at == answered.breached_at
    run = check_now(by=oscar, now=due + MINUTE)
    work_off(run, due + MINUTE)
    assert not ClockDiscrepancy.objects.exists()
