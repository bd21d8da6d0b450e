"""What the days bring to overrides: a reminder, the end, and requests that nobody decided.

Each row is dealt with in a transaction of its own under the organization's lock, and says
that it was: running late, twice or two at once tells nobody twice. Days are UTC days.
"""

from datetime import datetime

from django.db import transaction

from people.models import Organization
from portal.kit.claims import lock
from tiers.actions import override_news
from tiers.actions.evaluating import evaluate_organization
from tiers.models import OverrideRequest, TierOverride


def overrides_to_tend(now: datetime) -> list[tuple[str, int]]:
    """Return what is due: ("remind" | "lapse", override id) and ("expire", request id)."""
    today = now.date()
    remind = TierOverride.objects.to_remind_of(today).order_by("pk").values_list("pk", flat=True)
    lapse = TierOverride.objects.to_lapse(today).order_by("pk").values_list("pk", flat=True)
    expire = OverrideRequest.objects.pending().filter(expires__lte=today).order_by("pk")
    return [
        *(("lapse", pk) for pk in lapse),
        *(("remind", pk) for pk in remind),
        *(("expire", pk) for pk in expire.values_list("pk", flat=True)),
    ]


def tend_override(*, kind: str, pk: int, now: datetime) -> bool:
    """Do one of what is due; False when it is no longer due."""
    match kind:
        case "remind":
            return remind_of_override(override_id=pk, now=now)
        case "lapse":
            return lapse_override(override_id=pk, now=now)
        case "expire":
            return expire_request(request_id=pk, now=now)
    raise ValueError(f"Nothing called {kind!r} is done to overrides.")


@transaction.atomic
def remind_of_override(*, override_id: int, now: datetime) -> bool:
    """Tell requester, approver and account team that an override ends soon, once.

    One that goes on by an approved extension does not end: nobody is bothered.
    """
    override = _locked(override_id)
    if override is None:
        return False
    due = TierOverride.objects.to_remind_of(now.date()).filter(pk=override_id)
    if not due.update(reminded_at=now):
        return False
    if not _goes_on(override):
        override_news.tell_ends_soon(override, now)
    return True


@transaction.atomic
def lapse_override(*, override_id: int, now: datetime) -> bool:
    """Return the account to what its facts call for, and tell so, once."""
    override = _locked(override_id)
    if override is None:
        return False
    due = TierOverride.objects.to_lapse(now.date()).filter(pk=override_id)
    if not due.update(lapsed_at=now):
        return False
    assignment = evaluate_organization(organization=override.organization, now=now)
    if not _goes_on(override):
        override_news.tell_lapsed(override, assignment, now)
    return True


@transaction.atomic
def expire_request(*, request_id: int, now: datetime) -> bool:
    """Close a request whose days are over without a decision, and tell who asked."""
    found = OverrideRequest.objects.filter(pk=request_id).first()
    if found is None:
        return False
    lock(Organization.objects.filter(pk=found.organization_id)).get()
    due = OverrideRequest.objects.pending().filter(pk=request_id, expires__lte=now.date())
    if not due.update(status=OverrideRequest.Status.EXPIRED, decided_at=now):
        return False
    found.refresh_from_db()
    override_news.tell_not_decided(found, now)
    return True


def _locked(override_id: int) -> TierOverride | None:
    found = TierOverride.objects.filter(pk=override_id).first()
    if found is not None:
        lock(Organization.objects.filter(pk=found.organization_id)).get()
        found.refresh_from_db()
    return found


def _goes_on(override: TierOverride) -> bool:
    """Whether another override to the same tier takes over on the day this one ends."""
    return (
        TierOverride.objects.in_force_on(override.expires)
        .filter(organization_id=override.organization_id, tier=override.tier)
        .exclude(pk=override.pk)
        .exists()
    )
