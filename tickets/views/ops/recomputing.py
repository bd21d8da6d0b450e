"""The progress of a run over the clocks: what was done, what is left, what went wrong."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tickets.models import RecomputeRun
from tiers.views.ops.frame import ops_view, render_ops

FAILED_SHOWN = 50


@ops_view
@require_GET
def recompute_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a run is; the page asks again by itself until it is finished."""
    run = get_object_or_404(RecomputeRun.objects.select_related("started_by"), pk=pk)
    failed = run.discrepancies.select_related("ticket__organization").order_by("pk")[:FAILED_SHOWN]
    context: dict[str, Any] = {"run": run, "failed": failed, "percent": percent_of(run)}
    if getattr(request, "htmx", False):
        return render(request, "ops/recompute_run.html#progress", context)
    return render_ops(
        request,
        "ops/recompute_run.html",
        title=capfirst(run.get_kind_display()),
        crumbs=[_came_from(run)],
        **context,
    )


def _came_from(run: RecomputeRun) -> tuple[str, str]:
    """Return the page on which somebody started a run of this kind."""
    match run.kind:
        case RecomputeRun.Kind.PROMISES:
            return reverse("ops_policy"), _("Tier policy")
        case RecomputeRun.Kind.CALENDAR:
            return reverse("ops_calendars"), _("Calendars")
        case RecomputeRun.Kind.CUSTOM:
            return reverse("ops_organizations"), _("Organizations")
    return reverse("ops_repairs"), _("Needs repair")


def percent_of(run: RecomputeRun) -> int:
    """Return how much of a run is done; what ends early is done all the same."""
    if run.finished_at is not None:
        return 100
    return min(99, run.done * 100 // run.total) if run.total else 0
