"""A version that is signed off is published at its time: once, or ops are told why not."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from conftest import TUESDAY
from people.models import Notice, User
from people.tests.test_races import at_once
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tickets.actions import publish_policy, publish_scheduled_policies
from tickets.models import RecomputeRun
from tiers.actions import cancel_schedule, draft_from_live, schedule_policy, take_back
from tiers.models import PolicyEvent, PolicySchedule, TierPolicy
from tiers.tests.review_kit import signed_off

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MONDAY = TUESDAY + timedelta(days=6)


@pytest.fixture
def signed(oscar: User) -> TierPolicy:
    """A version that is signed off."""
    return signed_off(draft_from_live(author=oscar, now=TUESDAY), by=oscar, now=TUESDAY)


def schedule(policy: TierPolicy, by: User, at: datetime = MONDAY, **changes: Any) -> PolicySchedule:
    """Schedule a version in one line."""
    values = {"treatment": "retarget", "now": TUESDAY, **changes}
    return schedule_policy(policy=policy, publish_at=at, by=by, **values)


def states(policy: TierPolicy) -> list[str]:
    """Return what became of the schedules of a version, in turn."""
    return list(PolicySchedule.objects.filter(policy=policy).values_list("state", flat=True))


def test_it_goes_live_at_its_time_with_the_chosen_treatment_and_only_once(
    signed: TierPolicy, oscar: User, stella: User, open_for: Any
) -> None:
    open_for(stella)
    schedule(signed, oscar)
    assert publish_scheduled_policies(now=MONDAY - HOUR) == 0
    assert publish_scheduled_policies(now=MONDAY) == 1
    assert publish_scheduled_policies(now=MONDAY + HOUR) == 0
    live = TierPolicy.objects.live().get()
    assert (live, live.effective_from, live.published_by) == (signed, MONDAY, oscar)
    run = RecomputeRun.objects.get(source="policy:2")
    assert (run.mode, run.reason) == ("retarget", "Test")
    assert states(signed) == ["done"]
    assert PolicyEvent.objects.get(policy=signed, kind="published").meant_for == MONDAY


def test_a_time_that_passed_while_nothing_ran_is_made_up_for_and_never_dated_back(
    signed: TierPolicy, oscar: User
) -> None:
    schedule(signed, oscar)
    late = MONDAY + timedelta(days=2)
    assert publish_scheduled_policies(now=late) == 1
    assert TierPolicy.objects.live().get().effective_from == late


def test_only_what_is_signed_off_and_only_a_time_to_come(signed: TierPolicy, oscar: User) -> None:
    draft = draft_from_live(author=oscar, now=TUESDAY)
    with pytest.raises(Refused, match="Ask for a review first"):
        schedule(draft, oscar)
    for changes, field in (
        ({"at": TUESDAY}, "publish_at"),
        ({"at": TUESDAY + timedelta(days=400)}, "publish_at"),
        ({"treatment": "restart"}, "treatment"),
    ):
        with pytest.raises(InvalidInput) as refused:
            schedule(signed, oscar, **changes)
        assert set(refused.value.fields) == {field}


def test_agents_schedule_nothing(signed: TierPolicy, agnes: User) -> None:
    with pytest.raises(NotPermitted):
        schedule(signed, agnes)


def test_another_time_replaces_the_first_and_the_same_changes_nothing(
    signed: TierPolicy, oscar: User
) -> None:
    schedule(signed, oscar)
    schedule(signed, oscar)
    schedule(signed, oscar, at=MONDAY + HOUR)
    assert states(signed) == ["cancelled", "waiting"]
    assert publish_scheduled_policies(now=MONDAY) == 0
    assert publish_scheduled_policies(now=MONDAY + HOUR) == 1


def test_cancelled_it_is_not_published(signed: TierPolicy, oscar: User) -> None:
    schedule(signed, oscar)
    for _again in range(2):
        cancel_schedule(policy=signed, by=oscar, now=TUESDAY)
    assert publish_scheduled_policies(now=MONDAY) == 0
    assert PolicyEvent.objects.filter(policy=signed, kind="unscheduled").count() == 1


def test_taking_it_back_cancels_it(signed: TierPolicy, oscar: User) -> None:
    schedule(signed, oscar)
    take_back(policy=signed, by=oscar, now=TUESDAY)
    assert states(signed) == ["cancelled"]
    assert publish_scheduled_policies(now=MONDAY) == 0


def test_published_by_hand_before_it_is_not_published_again(
    signed: TierPolicy, oscar: User
) -> None:
    schedule(signed, oscar)
    publish_policy(policy=signed, treatment="keep", published_by=oscar, now=TUESDAY)
    assert states(signed) == ["done"]
    assert publish_scheduled_policies(now=MONDAY) == 0


def test_overtaken_meanwhile_it_is_not_published_and_ops_are_told_once(
    signed: TierPolicy, oscar: User, root: User
) -> None:
    schedule(signed, oscar)
    other = signed_off(draft_from_live(author=oscar, now=TUESDAY), by=oscar, now=TUESDAY)
    publish_policy(policy=other, treatment="keep", published_by=oscar, now=TUESDAY)
    for _again in range(2):
        assert publish_scheduled_policies(now=MONDAY) == 0
    assert states(signed) == ["refused"]
    assert TierPolicy.objects.live().get() == other
    told = Notice.objects.get(kind="policy_schedule", recipient=root)
    assert "Version 3 went live after this draft was begun" in told.body_text
    assert "was not published as scheduled" in told.subject
    assert Notice.objects.filter(kind="policy_schedule", recipient=oscar).count() == 1


def test_who_left_ops_publishes_nothing_any_more(
    signed: TierPolicy, oscar: User, root: User
) -> None:
    schedule(signed, oscar)
    User.objects.filter(pk=oscar.pk).update(staff_role="agent")
    assert publish_scheduled_policies(now=MONDAY) == 0
    assert "Only ops may change" in Notice.objects.get(recipient=root).body_text


def test_one_that_fails_does_not_keep_the_next_from_its_time(
    signed: TierPolicy, oscar: User, root: User
) -> None:
    other = signed_off(draft_from_live(author=root, now=TUESDAY), by=root, now=TUESDAY)
    schedule(signed, oscar)
    schedule(other, root, at=MONDAY + HOUR)
    User.objects.filter(pk=oscar.pk).update(is_active=False)
    assert publish_scheduled_policies(now=MONDAY + HOUR) == 1
    assert TierPolicy.objects.live().get() == other


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_workers_and_a_hand_at_once_publish_once(signed: TierPolicy, oscar: User) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: SQLite has one writer at a time")
    schedule(signed, oscar, treatment="keep")
    results = at_once(
        lambda: publish_scheduled_policies(now=MONDAY),
        lambda: publish_scheduled_policies(now=MONDAY),
        lambda: publish_policy(
            policy=signed, treatment="keep", published_by=oscar, now=MONDAY
        ),
    )  # fmt: skip
    assert TierPolicy.objects.live().get() == signed
    assert PolicyEvent.objects.filter(policy=signed, kind="published").count() == 1
    assert RecomputeRun.objects.filter(source="policy:2").count() == 1
    assert not PolicyEvent.objects.filter(kind="not_published").exists()
    by_hand = results[2]
    assert not isinstance(by_hand, Exception) or (
        isinstance(by_hand, Refused) and by_hand.code == "already_published"
    )
