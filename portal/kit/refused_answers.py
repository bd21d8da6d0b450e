"""Translate ``Refused`` once per door: HTML page, htmx fragment, DRF."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from portal.kit.refused import Refused


class RefusedMiddleware:
    """Answer a ``Refused`` that a page view raised with a page or a fragment."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the refusal in the shape the asker understands."""
        if not isinstance(error, Refused):
            return None
        htmx = getattr(request, "htmx", False)
        template = "portal/refused_fragment.html" if htmx else "portal/refused.html"
        response = render(
            request, template, {"code": error.code, "message": error.message}, status=error.status
        )
        if htmx:
            # The fragment belongs in the message area whatever the form aimed at.
            response["HX-Retarget"] = "#messages"
            response["HX-Reswap"] = "beforeend"
        return response


def answer_api(error: Exception, context: dict[str, Any]) -> Response | None:
    """Be DRF's exception handler: one error shape for every API answer.

    The shape is ``{"code", "message", "fields"}``; ``fields`` maps an input
    name to a list of sentences.
    """
    if isinstance(error, Refused):
        set_rollback()
        fields = {name: [sentence] for name, sentence in error.fields.items()}
        return Response(
            {"code": error.code, "message": error.message, "fields": fields}, status=error.status
        )
    response = exception_handler(error, context)
    if response is not None:
        response.data = _plain(response.data, error)
    return response


def _plain(data: Any, error: Exception) -> dict[str, Any]:
    if isinstance(data, dict) and "detail" in data:
        code = getattr(data["detail"], "code", None) or getattr(error, "default_code", "error")
        return {"code": str(code), "message": str(data["detail"]), "fields": {}}
    fields = data if isinstance(data, dict) else {"non_field_errors": data}
    return {"code": "invalid", "message": "Some of what was sent is not valid.", "fields": fields}
