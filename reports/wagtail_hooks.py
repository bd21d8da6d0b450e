"""The reports room in the Wagtail admin: its addresses and menu item."""

from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from tiers.wagtail_hooks import OpsMenuItem


@hooks.register("register_admin_urls")
def addresses() -> list[URLPattern | URLResolver]:
    """Mount the room's pages under the admin."""
    return [path("", include("reports.urls"))]


@hooks.register("register_admin_menu_item")
def report_item() -> MenuItem:
    """Lead to the report per tier."""
    return OpsMenuItem(
        _("Tier report"), reverse("ops_tier_report"), name="tier-report", icon_name="table",
        order=50,
    )  # fmt: skip
