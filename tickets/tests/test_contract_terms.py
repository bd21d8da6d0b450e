"""Terms say which of their promises the contract made, not the tier."""

from typing import Any

import pytest

from conftest import TUESDAY
from people.models import User
from tickets.models import PromiseTerms
from tiers.actions import agree_custom_target

pytestmark = pytest.mark.django_db


def test_the_terms_of_a_ticket_name_what_the_contract_promises(
    paul: User, root: User, open_for: Any
) -> None:
    usual = open_for(paul).terms
    assert not any("by" in entry for entry in usual.content["targets"])
    agree_custom_target(
        organization=paul.memberships.get().organization, severity=3, metric="first_reply",
        target_seconds=3600, floor_seconds=7200, calendar_key="around-the-clock",
        reason="Renewal of 2026", approved_by=root, valid_from=TUESDAY, now=TUESDAY,
    )  # fmt: skip
    content = open_for(paul).terms.content
    by_contract = [entry for entry in content["targets"] if entry.get("by") == "contract"]
    assert [(one["severity"], one["metric"], one["seconds"]) for one in by_contract] == [
        (3, "first_reply", 3600)
    ]


def test_without_a_contract_the_terms_are_those_of_the_tier_to_the_letter(
    paul: User, open_for: Any
) -> None:
    assert open_for(paul).terms == open_for(paul).terms
    assert PromiseTerms.objects.count() == 1
