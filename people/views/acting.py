"""What the people room's pages share: asking before doing, refusals in a form."""

from collections.abc import Callable

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from portal.kit.refused import NotPermitted, Refused

PAGE_METHODS = ("GET", "HEAD")
FORM_METHODS = (*PAGE_METHODS, "POST")
NOT_VALID = 422


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a form was sent, also when nothing is in it; None when it is only shown."""
    return request.POST if request.method == "POST" else None


def tried(form: forms.BaseForm, act: Callable[[], object]) -> bool:
    """Do what a valid form asks for; a refusal becomes the form's own error.

    Missing permission is no matter of the form and goes on to its own page.
    """
    if not form.is_valid():
        return False
    try:
        act()
    except NotPermitted:
        raise
    except Refused as error:
        named = {name: text for name, text in error.fields.items() if name in form.fields}
        for name, sentence in named.items():
            form.add_error(name, sentence)
        if not named:
            form.add_error(None, error.message)
        return False
    return True


def ask_first(
    request: HttpRequest,
    *,
    title: str,
    text: str,
    button: str,
    back: str,
    is_dangerous: bool = False,
) -> HttpResponse:
    """Ask before something is done; the page posts to its own address."""
    context = {
        "title": title,
        "text": text,
        "button": button,
        "back": back,
        "is_dangerous": is_dangerous,
    }
    return render(request, "people/ask_first.html", context)
