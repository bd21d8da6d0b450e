"""Every URL says who may come in, and the saying is enforced.

``@access("customer")`` both guards a view and declares it for the walker test,
which fails on a route without a declaration. Views built by libraries are
declared in ``portal/tests/walker_declarations.py`` instead.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, TypeVar, cast
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django_htmx.http import HttpResponseClientRedirect

from portal.kit.viewer import ANONYMOUS, Viewer

Audience = Literal["public", "customer", "desk", "ops", "signed_in", "system"]
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def viewer_of_request(request: HttpRequest) -> Viewer:
    """Return the viewer that the middleware put on the request."""
    return getattr(request, "viewer", ANONYMOUS)


def may_enter(audience: Audience, viewer: Viewer) -> bool:
    """Whether this viewer may open a page made for the audience.

    Customer pages are open to everybody who is logged in: staff look at them
    too, but see no ticket there that ``visible_to`` does not give them.
    """
    match audience:
        case "public" | "system":
            return True
        case "customer" | "signed_in":
            return viewer.is_known
        case "desk":
            return viewer.is_staff
        case "ops":
            return viewer.runs_operations


def access(audience: Audience) -> Callable[[View], View]:
    """Guard a function view and declare its audience.

    A stranger is sent to the login page (the whole page, also when a fragment
    asked); somebody logged in who may not enter gets 403. ``system`` views
    check a token of their own.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            viewer = viewer_of_request(request)
            if not may_enter(audience, viewer):
                if viewer.is_known:
                    raise PermissionDenied
                return _lead_to_login(request)
            return view(request, *args, **kwargs)

        guarded.access = audience  # type: ignore[attr-defined]
        return cast(View, guarded)

    return guard


def _lead_to_login(request: HttpRequest) -> HttpResponseBase:
    if getattr(request, "htmx", False):
        # Back to the page the visitor sees, not to the fragment's address.
        page = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
        return HttpResponseClientRedirect(redirect_to_login(page).url)
    return redirect_to_login(request.get_full_path())
