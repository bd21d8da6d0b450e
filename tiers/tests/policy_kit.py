"""Versions with other criteria, and how they come to count, for tests of previews and runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from people.models import Organization
from tiers.actions import publish_policy, record_facts
from tiers.models import Criterion, TierPolicy, TierRule
from tiers.tests.review_kit import signed_off

Condition = tuple[str, str, Any, Any]


def with_rules(draft: TierPolicy, rules: Sequence[tuple[str, Sequence[Condition]]]) -> TierPolicy:
    """Give a draft these rules, in this order: a tier, and (fact, op, value, exit value) each."""
    TierRule.objects.filter(policy=draft).delete()
    for place, (tier, conditions) in enumerate(rules, start=1):
        rule = TierRule.objects.create(policy=draft, tier=tier, precedence=place)
        for fact, op, value, exit_value in conditions:
            Criterion.objects.create(
                rule=rule, fact=fact, op=op, value=value, exit_value=exit_value
            )
    return draft


def asking_more(draft: TierPolicy) -> TierPolicy:
    """Enterprise from 60,000 (to stay: 55,000), Professional from 4,000."""
    return with_rules(
        draft,
        [
            ("enterprise", [("acv", "gte", "60000", "55000")]),
            ("professional", [("acv", "gte", "4000", "3600")]),
        ],
    )


def put_in_force(draft: TierPolicy, now: datetime) -> TierPolicy:
    """Have a draft signed off and published by the person who began it."""
    author = draft.author
    assert author is not None
    signed = signed_off(draft, by=author, now=now)
    publish_policy(policy=signed, treatment="next_ticket", published_by=author, now=now)
    return TierPolicy.objects.get(pk=draft.pk)


def accounts_with(
    values: Sequence[str], now: datetime, source: str = "hubspot"
) -> list[Organization]:
    """Make an account for each annual contract value, judged by the version in force."""
    made = []
    for number, value in enumerate(values):
        organization = Organization.objects.create(name=f"Account {number:04} at {value}")
        record_facts(organization=organization, values={"acv": value}, source=source, now=now)
        made.append(organization)
    return made
