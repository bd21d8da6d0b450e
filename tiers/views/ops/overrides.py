"""A tier by decision: ask for it, decide about it, put its end off, take it back.

Whoever is logged in asks; somebody else decides on the page of the request. The actions
and the database refuse one person for both.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from people.models import Organization
from portal.kit import clock
from portal.kit.access import viewer_of_request
from portal.kit.refused import Refused
from portal.kit.words import tier_label
from tiers.actions import (
    approve_override,
    extend_override,
    refuse_override,
    request_override,
    withdraw_override,
    withdraw_request,
)
from tiers.forms import ExtensionForm, OverrideRequestForm, RefusalForm
from tiers.models import OverrideRequest, TierOverride
from tiers.override_sheet import effect_of, overrides_that_count
from tiers.program import live_policy_at, program_of
from tiers.views.ops.frame import me, ops_view, put_into, render_ops, telling_refusals
from tiers.views.ops.organization import organization_of
from tiers.views.ops.organizations import directory_crumb

DECIDED_SHOWN = 20


@ops_view
@require_GET
def overrides(request: HttpRequest) -> HttpResponse:
    """List what waits for a decision, what counts, and what was decided lately."""
    viewer, today = viewer_of_request(request), clock.now().date()
    asked = OverrideRequest.objects.with_people().filter(
        organization__in=Organization.objects.visible_to(viewer)
    )
    return render_ops(
        request,
        "ops/overrides.html",
        title=_("Overrides"),
        icon="key",
        pending=list(asked.pending().order_by("requested_at")),
        lines=overrides_that_count(viewer, today),
        decided=list(
            asked.exclude(status=OverrideRequest.Status.PENDING).order_by("-decided_at", "-pk")[
                :DECIDED_SHOWN
            ]
        ),
        viewer_id=me(request).pk,
        today=today,
    )


@ops_view
@require_http_methods(["GET", "POST"])
def override(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the form, or ask for an override of one organization."""
    found, now = organization_of(request, public_id), clock.now()
    program = program_of(live_policy_at(now))
    form = OverrideRequestForm(request.POST or None, program=program, today=now.date())

    def ask(values: dict[str, Any]) -> OverrideRequest:
        return request_override(organization=found, by=me(request), now=now, **values)

    return _asking(request, found, form, ask, _("Ask for an override"), extends=None)


@ops_view
@require_http_methods(["GET", "POST"])
def extend(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Show the form, or ask for a later end of an override."""
    found, now = organization_of(request, public_id), clock.now()
    given = get_object_or_404(TierOverride, pk=pk, organization=found)
    form = ExtensionForm(request.POST or None, override=given)

    def ask(values: dict[str, Any]) -> OverrideRequest:
        return extend_override(override=given, by=me(request), now=now, **values)

    return _asking(request, found, form, ask, _("Extend an override"), extends=given)


def _asking(
    request: HttpRequest,
    found: Organization,
    form: Form,
    ask: Callable[[dict[str, Any]], OverrideRequest],
    title: str,
    extends: TierOverride | None,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            asked = ask(form.cleaned_data)
        except Refused as refusal:
            put_into(form, refusal)
        else:
            messages.success(
                request,
                _("%(tier)s was asked for. It counts once somebody else has approved it.")
                % {"tier": tier_label(asked.tier)},
            )
            return redirect("ops_override_request", asked.pk)
    page = reverse("ops_organization", args=[found.public_id])
    return render_ops(
        request,
        "ops/override_form.html",
        title=title,
        icon="key",
        crumbs=[directory_crumb(), (page, found.name)],
        organization=found,
        form=form,
        page=page,
        extends=extends,
    )


@ops_view
@require_GET
def override_request(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one request: what is asked, what it would change, and the decision."""
    return _request_page(request, _asked(request, pk), RefusalForm())


def _request_page(
    request: HttpRequest, asked: OverrideRequest, form: RefusalForm, status: int = 200
) -> HttpResponse:
    now = clock.now()
    return render_ops(
        request,
        "ops/override_request.html",
        title=_("Override to %(tier)s for %(name)s")
        % {"tier": tier_label(asked.tier), "name": asked.organization},
        icon="key",
        crumbs=[(reverse("ops_overrides"), _("Overrides"))],
        status=status,
        asked=asked,
        effect=effect_of(asked, now) if asked.is_pending else None,
        form=form,
        is_mine=asked.requested_by_id == me(request).pk,
        is_over=asked.expires <= now.date(),
        today=now.date(),
    )


@ops_view
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Give what was asked for."""
    asked, note = _asked(request, pk), request.POST.get("note", "").replace("\x00", "")
    try:
        given = approve_override(request=asked, by=me(request), now=clock.now(), note=note)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("ops_override_request", pk)
    messages.success(request, _given(given))
    return redirect("ops_organization", asked.organization.public_id)


def _given(given: TierOverride) -> str:
    words = {"name": given.organization, "tier": tier_label(given.tier)}
    if given.starts > clock.now().date():
        return _("%(name)s will be %(tier)s from the day the override starts.") % words
    return _("%(name)s is %(tier)s by override now.") % words


@ops_view
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Say no, and why."""
    asked, form = _asked(request, pk), RefusalForm(request.POST)
    if not form.is_valid():
        return _request_page(request, asked, form, status=422)
    note = form.cleaned_data["note"]
    with telling_refusals(request):
        refuse_override(request=asked, by=me(request), note=note, now=clock.now())
        messages.success(
            request,
            _("The request was refused; %(person)s is told.") % {"person": asked.requested_by},
        )
    return redirect("ops_override_request", pk)


@ops_view
@require_POST
def request_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own request back."""
    asked = _asked(request, pk)
    with telling_refusals(request):
        withdraw_request(request=asked, by=me(request), now=clock.now())
        messages.success(request, _("Your request was taken back."))
    return redirect("ops_override_request", pk)


def _asked(request: HttpRequest, pk: int) -> OverrideRequest:
    """Return a request about an organization that this viewer may see, or answer 404."""
    seen = Organization.objects.visible_to(viewer_of_request(request))
    rows = OverrideRequest.objects.with_people().select_related("extends")
    return get_object_or_404(rows, pk=pk, organization__in=seen)


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
