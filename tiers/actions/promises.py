"""What a tier of a draft includes besides targets: queue, channels, people, self-service."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import AccountTeamMember, User
from portal.kit.refused import InvalidInput, Refused
from tiers.actions.editing import keep_edit
from tiers.actions.policies import locked_draft
from tiers.actions.targets import stored_form
from tiers.ladder import CHANNEL_WORDS, SELF_SERVICE_WORDS
from tiers.models import PolicyEdit, PromiseTarget, TierPolicy, TierPromise
from tiers.policy_content import content_of
from tiers.program import target_of
from tiers.rules.prints import print_of

QUEUE_KEY = re.compile(r"[-a-zA-Z0-9_]{1,40}")
MOST_REVIEW_DAYS = 3650
What = PolicyEdit.What


@dataclass(frozen=True, slots=True)
class Included:
    """What a tier includes; ``review_cadence_days`` None: no regular reviews."""

    queue_key: str
    channels: Sequence[str] = ()
    account_team: Sequence[str] = ()
    self_service: Sequence[str] = ()
    review_cadence_days: int | None = None

    @property
    def fingerprint(self) -> str:
        """A short print: what says the same has the same."""
        said = [*asdict(self).values()]
        return print_of([sorted(one) if isinstance(one, list | tuple) else one for one in said])


def included_in(promise: TierPromise) -> Included:
    """Return what a stored row says."""
    return Included(**content_of(promise, {"policy", "tier"}))


@transaction.atomic
def set_promise(
    *, policy: TierPolicy, tier: str, included: Included, seen: str, by: User, now: datetime
) -> TierPromise:
    """Say what a tier of a draft includes besides targets.

    ``seen`` is the fingerprint of what the editor saw, empty for nothing. Raises InvalidInput
    naming what cannot be, and Refused ("promise_changed") when somebody else saved something
    else meanwhile.
    """
    draft = locked_draft(policy, by)
    problems = _problems(draft, tier, included)
    if problems:
        message = _("This cannot be kept like this.")
        raise InvalidInput("promise_invalid", message, fields=problems)
    found: TierPromise | None = TierPromise.objects.filter(policy=draft, tier=tier).first()
    before = included_in(found) if found else None
    if before is not None and found is not None and before.fingerprint == included.fingerprint:
        return found
    if (before.fingerprint if before else "") != seen:
        raise Refused(
            "promise_changed",
            _(
                "Somebody else changed this while you were editing it. What you typed is still "
                "here; save again to replace what they wrote."
            ),
        )
    row = found or TierPromise(policy=draft, tier=tier)
    for name, value in _stored(included).items():
        setattr(row, name, value)
    row.save()
    keep_edit(
        draft, What.PROMISE, [tier], by=by, now=now,
        before=_stored(before) if before else None, after=_stored(included),
    )  # fmt: skip
    return row


def drop_promises(draft: TierPolicy, tier: str, *, by: User, now: datetime) -> None:
    """Take everything that a tier is promised out of a draft that the caller has locked."""
    for row in PromiseTarget.objects.filter(policy=draft, tier=tier).select_related("calendar"):
        keep_edit(
            draft, What.TARGET, [tier, row.severity, row.metric], by=by, now=now,
            before=stored_form(target_of(row)), after=None,
        )  # fmt: skip
        row.delete()
    for promise in TierPromise.objects.filter(policy=draft, tier=tier):
        before = content_of(promise, {"policy", "tier"})
        keep_edit(draft, What.PROMISE, [tier], before=before, after=None, by=by, now=now)
        promise.delete()


def copy_promises(draft: TierPolicy, source: str, tier: str, *, by: User, now: datetime) -> None:
    """Begin the promises of a new tier with those of another, in a draft that is locked."""
    for row in PromiseTarget.objects.filter(policy=draft, tier=source).select_related("calendar"):
        made = PromiseTarget.objects.create(
            policy=draft, tier=tier, **content_of(row, {"policy", "tier"})
        )
        keep_edit(
            draft, What.TARGET, [tier, row.severity, row.metric], by=by, now=now,
            before=None, after=stored_form(target_of(made)),
        )  # fmt: skip
    for promise in TierPromise.objects.filter(policy=draft, tier=source):
        said = content_of(promise, {"policy", "tier"})
        TierPromise.objects.create(policy=draft, tier=tier, **said)
        keep_edit(draft, What.PROMISE, [tier], before=None, after=said, by=by, now=now)


def _stored(included: Included) -> dict[str, object]:
    return {
        name: list(value) if isinstance(value, tuple | list) else value
        for name, value in asdict(included).items()
    }


def _problems(draft: TierPolicy, tier: str, included: Included) -> dict[str, str]:
    problems = {}
    if tier not in draft.tier_order:
        problems["tier"] = _("This version has no such tier.")
    if not QUEUE_KEY.fullmatch(included.queue_key):
        problems["queue_key"] = _("Choose a queue.")
    if not included.channels:
        problems["channels"] = _("Leave at least one channel open.")
    for name, chosen, known in (
        ("channels", included.channels, CHANNEL_WORDS),
        ("account_team", included.account_team, AccountTeamMember.Duty.values),
        ("self_service", included.self_service, SELF_SERVICE_WORDS),
    ):
        if not set(chosen) <= set(known):
            problems[name] = _("Choose from the list.")
    days = included.review_cadence_days
    if days is not None and not 1 <= days <= MOST_REVIEW_DAYS:
        problems["review_cadence_days"] = _("Write a whole number from %(low)s to %(high)s.") % {
            "low": 1,
            "high": MOST_REVIEW_DAYS,
        }
    return problems
