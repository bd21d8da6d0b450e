"""The custom SLAs of one organization, to read; agreeing and ending stands with the tickets."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.kit import clock
from tiers.custom_slas import custom_slas_of
from tiers.views.ops.frame import ops_view, render_ops
from tiers.views.ops.organization import organization_of
from tiers.views.ops.organizations import directory_crumb


@ops_view
@require_GET
def custom_targets(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show what the contract ever promised, with reason, approver and validity."""
    found = organization_of(request, public_id)
    return render_ops(
        request,
        "ops/custom_targets.html",
        title=_("Custom SLAs"),
        icon="group",
        crumbs=[
            directory_crumb(),
            (reverse("ops_organization", args=[found.public_id]), found.name),
        ],
        organization=found,
        slas=custom_slas_of(found, clock.now()),
    )
