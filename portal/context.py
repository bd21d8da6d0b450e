"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from integrations.crm.standing import announced_trouble
from portal.demo.logins import DEMO_LOGINS
from portal.kit.access import viewer_of_request


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return the vendor's name, the viewer, whether this is the demo, and what staff must know."""
    viewer = viewer_of_request(request)
    return {
        "vendor_name": settings.VENDOR_NAME,
        "viewer": viewer,
        # Lazy: most templates are fragments that do not show it.
        "staff_notice": SimpleLazyObject(announced_trouble) if viewer.is_staff else "",
        "demo": settings.DEMO,
        "demo_logins": DEMO_LOGINS if settings.DEMO else (),
        "mailbox_shown": settings.MAILBOX_DIR is not None,
    }
