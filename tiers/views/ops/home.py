"""The tiers' part of the ops home page: who holds which tier, and who is about to lose it."""

from collections.abc import Mapping
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from wagtail.admin.ui.components import Component

from people.models import Organization
from portal.kit import clock
from portal.kit.access import viewer_of_request
from portal.kit.viewer import Viewer
from tiers.calendar_standing import standings
from tiers.directory import BY_OVERRIDE, IN_GRACE, ON_HOLD, count_standings, in_grace
from tiers.explaining import grace_end
from tiers.kept_decisions import decision_of
from tiers.models import OverrideRequest
from tiers.program import live_policy_at, program_of
from tiers.reason_words import say_stored
from tiers.views.ops.frame import me, speaking_to

GRACE_SHOWN = 5
PENDING_SHOWN = 3


class OpsPanel(Component):
    """A part of the ops home page; nothing at all for who does not run operations."""

    order = 0

    def render_html(self, parent_context: Mapping[str, Any] | None = None) -> SafeString:
        """Render in the viewer's language and zone, which Wagtail's home page does not know."""
        request = parent_context["request"] if parent_context else None
        if request is None or not viewer_of_request(request).runs_operations:
            return SafeString("")
        with speaking_to(me(request)):
            html: SafeString = super().render_html(parent_context)
            return html


class TierPanel(OpsPanel):
    """Organizations per tier, and the accounts in grace."""

    name = "tiers"
    template_name = "ops/home_tiers.html"
    order = 10

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return counts per tier and the first accounts to fall."""
        viewer = viewer_of_request(parent_context["request"])
        policy = live_policy_at(clock.now())
        currency = program_of(policy).currency
        counts = count_standings(viewer)
        return {
            "tiers": [
                {"slug": tier, "count": counts.get(tier, 0)} for tier in reversed(policy.tier_order)
            ],
            "special": [
                {"key": key, "label": label, "count": counts[key]}
                for key, label in (
                    (IN_GRACE, _("in grace")),
                    (BY_OVERRIDE, _("by override")),
                    (ON_HOLD, _("held for lack of data")),
                )
            ],
            "pending": pending_of(viewer),
            "in_grace": [
                {
                    "organization": row.organization,
                    "tier": row.tier,
                    "until": grace_end(row, policy),
                    "goal": decision["trace"]["goal"],
                    "sentence": say_stored(decision["reasons"][0], currency),
                }
                for row in in_grace(viewer, GRACE_SHOWN)
                for decision in [decision_of(row.evaluation)]
            ],
        }


def pending_of(viewer: Viewer) -> dict[str, Any]:
    """Return how many requests for overrides wait, and the first of them."""
    asked = OverrideRequest.objects.pending().filter(
        organization__in=Organization.objects.visible_to(viewer)
    )
    return {
        "count": asked.count(),
        "first": list(asked.with_people().order_by("requested_at")[:PENDING_SHOWN]),
    }


class CalendarPanel(OpsPanel):
    """The calendars: what is open now, and which soon know no more holidays."""

    name = "calendars"
    template_name = "ops/home_calendars.html"
    order = 15

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return how each calendar stands."""
        return {"rows": standings(clock.now())}
