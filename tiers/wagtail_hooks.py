"""The tiers room in the Wagtail admin: addresses, menu items, look, part of the home page."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from portal.kit.access import viewer_of_request
from tiers.views.ops.faces import face_of
from tiers.views.ops.home import CalendarPanel, TierPanel
from tiers.views.ops.home_program import ProgramPanel

# What Wagtail brings for editing web pages; operations do not edit any.
FOR_EDITORS = frozenset(
    {"explorer", "images", "documents", "snippets", "reports", "settings", "help"}
)


class OpsMenuItem(MenuItem):
    """A menu item for whoever runs operations."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Whether the viewer may open what it leads to."""
        return viewer_of_request(request).runs_operations


@hooks.register("register_admin_urls")
def addresses() -> list[URLPattern | URLResolver]:
    """Mount the room's ops pages under the admin."""
    return [path("", include("tiers.urls"))]


@hooks.register("register_admin_menu_item")
def organizations_item() -> MenuItem:
    """Lead to the directory."""
    return OpsMenuItem(
        _("Organizations"),
        reverse("ops_organizations"),
        name="organizations",
        icon_name="group",
        order=10,
    )


@hooks.register("register_admin_menu_item")
def overrides_item() -> MenuItem:
    """Lead to what waits for a decision."""
    return OpsMenuItem(
        _("Overrides"), reverse("ops_overrides"), name="overrides", icon_name="key", order=12
    )


@hooks.register("register_admin_menu_item")
def policy_item() -> MenuItem:
    """Lead to the policy."""
    return OpsMenuItem(
        _("Tier policy"), reverse("ops_policy"), name="policy", icon_name="list-ol", order=20
    )


@hooks.register("register_admin_menu_item")
def promises_item() -> MenuItem:
    """Lead to what each tier is promised."""
    return OpsMenuItem(
        _("Promises"), reverse("ops_promises"), name="promises", icon_name="time", order=22
    )


@hooks.register("register_admin_menu_item")
def calendars_item() -> MenuItem:
    """Lead to the calendars."""
    return OpsMenuItem(
        _("Calendars"), reverse("ops_calendars"), name="calendars", icon_name="date", order=25
    )


@hooks.register("construct_main_menu")
def hide_what_editors_need(request: HttpRequest, items: list[MenuItem]) -> None:
    """Keep web pages, images and documents for admins: operations have no use for them."""
    if not request.user.is_superuser:
        items[:] = [item for item in items if item.name not in FOR_EDITORS]


@hooks.register("construct_homepage_panels", order=-100)
def home_panels(request: HttpRequest, panels: list[Any]) -> None:
    """Put the tiers on the home page; Wagtail's panels are about web pages, for their editors."""
    if not request.user.is_superuser:
        panels.clear()
    panels += [ProgramPanel(), TierPanel(), CalendarPanel()]


@hooks.register("construct_homepage_summary_items", order=1000)
def no_site_summary(request: HttpRequest, items: list[Any]) -> None:
    """Leave out Wagtail's counts of pages, images and documents."""
    items.clear()


@hooks.register("insert_global_admin_css")
def look() -> SafeString:
    """Link the look of the ops pages and the marks that the whole portal shares."""
    sheets = (
        "portal/css/clocks.css", "portal/css/ops.css", "portal/css/ops-calendars.css",
        "portal/css/ops-imports.css",
        "tiers/css/ops-policy.css",
    )  # fmt: skip
    return format_html_join(
        "",
        '<link rel="stylesheet" href="{}">',
        ((static(sheet),) for sheet in sheets),
    )


@hooks.register("get_avatar_url")
def avatar(user: Any, size: int) -> str:
    """Show initials; Wagtail would ask a stranger's server for a picture of the address."""
    return face_of(user)
