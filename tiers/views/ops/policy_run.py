"""How far a published version is in judging every account."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from wagtail import hooks

from tiers.models import PolicyRun
from tiers.views.ops.frame import ops_view, render_ops
from tiers.views.ops.policy_frame import version_or_404

# The rooms above add parts to the page: fn(policy) -> a Wagtail component, or None.
RUN_PANEL_HOOK = "register_policy_run_panel"


@ops_view
@require_GET
def policy_run(request: HttpRequest, version: int) -> HttpResponse:
    """Show the progress of a version's run; the page asks again by itself until it is done."""
    policy = version_or_404(version)
    run = PolicyRun.objects.filter(policy=policy).first()
    context: dict[str, Any] = {
        "policy": policy,
        "run": run,
        "is_waited_for": run is None and policy.is_live,
    }
    if getattr(request, "htmx", False):
        return render(request, "ops/policy_run.html#progress", context)
    page = reverse("ops_policy_version", args=[version])
    return render_ops(
        request,
        "ops/policy_run.html",
        title=_("All accounts judged by version %(version)s") % {"version": version},
        icon="list-ol",
        crumbs=[
            (reverse("ops_policy"), _("Tier policy")),
            (page, _("Version %(version)s") % {"version": version}),
        ],
        panels=[panel for fn in hooks.get_hooks(RUN_PANEL_HOOK) if (panel := fn(policy))],
        **context,
    )
