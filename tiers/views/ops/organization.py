"""One organization: why this tier first, then facts, promises, people and what happened."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from wagtail import hooks

from people.models import AccountTeamMember, Membership, Organization
from portal.kit import clock
from portal.kit.access import viewer_of_request
from portal.kit.words import tier_label
from tiers.actions import evaluate_organization
from tiers.actions.evaluating import OBSERVING_SOURCES
from tiers.explaining import Explanation, explain, stale_since
from tiers.fact_links import links_of
from tiers.fact_words import fact_label, fact_value, source_label
from tiers.forms import DomainForm, TeamForm
from tiers.history import observations_of, tier_since
from tiers.models import AccountFact
from tiers.override_sheet import overrides_of, requests_of
from tiers.promise_table import CalendarBook, promise_table
from tiers.promises import promise_for
from tiers.timeline import timeline
from tiers.views.ops.frame import ops_view, render_ops, telling_refusals
from tiers.views.ops.organizations import directory_crumb

MEMBERS_SHOWN = 50
TIMELINE_SHOWN = 8
# The rooms above add parts to the page: fn(request, organization, now) -> a Wagtail component.
PANEL_HOOK = "register_organization_panel"


def organization_of(request: HttpRequest, public_id: str) -> Organization:
    """Return an organization that this viewer may see, or answer 404."""
    seen = Organization.objects.visible_to(viewer_of_request(request))
    return get_object_or_404(seen, public_id=public_id)


@ops_view
@require_GET
def organization(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show everything about one organization."""
    found, now = organization_of(request, public_id), clock.now()
    return render_ops(
        request,
        "ops/organization.html",
        title=found.name,
        icon="group",
        crumbs=[directory_crumb()],
        organization=found,
        panels=[fn(request, found, now) for fn in hooks.get_hooks(PANEL_HOOK)],
        domain_form=DomainForm(),
        team_form=TeamForm(),
        **_tier_parts(found, now),
        **_people_parts(found, now),
    )


@ops_view
@require_GET
def organization_history(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show what happened to an organization's tier, page by page back to the beginning."""
    found, now = organization_of(request, public_id), clock.now()
    given = request.GET.get("before", "")
    before = parse_datetime(given) if given else None
    if given and (before is None or timezone.is_naive(before)):
        raise Http404
    return render_ops(
        request,
        "ops/organization_history_page.html",
        title=_("Tier history"),
        icon="history",
        crumbs=[
            directory_crumb(),
            (reverse("ops_organization", args=[found.public_id]), found.name),
        ],
        organization=found,
        timeline=timeline(found, now, before=before),
        is_first=before is None,
    )


def _tier_parts(found: Organization, now: datetime) -> dict[str, Any]:
    explanation = explain(found, now)
    latest = timeline(found, now, limit=TIMELINE_SHOWN)
    promise = promise_for(found, now)
    calendars = CalendarBook({target.calendar for target in promise.targets.values()}, now)
    rows = observations_of(found)
    links = links_of(rows)
    return {
        "why": explanation,
        "timeline": latest,
        "since": tier_since(found, explanation.assignment),
        "facts": facts_in_words(explanation),
        "observations": [_told(row, links) for row in rows],
        "overrides": overrides_of(found, now.date()),
        "requests": requests_of(found),
        "today": now.date(),
        "promise": promise,
        "table": promise_table(promise.targets, calendars),
    }


def facts_in_words(why: Explanation) -> dict[str, Any]:
    """Return the newest observation of every fact that is known, and the names of the others."""
    known, today = why.known, why.decision.trace.inputs.today
    told = []
    for fact in AccountFact.Name.values:
        row = known.get(fact)
        if row is None or not row.value:
            continue
        since = stale_since(row.last_seen_at, why.program.rules.stale_after(fact))
        is_stale = row.source in OBSERVING_SOURCES and since <= today
        told.append(_told(row, why.links) | {"stale_since": since if is_stale else None})
    unknown = [
        fact_label(fact)
        for fact in AccountFact.Name.values
        if fact not in known or not known[fact].value
    ]
    return {"known": told, "unknown": unknown}


def _told(row: AccountFact, links: Mapping[int, str]) -> dict[str, Any]:
    return {
        "label": fact_label(row.fact),
        "value": fact_value(row.fact, row.value, row.currency),
        "source": source_label(row.source),
        "observed_at": row.observed_at,
        "last_seen_at": row.last_seen_at,
        "recorded_at": row.recorded_at,
        "by": row.recorded_by,
        "note": row.note,
        "link": links.get(row.pk, ""),
    }


def _people_parts(found: Organization, now: datetime) -> dict[str, Any]:
    members = Membership.objects.filter(organization=found).exclude(status=Membership.Status.ENDED)
    return {
        "members": list(
            members.select_related("user").order_by("status", "user__name", "pk")[:MEMBERS_SHOWN]
        ),
        "members_count": members.count(),
        "domains": list(found.domains.select_related("verified_by").order_by("domain")),
        "team": list(
            AccountTeamMember.objects.serving_at(now)
            .filter(organization=found)
            .select_related("user")
            .order_by("-duty")
        ),
    }


@ops_view
@require_POST
def evaluate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Evaluate an organization now instead of with the daily run."""
    found = organization_of(request, public_id)
    with telling_refusals(request):
        assignment = evaluate_organization(organization=found, now=clock.now())
        messages.success(
            request,
            _("%(name)s was evaluated: %(tier)s.")
            % {"name": found, "tier": tier_label(assignment.tier)},
        )
    return redirect("ops_organization", found.public_id)
