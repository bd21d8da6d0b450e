"""Custom SLAs: what a contract promises one organization instead of its tier's."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from people.models import Organization, User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.actions.targets import (
    place_problems,
    promised_calendar,
    stored_tell,
    target_problems,
)
from tiers.models import OrganizationTarget
from tiers.program import PromisedTarget, recipients_of
from tiers.promises import USUAL_LADDER, Ladder
from tiers.rules.ladders import in_order

REASON_LENGTH = 300


@transaction.atomic
def agree_custom_target(
    *,
    organization: Organization,
    severity: int,
    metric: str,
    target_seconds: int,
    floor_seconds: int,
    calendar_key: str,
    reason: str,
    approved_by: User,
    valid_from: datetime,
    now: datetime,
    valid_to: datetime | None = None,
    warn_at: Sequence[int] | None = None,
    tell: Mapping[str, Sequence[str]] | None = None,
) -> OrganizationTarget:
    """Promise one organization its own target; the one in force until then ends.

    Seconds are business seconds of the calendar. Tickets that are open keep the
    promise they were opened under. ``valid_from`` may lie in the past, where a
    contract counted before it was typed in. Without ``warn_at`` the warning ladder
    of the tier's own target counts. A contract may promise less than the tier does:
    it is signed, and the reason is kept. Raises InvalidInput naming every
    value that cannot be, NotPermitted unless ops approve, and Refused when the
    period overlaps with what was agreed for a later time.
    """
    calendar = promised_calendar(calendar_key)
    ladder = USUAL_LADDER if warn_at is None else Ladder(tuple(warn_at), recipients_of(tell or {}))
    promised = PromisedTarget(
        target_seconds, floor_seconds, calendar_key, (), ladder.warn_at, ladder.tell
    )
    problems = _problems(severity, metric, reason) | target_problems(promised)
    if calendar is None:
        problems["calendar"] = _("There is no such calendar with a published version.")
    if valid_to is not None and valid_to <= valid_from:
        problems["valid_to"] = _("The end must be after the start.")
    elif valid_to is not None and valid_to <= now:
        problems["valid_to"] = _("The end is over already, so it would never count.")
    if problems or calendar is None:
        raise InvalidInput(
            "custom_target_invalid", _("The target cannot be agreed like this."), fields=problems
        )
    _check_approver(approved_by)
    lock(Organization.objects.filter(pk=organization.pk)).get()
    replaced = _in_the_way(organization, severity, metric, valid_from, valid_to)
    replaced.update(valid_to=valid_from, ended_by=approved_by, ended_at=now)
    return OrganizationTarget.objects.create(
        organization=organization,
        severity=severity,
        metric=metric,
        target_seconds=target_seconds,
        floor_seconds=floor_seconds,
        calendar=calendar,
        warn_at=None if warn_at is None else list(in_order(warn_at, target_seconds)),
        tell=None if warn_at is None else stored_tell(tell or {}),
        reason=reason.strip(),
        approved_by=approved_by,
        valid_from=valid_from,
        valid_to=valid_to,
    )


@transaction.atomic
def end_custom_target(
    *, target: OrganizationTarget, ends: datetime, approved_by: User, now: datetime
) -> OrganizationTarget:
    """Let the tier's own target count again from an instant on; harmless when repeated.

    Who ended it, and when, is kept with it.
    """
    _check_approver(approved_by)
    lock(Organization.objects.filter(pk=target.organization_id)).get()
    row = OrganizationTarget.objects.get(pk=target.pk)
    if row.valid_to is None or ends < row.valid_to:
        row.valid_to = max(ends, row.valid_from)
        row.ended_by, row.ended_at = approved_by, now
        row.save(update_fields=["valid_to", "ended_by", "ended_at"])
    return row


def _check_approver(user: User) -> None:
    if not user.runs_operations:
        raise NotPermitted("not_ops", _("Only ops may approve a custom target."))


def _problems(severity: int, metric: str, reason: str) -> dict[str, str]:
    problems = place_problems(severity, metric)
    if not reason.strip():
        problems["reason"] = _("Say why.")
    elif len(reason.strip()) > REASON_LENGTH:
        problems["reason"] = _("At most %(count)s characters.") % {"count": REASON_LENGTH}
    return problems


def _in_the_way(
    organization: Organization,
    severity: int,
    metric: str,
    valid_from: datetime,
    valid_to: datetime | None,
) -> QuerySet[OrganizationTarget]:
    """Return what counts at the start of the new period; refuse what begins within it."""
    same = OrganizationTarget.objects.filter(
        organization=organization, severity=severity, metric=metric
    ).filter(Q(valid_to=None) | Q(valid_to__gt=valid_from))
    later = same.filter(valid_from__gte=valid_from)
    if valid_to is not None:
        later = later.filter(valid_from__lt=valid_to)
    if later.exists():
        raise Refused(
            "custom_target_overlaps",
            _("Something else was agreed for a later time. End that first."),
        )
    return same.filter(valid_from__lt=valid_from)
