"""The ops pages inside the Wagtail admin: their menu, their colours, their home page."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.models import Organization, User
from tiers.actions import record_facts
from tiers.tests.ops_kit import main_of

Door = Callable[..., Client]
TOKEN = re.compile(r"(--[a-z-]+): (light-dark\([^;]+\));")
SHARED = re.compile(r"--(enterprise|professional|starter|good|soon|now|broken|rest|brand)(-|$)")


def colours(name: str) -> dict[str, str]:
    """Return the two-theme colours that a stylesheet defines."""
    path = finders.find(f"portal/css/{name}.css")
    assert path
    return dict(TOKEN.findall(Path(path).read_text(encoding="utf-8")))


def test_tiers_and_states_have_the_colours_of_the_whole_portal() -> None:
    portal, ops = colours("portal"), colours("ops")
    shared = {name for name in ops if SHARED.match(name)}
    assert len(shared) > 25
    assert {name: ops[name] for name in shared} == {name: portal[name] for name in shared}


def menu(client: Client) -> list[str]:
    """Return the names in the side bar, in their order."""
    from wagtail.admin.menu import admin_menu

    request = client.get(reverse("wagtailadmin_home")).wsgi_request
    items = sorted(admin_menu.menu_items_for_request(request), key=lambda item: item.order)
    return [item.name for item in items]


def test_operations_see_their_own_menu_and_nothing_about_web_pages(
    oscar: User, at_door: Door
) -> None:
    assert menu(at_door(oscar)) == [
        "organizations", "overrides", "crm", "policy", "promises", "calendars", "queues",
        "triggers", "tier-report", "repairs", "desk",
    ]  # fmt: skip


def test_admins_keep_what_wagtail_brings(root: User, at_door: Door) -> None:
    assert {"organizations", "explorer", "images", "documents", "settings"} <= set(
        menu(at_door(root))
    )


@pytest.mark.parametrize("address", ["/ops/images/", "/ops/documents/", "/ops/pages/"])
def test_what_the_menu_hides_is_shut_as_well(address: str, oscar: User, at_door: Door) -> None:
    assert at_door(oscar).get(address).status_code in {302, 403}


def test_no_address_of_the_admin_asks_a_stranger_for_a_face(oscar: User, at_door: Door) -> None:
    markup = at_door(oscar).get(reverse("wagtailadmin_home")).content.decode()
    assert "gravatar" not in markup
    assert "data:image/svg+xml;base64," in markup


def test_the_home_page_counts_tiers_and_names_who_is_about_to_fall(
    enterprise: Organization, starter: Organization, oscar: User, at_door: Door, time_machine: Any
) -> None:
    record_facts(organization=enterprise, values={"acv": "6000"}, source="ops", now=TUESDAY)
    time_machine.move_to(TUESDAY + timedelta(days=3), tick=False)
    shown = main_of(at_door(oscar).get(reverse("wagtailadmin_home")))
    assert "Enterprise 1" in shown
    assert "Professional 0" in shown
    assert "in grace 1" in shown
    assert "Next to lose their tier Analytical Engines Below Enterprise since 10 Mar" in shown
    assert "until 9 May 2026" in shown


def test_the_home_page_of_an_empty_portal_stands(oscar: User, at_door: Door) -> None:
    shown = main_of(at_door(oscar).get(reverse("wagtailadmin_home")))
    assert "Operations" in shown
    assert "Starter 0" in shown
