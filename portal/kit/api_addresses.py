"""Addresses of the API, each with and without a slash at its end.

A client that is redirected loses its body, so neither form redirects. The form
without a slash is the one that is documented and given out.
"""

from typing import Any

from django.urls import URLPattern, path


def both(route: str, view: Any, name: str) -> list[URLPattern]:
    """Return the address without a slash, by name, and its twin with one."""
    return [
        path(route, view.as_view(), name=name),
        path(f"{route}/", view.as_view(schema=None), name=f"{name}_slash"),
    ]
