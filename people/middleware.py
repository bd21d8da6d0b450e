"""Middleware of the people room: the viewer, the viewer's zone, the second factor."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from people.models import User
from people.second_factor import (
    must_have_second_factor,
    owns_second_factor,
    page_to_prove,
    passed_second_factor,
)
from people.viewers import viewer_of

Answer = Callable[[HttpRequest], HttpResponse]

STAFF_DOORS = ("desk/", "ops/", "admin/")
# Pages that give nothing to somebody with a password alone: the way out, and the
# way to a new password, which is open to strangers too.
ALWAYS_OPEN = frozenset(
    {
        "account_logout",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
    }
)
# With a factor set up elsewhere, this session has to show it; nothing else of the
# account may be touched, or a password alone would be enough to remove the factor.
OPEN_TO_PROVE = ALWAYS_OPEN | {"mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
# Without any factor: pages that lead to the first one.
OPEN_TO_SET_UP = ALWAYS_OPEN | {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "account_reauthenticate",
    # An address that is not proved forbids to add a factor.
    "account_email",
    "account_email_verification_sent",
}


class ViewerMiddleware:
    """Put the viewer on the request and speak in the viewer's zone and language."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.viewer = SimpleLazyObject(lambda: viewer_of(request.user))  # type: ignore[attr-defined]
        if not isinstance(request.user, User):
            return self.get_response(request)
        translation.activate(request.user.language)
        request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
        with timezone.override(request.user.zone):
            return self.get_response(request)


class StaffSecondFactorMiddleware:
    """Keep every door shut for staff who logged in without a second factor.

    A middleware, because a decorator is forgotten on the one view that
    matters. It covers the desk, both admins, the customer pages and the API
    with a session; API tokens are issued behind it. It judges the view that was
    found, not the address that was typed, so that no spelling of an address
    leads around it, and allows views by name.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> HttpResponse | None:
        """Return the way to the second factor, or None when the view may answer."""
        user, match = request.user, request.resolver_match
        if not settings.MFA_REQUIRED_FOR_STAFF or not isinstance(user, User) or match is None:
            return None
        # Views that check a token of their own and look at no session.
        if getattr(view, "access", "") == "system":
            return None
        at_staff_door = match.route.startswith(STAFF_DOORS)
        if not must_have_second_factor(user, at_staff_door=at_staff_door):
            return None
        if passed_second_factor(request, user):
            return None
        return self._stop(request, user, match.view_name, is_api=match.route.startswith("api/"))

    def _stop(
        self, request: HttpRequest, user: User, view_name: str, *, is_api: bool
    ) -> HttpResponse | None:
        has_factor = owns_second_factor(user)
        if view_name in (OPEN_TO_PROVE if has_factor else OPEN_TO_SET_UP):
            return None
        if is_api:
            sentence = _("Log in with a second factor, or use an API token.")
            answer = {"code": "second_factor_required", "message": sentence, "fields": {}}
            return JsonResponse(answer, status=403)
        page = page_to_prove(user) if has_factor else reverse("mfa_index")
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(page)
        messages.warning(
            request,
            _("Confirm your second factor to go on.")
            if has_factor
            else _("Staff need a second factor. Add an authenticator app or a key to go on."),
        )
        if has_factor and request.method == "GET":
            page = f"{page}?{urlencode({'next': request.get_full_path()})}"
        return redirect(page)
