"""Two people review at once: first what happens without the lock, then that it does not."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from conftest import TUESDAY
from people.models import User
from people.tests.test_races import at_once, meeting, without_locks
from portal.kit.refused import Refused
from tiers.actions import (
    ask_for_review,
    draft_from_live,
    policies,
    reviewing,
    save_criteria,
    sign_off,
    take_back,
)
from tiers.models import PolicySignOff, TierPolicy
from tiers.policy_content import criteria_fingerprint
from tiers.program import read_program
from tiers.tests.review_kit import second_person

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def needs_rows_that_wait(db: None) -> None:
    """SQLite has one writer at a time: there is no race to show."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")


@pytest.fixture
def asked(oscar: User) -> TierPolicy:
    """Oscar's draft, under review."""
    draft = draft_from_live(author=oscar, now=TUESDAY)
    return ask_for_review(policy=draft, change_note="Why", by=oscar, now=TUESDAY)


def outcome(results: list[Any]) -> list[str]:
    """Return what came of each as a word."""
    return sorted(
        result.code if isinstance(result, Refused) else type(result).__name__ for result in results
    )


def sign(policy: TierPolicy, by: User) -> PolicySignOff:
    """Sign a version off as it was read a while ago."""
    return sign_off(policy=policy, seen=policy.content_hash, by=by, now=TUESDAY)


def change(policy: TierPolicy, by: User, days: int) -> TierPolicy:
    """Take a version back and change its grace."""
    take_back(policy=policy, by=by, now=TUESDAY)
    rules = read_program(policy.pk).rules
    return save_criteria(
        policy=policy, criteria=replace(rules, demote_grace_days=days), by=by, now=TUESDAY,
        seen=criteria_fingerprint(policy),
    )  # fmt: skip


def test_without_the_lock_only_the_constraint_keeps_two_from_signing(
    asked: TierPolicy, root: User
) -> None:
    third = second_person()
    with without_locks(policies), meeting(reviewing, "content_fingerprint"):
        results = at_once(lambda: sign(asked, root), lambda: sign(asked, third))
    assert outcome(results) == ["IntegrityError", "PolicySignOff"]


def test_with_the_lock_the_later_signer_is_told(asked: TierPolicy, root: User) -> None:
    third = second_person()
    with meeting(reviewing, "content_fingerprint"):
        results = at_once(lambda: sign(asked, root), lambda: sign(asked, third))
    assert outcome(results) == ["PolicySignOff", "already_signed_off"]
    assert PolicySignOff.objects.count() == 1


def test_a_version_that_is_changed_while_it_is_signed_bears_no_signature(
    asked: TierPolicy, oscar: User, root: User
) -> None:
    results = at_once(lambda: sign(asked, root), lambda: change(asked, oscar, 30))
    found = TierPolicy.objects.get(pk=asked.pk)
    assert (found.status, found.demote_grace_days) == ("draft", 30)
    assert not PolicySignOff.objects.standing().exists()
    assert outcome(results) in (["PolicySignOff", "TierPolicy"], ["TierPolicy", "wrong_step"])


def test_of_two_who_save_criteria_at_once_the_later_is_told(oscar: User, root: User) -> None:
    draft = draft_from_live(author=oscar, now=TUESDAY)
    rules, seen = read_program(draft.pk).rules, criteria_fingerprint(draft)

    def save(by: User, days: int) -> TierPolicy:
        return save_criteria(
            policy=draft, criteria=replace(rules, demote_grace_days=days), seen=seen, by=by,
            now=TUESDAY,
        )  # fmt: skip

    results = at_once(lambda: save(oscar, 30), lambda: save(root, 40))
    assert outcome(results) == ["TierPolicy", "criteria_changed"]
    assert draft.edits.filter(what="criteria").count() == 1
