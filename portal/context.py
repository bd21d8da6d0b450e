"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from portal.demo.logins import DEMO_LOGINS
from portal.kit.access import viewer_of_request


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return the vendor's name, the viewer and whether this is the demo."""
    return {
        "vendor_name": settings.VENDOR_NAME,
        "viewer": viewer_of_request(request),
        "demo": settings.DEMO,
        "demo_logins": DEMO_LOGINS if settings.DEMO else (),
        "mailbox_shown": settings.MAILBOX_DIR is not None,
    }
