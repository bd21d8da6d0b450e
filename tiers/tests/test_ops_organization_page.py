"""One organization's page: why this tier comes first, and everything has a source."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import TUESDAY
from people.actions import add_domain, create_organization, give_membership, verify_domain
from people.models import Membership, Organization, OrganizationDomain, User
from tiers.actions import draft_from_live, evaluate_organization, record_facts
from tiers.models import Calendar, OrganizationTarget, TierAssignment
from tiers.tests.ops_kit import main_of, words_of
from tiers.tests.policy_kit import put_in_force

Door = Callable[..., Client]
DAY = timedelta(days=1)


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


@pytest.fixture(autouse=True)
def today(time_machine: Any) -> Any:
    """A Wednesday, the day after the facts were recorded."""
    time_machine.move_to(TUESDAY + DAY, tick=False)
    return time_machine


def page(client: Client, organization: Organization) -> str:
    """Return the words of an organization's page."""
    return main_of(client.get(reverse("ops_organization", args=[organization.public_id])))


def test_why_this_tier_comes_before_everything_else(
    professional: Organization, ops: Client
) -> None:
    shown = page(ops, professional)
    assert shown.index("Why Professional") < shown.index("Facts")
    assert "ACV is USD 12,000; keeping Professional needs at least USD 4,500." in shown
    assert "Professional since 10 Mar 2026" in shown
    assert "decided by criteria" in shown


def test_the_page_says_what_would_change_the_tier(professional: Organization, ops: Client) -> None:
    shown = page(ops, professional)
    assert "ACV of at least USD 25,000 would make it Enterprise." in shown
    assert "ACV below USD 4,500 would lower it to Starter from 10 May 2026." in shown


def test_every_rule_shows_how_it_was_judged(professional: Organization, ops: Client) -> None:
    shown = page(ops, professional)
    assert "How the 2 rules were judged" in shown
    assert (
        "Annual contract value: at least USD 25,000 to get in; keeping it takes at least "
        "USD 23,000 USD 12,000 Ops not met" in shown
    )
    assert (
        "decides Annual contract value: at least USD 4,500 to keep the tier; getting in takes "
        "at least USD 5,000 USD 12,000 Ops met" in shown
    )
    assert "Starter everybody whom no rule applies to" in shown


def test_an_account_in_grace_is_told_its_last_day_and_how_many_are_left(
    enterprise: Organization, ops: Client, today: Any
) -> None:
    record_facts(organization=enterprise, values={"acv": "8000"}, source="ops", now=TUESDAY)
    today.move_to(TUESDAY + 10 * DAY, tick=False)
    shown = page(ops, enterprise)
    assert "Enterprise is kept until 9 May 2026: 50 days are left" in shown
    assert "grace period" in shown


def test_the_page_says_when_the_stored_answer_is_behind_and_evaluates_on_demand(
    enterprise: Organization, oscar: User, at_door: Door, today: Any
) -> None:
    record_facts(organization=enterprise, values={"acv": "8000"}, source="ops", now=TUESDAY)
    today.move_to(TUESDAY + 61 * DAY, tick=False)
    ops = at_door(oscar)
    assert "Judged now, the answer is Professional and is not stored yet." in page(ops, enterprise)
    response = ops.post(reverse("ops_evaluate", args=[enterprise.public_id]), follow=True)
    assert "Analytical Engines was evaluated: Professional." in words_of(response)
    assert "Judged now" not in main_of(response)
    assert TierAssignment.objects.open().get(organization=enterprise).tier == "professional"


def test_a_new_version_that_changes_nothing_for_an_account_leaves_nothing_to_store(
    professional: Organization, oscar: User, ops: Client
) -> None:
    put_in_force(draft_from_live(author=oscar, now=TUESDAY), TUESDAY + DAY)
    evaluate_organization(organization=professional, now=TUESDAY + DAY)
    assert "Judged now" not in page(ops, professional)


def test_facts_stand_with_value_source_person_note_and_age(
    professional: Organization, oscar: User, ops: Client
) -> None:
    record_facts(
        organization=professional, values={"seats": "1200", "strategic": "yes"}, source="ops",
        by=oscar, note="Order form 7", now=TUESDAY + DAY - timedelta(hours=2),
    )  # fmt: skip
    shown = page(ops, professional)
    assert "Seats 1,200 Ops, Oscar Ops “Order form 7” 2 h ago" in shown
    assert "Strategic account yes" in shown
    assert "Not known Usage criticality, Region" in shown


def test_an_observed_fact_that_nobody_confirmed_is_called_stale(
    professional: Organization, oscar: User, at_door: Door, today: Any
) -> None:
    record_facts(organization=professional, values={"acv": "12000"}, source="hubspot", now=TUESDAY)
    today.move_to(TUESDAY + 14 * DAY, tick=False)
    ops = at_door(oscar)
    assert "stale" not in page(ops, professional)
    today.move_to(TUESDAY + 15 * DAY, tick=False)
    shown = page(ops, professional)
    assert "HubSpot 10 Mar 10:00 stale since 25 Mar 2026" in shown
    assert "HubSpot, 15 days old stale since 25 Mar 2026" in shown
    assert "15 days ago, and counts for 14 days" in shown


def test_times_are_those_of_the_viewers_zone_not_of_the_server(
    professional: Organization, oscar: User, ops: Client
) -> None:
    assert "10 Mar 10:00" in page_in(ops, oscar, professional, "Europe/Berlin")
    assert "10 Mar 05:00" in page_in(ops, oscar, professional, "America/New_York")


def page_in(client: Client, user: User, organization: Organization, zone: str) -> str:
    """Return the page as somebody in another zone sees it, days later."""
    User.objects.filter(pk=user.pk).update(time_zone=zone)
    record_facts(organization=organization, values={"acv": "12000"}, source="ops", now=TUESDAY)
    rows = client.get(reverse("ops_organization", args=[organization.public_id]))
    # Relative on the day itself, so the exact moment is in the title of the time.
    return rows.content.decode().replace("Tuesday 10 March 2026, ", "10 Mar ")


def test_the_history_tells_each_change_with_what_had_changed(
    starter: Organization, ops: Client, today: Any
) -> None:
    record_facts(organization=starter, values={"acv": "30000"}, source="ops", now=TUESDAY + DAY)
    record_facts(organization=starter, values={"acv": "100"}, source="ops", now=TUESDAY + 2 * DAY)
    today.move_to(TUESDAY + 3 * DAY, tick=False)
    shown = page(ops, starter)
    history = shown[shown.index("Tier history") :]
    newest, promoted, first = (
        history.index("until 11 May 2026"),
        history.index("Annual contract value: USD 900 → USD 30,000"),
        history.index("Starter criteria"),
    )
    assert newest < promoted < first
    assert "S Starter to E Enterprise promotion" in history
    assert "Annual contract value: USD 30,000 → USD 100" in history


def test_the_promise_table_shows_amount_and_hours_and_marks_what_the_contract_says(
    enterprise: Organization, oscar: User, ops: Client
) -> None:
    OrganizationTarget.objects.create(
        organization=enterprise, severity=3, metric="first_reply", target_seconds=5400,
        floor_seconds=7200, calendar=Calendar.objects.get(key="around-the-clock"),
        reason="Appendix B", approved_by=oscar, valid_from=TUESDAY,
    )  # fmt: skip
    shown = page(ops, enterprise)
    assert "with custom SLAs" in shown
    assert "Critical 1 h day and night 1 h day and night 8 h day and night" in shown
    assert "Normal 1 h 30 min contract day and night 8 h Business hours (Berlin)" in shown
    assert "Monday to Friday 09:00–17:00 (Europe/Berlin), closed on" in shown


def test_domains_are_added_and_verified_and_the_early_are_let_in(
    starter: Organization, oscar: User, ops: Client
) -> None:
    address = reverse("ops_organization", args=[starter.public_id])
    ops.post(reverse("ops_domain_add", args=[starter.public_id]), {"domain": "@Stella.Example"})
    row = OrganizationDomain.objects.get()
    assert "stella.example not verified: lets nobody in" in main_of(ops.get(address))
    ops.post(reverse("ops_domain_verify", args=[starter.public_id, row.pk]))
    row.refresh_from_db()
    assert row.verified_by == oscar
    assert "stella.example verified 11 Mar 2026, Oscar Ops" in main_of(ops.get(address))
    ops.post(reverse("ops_domain_remove", args=[starter.public_id, row.pk]))
    assert not OrganizationDomain.objects.exists()


def test_a_domain_that_cannot_be_is_refused_in_words(starter: Organization, ops: Client) -> None:
    response = ops.post(
        reverse("ops_domain_add", args=[starter.public_id]), {"domain": "gmail.com"}, follow=True
    )
    assert "gmail.com belongs to everybody." in words_of(response)


def test_a_domain_is_only_touched_through_its_own_organization(
    starter: Organization, outside: Organization, oscar: User, ops: Client
) -> None:
    row = add_domain(organization=outside, domain="outside.example")
    for name in ("ops_domain_verify", "ops_domain_remove"):
        assert ops.post(reverse(name, args=[starter.public_id, row.pk])).status_code == 404
    row.refresh_from_db()
    assert row.verified_at is None
    verify_domain(domain=row, by=oscar, now=TUESDAY)


def test_naming_somebody_to_the_account_relieves_whoever_had_the_duty(
    enterprise: Organization, agnes: User, lena: User, ops: Client, today: Any
) -> None:
    assert "promised, but nobody is named yet" in page(ops, enterprise)
    for person in (agnes, lena):
        ops.post(
            reverse("ops_team_name", args=[enterprise.public_id]),
            {"duty": "tam", "user": person.pk},
        )
        today.shift(60)
    open_rows = enterprise.account_team.filter(valid_to=None)
    assert [row.user for row in open_rows] == [lena]
    assert "Lena Lead Technical Account Manager" in page(ops, enterprise)


def test_a_customer_cannot_be_named_to_the_account(
    enterprise: Organization, ada: User, ops: Client
) -> None:
    ops.post(reverse("ops_team_name", args=[enterprise.public_id]), {"duty": "tam", "user": ada.pk})
    assert not enterprise.account_team.exists()


def test_open_tickets_stand_on_the_page_the_next_promise_first(
    paul: User, professional: Organization, ops: Client, open_for: Callable[..., Any]
) -> None:
    low = open_for(paul, subject="A wish", severity=4)
    bad = open_for(paul, subject="Everything is down", severity=1)
    open_for(paul, subject="Done").organization.tickets.filter(subject="Done").update(
        status="closed", solved_at=TUESDAY
    )
    shown = page(ops, professional)
    assert "Open tickets 2 of 3" in shown
    assert shown.index(f"{bad.reference} Everything") < shown.index(f"{low.reference} A wish")


def test_the_page_costs_the_same_however_much_an_account_has(
    professional: Organization, ops: Client, oscar: User, open_for: Callable[..., Any],
    paul: User, stella: User,
) -> None:  # fmt: skip
    address = reverse("ops_organization", args=[professional.public_id])

    def cost() -> int:
        ops.get(address)
        with CaptureQueriesContext(connection) as queries:
            ops.get(address)
        return len(queries)

    before = cost()
    for number in range(6):
        record_facts(
            organization=professional,
            values={"acv": 6000 * (number + 1), "seats": number},
            source="hubspot",
            by=oscar,
            now=TUESDAY + timedelta(hours=number),
        )
        add_domain(organization=professional, domain=f"p{number}.example")
        open_for(paul, subject=f"Question {number}")
    give_membership(user=stella, organization=professional)
    assert cost() == before
    assert before <= 42


def test_an_account_that_was_never_evaluated_shows_what_it_would_get(ops: Client) -> None:
    fresh = create_organization(name="Just signed")
    shown = page(ops, fresh)
    assert "Why Starter" in shown
    assert "Too little is known yet; Starter counts until the facts arrive." in shown
    assert "Not evaluated yet." in shown
    evaluate_organization(organization=fresh, now=TUESDAY)
    assert "held for lack of data" in page(ops, fresh)


def test_members_who_left_are_not_listed(
    professional: Organization, paul: User, ops: Client
) -> None:
    assert "Paul Pallet paul@pallets.example Member" in page(ops, professional)
    Membership.objects.update(status=Membership.Status.ENDED)
    assert "Nobody has joined yet." in page(ops, professional)


def test_an_unknown_organization_is_not_found(ops: Client, db: None) -> None:
    assert ops.get(reverse("ops_organization", args=["0" * 12])).status_code == 404
