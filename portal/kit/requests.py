"""Request ids: one id follows a click through logs, tasks and mails."""

import re
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-Id"
_acceptable = re.compile(r"[A-Za-z0-9._-]{8,64}")


def current_request_id() -> str:
    """Return the id of the request or task being worked on, or an empty string."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def new_request_id() -> str:
    """Return a fresh id."""
    return uuid.uuid4().hex


class RequestIdMiddleware:
    """Give each request an id, bind it to the log context, and answer it back.

    An id from a proxy in front is kept when it looks like one, so that a line
    in the proxy's log and a line in ours can be joined.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get(HEADER, "")
        request_id = offered if _acceptable.fullmatch(offered) else new_request_id()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
            response[HEADER] = request_id
            return response
        finally:
            structlog.contextvars.clear_contextvars()
