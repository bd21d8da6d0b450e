"""The history of the support program: every version, and what differs between any two."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from wagtail import hooks

from portal.kit import clock
from tiers.models import Calendar, TierPolicy
from tiers.policy_diff import changes_between, count_changes
from tiers.program import live_policy_at
from tiers.views.ops.frame import ops_view, render_ops
from tiers.views.ops.policy_frame import version_or_404

# The rooms above tell how many open tickets are under each version: fn() -> {version: count}.
COUNT_HOOK = "register_policy_ticket_counts"


@ops_view
@require_GET
def policy_versions(request: HttpRequest) -> HttpResponse:
    """Show every version with who, when, why, and what it did to open tickets."""
    is_all = request.GET.get("discarded") == "1"
    found = TierPolicy.objects.all() if is_all else TierPolicy.objects.kept()
    rows = found.select_related("author", "published_by", "parent", "discarded_by")
    counts = _open_tickets()
    return render_ops(
        request,
        "ops/policy_versions.html",
        title=_("Versions"),
        icon="list-ol",
        crumbs=[(reverse("ops_policy"), _("Tier policy"))],
        versions=[{"policy": row, "open_tickets": counts.get(row.version, 0)} for row in rows],
        live=live_policy_at(clock.now()),
        left_out=0
        if is_all
        else TierPolicy.objects.exclude(pk__in=TierPolicy.objects.kept()).count(),
    )


def _open_tickets() -> Mapping[int, int]:
    counts: dict[int, int] = {}
    for count in hooks.get_hooks(COUNT_HOOK):
        counts |= count()
    return counts


@ops_view
@require_GET
def policy_compare(request: HttpRequest) -> HttpResponse:
    """Show what differs between two versions; by default the live one and the one before."""
    versions = list(TierPolicy.objects.kept())
    old, new = _chosen(request, versions)
    groups = changes_between(old, new, dict(Calendar.objects.values_list("key", "name")))
    return render_ops(
        request,
        "ops/policy_compare.html",
        title=_("Compare"),
        icon="list-ol",
        crumbs=[
            (reverse("ops_policy"), _("Tier policy")),
            (reverse("ops_policy_versions"), _("Versions")),
        ],
        versions=versions,
        old=old,
        new=new,
        groups=groups,
        count=count_changes(groups),
    )


def _chosen(request: HttpRequest, versions: list[TierPolicy]) -> tuple[TierPolicy, TierPolicy]:
    new = _asked(request, "new") or live_policy_at(clock.now())
    before = next((row for row in versions if row.pk == new.parent_id), new)
    return _asked(request, "old") or before, new


def _asked(request: HttpRequest, name: str) -> TierPolicy | None:
    number = request.GET.get(name, "")
    if not number:
        return None
    # A number that no version can have is answered like one that none has.
    return version_or_404(int(number) if number.isdecimal() and len(number) < 9 else 0)
