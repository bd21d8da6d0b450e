"""Drafts of the support program: begun from a version, changed, thrown away."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.models import Criterion, PromiseTarget, TierPolicy, TierPromise, TierRule

NAME_LENGTH = 120
# What a new version takes over from the one that it is made of, besides its rows.
TAKEN_OVER = (
    "name", "tier_order", "default_tier", "currency", "demote_grace_days", "max_step_down",
    "stale_days",
)  # fmt: skip


def draft_from_live(*, author: User, now: datetime) -> TierPolicy:
    """Begin a draft of the version in force; see ``draft_from_version``."""
    return draft_from_version(source=None, author=author, now=now)


@transaction.atomic
def draft_from_version(*, source: TierPolicy | None, author: User, now: datetime) -> TierPolicy:
    """Begin a draft with the content of a version, of any status; None is the live one.

    Rules, criteria, promises and targets are copied. Whatever it is made of, its
    parent is the version in force: that is what publishing it will replace. Several
    drafts may be worked on at once. Raises NotPermitted unless ops ask for it.
    """
    check_runs_operations(author)
    live = locked_live()
    found = source or live
    newest = TierPolicy.objects.aggregate(newest=Max("version"))["newest"]
    draft = TierPolicy.objects.create(
        version=newest + 1,
        parent=live,
        author=author,
        **{name: getattr(found, name) for name in TAKEN_OVER},
    )
    copy_content(found, draft)
    TierPolicy.objects.filter(pk=draft.pk).update(created_at=now)
    draft.created_at = now
    return draft


@transaction.atomic
def rename_draft(*, policy: TierPolicy, name: str, by: User) -> TierPolicy:
    """Give a draft another name, by which people will know the version."""
    draft = locked_draft(policy, by)
    given = " ".join(name.split())
    if not given or len(given) > NAME_LENGTH:
        raise InvalidInput(
            "policy_name",
            _("Give the version a name."),
            fields={
                "name": _("A name has 1 to %(count)s characters.") % {"count": NAME_LENGTH},
            },
        )
    draft.name = given
    draft.save(update_fields=["name"])
    return draft


@transaction.atomic
def discard_draft(*, policy: TierPolicy, by: User) -> None:
    """Throw a draft away for good; harmless when it is gone already."""
    if TierPolicy.objects.filter(pk=policy.pk).exists():
        locked_draft(policy, by).delete()


def locked_live() -> TierPolicy:
    """Return the live version; numbers are given and versions replaced one at a time.

    Everybody waits at the first version there ever was, which is never deleted: the
    live one may be another one once the wait is over. Refused when none is live.
    """
    lock(TierPolicy.objects.order_by("pk")).first()
    live = TierPolicy.objects.live().first()
    if live is None:
        raise Refused("no_policy", _("No tier policy is live. Publish one in Ops first."))
    return live


def locked_draft(policy: TierPolicy, by: User) -> TierPolicy:
    """Lock a draft for a change; Refused when it is no draft any more or was thrown away."""
    check_runs_operations(by)
    draft: TierPolicy | None = lock(TierPolicy.objects.filter(pk=policy.pk)).first()
    if draft is None:
        raise Refused("draft_discarded", _("This draft was discarded by somebody else."))
    if not draft.is_draft:
        raise Refused(
            "not_a_draft",
            _("Version %(version)s is no draft any more: it cannot be changed. Make a new draft.")
            % {"version": draft.version},
        )
    return draft


def check_runs_operations(user: User) -> None:
    """Refuse everybody but ops and admins."""
    if not user.runs_operations:
        raise NotPermitted("not_ops", _("Only ops may change the support program."))


def copy_content(source: TierPolicy, draft: TierPolicy) -> None:
    """Copy rules, criteria, promises and targets of a version into an empty draft."""
    for rule in TierRule.objects.filter(policy=source).prefetch_related("criteria"):
        made = TierRule.objects.create(policy=draft, **content_of(rule, {"policy"}))
        Criterion.objects.bulk_create(
            Criterion(rule=made, **content_of(criterion, {"rule"}))
            for criterion in rule.criteria.all()
        )
    TierPromise.objects.bulk_create(
        TierPromise(policy=draft, **content_of(promise, {"policy"}))
        for promise in TierPromise.objects.filter(policy=source).order_by("pk")
    )
    PromiseTarget.objects.bulk_create(
        PromiseTarget(policy=draft, **content_of(target, {"policy"}))
        for target in PromiseTarget.objects.filter(policy=source).order_by("pk")
    )


def content_of(row: Any, besides: set[str]) -> dict[str, Any]:
    """Return what a row says: every column but its own key and the row it hangs on."""
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key and field.name not in besides
    }
