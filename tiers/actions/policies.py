"""Drafts of the support program: begun from a version, changed, thrown away."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.actions.editing import keep_edit
from tiers.models import (
    Criterion,
    PolicyEdit,
    PolicyEvent,
    PromiseTarget,
    TierPolicy,
    TierPromise,
    TierRule,
)
from tiers.policy_content import SETTINGS, content_of
from tiers.rules.governance import may

NAME_LENGTH = 120


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
        **{name: getattr(found, name) for name in SETTINGS},
    )
    copy_content(found, draft)
    TierPolicy.objects.filter(pk=draft.pk).update(created_at=now)
    draft.created_at = now
    keep_edit(
        draft, PolicyEdit.What.BEGUN, [found.version], before=None, after=None, by=author, now=now
    )
    if found.effective_from is None:
        _take_over_writers(found, draft, now)
    return draft


def _take_over_writers(source: TierPolicy, draft: TierPolicy, now: datetime) -> None:
    """Whoever wrote what was never published wrote this too, and cannot sign it off."""
    writers = [source.author_id, *source.edits.order_by().values_list("by", flat=True)]
    keys = {key for key in writers if key is not None and key != draft.author_id}
    for writer in User.objects.filter(pk__in=keys).order_by("pk"):
        keep_edit(
            draft, PolicyEdit.What.TAKEN_OVER, [source.version],
            before=None, after=None, by=writer, now=now,
        )  # fmt: skip


@transaction.atomic
def rename_draft(*, policy: TierPolicy, name: str, by: User, now: datetime) -> TierPolicy:
    """Give a draft another name, by which people will know the version."""
    draft = locked_draft(policy, by)
    given = " ".join(name.replace("\x00", "").split())
    if not given or len(given) > NAME_LENGTH:
        raise InvalidInput(
            "policy_name",
            _("Give the version a name."),
            fields={
                "name": _("A name has 1 to %(count)s characters.") % {"count": NAME_LENGTH},
            },
        )
    if given != draft.name:
        keep_edit(draft, PolicyEdit.What.NAME, [], before=draft.name, after=given, by=by, now=now)
    draft.name = given
    draft.save(update_fields=["name"])
    return draft


@transaction.atomic
def discard_draft(*, policy: TierPolicy, by: User, now: datetime) -> None:
    """Throw a draft away; harmless when it was thrown away already.

    It keeps its number and everything that was typed into it, so that whoever still had it
    open is told what happened, and a new draft can be made of it.
    """
    check_runs_operations(by)
    draft = lock(TierPolicy.objects.filter(pk=policy.pk)).get()
    if draft.is_discarded:
        return
    draft = locked_draft(policy, by)
    draft.status, draft.discarded_at = TierPolicy.Status.DISCARDED, now
    draft.discarded_by = by
    draft.save(update_fields=["status", "discarded_at", "discarded_by"])
    PolicyEvent.objects.create(policy=draft, kind=PolicyEvent.Kind.DISCARDED, by=by, at=now)


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
    draft = locked_version(policy, by)
    if not may("edit", draft.status):
        raise Refused("not_a_draft", why_not_a_draft(draft))
    return draft


def locked_version(policy: TierPolicy, by: User) -> TierPolicy:
    """Lock a version for ops; Refused ("draft_discarded") when it was thrown away."""
    check_runs_operations(by)
    found: TierPolicy | None = lock(TierPolicy.objects.filter(pk=policy.pk)).first()
    if found is None or found.is_discarded:
        raise Refused(
            "draft_discarded",
            _("This draft was discarded by somebody else. You can make a new draft of it."),
        )
    return found


def why_not_a_draft(policy: TierPolicy) -> str:
    """Return why a version cannot be changed, and what to do instead."""
    if policy.is_underway:
        return _(
            "Version %(version)s is under review, so it cannot be changed. Take it back to draft "
            "first; what was signed off counts no longer then."
        ) % {"version": policy.version}
    return _(
        "Version %(version)s is no draft any more: it cannot be changed. Make a new draft."
    ) % {"version": policy.version}


def check_runs_operations(user: User) -> None:
    """Refuse everybody but ops and admins."""
    if not (user.runs_operations and user.is_active):
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
