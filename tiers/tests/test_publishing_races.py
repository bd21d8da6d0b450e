"""Two people publish at once: first what happens without the lock, then that it does not."""

from typing import Any

import pytest
from django.db import IntegrityError, connection

from conftest import TUESDAY
from people.models import User
from people.tests.test_races import at_once, meeting, without_locks
from portal.kit.refused import Refused
from tiers.actions import draft_from_live, policies, publish_policy, publishing
from tiers.models import TierPolicy

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


def test_without_the_lock_only_the_constraint_keeps_two_versions_from_being_live(
    drafts: list[TierPolicy], oscar: User
) -> None:
    with without_locks(policies), meeting(publishing, "faults_of"):
        results = at_once(*(lambda d=d: publish(d, oscar) for d in drafts))
    assert sorted(type(result).__name__ for result in results) == ["IntegrityError", "TierPolicy"]
    assert TierPolicy.objects.live().count() == 1


def test_with_the_lock_one_goes_live_and_the_other_is_told_to_catch_up(
    drafts: list[TierPolicy], oscar: User
) -> None:
    with meeting(publishing, "faults_of"):
        results = at_once(*(lambda d=d: publish(d, oscar) for d in drafts))
    assert refused_with(results) == ["TierPolicy", "superseded"]
    assert TierPolicy.objects.live().count() == 1


def test_one_draft_published_twice_at_once_is_published_once(
    drafts: list[TierPolicy], oscar: User
) -> None:
    results = at_once(*[lambda: publish(drafts[0], oscar)] * 2)
    assert refused_with(results) in (["TierPolicy", "not_a_draft"], ["TierPolicy", "superseded"])
    assert TierPolicy.objects.live().get() == drafts[0]


def test_drafts_begun_at_once_get_numbers_of_their_own(oscar: User) -> None:
    results = at_once(*[lambda: draft_from_live(author=oscar, now=TUESDAY)] * 4)
    assert not [result for result in results if isinstance(result, IntegrityError)]
    assert sorted(result.version for result in results) == [2, 3, 4, 5]
