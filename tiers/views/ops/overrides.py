"""Give an organization a tier by decision, and take it back. Two people, always.

Whoever asks is named in the form; whoever is logged in approves. The action and the
database refuse one person for both.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.kit import clock
from portal.kit.refused import Refused
from portal.kit.words import tier_label
from tiers.actions import give_override, withdraw_override
from tiers.forms import OverrideForm
from tiers.models import TierOverride
from tiers.program import live_policy_at, program_of
from tiers.views.ops.frame import me, ops_view, put_into, render_ops, telling_refusals
from tiers.views.ops.organization import organization_of
from tiers.views.ops.organizations import directory_crumb


@ops_view
@require_http_methods(["GET", "POST"])
def override(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the form, or give the override that somebody asked for."""
    found, now, approver = organization_of(request, public_id), clock.now(), me(request)
    program = program_of(live_policy_at(now))
    form = OverrideForm(request.POST or None, program=program, approver=approver, today=now.date())
    if request.method == "POST" and form.is_valid():
        try:
            given = give_override(
                organization=found, approved_by=approver, now=now, **form.cleaned_data
            )
        except Refused as refusal:
            put_into(form, refusal)
        else:
            messages.success(request, _given(given))
            return redirect("ops_organization", found.public_id)
    page = reverse("ops_organization", args=[found.public_id])
    crumbs = [directory_crumb(), (page, found.name)]
    return render_ops(
        request,
        "ops/override_form.html",
        title=_("Give an override"),
        icon="group",
        crumbs=crumbs,
        organization=found,
        form=form,
        page=page,
        approver=approver,
    )


def _given(given: TierOverride) -> str:
    words = {"name": given.organization, "tier": tier_label(given.tier)}
    if given.starts > clock.now().date():
        return _("%(name)s will be %(tier)s from the day the override starts.") % words
    return _("%(name)s is %(tier)s by override now.") % words


@ops_view
@require_POST
def withdraw(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Take an override back; the account returns to what its facts call for."""
    found = organization_of(request, public_id)
    given = get_object_or_404(TierOverride, pk=pk, organization=found)
    with telling_refusals(request):
        assignment = withdraw_override(override=given, by=me(request), now=clock.now())
        messages.success(
            request,
            _("The override was taken back. %(name)s is %(tier)s.")
            % {"name": found, "tier": tier_label(assignment.tier)},
        )
    return redirect("ops_organization", found.public_id)
