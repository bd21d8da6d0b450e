"""The nightly check: stored clocks are what the events say, and an alarm where they are not."""

from datetime import timedelta

import pytest
from django.urls import reverse

from conftest import TUESDAY
from people.models import Notice
from portal.kit.refused import NotPermitted, Refused
from tickets import actions
from tickets.actions.nightly import check_now, settle_discrepancy, start_nightly_check
from tickets.actions.repairing import recompute_clocks
from tickets.models import Clock, ClockDiscrepancy, ClockEvent, RecomputeRun, Ticket
from tickets.tests.publishing_kit import halved, publish, work_off
from tiers.tests.ops_kit import main_of, words_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NIGHT = TUESDAY + timedelta(hours=17, minutes=5)  # 02:05 UTC


@pytest.fixture
def busy(ada, paul, stella, lena, oscar, open_for):
    """Tickets in every state that a day leaves behind, swept until the night."""
    hers, his, third, last = (
        open_for(ada, severity=1),
        open_for(paul),
        open_for(stella),
        open_for(ada),
    )
    actions.sweep_clocks(now=TUESDAY + 2 * HOUR)
    actions.reply_as_agent(ticket=hers, author=lena, body="Late", now=TUESDAY + 3 * HOUR)
    actions.reply_as_agent(
        ticket=his, author=lena, body="Which?", status="pending", now=TUESDAY + HOUR
    )
    actions.set_severity(ticket=third, severity=1, reason="Down", by=lena, now=TUESDAY + HOUR)
    actions.set_severity(ticket=hers, severity=4, reason="A wish", by=lena, now=TUESDAY + 4 * HOUR)
    actions.reply_as_customer(ticket=hers, author=ada, body="And?", now=TUESDAY + 4 * HOUR)
    actions.reply_as_agent(
        ticket=last, author=lena, body="Done", status="solved", now=TUESDAY + 2 * HOUR
    )
    later = TUESDAY + 5 * HOUR
    work_off(publish(halved(oscar), "retarget", oscar, later), later)
    work_off(publish(halved(oscar, by=8), "keep", oscar, later + HOUR), later + HOUR)
    actions.sweep_clocks(now=NIGHT)
    return hers, his, third, last


def checked(oscar, now=NIGHT):
    run = check_now(by=oscar, now=now)
    work_off(run, now)
    run.refresh_from_db()
    return run


def stored():
    """Return every row that a check could touch."""
    return [list(model.objects.order_by("pk").values()) for model in (Clock, ClockEvent, Ticket)]


def test_a_check_finds_nothing_and_changes_nothing_where_all_is_well(busy, oscar):
    before = stored()
    run = checked(oscar)
    assert list(ClockDiscrepancy.objects.values("metric", "difference")) == []
    assert (run.total, run.done, run.changed, run.failed) == (4, 4, 0, 0)
    assert stored() == before
    assert not Notice.objects.filter(kind="clock_check").exists()


def test_what_is_due_but_not_swept_yet_is_no_difference(ada, oscar, open_for):
    open_for(ada, severity=1)
    assert checked(oscar, TUESDAY + 2 * HOUR).changed == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"due_at": TUESDAY}, "due_at"),
        ({"target_seconds": 7}, "target_seconds"),
        ({"status": "met"}, "status"),
        ({"ladder": [], "next_check_at": None}, "ladder"),
        ({"breached_at": TUESDAY}, "breached_at"),
        ({"is_lost": True}, "is_lost"),
    ],
)
def test_a_clock_that_was_tampered_with_is_found_and_left_as_it_is(
    ada, oscar, open_for, change, field
):
    clock = Clock.objects.get(ticket=open_for(ada), metric="first_reply")
    Clock.objects.filter(pk=clock.pk).update(**change)
    before = stored()
    run = checked(oscar, TUESDAY + timedelta(minutes=5))
    assert stored() == before
    assert run.changed == 1
    found = ClockDiscrepancy.objects.get()
    assert (found.ticket_id, found.metric, found.cycle) == (clock.ticket_id, "first_reply", 1)
    assert field in found.difference


def test_a_lost_breach_an_invented_one_and_a_wrong_place_in_the_queue_are_found(
    ada, oscar, open_for
):
    lost, invented, misplaced = open_for(ada, severity=1), open_for(ada), open_for(ada)
    now = TUESDAY + 2 * HOUR
    actions.sweep_clocks(now=now)
    ClockEvent.objects.filter(ticket=lost, kind="breach").delete()
    clock = Clock.objects.get(ticket=invented, metric="first_reply")
    ClockEvent.objects.create(
        clock=clock, ticket=invented, terms=clock.terms, kind="breach", step=100, at=now,
        recorded_at=now,
    )  # fmt: skip
    Ticket.objects.filter(pk=misplaced.pk).update(rank_at=TUESDAY)
    run = checked(oscar, now)
    assert run.changed == 3
    found = {row.ticket_id: row for row in ClockDiscrepancy.objects.all()}
    assert found[lost.pk].difference["event 100"][0] is None
    assert found[invented.pk].difference["event 100"][1] is None
    assert "rank_at" in found[misplaced.pk].difference


def test_ops_are_told_once_and_repairing_settles_what_was_found(ada, oscar, at_door, open_for):
    ticket = open_for(ada)
    right = Clock.objects.values_list("due_at", flat=True).get(metric="first_reply")
    Clock.objects.filter(metric="first_reply").update(due_at=TUESDAY)
    now = TUESDAY + timedelta(minutes=5)
    checked(oscar, now)
    notice = Notice.objects.get(kind="clock_check")
    assert notice.recipient == oscar
    assert "Clocks of 1 ticket differ" in notice.subject
    page = main_of(at_door(oscar).get(reverse("ops_repairs")))
    assert ticket.reference in page
    assert "due_at" in page
    recompute_clocks(ticket=ticket, by=oscar, now=now)
    assert Clock.objects.values_list("due_at", flat=True).get(metric="first_reply") == right
    assert not ClockDiscrepancy.objects.unsettled().exists()
    assert checked(oscar, now + HOUR).changed == 0


def test_what_is_found_again_stands_on_the_list_once_and_what_healed_leaves_it(
    ada, lena, oscar, open_for
):
    ticket = open_for(ada)
    Clock.objects.filter(metric="first_reply").update(due_at=TUESDAY)
    checked(oscar, TUESDAY + timedelta(minutes=5))
    checked(oscar, TUESDAY + timedelta(minutes=6))
    assert ClockDiscrepancy.objects.unsettled().count() == 1
    actions.reply_as_agent(ticket=ticket, author=lena, body="x", now=TUESDAY + HOUR)
    checked(oscar, TUESDAY + 2 * HOUR)
    assert not ClockDiscrepancy.objects.unsettled().exists()


def test_settling_takes_a_find_off_the_list_and_ops_alone_may(ada, lena, oscar, open_for):
    open_for(ada)
    Clock.objects.filter(metric="first_reply").update(due_at=TUESDAY)
    checked(oscar, TUESDAY + timedelta(minutes=5))
    found = ClockDiscrepancy.objects.get()
    with pytest.raises(NotPermitted):
        settle_discrepancy(discrepancy=found, by=lena, now=NIGHT)
    assert settle_discrepancy(discrepancy=found, by=oscar, now=NIGHT)
    assert not settle_discrepancy(discrepancy=found, by=oscar, now=NIGHT + HOUR)
    found.refresh_from_db()
    assert (found.settled_at, found.settled_by) == (NIGHT, oscar)


def test_a_ticket_that_cannot_be_computed_is_found_and_the_check_goes_on(ada, oscar, open_for):
    broken, _sound = open_for(ada), open_for(ada)
    broken.events.filter(kind="opened").update(detail={})
    run = checked(oscar, TUESDAY + HOUR)
    assert (run.done, run.changed, run.failed) == (2, 0, 1)
    assert "severity" in ClockDiscrepancy.objects.get(ticket=broken).difference["error"]


def test_the_night_has_one_check_however_often_it_is_asked_for(ada, oscar, open_for):
    open_for(ada)
    assert start_nightly_check(now=NIGHT - HOUR) is None  # not night yet
    assert start_nightly_check(now=NIGHT) is not None
    assert start_nightly_check(now=NIGHT) is None
    with pytest.raises(Refused) as refused:
        check_now(by=oscar, now=NIGHT)
    assert refused.value.code == "check_running"
    work_off(RecomputeRun.objects.get(), NIGHT)
    assert start_nightly_check(now=NIGHT + HOUR) is None
    assert start_nightly_check(now=NIGHT + timedelta(days=1)) is not None


def test_ops_start_a_check_from_the_page_and_see_its_progress(ada, oscar, at_door, open_for):
    open_for(ada)
    browser = at_door(oscar)
    response = browser.post(reverse("ops_clocks_check"), follow=True)
    run = RecomputeRun.objects.get()
    assert response.redirect_chain[-1][0] == reverse("ops_recompute_run", args=[run.pk])
    assert "Waiting for a worker" in main_of(response)
    assert "A check is under way already" in words_of(
        browser.post(reverse("ops_clocks_check"), follow=True)
    )
    actions.continue_runs(now=TUESDAY + HOUR)
    part = browser.get(reverse("ops_recompute_run", args=[run.pk]), headers={"HX-Request": "true"})
    assert "hx-trigger" not in part.content.decode()
    assert "<html" not in part.content.decode()
    assert "All clocks of 1 ticket are as what happened" in main_of(
        browser.get(reverse("ops_repairs"))
    )
