"""The preview of a version: who moves, what comes along, what would be broken, as page and CSV."""

import csv
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import TUESDAY
from people.models import Organization
from portal.kit.refused import Refused
from tickets.moves import open_work, page_of_accounts, preview_of, selection_of
from tiers.actions import (
    draft_from_live,
    give_override,
    publish_policy,
    record_facts,
)
from tiers.models import AccountStanding, TierPolicy
from tiers.preview import mover_matrix, tier_counts
from tiers.program import rules_of
from tiers.tests.policy_kit import accounts_with, asking_more, with_rules
from tiers.tests.review_kit import signed_off

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def accounts(db) -> dict[str, Organization]:
    values = ["100", "3900", "4100", "4500.50", "9000", "26000", "57500", "60000", ""]
    # Of people, so that they are not stale when a page is opened by the real clock.
    made = accounts_with(values, TUESDAY, source="ops")
    return dict(zip(values, made, strict=True))


@pytest.fixture
def draft(accounts, oscar) -> TierPolicy:
    return asking_more(draft_from_live(author=oscar, now=TUESDAY))


def rules(policy: TierPolicy):
    return rules_of(TierPolicy.objects.with_everything().get(pk=policy.pk))


def names(policy: TierPolicy, **question: str) -> list[str]:
    asked = rules(policy)
    selection = selection_of(asked, question)
    assert selection is not None
    found, _more = page_of_accounts(policy, asked, selection, TUESDAY)
    return [one.organization.name.rpartition(" ")[2] for one in found]


def test_the_matrix_counts_accounts_value_and_open_tickets(draft, accounts, stella, open_for):
    record_facts(
        organization=stella.memberships.get().organization, values={"acv": "4200"},
        source="hubspot", now=TUESDAY,
    )  # fmt: skip
    open_for(stella)
    open_for(stella)

    matrix = mover_matrix(rules(draft), TUESDAY, open_work())

    up = matrix.cell("starter", "professional")
    assert (up.accounts, up.open_tickets) == (3, 2)
    assert up.acv_cents == 4100_00 + 4500_50 + 4200_00
    moved = matrix.total(moved=True)
    assert moved.accounts == 3
    stay = matrix.cell("enterprise", "enterprise")
    assert (stay.in_grace, stay.new_in_grace) == (1, 1)
    assert stay.grace_ends == TUESDAY.date() + 60 * DAY
    assert matrix.total(moved=False).accounts == AccountStanding.objects.count()


def test_the_matrix_adds_up_to_the_counts_of_the_editor(draft, accounts, lena, oscar):
    give_override(
        organization=accounts["100"], tier="enterprise", reason="agreed", requested_by=lena,
        approved_by=oscar, starts=TUESDAY.date(), expires=TUESDAY.date() + 9 * DAY, now=TUESDAY,
    )  # fmt: skip
    matrix = mover_matrix(rules(draft), TUESDAY)

    assert {
        after: sum(matrix.cell(before, after).accounts for before in matrix.before)
        for after in matrix.after
    } == tier_counts(rules(draft), TUESDAY)


def test_a_cell_opens_to_its_accounts_with_a_reason_each(draft, accounts):
    asked = rules(draft)
    selection = selection_of(asked, {"of": "cell", "from": "starter", "to": "professional"})
    assert selection is not None

    first, more = page_of_accounts(draft, asked, selection, TUESDAY, limit=1)
    assert more is not None
    second, none = page_of_accounts(draft, asked, selection, TUESDAY, limit=1, after=more)

    assert none is None
    assert [one.organization for one in (*first, *second)] == [
        accounts["4100"], accounts["4500.50"]
    ]  # fmt: skip
    assert "4,000" in first[0].reason
    assert first[0].acv == "USD 4,100"


def test_near_a_threshold_means_the_one_that_counts_for_the_account(draft, accounts):
    # 57,500 holds Enterprise: its threshold is 55,000 (4.5 % above), not 60,000 (4.2 % below).
    # 60,000 holds it too, and is 9 % above. 3,900 is near 4,000; 4,100 too; 26,000 is nowhere near.
    assert names(draft, of="near") == ["3900", "4100", "57500"]

    asked = rules(draft)
    selection = selection_of(asked, {"of": "near"})
    assert selection is not None
    found, _more = page_of_accounts(draft, asked, selection, TUESDAY)
    assert found[2].near.startswith("4.5 % above USD 55,000")


def test_grace_that_begins_is_listed_with_its_end(draft, accounts):
    assert names(draft, of="grace") == ["26000"]


def test_an_override_becomes_superfluous_when_the_facts_give_the_same(draft, accounts, lena, oscar):
    for value, tier in (("4100", "professional"), ("4500.50", "enterprise")):
        give_override(
            organization=accounts[value], tier=tier, reason="agreed", requested_by=lena,
            approved_by=oscar, starts=TUESDAY.date(), expires=TUESDAY.date() + 9 * DAY,
            now=TUESDAY,
        )  # fmt: skip

    found = preview_of(draft, TUESDAY).superfluous

    assert [override.organization for override in found] == [accounts["4100"]]


def test_dropping_a_tier_that_a_contract_signs_is_no_publishing(draft, accounts, oscar):
    record_facts(
        organization=accounts["26000"], values={"contract_floor": "professional"},
        source="hubspot", now=TUESDAY,
    )  # fmt: skip
    record_facts(
        organization=accounts["100"], values={"contract_floor": "platin"}, source="ops", now=TUESDAY
    )
    with_rules(draft, [("enterprise", [("acv", "gte", "25000", "23000")])])
    draft.promises.filter(tier="professional").delete()
    draft.targets.filter(tier="professional").delete()
    TierPolicy.objects.filter(pk=draft.pk).update(tier_order=["starter", "enterprise"])
    draft.refresh_from_db()

    (fault,) = preview_of(draft, TUESDAY).faults
    assert "Professional" in fault
    assert "Account 0005 at 26000" in fault
    assert "platin" not in fault.lower()
    with pytest.raises(Refused) as refused:
        publish_policy(
            policy=signed_off(draft, by=oscar, now=TUESDAY), treatment="keep",
            change_note="Fewer tiers", published_by=oscar, now=TUESDAY,
        )  # fmt: skip
    assert str(refused.value) == f"This draft cannot go live. {fault}"


def test_the_page_shows_matrix_and_lists_to_ops_alone(draft, accounts, oscar, agnes, at_door):
    address = reverse("ops_policy_preview", args=[draft.version])
    assert "/ops/login/" in at_door(agnes).get(address).headers["Location"]

    client = at_door(oscar)
    page = client.get(address).content.decode()
    assert "Who would get another tier" in page
    assert "of=cell&amp;from=starter&amp;to=professional" in page
    listed = client.get(
        reverse("ops_preview_accounts", args=[draft.version]),
        {"of": "cell", "from": "starter", "to": "professional"},
    )
    assert "Account 0002 at 4100" in listed.content.decode()


def test_accounts_of_changed_criteria_are_said_to_be_counted_anew(draft, accounts, oscar, at_door):
    client = at_door(oscar)
    address = reverse("ops_preview_accounts", args=[draft.version])
    said = "criteria were changed since you looked"

    print_of_today = rules(draft).fingerprint[:12]
    assert said not in client.get(address, {"print": print_of_today}).content.decode()
    assert said in client.get(address, {"print": "another"}).content.decode()


@pytest.mark.parametrize(
    "question", [{"of": "everything"}, {"of": "cell", "from": "x"}, {"after": "-1"}]
)
def test_a_question_that_makes_no_sense_finds_nothing(draft, oscar, at_door, question):
    client = at_door(oscar)
    address = reverse("ops_preview_accounts", args=[draft.version])
    assert client.get(address, question).status_code == 404


def test_the_csv_has_everybody_and_runs_no_formula(draft, accounts, oscar, at_door):
    Organization.objects.filter(pk=accounts["4100"].pk).update(name="=HYPERLINK(1)")
    client = at_door(oscar)

    answer = client.get(reverse("ops_preview_csv", args=[draft.version]), {"of": "moves"})

    text = b"".join(answer.streaming_content).decode()
    head, *lines = list(csv.reader(StringIO(text)))
    assert [line[0] for line in lines] == ["'=HYPERLINK(1)", "Account 0003 at 4500.50"]
    assert Decimal(lines[1][head.index("Annual contract value")]) == Decimal("4500.50")
    assert lines[0][head.index("Tier then")] == "professional"


def test_the_page_takes_as_many_statements_for_many_accounts_as_for_few(draft, accounts):
    counts = []
    for more in (0, 90):
        accounts_with(["4100", "26000", "9000"] * (more // 3), TUESDAY)
        asked = rules(draft)
        selection = selection_of(asked, {"of": "moves"})
        assert selection is not None
        with CaptureQueriesContext(connection) as queries:
            preview_of(draft, TUESDAY)
            page_of_accounts(draft, asked, selection, TUESDAY)
        counts.append(len(queries))

    assert counts[0] == counts[1]
