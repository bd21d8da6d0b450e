"""The directory of organizations: who may look, what is found, and at what cost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import TUESDAY
from people.actions import add_domain, create_organization
from people.models import Organization, User
from people.viewers import viewer_of
from tiers.actions import give_override, record_facts
from tiers.directory import IN_GRACE, NO_TIER, count_standings, find_organizations
from tiers.models import TierAssignment
from tiers.tests.ops_kit import main_of, organizations, words_of

Door = Callable[..., Client]


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


def names(ops_user: User, **asked: Any) -> list[str]:
    """Return the names on one page of the directory."""
    return [row.name for row in find_organizations(viewer_of(ops_user), **asked).rows]


@pytest.mark.parametrize("actor", ["ada", "stella", "agnes", "lena"])
@pytest.mark.parametrize(
    "name", ["ops_organizations", "ops_organization_new", "ops_policy", "wagtailadmin_home"]
)
def test_nobody_but_operations_sees_an_ops_page(
    actor: str, name: str, db: None, at_door: Door, request: pytest.FixtureRequest
) -> None:
    response = at_door(request.getfixturevalue(actor)).get(reverse(name))
    assert response.status_code == 302
    assert response["Location"].startswith("/ops/login/")


def test_a_stranger_is_sent_to_the_login_that_knows_second_factors(db: None, at_door: Door) -> None:
    response = at_door(None).get(reverse("ops_organizations"))
    door = at_door(None).get(response["Location"])
    assert door["Location"].startswith(reverse("account_login"))


def test_a_customer_cannot_open_an_organization_in_ops_nor_change_it(
    ada: User, enterprise: Organization, at_door: Door
) -> None:
    client = at_door(ada)
    for name in ("ops_organization", "ops_facts", "ops_override"):
        assert client.get(reverse(name, args=[enterprise.public_id])).status_code == 302
    client.post(
        reverse("ops_facts", args=[enterprise.public_id]),
        {"acv": "1", "initial-acv": "60000", "note": "mine"},
    )
    assert enterprise.facts.count() == 1


def test_the_directory_shows_name_tier_and_what_decided_it(
    enterprise: Organization, starter: Organization, ops: Client
) -> None:
    shown = main_of(ops.get(reverse("ops_organizations")))
    assert "Analytical Engines E Enterprise criteria USD 60,000" in shown
    assert "Stella Storage S Starter criteria USD 900" in shown
    assert "All 2" in shown
    assert "Enterprise 1" in shown


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ana", ["Analytical Engines"]),
        ("ANALYTICAL E", ["Analytical Engines"]),
        ("engines", []),
        ("", ["Analytical Engines", "Paul's Pallets", "Stella Storage", "Ørsted"]),
        ("Ør", ["Ørsted"]),
        ("crm-7", ["Paul's Pallets"]),
        ("storage.example", ["Stella Storage"]),
        ("@storage.example", ["Stella Storage"]),
        ("%", []),
        ("_", []),
    ],
)
def test_an_organization_is_found_by_the_start_of_its_name_its_domain_or_its_crm_id(
    query: str,
    found: list[str],
    enterprise: Organization,
    professional: Organization,
    starter: Organization,
    oscar: User,
) -> None:
    create_organization(name="Ørsted")
    Organization.objects.filter(pk=professional.pk).update(external_id="crm-7")
    add_domain(organization=starter, domain="storage.example")
    assert names(oscar, query=query) == found


def test_the_filter_asks_for_a_tier_or_a_special_standing(
    enterprise: Organization, professional: Organization, starter: Organization, oscar: User,
    lena: User,
) -> None:  # fmt: skip
    create_organization(name="Brand new")
    record_facts(organization=enterprise, values={"acv": "100"}, source="ops", now=TUESDAY)
    give_override(
        organization=starter, tier="professional", reason="Bridge", requested_by=lena,
        approved_by=oscar, starts=TUESDAY.date(), expires=TUESDAY.date() + timedelta(days=9),
        now=TUESDAY,
    )  # fmt: skip
    assert names(oscar, standing="enterprise") == ["Analytical Engines"]
    assert names(oscar, standing="professional") == ["Paul's Pallets", "Stella Storage"]
    assert names(oscar, standing=IN_GRACE) == ["Analytical Engines"]
    assert names(oscar, standing="override") == ["Stella Storage"]
    assert names(oscar, standing=NO_TIER) == ["Brand new"]
    assert names(oscar, standing="no such tier") == []
    counts = count_standings(viewer_of(oscar))
    assert (counts["enterprise"], counts["professional"], counts[IN_GRACE]) == (1, 2, 1)
    assert counts[NO_TIER] == 1


def test_the_pages_together_are_the_whole_directory_in_order(oscar: User) -> None:
    for name in ("beta", "Alpha", "alpha", "Beta", "Gamma", "ALPHA", "delta"):
        create_organization(name=name)
    seen: list[str] = []
    cursor = ""
    while True:
        page = find_organizations(viewer_of(oscar), cursor=cursor, limit=2)
        seen += [row.name for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            break
    assert [name.lower() for name in seen] == [
        "alpha", "alpha", "alpha", "beta", "beta", "delta", "gamma",
    ]  # fmt: skip
    assert sorted(seen) == sorted(Organization.objects.values_list("name", flat=True))


@pytest.mark.parametrize("cursor", ["nonsense", "", "WzEsMl0", "eyJhIjoxfQ", "é"])
def test_a_cursor_that_cannot_be_read_shows_the_first_page(
    cursor: str, enterprise: Organization, ops: Client
) -> None:
    response = ops.get(reverse("ops_organizations"), {"after": cursor})
    assert "Analytical Engines" in main_of(response)


def test_the_directory_costs_the_same_with_many_organizations(ops: Client, db: None) -> None:
    costs = []
    for more in (5, 60):
        organizations(more, TUESDAY, acv="6000", contract_renewal="2026-12-31")
        ops.get(reverse("ops_organizations"))
        with CaptureQueriesContext(connection) as queries:
            ops.get(reverse("ops_organizations"))
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert costs[0] <= 12


def test_a_full_page_links_to_the_next_one(ops: Client, db: None) -> None:
    organizations(51, TUESDAY, acv="6000")
    response = ops.get(reverse("ops_organizations"))
    assert "Company 0049" in main_of(response)
    assert "Company 0050" not in main_of(response)
    following = ops.get(
        reverse("ops_organizations"), {"after": response.context["page"].next_cursor}
    )
    assert "Company 0050" in main_of(following)
    assert "Next page" not in main_of(following)


def test_nothing_found_says_what_to_do(enterprise: Organization, ops: Client) -> None:
    shown = main_of(ops.get(reverse("ops_organizations"), {"q": "zzz"}))
    assert "No organization matches" in shown
    assert "Show all" in shown


def test_a_name_is_shown_as_text_never_as_markup(ops: Client, db: None) -> None:
    create_organization(name="<b>Bold</b> & Sons")
    markup = ops.get(reverse("ops_organizations")).content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; Sons" in markup


def test_a_new_organization_has_the_default_tier_at_once(ops: Client, db: None) -> None:
    response = ops.post(
        reverse("ops_organization_new"),
        {"name": " Fresh Fish ", "external_id": "CRM-1", "joins_by_domain": "on"},
        follow=True,
    )
    made = Organization.objects.get()
    assert (made.name, made.external_id, made.joins_by_domain) == ("Fresh Fish", "CRM-1", True)
    assert TierAssignment.objects.open().get(organization=made).tier == "starter"
    assert "Fresh Fish was added" in words_of(response)
    assert "Why Starter" in main_of(response)


def test_two_organizations_cannot_have_one_crm_id(ops: Client, enterprise: Organization) -> None:
    Organization.objects.filter(pk=enterprise.pk).update(external_id="CRM-1")
    response = ops.post(reverse("ops_organization_new"), {"name": "Twin", "external_id": "CRM-1"})
    assert "Analytical Engines has this id already." in main_of(response)
    assert Organization.objects.count() == 1


def test_an_organization_without_a_name_is_not_added(ops: Client, db: None) -> None:
    response = ops.post(reverse("ops_organization_new"), {"name": "   "})
    assert response.status_code == 200
    assert not Organization.objects.exists()
