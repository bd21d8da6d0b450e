"""The tier policy, to read: the ladder, what changes hands gently, and the versions."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.kit import clock
from portal.kit.access import viewer_of_request
from tiers.directory import IN_GRACE, count_standings
from tiers.ladder import ladder
from tiers.models import AccountFact, TierPolicy
from tiers.program import live_policy_at, read_program
from tiers.promise_table import CalendarBook
from tiers.rules import evaluation
from tiers.views.ops.frame import ops_view, render_ops
from tiers.views.ops.policy_frame import version_or_404


@ops_view
@require_GET
def policy(request: HttpRequest) -> HttpResponse:
    """Show the policy in force."""
    now = clock.now()
    return _render(request, live_policy_at(now), now, crumbs=[])


@ops_view
@require_GET
def policy_version(request: HttpRequest, version: int) -> HttpResponse:
    """Show one version, whatever its status."""
    found = version_or_404(version)
    crumbs = [(reverse("ops_policy"), _("Tier policy"))]
    return _render(request, found, clock.now(), crumbs=crumbs)


def _render(
    request: HttpRequest, found: TierPolicy, now: datetime, crumbs: list[tuple[str, str]]
) -> HttpResponse:
    title = _("Version %(version)s") % {"version": found.version} if crumbs else _("Tier policy")
    return render_ops(
        request,
        "ops/policy.html",
        title=title,
        icon="list-ol",
        crumbs=crumbs,
        policy=found,
        versions=list(TierPolicy.objects.kept().select_related("author")),
        **_ladder_parts(request, found, now),
    )


def _ladder_parts(request: HttpRequest, found: TierPolicy, now: datetime) -> dict[str, Any]:
    program = read_program(found.pk)
    tiers = [*reversed(program.rules.order)]
    keys = {one.calendar for targets in program.targets.values() for one in targets.values()}
    calendars = CalendarBook(keys, now)
    counts = count_standings(viewer_of_request(request))
    return {
        "tiers": [{"slug": tier, "count": counts.get(tier, 0)} for tier in tiers],
        "in_grace": counts[IN_GRACE],
        "groups": ladder(program, tiers, calendars),
        "calendars": [calendars.note(key) for key in sorted(keys)],
        "findings": [
            {"level": finding.level, "text": finding.reason.text}
            for finding in evaluation.validate(program.rules, AccountFact.Name.values)
        ],
    }
