"""The publish dialog: what is shown beforehand is what happens, and it happens once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import TUESDAY
from tickets import actions, publishing
from tickets.models import Clock, ClockEvent, RecomputeRun, TicketEvent
from tickets.publishing import preview_organization, preview_policy
from tickets.tests.publishing_kit import LATER, halved, publish, work_off
from tiers.actions import agree_custom_target, ask_for_review, draft_from_live
from tiers.models import PromiseTarget, TierPolicy
from tiers.tests.ops_kit import main_of
from tiers.tests.review_kit import signed_off

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def open_work(ada, paul, stella, lena, open_for):
    """Open tickets of all tiers and severities, some answered, one paused, one solved."""
    tickets = [open_for(who, severity=level) for who in (ada, paul, stella) for level in (1, 2, 3)]
    for ticket, status in ((tickets[1], ""), (tickets[3], "pending"), (tickets[8], "solved")):
        actions.reply_as_agent(ticket=ticket, author=lena, body="x", status=status, now=TUESDAY)
    return tickets


def live():
    """Return what the running clocks say, by clock."""
    rows = Clock.objects.filter(stopped_at=None)
    return {row.pk: (row.status, row.due_at, row.target_seconds) for row in rows}


@pytest.mark.parametrize("factor", [0.25, 0.6, 5])
@pytest.mark.parametrize("hours", [0.5, 3])
def test_what_is_shown_beforehand_is_what_happens(open_work, oscar, factor, hours):
    now = TUESDAY + hours * HOUR
    actions.sweep_clocks(now=now)
    draft = halved(oscar, by=factor)
    shown = preview_policy(policy=draft, treatment="retarget", now=now)
    before = live()
    run = publish(draft, "retarget", oscar, now)
    work_off(run, now)
    after = live()
    broken = [pk for pk, (status, *_) in after.items() if status == "breached"]
    changed = [pk for pk in before if before[pk] != after.get(pk)]
    assert (shown.open_tickets, shown.clocks_running) == (8, len(before))
    assert shown.clocks_changed == len(changed)
    assert shown.newly_broken == sum(before[pk][0] != "breached" for pk in broken)
    assert shown.no_longer_broken == sum(
        before[pk][0] == "breached" and after[pk][0] != "breached" for pk in before
    )
    assert sum(tier.counts.newly_broken for tier in shown.per_tier) == shown.newly_broken
    due = {(row.ticket_id, row.metric): row.due_at for row in Clock.objects.all()}
    assert shown.examples
    for example in shown.examples:
        assert example.due_after == due[example.ticket_id, example.metric]


@pytest.mark.parametrize("treatment", ["keep", "next_ticket"])
def test_keeping_and_the_next_ticket_move_no_running_clock(open_work, oscar, treatment):
    draft, before = halved(oscar), live()
    shown = preview_policy(policy=draft, treatment=treatment, now=LATER)
    assert (shown.clocks_changed, shown.newly_broken, shown.examples) == (0, 0, ())
    work_off(publish(draft, treatment, oscar))
    assert live() == before
    assert TicketEvent.objects.filter(kind="terms", is_public=True).count() == 0


def test_with_keep_the_next_clock_on_an_open_ticket_gets_the_new_promise(
    ada, lena, oscar, open_for
):
    ticket = open_for(ada, severity=1)
    old = Clock.objects.get(ticket=ticket, metric="first_reply").target_seconds
    work_off(publish(halved(oscar), "keep", oscar))
    actions.reply_as_agent(ticket=ticket, author=lena, body="x", now=LATER + HOUR / 6)
    actions.reply_as_customer(ticket=ticket, author=ada, body="y", now=LATER + HOUR / 3)
    targets = dict(Clock.objects.filter(ticket=ticket).values_list("metric", "target_seconds"))
    assert (targets["first_reply"], targets["next_reply"]) == (old, old // 2)


def test_looking_changes_nothing_and_costs_the_same_for_many_tickets(ada, oscar, open_for):
    draft = halved(oscar, by=0.01)
    counts = []
    for more in (10, 30):
        for _number in range(more):
            open_for(ada)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            shown = preview_policy(policy=draft, treatment="retarget", now=LATER)
        counts.append(len(queries))
        assert not any(
            query["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"} for query in queries
        )
    assert counts[0] == counts[1]
    assert shown.newly_broken == 40
    assert len(shown.examples) == 20


def test_the_preview_of_one_organization_counts_its_tickets_alone(ada, paul, oscar, open_for):
    open_for(ada), open_for(paul)
    organization = ada.memberships.get().organization
    agree_custom_target(
        organization=organization, severity=3, metric="first_reply", target_seconds=300,
        floor_seconds=600, calendar_key="around-the-clock", reason="Contract", approved_by=oscar,
        valid_from=TUESDAY, now=LATER,
    )  # fmt: skip
    shown = preview_organization(organization=organization, treatment="retarget", now=LATER)
    assert (shown.open_tickets, shown.clocks_changed, shown.newly_broken) == (1, 1, 1)


@pytest.fixture
def ops(oscar, at_door, time_machine):
    """Oscar's browser, ten minutes after the tickets came in."""
    time_machine.move_to(LATER, tick=False)
    return at_door(oscar)


def test_the_dialog_shows_loudly_what_would_be_broken_before_anything_happens(
    open_work, oscar, ops
):
    draft = halved(oscar, by=0.01)
    page = ops.get(reverse("ops_publish_policy", args=[draft.version]))
    shown = main_of(page)
    assert "promises are broken the moment you publish." in shown
    assert open_work[0].reference in shown
    assert TierPolicy.objects.get(pk=draft.pk).is_draft
    assert not RecomputeRun.objects.exists()
    assert not ClockEvent.objects.exists()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"note": "Why"}, "Say what happens to tickets that are open."),
        ({"treatment": "retarget"}, "Say what changed and why."),
        ({"treatment": "retarget", "note": "  "}, "Say what changed and why."),
        ({"treatment": "correct", "note": "Why"}, "Select a valid choice"),
    ],
)
def test_nothing_is_published_without_a_choice_and_a_reason(open_work, oscar, ops, sent, said):
    draft = signed_off(halved(oscar), by=oscar, now=LATER)
    response = ops.post(reverse("ops_publish_policy", args=[draft.version]), sent)
    assert response.status_code == 422
    assert said in main_of(response)
    assert TierPolicy.objects.get(pk=draft.pk).is_approved


def test_sending_the_dialog_twice_publishes_once_and_leads_to_the_same_run(open_work, oscar, ops):
    draft = signed_off(halved(oscar), by=oscar, now=LATER)
    page = reverse("ops_publish_policy", args=[draft.version])
    sent = {"treatment": "retarget", "note": "Faster from spring"}
    first, second = ops.post(page, sent), ops.post(page, sent)
    run = RecomputeRun.objects.get()
    progress = reverse("ops_policy_run", args=[draft.version])
    assert first.url == second.url == progress
    of_tickets = reverse("ops_recompute_run", args=[run.pk])
    waiting = main_of(ops.get(progress))
    assert "A worker begins within seconds" in waiting
    assert f"0 of {run.total} were gone over when this page was opened." in waiting
    assert of_tickets in ops.get(progress).content.decode()
    live_now = TierPolicy.objects.get(pk=draft.pk)
    assert (live_now.status, live_now.change_note, live_now.published_by, live_now.treatment) == (
        "live", "Faster from spring", oscar, "retarget",
    )  # fmt: skip
    actions.continue_runs(now=LATER)
    done = main_of(ops.get(of_tickets))
    assert "Done" in done
    assert "Faster from spring" in done
    assert f"{run.total} open tickets were gone over." in main_of(ops.get(progress))


def test_a_version_that_touches_no_open_ticket_leads_to_its_run_alone(open_work, oscar, ops):
    draft = signed_off(halved(oscar), by=oscar, now=LATER)
    page = reverse("ops_publish_policy", args=[draft.version])
    answer = ops.post(page, {"treatment": "next_ticket", "note": "Faster from spring"})
    assert answer.url == reverse("ops_policy_run", args=[draft.version])
    assert "gone over" not in main_of(ops.get(answer.url))


def test_what_is_not_signed_off_shows_what_is_missing_and_no_button(open_work, oscar, ops):
    draft = halved(oscar)
    page = reverse("ops_publish_policy", args=[draft.version])
    review = reverse("ops_policy_review", args=[draft.version])
    button = '<button class="button">Publish</button>'

    shown = ops.get(page).content.decode()
    assert "This is a draft: nobody was asked to review it yet." in shown
    assert f'<a href="{review}">To the review</a>' in shown
    assert button not in shown

    ask_for_review(policy=draft, change_note="Faster", by=oscar, now=LATER)
    shown = ops.get(page).content.decode()
    assert "It is in review: a second person has not signed it off yet." in shown
    assert button not in shown
    refused = ops.post(page, {"treatment": "retarget", "note": "Faster"})
    assert refused.status_code == 422
    assert not TierPolicy.objects.get(pk=draft.pk).is_live


def test_what_is_signed_off_has_the_button_and_nothing_missing(open_work, oscar, ops):
    draft = signed_off(halved(oscar), by=oscar, now=LATER)
    shown = ops.get(reverse("ops_publish_policy", args=[draft.version])).content.decode()
    assert "cannot be published yet" not in shown
    assert '<button class="button">Publish</button>' in shown


@pytest.mark.parametrize("treatment", ["retarget", "keep"])
def test_a_metric_that_is_promised_anew_is_counted_as_clocks_that_start(
    ada, paul, lena, oscar, open_for, treatment
):
    without = draft_from_live(author=oscar, now=TUESDAY)
    rows = list(PromiseTarget.objects.filter(policy=without, metric="resolution"))
    PromiseTarget.objects.filter(pk__in=[row.pk for row in rows]).delete()
    publish(without, "next_ticket", oscar, TUESDAY)
    open_for(ada, severity=1), open_for(paul, severity=2)
    draft = draft_from_live(author=oscar, now=LATER)
    for row in rows:
        row.pk, row.policy = None, draft
        row.save(force_insert=True)

    shown = preview_policy(policy=draft, treatment=treatment, now=LATER)
    before = live()
    work_off(publish(draft, treatment, oscar))

    started = live().keys() - before.keys()
    assert shown.clocks_started == len(started) == (2 if treatment == "retarget" else 0)
    assert shown.clocks_changed == 0
    assert {before[pk] == live()[pk] for pk in before} == {True}


def test_of_very_many_tickets_a_sample_is_looked_at_that_says_so(
    ada, oscar, open_for, ops, monkeypatch
):
    draft = halved(oscar)
    for _number in range(40):
        open_for(ada)
    monkeypatch.setattr(publishing, "EXACTLY", 40)
    whole = preview_policy(policy=draft, treatment="retarget", now=LATER)
    assert (whole.looked_at, whole.in_all, whole.is_sample) == (40, 40, False)

    monkeypatch.setattr(publishing, "EXACTLY", 20)
    sample = preview_policy(policy=draft, treatment="retarget", now=LATER)
    assert sample == preview_policy(policy=draft, treatment="retarget", now=LATER)
    assert sample.is_sample
    assert 12 <= sample.looked_at <= 28
    assert sample.open_tickets == sample.looked_at
    shown = main_of(ops.get(reverse("ops_publish_policy", args=[draft.version])))
    share = f"{sample.looked_at} of 40 open tickets ({sample.percent} %) were looked at."
    assert f"These are the numbers of a sample: {share}" in shown


def test_the_reason_that_operations_gave_is_not_told_to_customers(
    ada, oscar, open_for, ops, at_door
):
    ticket = open_for(ada)
    work_off(publish(halved(oscar), "retarget", oscar))
    assert TicketEvent.objects.get(ticket=ticket, kind="terms").reason == "Faster"
    page = at_door(ada).get(reverse("ticket", args=[ticket.reference]))
    assert "Faster" not in page.content.decode()
    assert "What we promise for this ticket has changed." in page.content.decode()
