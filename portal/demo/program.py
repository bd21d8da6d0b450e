"""How the support program came about: what it shipped with, the version that followed, a draft."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from people.models import Notice, User
from portal.demo import staff
from tiers.actions import (
    ask_for_review,
    draft_from_live,
    publish_policy,
    rename_draft,
    set_target,
    sign_off,
)
from tiers.actions.targets import NOTHING
from tiers.default_program import AROUND_THE_CLOCK, HOUR
from tiers.models import TierPolicy
from tiers.program import PromisedTarget, read_program

# Half-way through the history of tickets, so that both versions have their months.
SECOND_VERSION = timedelta(days=91)
# (tier, severity) -> hours until the next answer, instead of those that ship.
NEXT_ANSWERS = {
    ("professional", 3): 12,
    ("professional", 4): 16,
    ("starter", 2): 12,
    ("starter", 3): 16,
    ("starter", 4): 24,
}
# Severity -> hours between two updates to Enterprise, day and night; still a draft.
UPDATES = {1: 1, 2: 4}


def publish_second_version(people: Mapping[str, User], now: datetime) -> TierPolicy:
    """Publish faster next answers, as of half-way; open tickets of then kept theirs."""
    author, second = people[staff.OPS.email], people[staff.ADMIN.email]
    begun = now - SECOND_VERSION - timedelta(days=6)
    draft = draft_from_live(author=author, now=begun)
    targets = read_program(draft.pk).targets
    for (tier, severity), hours in NEXT_ANSWERS.items():
        old = targets[tier][severity, "next_reply"]
        new = replace(old, seconds=hours * HOUR, floor_seconds=2 * hours * HOUR)
        _put(draft, tier, severity, "next_reply", old, new, author, begun)
    rename_draft(policy=draft, name="Faster next answers", by=author, now=begun)
    asked = ask_for_review(
        policy=draft,
        change_note=(
            "Customers told us that they wait too long between two answers. Enterprise stays as "
            "it is; the others catch up."
        ),
        by=author,
        now=begun + timedelta(days=1),
    )
    sign_off(
        policy=asked,
        seen=asked.content_hash,
        comment="Checked against the last quarter: the queues can carry it.",
        by=second,
        now=begun + timedelta(days=3),
    )
    # Whoever looks at the demo today needs no mail about a review of three months ago.
    Notice.objects.filter(kind__in=["policy_review", "policy_answer"]).delete()
    return publish_policy(
        policy=draft,
        treatment="next_ticket",
        published_by=author,
        now=now - SECOND_VERSION,
    )


def begin_draft(people: Mapping[str, User], now: datetime) -> TierPolicy:
    """Begin what is being thought about now: regular updates on what is worst."""
    author = people[staff.OPS.email]
    begun = now - timedelta(days=2)
    draft = draft_from_live(author=author, now=begun)
    rename_draft(policy=draft, name="Regular updates for Enterprise", by=author, now=begun)
    for severity, hours in UPDATES.items():
        first = read_program(draft.pk).targets["enterprise"][severity, "first_reply"]
        promised = replace(
            first, seconds=hours * HOUR, floor_seconds=2 * hours * HOUR, calendar=AROUND_THE_CLOCK
        )
        _put(draft, "enterprise", severity, "periodic_update", None, promised, author, begun)
    return draft


def _put(
    draft: TierPolicy, tier: str, severity: int, metric: str, old: PromisedTarget | None,
    new: PromisedTarget, author: User, now: datetime,
) -> None:  # fmt: skip
    set_target(
        policy=draft, tier=tier, severity=severity, metric=metric, promised=new,
        seen=old.fingerprint if old else NOTHING, by=author, now=now,
    )  # fmt: skip
