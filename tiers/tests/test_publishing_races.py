"""Two people publish at once: first what happens without the lock, then that it does not."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection

from conftest import TUESDAY
from people.models import Organization, User
from people.tests.test_races import at_once, meeting, without_locks
from portal.kit.refused import Refused
from tiers.actions import (
    agree_custom_target,
    draft_from_live,
    policies,
    publish_policy,
    publishing,
    set_target,
    take_back,
    targets,
)
from tiers.models import OrganizationTarget, PromiseTarget, TierPolicy
from tiers.program import read_program
from tiers.tests.review_kit import signed_off

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def needs_rows_that_wait(db: None) -> None:
    """SQLite has one writer at a time: there is no race to show."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")


def publish(draft: TierPolicy, by: User) -> TierPolicy:
    """Publish a draft as it was read a while ago."""
    return publish_policy(
        policy=draft, treatment="keep", change_note="Faster", published_by=by, now=TUESDAY
    )


def refused_with(results: list[Any]) -> list[str]:
    """Return what came of each as a word."""
    return sorted(
        result.code if isinstance(result, Refused) else type(result).__name__ for result in results
    )


@pytest.fixture
def drafts(oscar: User) -> list[TierPolicy]:
    """Two drafts of the live version."""
    return [draft_from_live(author=oscar, now=TUESDAY) for _ in range(2)]


@pytest.fixture
def signed(drafts: list[TierPolicy], oscar: User) -> list[TierPolicy]:
    """Both drafts, signed off."""
    return [signed_off(draft, by=oscar, now=TUESDAY) for draft in drafts]


def test_without_the_lock_only_the_constraint_keeps_two_versions_from_being_live(
    signed: list[TierPolicy], oscar: User
) -> None:
    with without_locks(policies), meeting(publishing, "faults_of"):
        results = at_once(*(lambda d=d: publish(d, oscar) for d in signed))
    assert sorted(type(result).__name__ for result in results) == ["IntegrityError", "TierPolicy"]
    assert TierPolicy.objects.live().count() == 1


def test_with_the_lock_one_goes_live_and_the_other_is_told_to_catch_up(
    signed: list[TierPolicy], oscar: User
) -> None:
    with meeting(publishing, "faults_of"):
        results = at_once(*(lambda d=d: publish(d, oscar) for d in signed))
    assert refused_with(results) == ["TierPolicy", "superseded"]
    assert TierPolicy.objects.live().count() == 1


def test_one_draft_published_twice_at_once_is_published_once(
    signed: list[TierPolicy], oscar: User
) -> None:
    results = at_once(*[lambda: publish(signed[0], oscar)] * 2)
    assert refused_with(results) in (
        ["TierPolicy", "already_published"],
        ["TierPolicy", "superseded"],
    )
    assert TierPolicy.objects.live().get() == signed[0]


def test_drafts_begun_at_once_get_numbers_of_their_own(oscar: User) -> None:
    results = at_once(*[lambda: draft_from_live(author=oscar, now=TUESDAY)] * 4)
    assert not [result for result in results if isinstance(result, IntegrityError)]
    assert sorted(result.version for result in results) == [2, 3, 4, 5]


def change(draft: TierPolicy, by: User, seconds: int) -> PromiseTarget:
    """Change one promise as it was when both looked at it."""
    stored = read_program(TierPolicy.objects.live().get().pk).targets["enterprise"]
    seen = stored[1, "first_reply"]
    return set_target(
        policy=draft, tier="enterprise", severity=1, metric="first_reply",
        promised=replace(seen, seconds=seconds), seen=seen.fingerprint, by=by, now=TUESDAY,
    )  # fmt: skip


def test_without_the_lock_one_of_two_who_change_a_promise_overwrites_the_other_unseen(
    drafts: list[TierPolicy], oscar: User, root: User
) -> None:
    with without_locks(policies), meeting(targets, "_found"):
        results = at_once(
            lambda: change(drafts[0], oscar, 600), lambda: change(drafts[0], root, 900)
        )
    assert refused_with(results) == ["PromiseTarget", "PromiseTarget"]


def test_with_the_lock_the_later_of_two_is_told(
    drafts: list[TierPolicy], oscar: User, root: User
) -> None:
    with meeting(targets, "_found"):
        results = at_once(
            lambda: change(drafts[0], oscar, 600), lambda: change(drafts[0], root, 900)
        )
    assert refused_with(results) == ["PromiseTarget", "target_changed"]


def test_a_version_that_is_taken_back_while_it_is_published_is_one_or_the_other(
    signed: list[TierPolicy], oscar: User, root: User
) -> None:
    results = at_once(
        lambda: publish(signed[0], oscar), lambda: take_back(policy=signed[0], by=root, now=TUESDAY)
    )
    found = TierPolicy.objects.get(pk=signed[0].pk)
    outcome = refused_with(results)
    assert (found.status, outcome) in (
        ("live", ["TierPolicy", "wrong_step"]),
        ("draft", ["TierPolicy", "not_signed_off"]),
    )
    assert TierPolicy.objects.live().count() == 1


def test_two_contracts_agreed_at_once_follow_each_other(
    enterprise: Organization, oscar: User
) -> None:
    def agree(seconds: int) -> OrganizationTarget:
        return agree_custom_target(
            organization=enterprise, severity=1, metric="first_reply", target_seconds=seconds,
            floor_seconds=7200, calendar_key="business-hours", reason="x", approved_by=oscar,
            valid_from=TUESDAY, now=TUESDAY,
        )  # fmt: skip

    results = at_once(lambda: agree(600), lambda: agree(900))
    assert refused_with(results) == ["OrganizationTarget", "custom_target_overlaps"]
    assert OrganizationTarget.objects.count() == 1
