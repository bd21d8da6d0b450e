"""The frame of every ops page: who may come in, whose time it speaks, what surrounds it.

Ops pages live inside the Wagtail admin. Its custom views check nothing but access
to the admin, and it shows times in the server's zone; both are put right here, once,
for the rooms above too.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from wagtail.admin.widgets.button import Button, HeaderButton

from people.models import User
from portal.kit.access import access
from portal.kit.refused import Refused

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
Crumb = tuple[str, str]


def ops_view(view: View) -> View:
    """Guard a function view for operations and declare it; speak in the viewer's own zone."""

    @wraps(view)
    def localized(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with speaking_to(me(request)):
            return view(request, *args, **kwargs)

    return cast(View, access("ops")(localized))


@contextmanager
def speaking_to(user: User) -> Iterator[None]:
    """Use somebody's language and time zone; Wagtail has put its own profile's in between."""
    with timezone.override(user.zone), translation.override(user.language):
        yield


def me(request: HttpRequest) -> User:
    """Return who is asking; the door has made sure that it is a user."""
    assert isinstance(request.user, User)
    return request.user


def render_ops(
    request: HttpRequest,
    template: str,
    *,
    title: str,
    icon: str = "",
    crumbs: Sequence[Crumb] = (),
    buttons: Sequence[Button] = (),
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Render a page between Wagtail's side bar and header.

    ``crumbs`` are (address, label) of the pages above this one, ``buttons`` stand
    beside the last of them.
    """
    items = [{"url": reverse("wagtailadmin_home"), "label": _("Home")}]
    items += [{"url": address, "label": label} for address, label in crumbs]
    items.append({"url": "", "label": title})
    return render(
        request,
        template,
        {
            "header_title": title,
            "page_title": title,
            "header_icon": icon,
            "breadcrumbs_items": items,
            "header_buttons": list(buttons),
            **context,
        },
        status=status,
    )


def header_button(label: str, address: str, icon: str) -> HeaderButton:
    """Return a link for the page's header."""
    return HeaderButton(label, url=address, icon_name=icon)


@contextmanager
def telling_refusals(request: HttpRequest) -> Iterator[None]:
    """Say a refusal as a message and go on to the redirect."""
    try:
        yield
    except Refused as refusal:
        messages.error(request, refusal.message)


def put_into(form: forms.Form, refusal: Refused) -> None:
    """Put what an action refused beside the fields it named; the rest above the form."""
    unplaced = [said for name, said in refusal.fields.items() if name not in form.fields]
    for name, said in refusal.fields.items():
        if name in form.fields:
            form.add_error(name, said)
    if unplaced or not refusal.fields:
        form.add_error(None, " ".join([refusal.message, *unplaced]))
