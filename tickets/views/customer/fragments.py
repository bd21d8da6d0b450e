"""Page and fragment from one template: which part htmx asked for."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def wanted_part(request: HttpRequest, *parts: str) -> str:
    """Return the one of these parts that htmx wants, else an empty string.

    Parts are called like the element they replace.
    """
    htmx = getattr(request, "htmx", None)
    target = getattr(htmx, "target", None) if htmx else None
    return target if target in parts else ""


def render_part(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *parts: str,
    status: int = 200,
) -> HttpResponse:
    """Render the template, or the one part of it that htmx asked for."""
    part = wanted_part(request, *parts)
    response = render(request, f"{template}#{part}" if part else template, context, status=status)
    # One address, two answers: no cache may hand out the one for the other.
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
