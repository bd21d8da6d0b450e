"""Ask for a tier by decision, decide about it, take it back. Two people, always.

Every action locks the organization first: requests, decisions and evaluations of one
account are one after the other. What the days bring (reminder, lapse) is in
``tiers.actions.override_days``.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from people.models import Organization, User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from portal.kit.words import tier_label
from tiers.actions import override_news
from tiers.actions.evaluating import evaluate_organization
from tiers.models import AccountFact, OverrideRequest, TierAssignment, TierOverride, TierPolicy
from tiers.program import live_policy_at

REASON_LENGTH = 300
REMINDED_BEFORE = timedelta(days=14)
Status = OverrideRequest.Status


def usual_reminder(starts: date, expires: date) -> date:
    """Return the usual reminder day: two weeks before the end, halfway for a short override."""
    return max(expires - REMINDED_BEFORE, starts + (expires - starts) // 2)


@transaction.atomic
def request_override(
    *,
    organization: Organization,
    tier: str,
    reason: str,
    by: User,
    starts: date,
    expires: date,
    now: datetime,
    reminder_on: date | None = None,
    extends: TierOverride | None = None,
) -> OverrideRequest:
    """Ask for an override; ops are told. Nothing counts before somebody else approves.

    ``by`` is any of the vendor's people. ``expires`` is the first day on which it would no
    longer count, days are UTC days. The same request twice is one; another one while one
    waits is refused. A tier below what is signed is refused and named.
    """
    request, is_new = _ask(
        organization=organization,
        tier=tier,
        reason=reason,
        by=by,
        starts=starts,
        expires=expires,
        now=now,
        reminder_on=reminder_on,
        extends=extends,
    )
    if is_new:
        override_news.tell_asked(request, now)
    return request


def _ask(
    *,
    organization: Organization,
    tier: str,
    reason: str,
    by: User,
    starts: date,
    expires: date,
    now: datetime,
    reminder_on: date | None = None,
    extends: TierOverride | None = None,
) -> tuple[OverrideRequest, bool]:
    """Store a request; return it and whether it is a new one."""
    if not (by.works_here and by.is_active):
        raise NotPermitted("not_staff", _("Only the vendor's own people can ask for an override."))
    lock(Organization.objects.filter(pk=organization.pk)).get()
    reminder = reminder_on or usual_reminder(starts, expires)
    problems = _problems(organization, tier, reason, starts, expires, now)
    if "expires" not in problems and not starts <= reminder < expires:
        problems["reminder_on"] = _("The reminder must lie between start and end.")
    if problems:
        raise InvalidInput(
            "override_invalid", _("The override cannot be asked for like this."), fields=problems
        )
    asked = {
        "tier": tier,
        "reason": reason.strip(),
        "starts": starts,
        "expires": expires,
        "reminder_on": reminder,
        "extends": extends,
        "requested_by": by,
    }
    waiting = OverrideRequest.objects.pending().filter(organization=organization).first()
    if waiting is not None:
        if all(getattr(waiting, name) == value for name, value in asked.items()):
            return waiting, False
        raise Refused(
            "already_asked",
            _("%(person)s has asked for %(name)s already. That request is to be decided first.")
            % {"person": waiting.requested_by, "name": organization},
        )
    made = OverrideRequest.objects.create(organization=organization, requested_at=now, **asked)
    return made, True


@transaction.atomic
def extend_override(
    *,
    override: TierOverride,
    reason: str,
    by: User,
    expires: date,
    now: datetime,
    reminder_on: date | None = None,
) -> OverrideRequest:
    """Ask for a later end: a new request for the same tier that begins on the present end."""
    if override.withdrawn_at or override.expires <= now.date():
        raise Refused("over", _("This override is over. Ask for a new one instead."))
    if expires <= override.expires:
        raise InvalidInput(
            "override_invalid",
            _("The override cannot be extended like this."),
            fields={"expires": _("The new end must be after the present one.")},
        )
    return request_override(
        organization=override.organization,
        tier=override.tier,
        reason=reason,
        by=by,
        starts=override.expires,
        expires=expires,
        reminder_on=reminder_on,
        extends=override,
        now=now,
    )


@transaction.atomic
def approve_override(
    *, request: OverrideRequest, by: User, now: datetime, note: str = ""
) -> TierOverride:
    """Give what was asked for and evaluate; the requester and the account team are told.

    ``by`` is somebody else who runs operations. The same approval twice is one. Refused when
    somebody decided meanwhile, when the period is over, and when the contract guarantees more.
    An override whose start has passed begins today.
    """
    asked, override, is_new = _approve(request, by, now, note)
    if is_new:
        override_news.tell_approved(asked, now)
    return override


def _approve(
    request: OverrideRequest, by: User, now: datetime, note: str
) -> tuple[OverrideRequest, TierOverride, bool]:
    """Give the override; return the request, the override and whether this gave it."""
    asked = _locked(request)
    if asked.status == Status.APPROVED and asked.decided_by_id == by.pk and asked.override:
        return asked, asked.override, False
    _may_decide(asked, by)
    today = now.date()
    if asked.expires <= today:
        raise Refused(
            "over", _("The days that were asked for are over. Somebody has to ask again.")
        )
    if asked.extends is not None and asked.extends.withdrawn_at is not None:
        raise Refused("over", _("The override that this would extend was taken back."))
    starts = max(asked.starts, today)
    problems = _problems(asked.organization, asked.tier, asked.reason, starts, asked.expires, now)
    if problems:
        raise Refused("override_invalid", " ".join(problems.values()))
    override = TierOverride.objects.create(
        organization=asked.organization,
        tier=asked.tier,
        reason=asked.reason,
        requested_by=asked.requested_by,
        approved_by=by,
        starts=starts,
        expires=asked.expires,
        reminder_on=max(asked.reminder_on, starts),
    )
    _decide(asked, Status.APPROVED, by, now, note, override)
    evaluate_organization(organization=asked.organization, now=now)
    return asked, override, True


@transaction.atomic
def refuse_override(*, request: OverrideRequest, by: User, note: str, now: datetime) -> None:
    """Say no, and why; the requester is told. The same refusal twice is one."""
    asked = _locked(request)
    if asked.status == Status.REFUSED and asked.decided_by_id == by.pk:
        return
    _may_decide(asked, by)
    if not note.strip():
        raise InvalidInput(
            "override_invalid",
            _("Say why."),
            fields={"note": _("Say why; the requester reads it.")},
        )
    _decide(asked, Status.REFUSED, by, now, note, None)
    override_news.tell_refused(asked, now)


@transaction.atomic
def withdraw_request(*, request: OverrideRequest, by: User, now: datetime) -> None:
    """Take a request back before it is decided; harmless when repeated.

    Only who asked may: others who do not want it refuse it, with a reason.
    """
    asked = _locked(request)
    if asked.requested_by_id != by.pk:
        raise NotPermitted("not_yours", _("Only who asked can take the request back."))
    if asked.status == Status.WITHDRAWN:
        return
    _must_be_pending(asked)
    _decide(asked, Status.WITHDRAWN, by, now, "", None)


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
    """Ask and approve in one go, for two people who agreed elsewhere: nobody is told."""
    request, _is_new = _ask(
        organization=organization,
        tier=tier,
        reason=reason,
        by=requested_by,
        starts=starts,
        expires=expires,
        now=now,
    )
    _request, override, _is_new = _approve(request, approved_by, now, "")
    return override


@transaction.atomic
def withdraw_override(
    *, override: TierOverride, now: datetime, by: User | None = None
) -> TierAssignment:
    """Take an override back and evaluate; harmless when repeated.

    ``by`` is None when the system itself takes it back. Who asked, who approved and the
    account team are told.
    """
    if by is not None and not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops may take back an override."))
    lock(Organization.objects.filter(pk=override.organization_id)).get()
    taken_back = TierOverride.objects.filter(
        pk=override.pk, withdrawn_at=None, lapsed_at=None, expires__gt=now.date()
    ).update(withdrawn_at=now, withdrawn_by=by)
    assignment = evaluate_organization(organization=override.organization, now=now)
    if taken_back:
        override.refresh_from_db()
        override_news.tell_taken_back(override, assignment, now)
    return assignment


# --- What both requests and approvals ask ---------------------------------------


def _problems(
    organization: Organization, tier: str, reason: str, starts: date, expires: date, now: datetime
) -> dict[str, str]:
    problems = {}
    policy = live_policy_at(now)
    if tier not in policy.tier_order:
        problems["tier"] = _("The live policy has no such tier.")
    elif said := below_contract(organization, tier, policy):
        problems["tier"] = said
    if not reason.strip():
        problems["reason"] = _("Say why.")
    elif len(reason.strip()) > REASON_LENGTH:
        problems["reason"] = _("At most %(count)s characters.") % {"count": REASON_LENGTH}
    if expires <= starts:
        problems["expires"] = _("The end must be after the start.")
    elif expires <= now.date():
        problems["expires"] = _("The end is over already, so the override would never count.")
    return problems


def below_contract(organization: Organization, tier: str, policy: TierPolicy) -> str:
    """Return what the contract has against a tier; empty when nothing."""
    signed = (
        AccountFact.objects.filter(organization=organization, fact=AccountFact.Name.CONTRACT_FLOOR)
        .current()
        .values_list("value", flat=True)
        .first()
    )
    order = list(policy.tier_order)
    if not signed:
        return ""
    if signed not in order:
        return _(
            "The contract guarantees “%(tier)s”, which the live policy does not know. Settle that "
            "first: nobody may get less than is signed."
        ) % {"tier": signed}
    if order.index(tier) < order.index(signed):
        return _("The contract guarantees at least %(tier)s; an override cannot go below it.") % {
            "tier": tier_label(signed)
        }
    return ""


def _locked(request: OverrideRequest) -> OverrideRequest:
    lock(Organization.objects.filter(pk=request.organization_id)).get()
    rows = OverrideRequest.objects.select_related(
        "organization", "requested_by", "decided_by", "override", "extends"
    )
    found: OverrideRequest = lock(rows.filter(pk=request.pk)).get()
    return found


def _may_decide(asked: OverrideRequest, by: User) -> None:
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops may decide about an override."))
    if asked.requested_by_id == by.pk:
        raise NotPermitted("four_eyes", _("Somebody else has to decide about your request."))
    _must_be_pending(asked)


def _must_be_pending(asked: OverrideRequest) -> None:
    if asked.is_pending:
        return
    day = date_format(localtime(asked.decided_at), _("j M Y")) if asked.decided_at else ""
    words = {"person": asked.decided_by, "day": day}
    match asked.status:
        case Status.APPROVED:
            said = _("%(person)s approved this request on %(day)s.")
        case Status.REFUSED:
            said = _("%(person)s refused this request on %(day)s.")
        case Status.WITHDRAWN:
            said = _("%(person)s took this request back on %(day)s.")
        case _unanswered:
            said = _("The days that were asked for are over. Somebody has to ask again.")
    raise Refused("already_decided", said % words)


def _decide(
    asked: OverrideRequest,
    status: str,
    by: User | None,
    now: datetime,
    note: str,
    override: TierOverride | None,
) -> None:
    if len(note.strip()) > REASON_LENGTH:
        words = _("At most %(count)s characters.") % {"count": REASON_LENGTH}
        raise InvalidInput("override_invalid", words, fields={"note": words})
    asked.status = status
    asked.decided_by = by
    asked.decided_at = now
    asked.decision_note = note.strip()
    asked.override = override
    asked.save(update_fields=["status", "decided_by", "decided_at", "decision_note", "override"])
