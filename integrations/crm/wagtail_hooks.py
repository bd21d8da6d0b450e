"""The CRM pages in the Wagtail admin: addresses, menu item, look, and trouble told at home."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component

from integrations.crm.standing import trouble_in_words
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


class TroublePanel(Component):
    """Says on the home page that a CRM is not reached; nothing while all is well."""

    order = 5

    def render_html(self, parent_context: Any = None) -> SafeString:
        """Return the banner."""
        sentence = trouble_in_words()
        if not sentence:
            return SafeString("")
        return render_to_string("integrations/crm/home_trouble.html", {"sentence": sentence})


@hooks.register("construct_homepage_panels", order=50)
def home_panels(request: HttpRequest, panels: list[Any]) -> None:
    """Put what is wrong with a CRM first."""
    panels.insert(0, TroublePanel())
