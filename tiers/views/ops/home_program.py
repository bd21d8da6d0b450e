"""The versions of the program on the ops home page that wait for somebody, or for their time."""

from collections.abc import Mapping
from typing import Any

from django.utils.safestring import SafeString

from tiers.models import PolicySchedule, TierPolicy
from tiers.views.ops.home import OpsPanel


class ProgramPanel(OpsPanel):
    """Versions under review or signed off; nothing at all when there are none."""

    name = "program"
    template_name = "ops/home_program.html"
    order = 5

    def render_html(self, parent_context: Mapping[str, Any] | None = None) -> SafeString:
        """Leave the panel out while nothing waits."""
        if not _waiting().exists():
            return SafeString("")
        return super().render_html(parent_context)

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the versions, the newest first, each with when it is due."""
        due = {row.policy_id: row.publish_at for row in PolicySchedule.objects.waiting()}
        return {
            "versions": [
                {"policy": policy, "publish_at": due.get(policy.pk)}
                for policy in _waiting().select_related("asked_by")
            ]
        }


def _waiting() -> Any:
    return TierPolicy.objects.underway().exclude(status=TierPolicy.Status.DRAFT)
