"""The review of a version: nobody is their own second pair of eyes, whatever door they take."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from conftest import TUESDAY
from people.models import Notice, User
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.actions import (
    ask_for_changes,
    ask_for_review,
    comment_on_policy,
    discard_draft,
    draft_from_live,
    draft_from_version,
    publish_policy,
    rebase_draft,
    rename_draft,
    sign_off,
    take_back,
)
from tiers.models import (
    Criterion,
    PolicyEdit,
    PolicyEvent,
    PolicySignOff,
    PromiseTarget,
    TierPolicy,
    TierPromise,
    TierRule,
)
from tiers.rules.governance import ALLOWED, WAY, may, objection_to_signer
from tiers.tests.review_kit import second_person, signed_off

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WHY = "Large customers begin at ten thousand"


@pytest.fixture
def draft(oscar: User) -> TierPolicy:
    """A draft that Oscar began."""
    return draft_from_live(author=oscar, now=TUESDAY)


@pytest.fixture
def asked(draft: TierPolicy, oscar: User) -> TierPolicy:
    """Oscar's draft, under review."""
    return ask_for_review(policy=draft, change_note=WHY, by=oscar, now=TUESDAY)


def signs(policy: TierPolicy, by: User, **changes: Any) -> PolicySignOff:
    """Sign what is asked for now."""
    now_asked = TierPolicy.objects.get(pk=policy.pk)
    values = {"seen": now_asked.content_hash, "by": by, "now": TUESDAY, **changes}
    return sign_off(policy=policy, **values)


def kinds(policy: TierPolicy) -> list[str]:
    """Return what happened to a version, in turn."""
    return list(PolicyEvent.objects.filter(policy=policy).values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("signer", "objection"),
    [(1, "author"), (2, "editor"), (3, "editor"), (4, "proposer"), (5, None)],
)
def test_who_wrote_or_proposed_a_version_is_no_second_pair_of_eyes(
    signer: int, objection: str | None
) -> None:
    found = objection_to_signer(signer, author=1, editors={1, 2, 3, None}, proposer=4)
    assert found == objection


def test_what_is_over_takes_no_step() -> None:
    assert not [step for step in ALLOWED for status in ("live", "retired") if may(step, status)]
    assert WAY == ("draft", "in_review", "approved", "live", "retired")


def test_a_review_tells_everybody_else_who_runs_operations(
    draft: TierPolicy, oscar: User, root: User, agnes: User
) -> None:
    ask_for_review(policy=draft, change_note=f"  {WHY} ", by=oscar, now=TUESDAY)
    told = Notice.objects.filter(kind="policy_review")
    assert [notice.recipient for notice in told] == [root]
    assert WHY in told.get().body_text
    assert "/ops/policy/2/review/" in told.get().body_text
    draft.refresh_from_db()
    assert (draft.status, draft.change_note, draft.asked_by) == ("in_review", WHY, oscar)


def test_a_review_needs_words_and_a_draft_without_faults(draft: TierPolicy, oscar: User) -> None:
    for note in ("", "  ", "x" * 301):
        with pytest.raises(InvalidInput) as refused:
            ask_for_review(policy=draft, change_note=note, by=oscar, now=TUESDAY)
        assert set(refused.value.fields) == {"change_note"}
    TierPromise.objects.filter(policy=draft, tier="starter").delete()
    with pytest.raises(Refused, match="Starter has no queue"):
        ask_for_review(policy=draft, change_note=WHY, by=oscar, now=TUESDAY)
    draft.refresh_from_db()
    assert draft.is_draft


def test_a_second_person_signs_and_only_then_it_is_published(
    asked: TierPolicy, oscar: User, root: User
) -> None:
    with pytest.raises(Refused) as refused:
        publish_policy(policy=asked, treatment="keep", published_by=root, now=TUESDAY)
    assert refused.value.code == "not_signed_off"
    signed = signs(asked, root, comment="Finance agrees")
    assert (signed.by, signed.comment) == (root, "Finance agrees")
    published = publish_policy(policy=asked, treatment="keep", published_by=oscar, now=TUESDAY)
    assert (published.status, published.change_note) == ("live", WHY)
    assert kinds(published) == ["asked", "signed_off", "published"]
    first = TierPolicy.objects.get(version=1)
    assert PolicyEvent.objects.get(policy=first).replaced_by == published


def test_the_author_cannot_sign_not_even_as_a_superuser(asked: TierPolicy, oscar: User) -> None:
    User.objects.filter(pk=oscar.pk).update(is_superuser=True, staff_role="admin")
    oscar.refresh_from_db()
    with pytest.raises(NotPermitted, match="You began this draft") as refused:
        signs(asked, oscar)
    assert refused.value.code == "own_work"
    assert not PolicySignOff.objects.exists()


def test_whoever_changed_anything_cannot_sign(draft: TierPolicy, oscar: User, root: User) -> None:
    rename_draft(policy=draft, name="Ruth was here", by=root, now=TUESDAY)
    ask_for_review(policy=draft, change_note=WHY, by=oscar, now=TUESDAY)
    with pytest.raises(NotPermitted, match="You changed something in this version"):
        signs(draft, root)
    assert signs(draft, second_person()).by == second_person()


def test_whoever_asked_cannot_sign(draft: TierPolicy, root: User) -> None:
    ask_for_review(policy=draft, change_note=WHY, by=root, now=TUESDAY)
    with pytest.raises(NotPermitted, match="You asked for this review"):
        signs(draft, root)


@pytest.mark.parametrize("change", [{"is_active": False}, {"staff_role": "agent"}])
def test_the_word_of_somebody_suspended_or_demoted_counts_no_longer(
    draft: TierPolicy, asked: TierPolicy, oscar: User, root: User, change: dict[str, Any]
) -> None:
    signs(asked, root)
    User.objects.filter(pk=root.pk).update(**change)
    with pytest.raises(Refused, match="no valid sign-off") as refused:
        publish_policy(policy=asked, treatment="keep", published_by=oscar, now=TUESDAY)
    assert refused.value.code == "not_signed_off"
    take_back(policy=asked, by=oscar, now=TUESDAY)
    again = ask_for_review(policy=draft, change_note=WHY, by=oscar, now=TUESDAY)
    root.refresh_from_db()
    with pytest.raises(NotPermitted):
        signs(again, root)


def test_words_with_a_character_that_no_database_keeps_are_kept_without_it(
    draft: TierPolicy, oscar: User, root: User
) -> None:
    rename_draft(policy=draft, name="Spring\x00 2026", by=oscar, now=TUESDAY)
    said = comment_on_policy(policy=draft, text="Look\x00 here", by=root, now=TUESDAY)
    asked = ask_for_review(policy=draft, change_note=f"\x00{WHY}", by=oscar, now=TUESDAY)
    assert (asked.name, said.note, asked.change_note) == ("Spring 2026", "Look here", WHY)
    signs(asked, root, comment="Fine\x00")
    published = publish_policy(
        policy=asked, treatment="keep", published_by=oscar, now=TUESDAY, change_note="\x00Now"
    )
    assert published.change_note == "Now"


def test_agents_neither_ask_nor_sign(draft: TierPolicy, asked: TierPolicy, agnes: User) -> None:
    with pytest.raises(NotPermitted):
        signs(asked, agnes)
    with pytest.raises(NotPermitted):
        comment_on_policy(policy=asked, text="Hello", by=agnes, now=TUESDAY)


def test_what_was_written_elsewhere_and_never_published_keeps_its_writers(
    draft: TierPolicy, oscar: User, root: User
) -> None:
    rename_draft(policy=draft, name="Ruth was here", by=root, now=TUESDAY)
    copy = draft_from_version(source=draft, author=oscar, now=TUESDAY)
    ask_for_review(policy=copy, change_note=WHY, by=oscar, now=TUESDAY)
    with pytest.raises(NotPermitted, match="You changed something"):
        signs(copy, root)


def test_going_back_to_what_was_live_needs_only_somebody_else(
    draft: TierPolicy, oscar: User, root: User
) -> None:
    signed_off(draft, by=oscar, now=TUESDAY)
    publish_policy(policy=draft, treatment="keep", published_by=oscar, now=TUESDAY)
    first = TierPolicy.objects.get(version=1)
    again = draft_from_version(source=first, author=root, now=TUESDAY)
    ask_for_review(policy=again, change_note="Back", by=root, now=TUESDAY)
    assert signs(again, oscar).by == oscar


def test_signing_twice_signs_once_and_a_third_person_is_told(asked: TierPolicy, root: User) -> None:
    assert signs(asked, root) == signs(asked, root)
    with pytest.raises(Refused, match="Ruth Root has signed this version off already"):
        signs(asked, second_person())
    assert kinds(asked) == ["asked", "signed_off"]


def test_a_signature_is_for_what_was_looked_at(asked: TierPolicy, root: User) -> None:
    with pytest.raises(Refused) as refused:
        signs(asked, root, seen="something else")
    assert refused.value.code == "content_changed"


def test_under_review_nothing_is_changed_and_taking_it_back_voids_the_signature(
    asked: TierPolicy, oscar: User, root: User
) -> None:
    signs(asked, root)
    for act in (
        lambda: rename_draft(policy=asked, name="New", by=oscar, now=TUESDAY),
        lambda: rebase_draft(policy=asked, by=oscar, now=TUESDAY),
        lambda: discard_draft(policy=asked, by=oscar, now=TUESDAY),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "not_a_draft"
    for _again in range(2):
        take_back(policy=asked, by=oscar, now=TUESDAY + DAY)
    asked.refresh_from_db()
    assert (asked.status, asked.content_hash) == ("draft", "")
    assert PolicySignOff.objects.get().voided_at == TUESDAY + DAY
    with pytest.raises(Refused) as refused:
        publish_policy(policy=asked, treatment="keep", published_by=oscar, now=TUESDAY)
    assert refused.value.code == "not_signed_off"
    assert kinds(asked) == ["asked", "signed_off", "withdrawn"]


def test_changes_are_asked_for_with_words_and_the_others_hear_of_it(
    asked: TierPolicy, oscar: User, root: User
) -> None:
    with pytest.raises(InvalidInput):
        ask_for_changes(policy=asked, text=" ", by=root, now=TUESDAY)
    ask_for_changes(policy=asked, text="Keep 12,000", by=root, now=TUESDAY)
    asked.refresh_from_db()
    assert asked.is_draft
    told = Notice.objects.get(kind="policy_answer", recipient=oscar)
    assert "asks for changes in version 2" in told.subject
    assert "Keep 12,000" in told.body_text
    with pytest.raises(Refused) as refused:
        ask_for_changes(policy=asked, text="Again", by=root, now=TUESDAY)
    assert refused.value.code == "wrong_step"


def test_a_comment_changes_nothing_and_stays(asked: TierPolicy, root: User, oscar: User) -> None:
    comment_on_policy(policy=asked, text="Why 23,000?", by=root, now=TUESDAY)
    asked.refresh_from_db()
    assert asked.is_in_review
    assert PolicyEvent.objects.get(kind="commented").note == "Why 23,000?"
    assert Notice.objects.filter(kind="policy_answer", recipient=oscar).exists()


def test_an_overtaken_version_is_neither_reviewed_nor_published(
    draft: TierPolicy, asked: TierPolicy, oscar: User, root: User
) -> None:
    signs(asked, root)
    other = draft_from_live(author=oscar, now=TUESDAY)
    late = draft_from_live(author=oscar, now=TUESDAY)
    signed_off(other, by=oscar, now=TUESDAY)
    publish_policy(policy=other, treatment="keep", published_by=oscar, now=TUESDAY)
    for act in (
        lambda: publish_policy(policy=asked, treatment="keep", published_by=oscar, now=TUESDAY),
        lambda: ask_for_review(policy=late, change_note=WHY, by=oscar, now=TUESDAY),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "superseded"


# What the database refuses, when somebody goes around the actions.


def raw(sql: str, *values: Any) -> None:
    """Run one statement past every rule of ours."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_the_database_refuses_a_version_that_goes_live_unsigned(asked: TierPolicy) -> None:
    raw("UPDATE tiers_tierpolicy SET status = 'retired' WHERE version = 1")
    for status in ("approved", "live"):
        with pytest.raises(IntegrityError, match="sign-off of somebody who did not write it"):
            raw(
                "UPDATE tiers_tierpolicy SET status = %s, effective_from = %s WHERE id = %s",
                status, TUESDAY, asked.pk,
            )  # fmt: skip
    with pytest.raises(IntegrityError, match="never counts again"):
        raw("UPDATE tiers_tierpolicy SET status = 'live' WHERE version = 1")


def test_the_database_refuses_the_signature_of_author_editor_and_proposer(
    draft: TierPolicy, oscar: User, root: User
) -> None:
    rename_draft(policy=draft, name="Ruth was here", by=root, now=TUESDAY)
    third = second_person()
    asked = ask_for_review(policy=draft, change_note=WHY, by=third, now=TUESDAY)
    for person in (oscar, root, third):
        with pytest.raises(IntegrityError, match="cannot sign it off"), transaction.atomic():
            PolicySignOff.objects.create(
                policy=asked, by=person, at=TUESDAY, fingerprint=asked.content_hash
            )


def test_the_database_keeps_signatures_as_they_were_given(
    asked: TierPolicy, oscar: User, root: User
) -> None:
    signed = signs(asked, root)
    for change in (
        {"fingerprint": "x"}, {"by": oscar}, {"at": TUESDAY + DAY}, {"policy": asked.parent},
    ):  # fmt: skip
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            PolicySignOff.objects.filter(pk=signed.pk).update(**change)
    with pytest.raises(IntegrityError, match="cannot edit it"), transaction.atomic():
        PolicyEdit.objects.create(policy=asked, by=root, at=TUESDAY, what="name")


def test_the_database_keeps_what_a_version_out_of_draft_says(asked: TierPolicy) -> None:
    rule, target = TierRule.objects.filter(policy=asked)[0], asked.targets.all()[0]
    for sql, key in (
        ("UPDATE tiers_tierrule SET tier = 'gold' WHERE id = %s", rule.pk),
        ("UPDATE tiers_criterion SET fact = 'seats' WHERE rule_id = %s", rule.pk),
        ("UPDATE tiers_promisetarget SET target_seconds = 1 WHERE id = %s", target.pk),
        ("UPDATE tiers_tierpromise SET queue_key = 'x' WHERE policy_id = %s", asked.pk),
    ):
        with pytest.raises(IntegrityError, match="out of draft is never changed"):
            raw(sql, key)


def test_rows_of_a_draft_are_not_brought_into_a_version_that_counts(draft: TierPolicy) -> None:
    live = TierPolicy.objects.live().get()
    rule, other = draft.rules.all()[0], live.rules.all()[0]
    criterion, promise = rule.criteria.all()[0], draft.promises.all()[0]
    for rows, change in (
        (TierRule.objects.filter(pk=rule.pk), {"policy": live, "precedence": 99}),
        (Criterion.objects.filter(pk=criterion.pk), {"rule": other}),
        (Criterion.objects.filter(pk=criterion.pk), {"rule_id": other.pk}),
        (TierPromise.objects.filter(pk=promise.pk), {"policy_id": live.pk, "tier": "gold"}),
    ):
        with pytest.raises(Refused) as refused:
            rows.update(**change)
        assert refused.value.code == "policy_published"
    for sql, into, key in (
        ("UPDATE tiers_tierrule SET precedence = 99, policy_id = %s WHERE id = %s", live, rule),
        ("UPDATE tiers_criterion SET rule_id = %s WHERE id = %s", other, criterion),
        ("UPDATE tiers_tierpromise SET tier = 'x', policy_id = %s WHERE id = %s", live, promise),
    ):
        with pytest.raises(IntegrityError, match="out of draft is never changed"):
            raw(sql, into.pk, key.pk)


def test_the_database_keeps_the_settings_of_a_version_that_counts(draft: TierPolicy) -> None:
    live = TierPolicy.objects.live().get()
    for change in ({"demote_grace_days": 1}, {"tier_order": ["starter"]}, {"currency": "EUR"}):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            TierPolicy.objects.filter(pk=live.pk).update(**change)
        assert TierPolicy.objects.filter(pk=draft.pk).update(**change) == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite empties tables by deleting")
def test_the_database_keeps_the_criteria_of_a_version_that_counts() -> None:
    with pytest.raises(IntegrityError, match="out of draft is never changed"):
        raw("DELETE FROM tiers_criterion")


def test_content_that_was_tampered_with_after_the_signature_is_not_published(
    asked: TierPolicy, oscar: User, root: User
) -> None:
    signs(asked, root)
    raw("UPDATE tiers_tierpolicy SET demote_grace_days = 0 WHERE id = %s", asked.pk)
    with pytest.raises(Refused) as refused:
        publish_policy(policy=asked, treatment="keep", published_by=oscar, now=TUESDAY)
    assert refused.value.code == "content_changed"
    assert TierPolicy.objects.live().get().version == 1


def test_the_guards_are_put_up_again_when_one_is_missing() -> None:
    from tiers import guards

    with connection.cursor() as cursor:
        there = guards._there(cursor, connection.vendor)
        assert set(there) == set(guards._wanted(connection.vendor))
    with transaction.atomic():
        guards.take_down(plan=["something to do"])
        with connection.cursor() as cursor:
            assert guards._there(cursor, connection.vendor) == {}
        guards.put_up()
        guards.put_up()
        with connection.cursor() as cursor:
            assert guards._there(cursor, connection.vendor) == there


def test_every_edit_is_kept_with_who_when_and_what_it_said_before(
    draft: TierPolicy, oscar: User, root: User
) -> None:
    rename_draft(policy=draft, name="Spring", by=root, now=TUESDAY + DAY)
    rename_draft(policy=draft, name="Spring", by=root, now=TUESDAY + DAY)
    found = PolicyEdit.objects.filter(policy=draft).values_list("what", "by", "before", "after")
    assert list(found) == [
        ("begun", oscar.pk, None, None),
        ("name", root.pk, "Launch program", "Spring"),
    ]
    assert PromiseTarget.objects.filter(policy=draft).exists()
