"""Two at once about one override: first what happens without the lock, then with it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from conftest import TUESDAY
from people.models import Notice, Organization, User
from people.tests.test_races import at_once, meeting, without_locks
from portal.kit.refused import Refused
from tiers.actions import (
    approve_override,
    override_days,
    overriding,
    refuse_override,
    request_override,
    tend_override,
)
from tiers.models import OverrideRequest, TierOverride

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
END = TUESDAY + timedelta(days=30)


@pytest.fixture(autouse=True)
def needs_rows_that_wait(db: None) -> None:
    """SQLite has one writer at a time: there is no race to show."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")


def ask(organization: Organization, by: User, tier: str = "enterprise") -> OverrideRequest:
    """Ask until the end of the month."""
    return request_override(
        organization=organization,
        tier=tier,
        reason="Go-live",
        by=by,
        starts=TUESDAY.date(),
        expires=END.date(),
        now=TUESDAY,
    )


@pytest.fixture
def asked(starter: Organization, agnes: User) -> OverrideRequest:
    """Agnes has asked."""
    return ask(starter, agnes)


def kinds(results: list[Any]) -> list[str]:
    """Return what came of each as a word."""
    return sorted(
        result.code if isinstance(result, Refused) else type(result).__name__ for result in results
    )


def test_without_the_lock_two_approvals_give_two_overrides(
    asked: OverrideRequest, oscar: User, root: User
) -> None:
    with without_locks(overriding), meeting(overriding, "_problems"):
        at_once(
            lambda: approve_override(request=asked, by=oscar, now=TUESDAY),
            lambda: approve_override(request=asked, by=root, now=TUESDAY),
        )
    assert TierOverride.objects.count() == 2


def test_of_two_approvals_at_once_one_counts_and_the_other_is_told(
    asked: OverrideRequest, oscar: User, root: User
) -> None:
    results = at_once(
        lambda: approve_override(request=asked, by=oscar, now=TUESDAY),
        lambda: approve_override(request=asked, by=root, now=TUESDAY),
    )
    assert kinds(results) == ["TierOverride", "already_decided"]
    assert TierOverride.objects.count() == 1


def test_an_approval_and_a_refusal_at_once_are_one_decision(
    asked: OverrideRequest, oscar: User, root: User
) -> None:
    results = at_once(
        lambda: approve_override(request=asked, by=oscar, now=TUESDAY),
        lambda: refuse_override(request=asked, by=root, note="No", now=TUESDAY),
    )
    asked.refresh_from_db()
    assert "already_decided" in kinds(results)
    assert TierOverride.objects.count() == (asked.status == "approved")


def test_without_the_lock_only_the_constraint_keeps_two_from_asking_at_once(
    starter: Organization, agnes: User, lena: User
) -> None:
    with without_locks(overriding), meeting(overriding, "_problems"):
        results = at_once(
            lambda: ask(starter, agnes), lambda: ask(starter, lena, tier="professional")
        )
    assert any(isinstance(result, IntegrityError) for result in results)


def test_of_two_who_ask_at_once_one_asks_and_the_other_is_told(
    starter: Organization, agnes: User, lena: User
) -> None:
    results = at_once(lambda: ask(starter, agnes), lambda: ask(starter, lena, tier="professional"))
    assert kinds(results) == ["OverrideRequest", "already_asked"]


def test_asking_twice_at_once_is_asking_once(starter: Organization, agnes: User) -> None:
    results = at_once(lambda: ask(starter, agnes), lambda: ask(starter, agnes))
    assert len({result.pk for result in results}) == 1


def test_two_workers_at_once_end_an_override_once(asked: OverrideRequest, oscar: User) -> None:
    given = approve_override(request=asked, by=oscar, now=TUESDAY)
    with meeting(override_days, "_locked"):
        results = at_once(
            *(lambda: tend_override(kind="lapse", pk=given.pk, now=END) for _worker in range(2))
        )
    assert sorted(results) == [False, True]
    assert Notice.objects.filter(kind="override_lapsed").count() == 2
