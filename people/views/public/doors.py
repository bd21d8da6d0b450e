"""Doors of the libraries that would let somebody in past our own login."""

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from portal.kit.access import access


@access("public")
def staff_login(request: HttpRequest, home: str) -> HttpResponseRedirect:
    """Stand in for the login page of Wagtail or of Django's admin.

    Those know neither rate limits nor second factors. Who is logged in and
    lands here was turned away by one of them for lack of permission: sending
    them on to the login would send them back in a circle.
    """
    if request.user.is_authenticated:
        raise PermissionDenied
    target = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = home
    return redirect(f"{reverse('account_login')}?{urlencode({'next': target})}")


@access("public")
def password_reset(request: HttpRequest, **rest: str) -> HttpResponseRedirect:
    """Stand in for Wagtail's password reset."""
    return redirect("account_reset_password")
