"""The directory of organizations, and a new one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from people.actions import create_organization
from portal.kit import clock
from portal.kit.access import viewer_of_request
from portal.kit.refused import Refused
from portal.kit.words import tier_label
from tiers.actions import evaluate_organization
from tiers.directory import (
    BY_OVERRIDE,
    IN_GRACE,
    NO_TIER,
    ON_HOLD,
    count_standings,
    find_organizations,
)
from tiers.forms import OrganizationForm
from tiers.program import live_policy_at
from tiers.views.ops.frame import Crumb, header_button, ops_view, put_into, render_ops


def directory_crumb() -> Crumb:
    """Return the way back to the directory."""
    return reverse("ops_organizations"), _("Organizations")


@ops_view
@require_GET
def organizations(request: HttpRequest) -> HttpResponse:
    """Show one page of organizations, found by name and tier."""
    viewer = viewer_of_request(request)
    query, standing = (request.GET.get(name, "").replace("\x00", "") for name in ("q", "tier"))
    page = find_organizations(
        viewer, query=query, standing=standing, cursor=request.GET.get("after", "")
    )
    return render_ops(
        request,
        "ops/organizations.html",
        title=_("Organizations"),
        icon="group",
        buttons=[
            header_button(_("Add organization"), reverse("ops_organization_new"), "plus"),
            header_button(_("Import facts"), reverse("ops_imports"), "upload"),
        ],
        page=page,
        query=query,
        standing=standing,
        is_first=not request.GET.get("after"),
        filters=_filters(count_standings(viewer), standing),
    )


def _filters(counts: dict[str, int], chosen: str) -> list[dict[str, object]]:
    """Return the tiers from the highest down, then the special standings that occur."""
    tiers = [*reversed(live_policy_at(clock.now()).tier_order)]
    gone = sorted(set(counts) - {*tiers, IN_GRACE, BY_OVERRIDE, ON_HOLD, NO_TIER})
    special = {
        IN_GRACE: _("In grace"),
        BY_OVERRIDE: _("By override"),
        ON_HOLD: _("Held for lack of data"),
        NO_TIER: _("No tier yet"),
    }
    rows = [("", _("All"), sum(counts.get(one, 0) for one in [*tiers, *gone, NO_TIER]))]
    rows += [(tier, str(tier_label(tier)), counts.get(tier, 0)) for tier in [*tiers, *gone]]
    rows += [(key, label, counts[key]) for key, label in special.items() if counts[key]]
    return [
        {"key": key, "label": label, "count": count, "is_chosen": key == chosen}
        for key, label, count in rows
    ]


@ops_view
@require_http_methods(["GET", "POST"])
def organization_new(request: HttpRequest) -> HttpResponse:
    """Add an organization; it has the default tier until facts are recorded."""
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_organization(**form.cleaned_data)
        except Refused as refusal:
            put_into(form, refusal)
        else:
            evaluate_organization(organization=made, now=clock.now())
            messages.success(
                request, _("%(name)s was added. Record its facts next.") % {"name": made}
            )
            return redirect("ops_organization", made.public_id)
    return render_ops(
        request,
        "ops/organization_form.html",
        title=_("Add organization"),
        icon="group",
        crumbs=[directory_crumb()],
        form=form,
    )
