"""Middleware of the building itself."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class AdminContentPolicyMiddleware:
    """Give the two admins a content policy that their inline scripts survive.

    The portal's own pages keep the strict one; ``CONTENT_SECURITY_POLICY``
    excludes the admins' addresses.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = "; ".join(
            f"{name} {' '.join(sources)}"
            for name, sources in settings.ADMIN_CONTENT_SECURITY_POLICY.items()
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        excluded = settings.CONTENT_SECURITY_POLICY["EXCLUDE_URL_PREFIXES"]
        if request.path.startswith(tuple(excluded)):
            response.setdefault("Content-Security-Policy", self.policy)
        return response
