"""Overrides on the ops pages: whoever is logged in asks, somebody else decides."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import TUESDAY
from people.actions import create_organization
from people.models import Organization, User
from tiers.actions import approve_override, record_facts, request_override
from tiers.models import OverrideRequest, TierAssignment, TierOverride
from tiers.tests.ops_kit import main_of, words_of

Door = Callable[..., Client]


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


@pytest.fixture
def admin(root: User, at_door: Door) -> Client:
    """Ruth's browser."""
    return at_door(root)


@pytest.fixture(autouse=True)
def today(time_machine: Any) -> Any:
    """A Tuesday."""
    time_machine.move_to(TUESDAY, tick=False)
    return time_machine


def ask(client: Client, organization: Organization, **changes: Any) -> Any:
    """Fill the form with a complete request, changed in parts, and send it."""
    values = {
        "tier": "enterprise",
        "starts": "2026-03-10",
        "expires": "2026-03-31",
        "reason": "Go-live of the second site",
        **changes,
    }
    address = reverse("ops_override", args=[organization.public_id])
    return client.post(address, values, follow=True)


def decide(client: Client, verb: str, request: OverrideRequest, **values: str) -> Any:
    """Send the approval or refusal of a request."""
    return client.post(reverse(f"ops_override_{verb}", args=[request.pk]), values, follow=True)


@pytest.fixture
def asked(starter: Organization, agnes: User) -> OverrideRequest:
    """Agnes, an agent, has asked for Enterprise until the end of March."""
    return request_override(
        organization=starter,
        tier="enterprise",
        reason="Go-live of the second site",
        by=agnes,
        starts=TUESDAY.date(),
        expires=TUESDAY.date() + timedelta(days=21),
        now=TUESDAY,
    )


def test_who_asks_cannot_decide_and_somebody_else_can(
    starter: Organization, ops: Client, admin: Client, oscar: User, root: User
) -> None:
    response = ask(ops, starter)
    assert "It counts once somebody else has approved it." in words_of(response)
    shown = main_of(response)
    assert "You asked for this, so somebody else in ops has to decide." in shown
    request = OverrideRequest.objects.get()
    assert "Somebody else has to decide" in words_of(decide(ops, "approve", request))
    assert not TierOverride.objects.exists()

    page = main_of(admin.get(reverse("ops_override_request", args=[request.pk])))
    assert "S Starter to E Enterprise from 10 Mar 2026, by the facts of today" in page
    response = decide(admin, "approve", request)
    given = TierOverride.objects.get()
    assert (given.requested_by, given.approved_by) == (oscar, root)
    assert "Stella Storage is Enterprise by override now." in words_of(response)
    shown = main_of(response)
    assert "Why Enterprise An override sets Enterprise; it ends on 31 Mar 2026." in shown
    assert "Without the override it would be Starter." in shown
    assert "Asked for by Oscar Ops, approved by Ruth Root." in shown
    assert "Enterprise counts now Go-live of the second site" in shown
    assert "Reminder on 20 Mar 2026." in shown


def test_an_override_that_starts_later_says_so_and_changes_nothing_yet(
    starter: Organization, ops: Client, admin: Client
) -> None:
    ask(ops, starter, starts="2026-03-20")
    response = decide(admin, "approve", OverrideRequest.objects.get())
    assert "will be Enterprise from the day the override starts" in words_of(response)
    assert "to come" in main_of(response)
    assert TierAssignment.objects.open().get(organization=starter).tier == "starter"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"expires": ""}, "expires"),
        ({"expires": "2026-03-10"}, "expires"),
        ({"starts": "2026-01-01", "expires": "2026-02-01"}, "expires"),
        ({"reminder_on": "2026-04-01"}, "reminder_on"),
        ({"tier": "platinum"}, "tier"),
    ],
)
def test_what_is_missing_or_wrong_is_told_beside_its_field(
    changes: dict[str, str], field: str, starter: Organization, ops: Client
) -> None:
    response = ask(ops, starter, **changes)
    assert field in response.context["form"].errors
    assert not OverrideRequest.objects.exists()


def test_a_tier_below_the_contract_is_told_beside_the_tier(
    starter: Organization, ops: Client
) -> None:
    signed = {"contract_floor": "enterprise"}
    record_facts(organization=starter, values=signed, source="ops", now=TUESDAY)
    response = ask(ops, starter, tier="professional")
    assert "The contract guarantees at least Enterprise" in str(
        response.context["form"].errors["tier"]
    )


def test_the_second_request_is_told_whose_is_first(
    asked: OverrideRequest, starter: Organization, ops: Client
) -> None:
    assert "Agnes Agent has asked for Stella Storage already." in words_of(ask(ops, starter))


def test_the_list_shows_what_waits_what_counts_and_what_was_decided(
    asked: OverrideRequest, professional: Organization, ops: Client, admin: Client
) -> None:
    shown = main_of(ops.get(reverse("ops_overrides")))
    assert "To decide 1 Stella Storage E Enterprise Go-live of the second site" in shown
    assert "No account has its tier by override." in shown
    decide(ops, "approve", asked)
    shown = main_of(ops.get(reverse("ops_overrides")))
    assert "Nothing waits for a decision." in shown
    assert "Stella Storage E Enterprise 31 Mar 2026 21 days left 20 Mar 2026" in shown
    assert "approved asked for by Agnes Agent, decided by Oscar Ops" in shown


def test_the_list_costs_the_same_however_much_waits_and_counts(
    ops: Client, agnes: User, lena: User, root: User
) -> None:
    address = reverse("ops_overrides")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            ops.get(address)
        return len(queries)

    def fill(names: str) -> None:
        for name in names:
            organization = create_organization(name=name)
            for give in (True, False):
                request = request_override(
                    organization=organization, tier="enterprise", reason="Go-live", by=agnes,
                    starts=TUESDAY.date(), expires=TUESDAY.date() + timedelta(days=9), now=TUESDAY,
                )  # fmt: skip
                if give:
                    approve_override(request=request, by=root, now=TUESDAY)

    fill("A")
    ops.get(address)
    few = cost()
    fill("BCDEFG")
    assert cost() == few


def test_the_ops_home_says_how_many_wait(asked: OverrideRequest, ops: Client) -> None:
    shown = words_of(ops.get(reverse("wagtailadmin_home")))
    assert "1 override to decide Stella Storage Go-live of the second site" in shown


def test_a_refusal_needs_a_reason_and_is_shown_at_the_account(
    asked: OverrideRequest, starter: Organization, ops: Client
) -> None:
    response = decide(ops, "refuse", asked, note="")
    assert response.status_code == 422
    assert "note" in response.context["form"].errors
    response = decide(ops, "refuse", asked, note="The renewal is next week")
    assert "The request was refused; Agnes Agent is told." in words_of(response)
    page = main_of(ops.get(reverse("ops_organization", args=[starter.public_id])))
    assert "“The renewal is next week”" in page
    assert not TierOverride.objects.exists()


def test_a_request_below_a_contract_signed_since_has_no_button_to_approve(
    starter: Organization, agnes: User, ops: Client
) -> None:
    request = request_override(
        organization=starter, tier="professional", reason="Bridge", by=agnes,
        starts=TUESDAY.date(), expires=TUESDAY.date() + timedelta(days=9), now=TUESDAY,
    )  # fmt: skip
    signed = {"contract_floor": "enterprise"}
    record_facts(organization=starter, values=signed, source="ops", now=TUESDAY)
    response = ops.get(reverse("ops_override_request", args=[request.pk]))
    assert "The contract guarantees at least Enterprise" in main_of(response)
    approve = reverse("ops_override_approve", args=[request.pk])
    assert approve not in response.content.decode()


def test_a_request_whose_days_are_over_says_so(
    asked: OverrideRequest, oscar: User, at_door: Door, today: Any
) -> None:
    today.shift(timedelta(days=21))
    ops = at_door(oscar)
    shown = main_of(ops.get(reverse("ops_override_request", args=[asked.pk])))
    assert "The days that were asked for are over. Somebody has to ask again." in shown
    assert "are over" in words_of(decide(ops, "approve", asked))
    assert not TierOverride.objects.exists()


def test_an_own_request_is_taken_back(starter: Organization, ops: Client, admin: Client) -> None:
    ask(ops, starter)
    request = OverrideRequest.objects.get()
    address = reverse("ops_override_request_withdraw", args=[request.pk])
    assert "Only who asked" in words_of(admin.post(address, follow=True))
    assert "Your request was taken back." in words_of(ops.post(address, follow=True))
    request.refresh_from_db()
    assert request.status == "withdrawn"


def test_an_extension_is_a_request_of_its_own(
    asked: OverrideRequest, starter: Organization, ops: Client, admin: Client
) -> None:
    decide(ops, "approve", asked)
    given = TierOverride.objects.get()
    address = reverse("ops_override_extend", args=[starter.public_id, given.pk])
    assert "Enterprise is lent until 31 Mar 2026." in main_of(ops.get(address))
    response = ops.post(address, {"expires": "2026-03-31", "reason": "Later"})
    assert "expires" in response.context["form"].errors
    ops.post(address, {"expires": "2026-04-30", "reason": "The go-live moved"})
    request = OverrideRequest.objects.pending().get()
    assert (request.extends, request.starts) == (given, given.expires)
    page = main_of(admin.get(reverse("ops_organization", args=[starter.public_id])))
    assert "extension The go-live moved" in page
    decide(admin, "approve", request)
    assert TierOverride.objects.count() == 2


def test_an_override_is_taken_back_and_the_account_returns(
    asked: OverrideRequest, starter: Organization, ops: Client, today: Any
) -> None:
    decide(ops, "approve", asked)
    given = TierOverride.objects.get()
    today.shift(3600)
    address = reverse("ops_override_withdraw", args=[starter.public_id, given.pk])
    response = ops.post(address, follow=True)
    assert "The override was taken back. Stella Storage is Starter." in words_of(response)
    assert "taken back" in main_of(response)
    assert "Take back" not in main_of(response)
    given.refresh_from_db()
    assert given.withdrawn_at == TUESDAY + timedelta(hours=1)


def test_nothing_is_changed_by_following_a_link(
    asked: OverrideRequest, starter: Organization, ops: Client
) -> None:
    for verb in ("approve", "refuse", "request_withdraw"):
        assert ops.get(reverse(f"ops_override_{verb}", args=[asked.pk])).status_code == 405
    decide(ops, "approve", asked)
    given = TierOverride.objects.get()
    address = reverse("ops_override_withdraw", args=[starter.public_id, given.pk])
    assert ops.get(address).status_code == 405
    given.refresh_from_db()
    assert given.withdrawn_at is None


def test_an_override_is_only_touched_through_its_own_organization(
    asked: OverrideRequest, outside: Organization, ops: Client
) -> None:
    decide(ops, "approve", asked)
    given = TierOverride.objects.get()
    for verb in ("withdraw", "extend"):
        address = reverse(f"ops_override_{verb}", args=[outside.public_id, given.pk])
        assert ops.post(address).status_code == 404


@pytest.mark.parametrize("person", ["agnes", "lena", "stella", "olga"])
def test_only_ops_open_and_decide(
    person: str, asked: OverrideRequest, at_door: Door, request: pytest.FixtureRequest
) -> None:
    client = at_door(request.getfixturevalue(person))
    for name in ("ops_override_request", "ops_override_approve", "ops_override_refuse"):
        address = reverse(name, args=[asked.pk])
        for answer in (client.get(address), client.post(address, {"note": "No"})):
            assert answer.status_code in {302, 403}
    asked.refresh_from_db()
    assert asked.is_pending
    assert not TierOverride.objects.exists()
