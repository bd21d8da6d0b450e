"""Overrides: reason, a second pair of eyes and an end are mandatory, in the database too."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from conftest import TUESDAY
from people.models import Organization, User
from portal.kit.refused import InvalidInput, NotPermitted
from tiers.actions import evaluate_organization, give_override, withdraw_override
from tiers.models import TierAssignment, TierOverride

DAY = timedelta(days=1)


@pytest.fixture
def asked(starter: Organization, lena: User, oscar: User) -> dict[str, Any]:
    """A complete request that Lena made and Oscar approves."""
    return {
        "organization": starter,
        "tier": "professional",
        "reason": "Bridge until the contract is signed",
        "requested_by": lena,
        "approved_by": oscar,
        "starts": TUESDAY.date(),
        "expires": date(2026, 3, 31),
        "now": TUESDAY,
    }


def held(organization: Organization) -> tuple[str, str]:
    """Return tier and source in force."""
    row = TierAssignment.objects.open().get(organization=organization)
    return row.tier, row.source


def test_an_override_counts_from_its_first_day(asked: dict[str, Any]) -> None:
    give_override(**asked | {"starts": date(2026, 3, 12)})
    assert held(asked["organization"]) == ("starter", "criteria")
    evaluate_organization(organization=asked["organization"], now=TUESDAY + 2 * DAY)
    assert held(asked["organization"]) == ("professional", "override")


def test_the_end_day_no_longer_counts(asked: dict[str, Any]) -> None:
    give_override(**asked | {"expires": date(2026, 3, 12)})
    evaluate_organization(organization=asked["organization"], now=TUESDAY + DAY)
    assert held(asked["organization"]) == ("professional", "override")
    evaluate_organization(organization=asked["organization"], now=TUESDAY + 2 * DAY)
    assert held(asked["organization"]) == ("starter", "criteria")


def test_nobody_approves_their_own_request(asked: dict[str, Any], oscar: User) -> None:
    with pytest.raises(NotPermitted) as refused:
        give_override(**asked | {"requested_by": oscar})
    assert refused.value.code == "four_eyes"
    assert not TierOverride.objects.exists()


def test_the_database_refuses_one_pair_of_eyes_too(asked: dict[str, Any], oscar: User) -> None:
    row = {name: value for name, value in asked.items() if name not in {"now", "requested_by"}}
    with pytest.raises(IntegrityError), transaction.atomic():
        TierOverride.objects.create(**row, requested_by=oscar)


@pytest.mark.parametrize("role", ["agent", "lead", ""])
def test_only_ops_approve(role: str, asked: dict[str, Any], agnes: User) -> None:
    User.objects.filter(pk=agnes.pk).update(staff_role=role)
    agnes.refresh_from_db()
    with pytest.raises(NotPermitted) as refused:
        give_override(**asked | {"approved_by": agnes})
    assert refused.value.code == "not_ops"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tier", "platinum"),
        ("reason", "   "),
        ("reason", "x" * 301),
        ("expires", TUESDAY.date()),
        ("expires", date(2026, 3, 1)),
    ],
)
def test_a_request_that_cannot_stand_names_the_field(
    field: str, value: object, asked: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        give_override(**asked | {field: value})
    assert list(refused.value.fields) == [field]
    assert not TierOverride.objects.exists()


def test_an_override_that_is_over_before_it_is_given_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        give_override(**asked | {"starts": date(2026, 1, 1), "expires": TUESDAY.date()})
    assert list(refused.value.fields) == ["expires"]


def test_a_customer_cannot_ask_for_an_override(asked: dict[str, Any], stella: User) -> None:
    with pytest.raises(NotPermitted) as refused:
        give_override(**asked | {"requested_by": stella})
    assert refused.value.code == "not_staff"


def test_taking_an_override_back_returns_the_account_and_is_harmless_twice(
    asked: dict[str, Any], oscar: User
) -> None:
    override = give_override(**asked)
    for minutes in (1, 2):
        withdraw_override(override=override, by=oscar, now=TUESDAY + timedelta(minutes=minutes))
    override.refresh_from_db()
    assert held(asked["organization"]) == ("starter", "criteria")
    assert override.withdrawn_at == TUESDAY + timedelta(minutes=1)


def test_an_agent_cannot_take_an_override_back(asked: dict[str, Any], agnes: User) -> None:
    override = give_override(**asked)
    with pytest.raises(NotPermitted):
        withdraw_override(override=override, by=agnes, now=TUESDAY)
    assert held(asked["organization"]) == ("professional", "override")
