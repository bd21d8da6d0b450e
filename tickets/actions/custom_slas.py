"""Agree and end custom SLAs together with what they do to the organization's open tickets.

One transaction each: a contract without its run would leave open tickets between two promises.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import Organization, User
from portal.kit.refused import InvalidInput
from tickets.actions.publishing import retarget_organization
from tickets.models import RecomputeRun
from tiers.actions import agree_custom_target, end_custom_target
from tiers.models import OpenTickets, OrganizationTarget


@transaction.atomic
def agree_custom_sla(
    *,
    organization: Organization,
    severity: int,
    metric: str,
    target_seconds: int,
    floor_seconds: int,
    calendar_key: str,
    reason: str,
    valid_from: datetime,
    valid_to: datetime | None,
    warn_at: Sequence[int] | None,
    tell: Mapping[str, Sequence[str]] | None,
    treatment: str,
    by: User,
    now: datetime,
) -> tuple[OrganizationTarget, RecomputeRun | None]:
    """Agree a custom target; return it and the run over open tickets, if there is one.

    Raises what ``tiers.actions.agree_custom_target`` and ``retarget_organization``
    raise, and InvalidInput when open tickets should get what does not count yet: new
    tickets get it from its own instant on, without anybody's doing.
    """
    if valid_from > now:
        _check_later(treatment)
    target = agree_custom_target(
        organization=organization,
        severity=severity,
        metric=metric,
        target_seconds=target_seconds,
        floor_seconds=floor_seconds,
        calendar_key=calendar_key,
        reason=reason,
        approved_by=by,
        valid_from=valid_from,
        valid_to=valid_to,
        warn_at=warn_at,
        tell=tell,
        now=now,
    )
    return target, _treat(organization, treatment, reason, by, now)


@transaction.atomic
def end_custom_sla(
    *, target: OrganizationTarget, ends: datetime, treatment: str, by: User, now: datetime
) -> RecomputeRun | None:
    """Let the tier's own promise count again; return the run over open tickets, if any.

    Raises what ``tiers.actions.end_custom_target`` and ``retarget_organization`` raise,
    and InvalidInput when open tickets should get now what counts only later.
    """
    if ends > now:
        _check_later(treatment)
    end_custom_target(target=target, ends=ends, approved_by=by, now=now)
    reason = _("Contract ended: %(reason)s") % {"reason": target.reason}
    return _treat(target.organization, treatment, reason, by, now)


def _check_later(treatment: str) -> None:
    if treatment != OpenTickets.NEXT_TICKET:
        raise InvalidInput(
            "custom_sla_later",
            _("Nothing was changed."),
            fields={
                "treatment": _(
                    "It counts only from a later moment, so open tickets cannot get it now."
                )
            },
        )


def _treat(
    organization: Organization, treatment: str, reason: str, by: User, now: datetime
) -> RecomputeRun | None:
    return retarget_organization(
        organization=organization, treatment=treatment, reason=reason, started_by=by, now=now
    )
