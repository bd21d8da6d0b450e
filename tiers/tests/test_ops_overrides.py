"""Overrides by hand: whoever asks is named, whoever is logged in approves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.models import Organization, User
from tiers.models import TierAssignment, TierOverride
from tiers.tests.ops_kit import main_of, words_of

Door = Callable[..., Client]


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


@pytest.fixture(autouse=True)
def today(time_machine: Any) -> Any:
    """A Tuesday."""
    time_machine.move_to(TUESDAY, tick=False)
    return time_machine


def send(client: Client, organization: Organization, asker: User, **changes: Any) -> Any:
    """Fill the form with a complete request, changed in parts, and send it."""
    values = {
        "tier": "enterprise",
        "requested_by": asker.pk,
        "starts": "2026-03-10",
        "expires": "2026-03-31",
        "reason": "Go-live of the second site",
        **changes,
    }
    address = reverse("ops_override", args=[organization.public_id])
    return client.post(address, values, follow=True)


def test_an_approved_override_counts_at_once_and_keeps_both_names(
    starter: Organization, lena: User, oscar: User, ops: Client
) -> None:
    response = send(ops, starter, lena)
    given = TierOverride.objects.get()
    assert (given.requested_by, given.approved_by) == (lena, oscar)
    assert "Stella Storage is Enterprise by override now." in words_of(response)
    shown = main_of(response)
    assert "Why Enterprise An override sets Enterprise; it ends on 31 Mar 2026." in shown
    assert "Without the override it would be Starter." in shown
    assert "Asked for by Lena Lead, approved by Oscar Ops." in shown
    assert "Enterprise counts now Go-live of the second site" in shown


def test_an_override_that_starts_later_says_so_and_changes_nothing_yet(
    starter: Organization, lena: User, ops: Client
) -> None:
    response = send(ops, starter, lena, starts="2026-03-20")
    assert "will be Enterprise from the day the override starts" in words_of(response)
    assert "to come" in main_of(response)
    assert TierAssignment.objects.open().get(organization=starter).tier == "starter"


def test_nobody_can_name_themselves_as_the_one_who_asks(
    starter: Organization, oscar: User, ops: Client
) -> None:
    response = send(ops, starter, oscar)
    assert "requested_by" in response.context["form"].errors
    assert not TierOverride.objects.exists()


def test_a_customer_cannot_be_named_as_the_one_who_asks(
    starter: Organization, stella: User, ops: Client
) -> None:
    response = send(ops, starter, stella)
    assert "requested_by" in response.context["form"].errors


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"expires": ""}, "expires"),
        ({"expires": "2026-03-10"}, "expires"),
        ({"starts": "2026-01-01", "expires": "2026-02-01"}, "expires"),
        ({"tier": "platinum"}, "tier"),
    ],
)
def test_what_is_missing_or_wrong_is_told_beside_its_field(
    changes: dict[str, str], field: str, starter: Organization, lena: User, ops: Client
) -> None:
    response = send(ops, starter, lena, **changes)
    assert field in response.context["form"].errors
    assert not TierOverride.objects.exists()


def test_an_override_is_taken_back_and_the_account_returns(
    starter: Organization, lena: User, ops: Client, today: Any
) -> None:
    send(ops, starter, lena)
    given = TierOverride.objects.get()
    today.shift(3600)
    address = reverse("ops_override_withdraw", args=[starter.public_id, given.pk])
    response = ops.post(address, follow=True)
    assert "The override was taken back. Stella Storage is Starter." in words_of(response)
    assert "taken back" in main_of(response)
    assert "Take back" not in main_of(response)
    given.refresh_from_db()
    assert given.withdrawn_at == TUESDAY + timedelta(hours=1)


def test_an_override_is_not_taken_back_by_following_a_link(
    starter: Organization, lena: User, ops: Client
) -> None:
    send(ops, starter, lena)
    given = TierOverride.objects.get()
    address = reverse("ops_override_withdraw", args=[starter.public_id, given.pk])
    assert ops.get(address).status_code == 405
    given.refresh_from_db()
    assert given.withdrawn_at is None


def test_an_override_is_only_taken_back_through_its_own_organization(
    starter: Organization, outside: Organization, lena: User, ops: Client
) -> None:
    send(ops, starter, lena)
    given = TierOverride.objects.get()
    address = reverse("ops_override_withdraw", args=[outside.public_id, given.pk])
    assert ops.post(address).status_code == 404


def test_the_form_says_who_approves(starter: Organization, lena: User, ops: Client) -> None:
    shown = main_of(ops.get(reverse("ops_override", args=[starter.public_id])))
    assert "Approved by you, Oscar Ops, with this button." in shown
    assert "Lena Lead (Lead)" in shown
    assert "Oscar Ops (Ops)" not in shown
