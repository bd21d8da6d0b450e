"""The CRM pages in the Wagtail admin: addresses, menu item, look, and trouble told at home."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from integrations.crm.models import CrmEvent
from integrations.crm.views.panels import OrganizationPanel, TroublePanel
from people.models import Organization
from tiers.fact_links import FACT_LINK_HOOK
from tiers.models import AccountFact
from tiers.views.ops.organization import PANEL_HOOK
from tiers.wagtail_hooks import OpsMenuItem


@hooks.register("register_admin_urls")
def addresses() -> list[URLPattern | URLResolver]:
    """Mount the ops pages under the admin."""
    return [path("", include("integrations.crm.ops_urls"))]


@hooks.register("register_admin_menu_item")
def crm_item() -> MenuItem:
    """Lead to the connections."""
    return OpsMenuItem(_("CRM"), reverse("ops_crm"), name="crm", icon_name="link", order=15)


@hooks.register("insert_global_admin_css")
def look() -> SafeString:
    """Link the look of the CRM pages."""
    return format_html('<link rel="stylesheet" href="{}">', static("integrations/css/ops-crm.css"))


@hooks.register("construct_homepage_panels", order=50)
def home_panels(request: HttpRequest, panels: list[Any]) -> None:
    """Put what is wrong with a CRM first."""
    panels.insert(0, TroublePanel())


@hooks.register(PANEL_HOOK)
def organization_panel(
    request: HttpRequest, organization: Organization, now: datetime
) -> OrganizationPanel:
    """Say on an organization's page which company of which CRM it is."""
    return OrganizationPanel(organization, now)


@hooks.register(FACT_LINK_HOOK)
def fact_links(rows: Sequence[AccountFact]) -> dict[int, str]:
    """Lead from a fact to the event of the CRM that brought it."""
    events = CrmEvent.objects.filter(fact_row__in=[row.pk for row in rows]).order_by("pk")
    found = events.exclude(organization=None).values_list(
        "fact_row_id", "pk", "organization__public_id"
    )
    ledger = reverse("ops_crm_ledger")
    return {
        row: f"{ledger}?organization={public_id}&before={event + 1}#event-{event}"
        for row, event, public_id in found
    }
