"""Drafts and publishing: exactly one version is live, and a published one never changes."""

from datetime import timedelta

import pytest
from django.db import transaction

from conftest import TUESDAY
from people.models import User
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.actions import (
    discard_draft,
    draft_from_live,
    draft_from_version,
    publish_policy,
    rename_draft,
)
from tiers.models import Calendar, Criterion, PromiseTarget, TierPolicy, TierPromise, TierRule
from tiers.program import live_policy_at, program_of, read_program
from tiers.promises import promise_for
from tiers.tests.review_kit import signed_off

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOUR = 3600


@pytest.fixture
def draft(oscar: User) -> TierPolicy:
    """A draft of the program that ships."""
    return draft_from_live(author=oscar, now=TUESDAY)


@pytest.fixture
def publish(oscar: User):
    """Return a way to publish in one line."""

    def published(policy, **changes):
        values = {
            "policy": policy,
            "treatment": "next_ticket",
            "change_note": "Critical answers in half the time",
            "published_by": oscar,
            "now": TUESDAY + DAY,
            **changes,
        }
        signed_off(policy, by=values["published_by"], now=values["now"])
        return publish_policy(**values)

    return published


def first_reply(policy: TierPolicy) -> PromiseTarget:
    found: PromiseTarget = PromiseTarget.objects.get(
        policy=policy, tier="enterprise", severity=1, metric="first_reply"
    )
    return found


def promised(organization, at):
    """Return within how many seconds Critical is answered."""
    target = promise_for(organization, at).target(1, "first_reply")
    assert target is not None
    return target.seconds


def halve(policy: TierPolicy) -> None:
    PromiseTarget.objects.filter(pk=first_reply(policy).pk).update(target_seconds=HOUR // 2)


def test_a_draft_says_the_same_as_the_live_version_in_rows_of_its_own(draft, oscar) -> None:
    live = TierPolicy.objects.live().get()
    assert (draft.status, draft.version, draft.parent, draft.author) == ("draft", 2, live, oscar)
    old, new = read_program(live.pk), read_program(draft.pk)
    assert new.targets == old.targets
    assert new.rules.fingerprint == old.rules.fingerprint
    assert {tier: one.channels for tier, one in new.promises.items()} == {
        tier: one.channels for tier, one in old.promises.items()
    }
    for table in (TierRule, TierPromise, PromiseTarget):
        rows = table.objects.filter(policy=live).count()
        assert table.objects.filter(policy=draft).count() == rows > 0


def test_a_draft_counts_nowhere(draft, enterprise) -> None:
    halve(draft)
    assert promised(enterprise, TUESDAY + DAY) == HOUR


def test_it_counts_from_the_instant_of_its_publishing(draft, enterprise, oscar, publish) -> None:
    halve(draft)
    published = publish(draft)
    before, after = TUESDAY + DAY - timedelta(seconds=1), TUESDAY + DAY
    assert promised(enterprise, before) == HOUR
    assert promised(enterprise, after) == HOUR // 2
    assert (published.status, published.effective_from) == ("live", after)
    assert (published.published_by, published.treatment) == (oscar, "next_ticket")
    assert published.change_note == "Critical answers in half the time"
    old = TierPolicy.objects.get(version=1)
    assert (old.status, old.retired_at) == ("retired", after)
    assert TierPolicy.objects.live().get() == published
    assert live_policy_at(before) == old


def test_it_is_published_once(draft, publish) -> None:
    publish(draft)
    with pytest.raises(Refused) as refused:
        publish(draft, now=TUESDAY + 2 * DAY)
    assert refused.value.code == "already_published"
    assert TierPolicy.objects.live().get().effective_from == TUESDAY + DAY


def test_when_somebody_else_published_meanwhile_the_draft_is_refused(draft, oscar, publish) -> None:
    other = draft_from_live(author=oscar, now=TUESDAY)
    publish(other)
    with pytest.raises(Refused, match="Version 3 went live after this draft was begun") as refused:
        publish(draft)
    assert refused.value.code == "superseded"
    draft.refresh_from_db()
    assert draft.is_draft
    assert TierPolicy.objects.live().get() == other


def test_a_draft_made_of_an_old_version_replaces_the_live_one(draft, oscar, publish) -> None:
    halve(draft)
    publish(draft)
    first = TierPolicy.objects.get(version=1)
    again = draft_from_version(source=first, author=oscar, now=TUESDAY + 2 * DAY)
    assert again.parent == draft
    assert first_reply(again).target_seconds == HOUR
    publish(again, now=TUESDAY + 2 * DAY)
    assert program_of(live_policy_at(TUESDAY + 2 * DAY)).version == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"change_note": "x" * 301}, "change_note"),
        ({"treatment": ""}, "treatment"),
        ({"treatment": "restart"}, "treatment"),
    ],
)
def test_what_is_missing_is_named(draft, publish, changes, field) -> None:
    with pytest.raises(InvalidInput) as refused:
        publish(draft, **changes)
    assert set(refused.value.fields) == {field}
    assert TierPolicy.objects.live().get().version == 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: TierPromise.objects.filter(policy=d, tier="starter").delete(), "Starter has no"),
        (
            lambda d: PromiseTarget.objects.filter(policy=d, tier="starter").delete(),
            "Starter is promised nothing",
        ),
        (
            lambda d: Criterion.objects.filter(rule__policy=d, value="25000").update(
                exit_value="26000"
            ),
            "keeping the tier must be easier",
        ),
        (
            lambda d: Criterion.objects.filter(rule__policy=d, value="25000").update(op="about"),
            "The criteria cannot be read",
        ),
        (
            lambda d: PromiseTarget.objects.filter(pk=first_reply(d).pk).update(
                calendar=Calendar.objects.create(key="moon", name="By the moon")
            ),
            "By the moon has no published version",
        ),
        (
            lambda d: PromiseTarget.objects.filter(policy=d, tier="starter", severity=1).update(
                tier="gold"
            ),
            "Gold, which is no tier",
        ),
    ],
)
def test_a_draft_with_faults_does_not_go_live_and_the_fault_is_said(
    draft, publish, spoil, words
) -> None:
    spoil(draft)
    with pytest.raises(Refused, match=words) as refused:
        publish(draft)
    assert refused.value.code == "policy_has_faults"
    assert TierPolicy.objects.live().get().version == 1


def test_only_ops_begin_change_and_publish(draft, agnes, publish) -> None:
    for act in (
        lambda: draft_from_live(author=agnes, now=TUESDAY),
        lambda: rename_draft(policy=draft, name="Mine", by=agnes, now=TUESDAY),
        lambda: discard_draft(policy=draft, by=agnes, now=TUESDAY),
        lambda: publish(draft, published_by=agnes),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_a_draft_that_is_thrown_away_keeps_its_number_and_can_be_taken_up_again(
    draft, oscar
) -> None:
    halve(draft)
    for _again in range(2):
        discard_draft(policy=draft, by=oscar, now=TUESDAY)
    draft.refresh_from_db()
    assert (draft.status, draft.discarded_by, draft.discarded_at) == ("discarded", oscar, TUESDAY)
    assert draft.events.filter(kind="discarded").count() == 1
    again = draft_from_version(source=draft, author=oscar, now=TUESDAY)
    assert (again.version, first_reply(again).target_seconds) == (3, HOUR // 2)


def test_what_was_published_can_be_neither_renamed_nor_thrown_away(oscar) -> None:
    live = TierPolicy.objects.live().get()
    for act in (rename_draft, discard_draft):
        with pytest.raises(Refused) as refused:
            act(
                policy=live,
                by=oscar,
                now=TUESDAY,
                **({"name": "New"} if act is rename_draft else {}),
            )
        assert refused.value.code == "not_a_draft"


def test_no_row_of_a_published_version_can_be_written_by_any_way() -> None:
    live = TierPolicy.objects.live().get()
    for table, path in (
        (TierRule, "policy"),
        (TierPromise, "policy"),
        (PromiseTarget, "policy"),
        (Criterion, "rule__policy"),
    ):
        rows = table.objects.filter(**{path: live})
        row = rows[0]
        copy = table.objects.get(pk=row.pk)
        copy.pk = None
        for write in (
            row.save,
            row.delete,
            copy.save,
            rows.delete,
            lambda rows=rows, row=row: rows.update(id=row.pk + 1000),
            lambda table=table, copy=copy: table.objects.bulk_create([copy]),
            lambda table=table, row=row: table.objects.bulk_update([row], ["id"]),
            lambda rows=rows, row=row: rows.update_or_create(
                pk=row.pk, defaults={"id": row.pk + 1000}
            ),
        ):
            with pytest.raises((Refused, ValueError)) as refused:
                write()
            assert isinstance(refused.value, Refused) or "primary key" in str(refused.value)
        assert rows.filter(pk=row.pk).exists()
    with pytest.raises(Refused):
        live.delete()


def test_a_publishing_that_was_rolled_back_leaves_nothing_in_memory(draft, publish) -> None:
    with transaction.atomic():
        assert program_of(publish(draft)).targets["enterprise"][1, "first_reply"].seconds == HOUR
        transaction.set_rollback(True)
    halve(draft)
    published = publish(TierPolicy.objects.get(pk=draft.pk), now=TUESDAY + 2 * DAY)
    half = program_of(published).targets["enterprise"][1, "first_reply"].seconds
    assert half == HOUR // 2
