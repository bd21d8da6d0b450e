"""Bring a draft up to date when somebody else published meanwhile: a merge of three versions."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from people.models import User
from tiers.actions.policies import TAKEN_OVER, content_of, locked_draft, locked_live
from tiers.models import Criterion, PromiseTarget, TierPolicy, TierPromise, TierRule

# What is taken over whole: (kind, key) -> what it says. A promise's key is its place.
Key = tuple[str | int, ...]
Content = dict[Key, Any]
NOT_THERE = object()


@transaction.atomic
def rebase_draft(*, policy: TierPolicy, by: User) -> list[Key]:
    """Put a draft's own changes on top of the live version, which becomes its parent.

    What the draft left as it was is taken from the live version. Where both were
    changed to something else the draft's stays, and its key is returned, for somebody to
    look at: ("target", tier, severity, metric), ("promise", tier), ("rules",) or
    ("setting", column). Harmless for a draft that is up to date. Raises Refused for what
    is no draft and NotPermitted unless ops ask.
    """
    live = locked_live()
    draft = locked_draft(policy, by)
    if draft.parent is None or draft.parent_id == live.pk:
        return []
    base, mine, theirs = (_read(row) for row in (draft.parent, draft, live))
    merged, conflicts = _merged(base, mine, theirs)
    for key, value in merged.items():
        if key[0] == "setting":
            setattr(draft, str(key[1]), value)
    draft.parent = live
    draft.save(update_fields=["parent", *TAKEN_OVER])
    _write(draft, merged)
    return conflicts


def _merged(base: Content, mine: Content, theirs: Content) -> tuple[Content, list[Key]]:
    merged: Content = {}
    conflicts: list[Key] = []
    for key in dict.fromkeys([*theirs, *mine]):
        was, own, other = (one.get(key, NOT_THERE) for one in (base, mine, theirs))
        kept = other if own == was else own
        if own not in (was, other) and other != was:
            conflicts.append(key)
        if kept is not NOT_THERE:
            merged[key] = kept
    return merged, conflicts


def _read(policy: TierPolicy) -> Content:
    content: Content = {("setting", name): getattr(policy, name) for name in TAKEN_OVER}
    content["rules",] = [
        (
            content_of(rule, {"policy"}),
            [content_of(criterion, {"rule"}) for criterion in rule.criteria.all()],
        )
        for rule in TierRule.objects.filter(policy=policy)
        .order_by("precedence")
        .prefetch_related("criteria")
    ]
    for promise in TierPromise.objects.filter(policy=policy):
        content["promise", promise.tier] = content_of(promise, {"policy"})
    for row in PromiseTarget.objects.filter(policy=policy):
        content["target", row.tier, row.severity, row.metric] = content_of(row, {"policy"})
    return content


def _write(draft: TierPolicy, content: Mapping[Key, Any]) -> None:
    TierRule.objects.filter(policy=draft).delete()
    for rule, criteria in content["rules",]:
        made = TierRule.objects.create(policy=draft, **rule)
        Criterion.objects.bulk_create(Criterion(rule=made, **one) for one in criteria)
    for table, kind in ((TierPromise, "promise"), (PromiseTarget, "target")):
        table.objects.filter(policy=draft).delete()
        table.objects.bulk_create(
            table(policy=draft, **said) for key, said in content.items() if key[0] == kind
        )
