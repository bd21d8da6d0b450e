"""The tickets room in the Wagtail admin: its addresses, menu items and parts of other pages."""

from datetime import datetime
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from people.models import Organization
from portal.kit.access import viewer_of_request
from tickets.actions.publishing import source_of
from tickets.models import Queue, RecomputeRun, Ticket
from tickets.views.ops.panels import (
    OrganizationTicketsPanel,
    PromisePanel,
    RepairPanel,
    TicketRunPanel,
)
from tiers.models import TierPolicy
from tiers.views.ops.organization import PANEL_HOOK
from tiers.views.ops.policy_includes import QUEUE_HOOK
from tiers.views.ops.policy_run import RUN_PANEL_HOOK
from tiers.views.ops.policy_versions import COUNT_HOOK
from tiers.wagtail_hooks import OpsMenuItem


@hooks.register("register_admin_urls")
def addresses() -> list[URLPattern | URLResolver]:
    """Mount the room's ops pages under the admin."""
    return [path("", include("tickets.urls.ops"))]


@hooks.register("register_admin_menu_item")
def queues_item() -> MenuItem:
    """Lead to the queues."""
    return OpsMenuItem(
        _("Queues"), reverse("ops_queues"), name="queues", icon_name="list-ul", order=30
    )


@hooks.register("register_admin_menu_item")
def triggers_item() -> MenuItem:
    """Lead to the triggers."""
    return OpsMenuItem(
        _("Triggers"), reverse("ops_triggers"), name="triggers", icon_name="redirect", order=40
    )


@hooks.register("register_admin_menu_item")
def repairs_item() -> MenuItem:
    """Lead to what needs repair."""
    return OpsMenuItem(
        _("Needs repair"), reverse("ops_repairs"), name="repairs", icon_name="warning", order=60
    )


@hooks.register("register_admin_menu_item")
def desk_item() -> MenuItem:
    """Lead out of the admin, to the desk."""
    return OpsMenuItem(_("Desk"), reverse("desk"), name="desk", icon_name="desktop", order=70)


@hooks.register("insert_global_admin_css")
def look() -> SafeString:
    """Link the look of triggers, queues and their history."""
    return format_html('<link rel="stylesheet" href="{}">', static("tickets/css/ops-routing.css"))


@hooks.register("construct_homepage_panels")
def home_panels(request: HttpRequest, panels: list[Any]) -> None:
    """Put what is late now first on the home page, and what needs repair after the tiers."""
    panels += [PromisePanel(), RepairPanel()]


@hooks.register(PANEL_HOOK)
def organization_panel(
    request: HttpRequest, organization: Organization, now: datetime
) -> OrganizationTicketsPanel:
    """Show an organization's open tickets on its page."""
    return OrganizationTicketsPanel(organization, viewer_of_request(request))


@hooks.register(RUN_PANEL_HOOK)
def run_over_open_tickets(policy: TierPolicy) -> TicketRunPanel | None:
    """Lead from a version's run over the accounts to its run over the open tickets."""
    run = RecomputeRun.objects.filter(source=source_of(policy.version)).first()
    return TicketRunPanel(run) if run else None


@hooks.register(COUNT_HOOK)
def open_tickets_per_version() -> dict[int, int]:
    """Tell how many open tickets are under the promises of each version of the program."""
    rows = (
        Ticket.objects.active()
        .order_by()
        .values_list("terms__policy_version")
        .annotate(open_tickets=Count("pk"))
    )
    return dict(rows)


@hooks.register(QUEUE_HOOK)
def queues_of_tiers() -> list[tuple[str, str]]:
    """Tell the editor of the program which queues there are."""
    return list(Queue.objects.order_by("name").values_list("key", "name"))
