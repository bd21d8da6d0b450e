"""Everything that happened to a version: every edit, every step of its review."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tiers.models import Calendar
from tiers.policy_history import history_of
from tiers.views.ops.frame import ops_view
from tiers.views.ops.policy_frame import render_version, version_or_404


@ops_view
@require_GET
def policy_history(request: HttpRequest, version: int) -> HttpResponse:
    """Show who changed what, and how it became what it is."""
    policy = version_or_404(version)
    names = dict(Calendar.objects.values_list("key", "name"))
    return render_version(
        request,
        "ops/policy_history.html",
        policy,
        here="history",
        title=_("History"),
        lines=history_of(policy, names),
    )
