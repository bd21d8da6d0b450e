"""The policy page: the whole ladder to read, with what is live now."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.models import Organization, User
from tiers.actions import record_facts
from tiers.models import Criterion, TierPolicy, TierRule
from tiers.tests.ops_kit import main_of

Door = Callable[..., Client]


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


def rows(client: Client, version: int | None = None) -> dict[str, list[str]]:
    """Return each row of the ladder by group and label."""
    name, args = ("ops_policy_version", [version]) if version else ("ops_policy", [])
    groups = client.get(reverse(name, args=args)).context["groups"]
    return {
        f"{group.title}/{row.label}": [f"{cell.text} {cell.note}".strip() for cell in row.cells]
        for group in groups
        for row in group.rows
    }


def test_every_criterion_and_promise_is_a_row_with_a_column_per_tier(ops: Client, db: None) -> None:
    ladder = rows(ops)
    assert ladder["Who gets it/Annual contract value"] == [
        "at least USD 25,000 kept with at least USD 23,000",
        "at least USD 5,000 kept with at least USD 4,500",
        "–",
    ]
    assert ladder["Who gets it/Rule"] == ["asked first", "asked second", "everybody else"]
    assert ladder["First reply/Critical"] == [
        "1 h day and night",
        "2 h Business hours (Berlin)",
        "4 h Business hours (Berlin)",
    ]
    assert ladder["Resolution/Low"][2] == "120 h Business hours (Berlin)"
    assert ladder["What else it includes/Named people"] == [
        "Technical Account Manager, Backup",
        "Customer success",
        "–",
    ]
    assert ladder["What else it includes/Account reviews"] == ["every 91 days", "–", "–"]
    assert ladder["What else it includes/Channels"][2] == "Web, E-mail, API"


def test_the_highest_tier_comes_first_with_its_accounts_of_this_moment(
    enterprise: Organization, professional: Organization, starter: Organization,
    outside: Organization, ops: Client,
) -> None:  # fmt: skip
    shown = main_of(ops.get(reverse("ops_policy")))
    assert "E Enterprise 2 accounts now P Professional 1 account now S Starter 1 account" in shown


def test_what_happens_gently_is_said_in_words(enterprise: Organization, ops: Client) -> None:
    record_facts(organization=enterprise, values={"acv": "1"}, source="ops", now=TUESDAY)
    shown = main_of(ops.get(reverse("ops_policy")))
    assert "Down only after 60 days below the tier without a break." in shown
    assert "At most 1 tier at a time." in shown
    assert "has not confirmed for 14 days is stale" in shown
    assert "Amounts are in USD a year." in shown
    assert "1 account is in grace now" in shown
    assert "No gaps, no rule that is never reached" in shown


def second_version(status: str) -> TierPolicy:
    """Write another version whose only rule asks for two facts."""
    policy = TierPolicy.objects.create(
        version=2, name="Second", parent=TierPolicy.objects.get(), status=status,
        tier_order=["starter", "gold"],
        default_tier="starter", currency="EUR",
    )  # fmt: skip
    rule = TierRule.objects.create(policy=policy, tier="gold", precedence=1, missing="fail")
    Criterion.objects.create(rule=rule, fact="seats", op="gte", value="1000", exit_value="2000")
    Criterion.objects.create(rule=rule, fact="region", op="in", value=["EMEA", "DACH"])
    return policy


def test_another_version_is_shown_with_its_own_tiers_and_faults(ops: Client, db: None) -> None:
    second_version("draft")
    ladder = rows(ops, 2)
    assert ladder["Who gets it/Seats"] == ["at least 1,000 kept with at least 2,000", "–"]
    assert ladder["Who gets it/Region"] == ["one of EMEA, DACH", "–"]
    assert ladder["Who gets it/Rule"] == ["asked first needs all criteria", "everybody else"]
    assert ladder["Who gets it/A fact is missing"] == ["counts as not met", "–"]
    shown = main_of(ops.get(reverse("ops_policy_version", args=[2])))
    assert "keeping the tier must be easier than getting it" in shown
    assert "Draft" in shown


def test_a_draft_is_read_anew_each_time(ops: Client, db: None) -> None:
    policy = second_version("draft")
    rows(ops, 2)
    Criterion.objects.filter(rule__policy=policy, fact="seats").update(value="3000")
    assert rows(ops, 2)["Who gets it/Seats"][0].startswith("at least 3,000")


def test_an_unknown_version_is_not_found(ops: Client, db: None) -> None:
    assert ops.get(reverse("ops_policy_version", args=[99])).status_code == 404


def test_the_page_is_for_reading(ops: Client, db: None) -> None:
    assert ops.post(reverse("ops_policy")).status_code == 405


def test_the_ladder_costs_the_same_for_any_number_of_accounts(
    ops: Client, django_assert_max_num_queries: Any, enterprise: Organization
) -> None:
    ops.get(reverse("ops_policy"))
    with django_assert_max_num_queries(22):
        ops.get(reverse("ops_policy"))
