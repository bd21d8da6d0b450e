"""The pages for what went wrong at the door."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

SENTENCES = {
    400: gettext_lazy("The request could not be understood."),
    403: gettext_lazy("You may not open this."),
    404: gettext_lazy("There is nothing here, or nothing that you may see."),
    500: gettext_lazy("Something broke on our side. It has been noted; please try again."),
}


def _answer(request: HttpRequest, status: int, code: str) -> HttpResponse:
    """Answer in the shape of the door: JSON for the API, a page for people."""
    if request.path.startswith("/api/"):
        return JsonResponse(
            {"code": code, "message": str(SENTENCES[status]), "fields": {}}, status=status
        )
    return render(request, f"{status}.html", status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _answer(request, 400, "bad_request")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _answer(request, 403, "forbidden")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404; the same bytes for what is missing and for what is somebody else's."""
    return _answer(request, 404, "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """500; the template must not need the database."""
    return _answer(request, 500, "server_error")
