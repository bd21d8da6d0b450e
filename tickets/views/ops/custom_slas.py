"""Agree and end custom SLAs, and say what happens to the organization's open tickets."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people.models import Organization
from portal.kit import clock
from portal.kit.refused import Refused
from tickets.actions import agree_custom_sla, end_custom_sla
from tickets.forms.custom_slas import AgreementForm, EndingForm
from tickets.models import RecomputeRun, Ticket
from tiers.calendar_lengths import calendar_lengths
from tiers.calendar_words import amount_words
from tiers.custom_slas import Comparing, custom_slas_of
from tiers.forms import TargetSheet
from tiers.models import OrganizationTarget
from tiers.program import PromisedTarget
from tiers.promises import USUAL_LADDER
from tiers.views.ops.frame import me, ops_view, put_into, render_ops
from tiers.views.ops.organization import organization_of
from tiers.views.ops.organizations import directory_crumb


@ops_view
@require_http_methods(["GET", "POST"])
def custom_sla_new(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the form of a custom SLA, or agree it."""
    found, now = organization_of(request, public_id), clock.now()
    lengths = calendar_lengths(now)
    usual = PromisedTarget(0, 0, "", (), USUAL_LADDER.warn_at, USUAL_LADDER.tell)
    sheet = TargetSheet(
        request.POST or None, lengths=lengths, stored=None, suggested=usual, form=AgreementForm
    )
    if request.method == "POST" and sheet.is_valid() and _is_meant(sheet, found, now):
        try:
            _target, run = agree_custom_sla(
                organization=found, by=me(request), now=now, **_agreed(sheet, now)
            )
        except Refused as refusal:
            put_into(sheet.head, refusal)
        else:
            messages.success(request, _("Agreed."))
            return _lead_on(found, run)
    return _render(
        request, "ops/custom_sla_form.html", found, title=_("Agree a custom SLA"), sheet=sheet,
        lengths=list(lengths.values()), errors=sheet.has_errors,
    )  # fmt: skip


def _agreed(sheet: TargetSheet, now: datetime) -> dict[str, Any]:
    typed, promised = sheet.head.cleaned_data, sheet.promised
    return {
        "severity": typed["severity"],
        "metric": typed["metric"],
        "target_seconds": promised.seconds,
        "floor_seconds": promised.floor_seconds,
        "calendar_key": promised.calendar,
        "reason": typed["reason"],
        "valid_from": typed["valid_from"] or now,
        "valid_to": typed["valid_to"],
        "warn_at": promised.warn_at if typed["has_own_ladder"] else None,
        "tell": promised.tell if typed["has_own_ladder"] else None,
        "treatment": typed["treatment"],
    }


def _is_meant(sheet: TargetSheet, found: Organization, now: datetime) -> bool:
    """Whether a contract that promises less than the tier is no slip of the pen."""
    typed, promised = sheet.head.cleaned_data, sheet.promised
    comparing = Comparing(found, now)
    usual = comparing.usual(typed["severity"], typed["metric"])
    is_slower = comparing.is_slower(
        typed["severity"], typed["metric"], promised.seconds, promised.calendar
    )
    if usual is not None and is_slower and not typed["is_meant"]:
        sheet.head.add_error(
            "is_meant",
            _("The tier itself promises %(usual)s. Tick this if the contract really says less.")
            % {"usual": amount_words(usual.seconds)},
        )
        return False
    return True


@ops_view
@require_http_methods(["GET", "POST"])
def custom_sla_end(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Ask how a custom SLA ends, or end it."""
    found, now = organization_of(request, public_id), clock.now()
    target = get_object_or_404(OrganizationTarget, pk=pk, organization=found)
    form = EndingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            run = end_custom_sla(
                target=target, ends=form.cleaned_data["ends"] or now,
                treatment=form.cleaned_data["treatment"], by=me(request), now=now,
            )  # fmt: skip
        except Refused as refusal:
            put_into(form, refusal)
        else:
            messages.success(request, _("The custom SLA ends; the tier's own promise counts then."))
            return _lead_on(found, run)
    [sla] = [one for one in custom_slas_of(found, now) if one.row.pk == target.pk]
    return _render(
        request, "ops/custom_sla_end.html", found, title=_("End a custom SLA"), form=form, sla=sla,
        errors=bool(form.errors),
    )  # fmt: skip


def _lead_on(found: Organization, run: RecomputeRun | None) -> HttpResponse:
    if run is not None:
        return redirect("ops_recompute_run", run.pk)
    return redirect("ops_custom_targets", found.public_id)


def _render(
    request: HttpRequest, template: str, found: Organization, *, title: str, errors: bool,
    **context: Any,
) -> HttpResponse:  # fmt: skip
    page = reverse("ops_organization", args=[found.public_id])
    slas = reverse("ops_custom_targets", args=[found.public_id])
    return render_ops(
        request,
        template,
        title=title,
        icon="group",
        crumbs=[directory_crumb(), (page, found.name), (slas, _("Custom SLAs"))],
        status=422 if errors else 200,
        organization=found,
        open_tickets=Ticket.objects.active().filter(organization=found).count(),
        **context,
    )
