"""Give an organization a tier by decision, for a time."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import Organization, StaffRole, User
from portal.kit.refused import InvalidInput, NotPermitted
from tiers.actions.evaluating import evaluate_organization
from tiers.models import TierAssignment, TierOverride
from tiers.program import live_policy_at

REASON_LENGTH = 300


@transaction.atomic
def give_override(
    *,
    organization: Organization,
    tier: str,
    reason: str,
    requested_by: User,
    approved_by: User,
    starts: date,
    expires: date,
    now: datetime,
) -> TierOverride:
    """Store an override and evaluate; reason, a second approver and an end are mandatory.

    ``requested_by`` is one of the vendor's people, ``approved_by`` somebody else
    who runs operations. ``expires`` is the first day on which it no longer counts.
    """
    problems = _problems(tier, reason, requested_by, starts, expires, now)
    if problems:
        raise InvalidInput(
            "override_invalid", _("The override cannot be given like this."), fields=problems
        )
    if requested_by.pk == approved_by.pk:
        raise NotPermitted("four_eyes", _("Somebody else has to approve an override."))
    if approved_by.staff_role not in {StaffRole.OPS, StaffRole.ADMIN}:
        raise NotPermitted("not_ops", _("Only ops may approve an override."))
    override = TierOverride.objects.create(
        organization=organization,
        tier=tier,
        reason=reason.strip(),
        requested_by=requested_by,
        approved_by=approved_by,
        starts=starts,
        expires=expires,
    )
    evaluate_organization(organization=organization, now=now)
    return override


def _problems(
    tier: str, reason: str, requested_by: User, starts: date, expires: date, now: datetime
) -> dict[str, str]:
    problems = {}
    if tier not in live_policy_at(now).tier_order:
        problems["tier"] = _("The live policy has no such tier.")
    if not reason.strip():
        problems["reason"] = _("Say why.")
    elif len(reason.strip()) > REASON_LENGTH:
        problems["reason"] = _("At most %(count)s characters.") % {"count": REASON_LENGTH}
    if not requested_by.works_here:
        problems["requested_by"] = _("Only the vendor's own people can ask for an override.")
    if expires <= starts:
        problems["expires"] = _("The end must be after the start.")
    elif expires <= now.date():
        problems["expires"] = _("The end is over already, so the override would never count.")
    return problems


@transaction.atomic
def withdraw_override(
    *, override: TierOverride, now: datetime, by: User | None = None
) -> TierAssignment:
    """Take an override back and evaluate; harmless when repeated.

    ``by`` is None when the system itself takes it back.
    """
    if by is not None and not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops may take back an override."))
    TierOverride.objects.filter(pk=override.pk, withdrawn_at=None).update(withdrawn_at=now)
    return evaluate_organization(organization=override.organization, now=now)
