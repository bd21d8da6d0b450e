"""Give an organization a tier by decision, for a time."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import Organization, StaffRole, User
from portal.kit.refused import InvalidInput, NotPermitted
from tiers.actions.evaluating import evaluate_organization
from tiers.models import TierAssignment, TierOverride
from tiers.program import live_policy_at


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
    """Store an override and evaluate; reason, a second approver and an end are mandatory."""
    problems = {}
    if tier not in live_policy_at(now).tier_order:
        problems["tier"] = _("The live policy has no such tier.")
    if not reason.strip():
        problems["reason"] = _("Say why.")
    if expires <= starts:
        problems["expires"] = _("The end must be after the start.")
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


@transaction.atomic
def withdraw_override(*, override: TierOverride, now: datetime) -> TierAssignment:
    """Take an override back and evaluate; harmless when repeated."""
    TierOverride.objects.filter(pk=override.pk, withdrawn_at=None).update(withdrawn_at=now)
    return evaluate_organization(organization=override.organization, now=now)
