"""Middleware of the people room: the viewer, the viewer's zone, the second factor."""

import zoneinfo
from collections.abc import Callable

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from people.models import User
from people.viewers import viewer_of

Answer = Callable[[HttpRequest], HttpResponse]

# Where somebody with a password but no second factor may go: to get one, or out.
OPEN_WITHOUT_SECOND_FACTOR = ("/accounts/", "/static/", "/healthz", "/readyz", "/metrics")


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
        with timezone.override(zoneinfo.ZoneInfo(request.user.time_zone)):
            return self.get_response(request)


def passed_second_factor(request: HttpRequest) -> bool:
    """Whether this session was opened with a second factor or a passkey."""
    methods = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    return any(method.get("method") == "mfa" for method in methods)


class StaffSecondFactorMiddleware:
    """Keep every door shut for staff who logged in without a second factor.

    A middleware, because a decorator is forgotten on the one view that
    matters. It covers the desk, both admins, the customer pages and the API
    with a session; API tokens are issued behind it.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if (
            not settings.MFA_REQUIRED_FOR_STAFF
            or not isinstance(user, User)
            or not (user.works_here or user.is_superuser)
            or request.path.startswith(OPEN_WITHOUT_SECOND_FACTOR)
            or passed_second_factor(request)
        ):
            return self.get_response(request)
        return self._send_to_second_factor(request, user)

    def _send_to_second_factor(self, request: HttpRequest, user: User) -> HttpResponse:
        if request.path.startswith("/api/"):
            return JsonResponse(
                {
                    "code": "second_factor_required",
                    "message": _("Log in with a second factor, or use an API token."),
                    "fields": {},
                },
                status=403,
            )
        if Authenticator.objects.filter(user=user).exists():
            # Set up in another session: this one has to prove it.
            page = reverse("mfa_reauthenticate")
            sentence = _("Confirm your second factor to go on.")
        else:
            page = reverse("mfa_index")
            sentence = _("Staff need a second factor. Add an authenticator app or a key to go on.")
        messages.warning(request, sentence)
        return redirect(page)
