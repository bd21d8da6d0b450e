"""The criteria of a draft: tiers in order, rules as rows, what they would do, live while typing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.kit import clock
from portal.kit.access import viewer_of_request
from portal.kit.refused import InvalidInput, Refused
from tiers.actions import draft_from_version, save_criteria
from tiers.directory import count_standings
from tiers.forms.criteria_sheet import CriteriaSheet, anchor_of
from tiers.models import PolicyEdit, TierPolicy
from tiers.policy_checks import findings_of
from tiers.policy_content import criteria_fingerprint
from tiers.policy_history import HistoryLine, line_of_edit
from tiers.preview import tier_counts
from tiers.program import read_program
from tiers.reason_words import say
from tiers.rules import evaluation
from tiers.views.ops.frame import me, ops_view
from tiers.views.ops.policy_frame import render_version, version_or_404


@dataclass(frozen=True, slots=True)
class Said:
    """A finding as it stands in the page: its level, its words, and the row it points to."""

    level: str
    text: str
    anchor: str

    @property
    def place(self) -> int:
        """The place of the rule that it points to, from 0; -1 for none."""
        kind, _dash, rest = self.anchor.partition("-")
        return int(rest.partition("-")[0]) if kind == "rule" else -1


@dataclass(frozen=True, slots=True)
class Count:
    """How many accounts a tier has now, would have, and the difference."""

    tier: str
    now: int
    then: int | None

    @property
    def difference(self) -> int:
        """How many more or fewer there would be."""
        return (self.then or 0) - self.now


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a save was refused, what others wrote meanwhile, and what can be done."""

    message: str
    code: str
    lines: tuple[HistoryLine, ...]
    fresh: str


@ops_view
@require_http_methods(["GET", "POST"])
def policy_criteria(request: HttpRequest, version: int) -> HttpResponse:
    """Show the sheet; move its rows, or save it, when it was sent."""
    policy, now = version_or_404(version), clock.now()
    if request.method != "POST":
        if not policy.is_draft:
            return redirect("ops_policy_version", version)
        return _render(request, policy, _stored(policy), now)
    sheet = CriteriaSheet.of_post(request.POST, policy.currency)
    step = request.POST.get("do", "save")
    if step in {"save", "replace", "rescue"}:
        return _save(request, policy, sheet, step, now)
    said = sheet.step(step)
    return _render(request, policy, sheet, now, said=said)


@ops_view
@require_POST
def policy_criteria_check(request: HttpRequest, version: int) -> HttpResponse:
    """Answer what was typed so far with what is to be said against it and whom it moves."""
    policy = version_or_404(version)
    sheet = CriteriaSheet.of_post(request.POST, policy.currency)
    context = _live(request, policy, sheet, clock.now(), {})
    return render(request, "ops/policy_criteria_live.html", context | {"is_fragment": True})


def _stored(policy: TierPolicy) -> CriteriaSheet:
    rules = read_program(policy.pk).rules
    return CriteriaSheet.of_policy(rules, policy.currency, criteria_fingerprint(policy))


def _save(
    request: HttpRequest, policy: TierPolicy, sheet: CriteriaSheet, step: str, now: datetime
) -> HttpResponse:
    criteria = sheet.read()
    if criteria is None:
        return _render(request, policy, sheet, now, status=422)
    by = me(request)
    try:
        if step == "rescue":
            policy = draft_from_version(source=policy, author=by, now=now)
            sheet.seen = criteria_fingerprint(policy)
        save_criteria(
            policy=policy,
            criteria=criteria,
            seen=request.POST.get("fresh", "") if step == "replace" else sheet.seen,
            begin_like=sheet.begin_like,
            by=by,
            now=now,
        )
    except InvalidInput as refusal:
        return _render(request, policy, sheet, now, status=422, problems=refusal.fields)
    except Refused as refusal:
        conflict = _conflict(policy, sheet, refusal)
        return _render(request, policy, sheet, now, status=refusal.status, conflict=conflict)
    messages.success(request, _("Saved. Nothing counts before this draft is published."))
    return redirect("ops_policy_criteria", policy.version)


def _conflict(policy: TierPolicy, sheet: CriteriaSheet, refusal: Refused) -> Conflict:
    """Return what stands against a save: who changed what since this editor began."""
    edits = policy.edits.filter(
        what__in=[PolicyEdit.What.CRITERIA, PolicyEdit.What.REBASE]
    ).select_related("by")
    last = list(edits.order_by("-pk")[:3])
    return Conflict(
        message=refusal.message,
        code=refusal.code,
        lines=tuple(line_of_edit(edit, policy, {}) for edit in last),
        fresh=criteria_fingerprint(policy),
    )


def _render(
    request: HttpRequest, policy: TierPolicy, sheet: CriteriaSheet, now: datetime, *,
    status: int = 200, conflict: Conflict | None = None, said: str = "",
    problems: Mapping[str, str] | None = None,
) -> HttpResponse:  # fmt: skip
    return render_version(
        request,
        "ops/policy_criteria.html",
        policy,
        here="criteria",
        title=_("Tiers and criteria"),
        status=status,
        conflict=conflict,
        step_messages=[said] if said else [],
        matches=[("all", _("all of")), ("any", _("any of"))],
        missings=[
            ("hold", _("nobody loses the tier because of it")),
            ("fail", _("it counts as not met")),
        ],
        **_live(request, policy, sheet, now, problems or {}),
    )


def _live(
    request: HttpRequest,
    policy: TierPolicy,
    sheet: CriteriaSheet,
    now: datetime,
    problems: Mapping[str, str],
) -> dict[str, object]:
    """Return what the page and its live fragment share; ``problems`` are the action's."""
    criteria = sheet.read()
    sheet.put(problems)
    findings = _findings(sheet, criteria, policy.currency)
    return {
        "sheet": sheet,
        "findings": findings,
        "counts": _counts(request, policy, criteria, sheet, now),
        "can_be_read": criteria is not None,
    }


def _findings(
    sheet: CriteriaSheet, criteria: evaluation.Policy | None, currency: str
) -> list[Said]:
    said = [Said("error", text, anchor) for anchor, text in sheet.error_lines()]
    if criteria is not None:
        said += [
            Said(one.level, say(one.reason, currency), anchor_of(one.path))
            for one in findings_of(criteria)
        ]
    return said


def _counts(
    request: HttpRequest,
    policy: TierPolicy,
    criteria: evaluation.Policy | None,
    sheet: CriteriaSheet,
    now: datetime,
) -> list[Count]:
    """Count the accounts per tier; a tier that is taken out stands last, with nobody in it."""
    today = count_standings(viewer_of_request(request))
    then: dict[str, int] | None = None
    if criteria is not None and criteria.default_tier in criteria.ranks:
        then = tier_counts(criteria, now)
    tiers = [tier.key for tier in sheet.tiers]
    tiers += [tier for tier in reversed(policy.tier_order) if tier not in tiers]
    return [
        Count(tier, today.get(tier, 0), None if then is None else then.get(tier, 0))
        for tier in tiers
    ]
