"""Bring a draft up to date when somebody else published meanwhile: a merge of three versions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from people.models import User
from tiers.actions.editing import keep_edit
from tiers.actions.policies import locked_draft, locked_live
from tiers.models import Criterion, PolicyEdit, PromiseTarget, TierPolicy, TierPromise, TierRule
from tiers.policy_content import SETTINGS, Content, Key, read_content

NOT_THERE = object()


@transaction.atomic
def rebase_draft(*, policy: TierPolicy, by: User, now: datetime) -> list[Key]:
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
    base, mine, theirs = (read_content(row) for row in (draft.parent, draft, live))
    merged, conflicts = _merged(base, mine, theirs)
    keep_edit(
        draft, PolicyEdit.What.REBASE, [], by=by, now=now,
        before={"follows": draft.parent.version, "kept": []},
        after={"follows": live.version, "kept": [list(key) for key in conflicts]},
    )  # fmt: skip
    for key, value in merged.items():
        if key[0] == "setting":
            setattr(draft, str(key[1]), value)
    draft.parent = live
    draft.save(update_fields=["parent", *SETTINGS])
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
