"""Answer a repeated request with the first answer, by its ``Idempotency-Key``."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from people.actions import answer_once
from people.models import User

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
# What the work returns: status, body, and the address of what came into being ("" for none).
Outcome = tuple[int, Any, str]


def answer(request: Request, user: User, *, now: datetime, work: Callable[[], Outcome]) -> Response:
    """Do the work, once per key where the request has one, and answer."""
    key = request.headers.get(HEADER)
    if key is None:
        return _response(*_written(work))
    status, stored, replayed = answer_once(
        user=user,
        key=key,
        request_digest=digest_of(request),
        now=now,
        work=lambda: _remembered(work),
    )
    response = _response(status, stored["body"], stored["location"])
    if replayed:
        response[REPLAYED] = "true"
    return response


def digest_of(request: Request) -> str:
    """Return what makes two requests the same: method, place, values and files.

    Not the bytes of the body: a multipart retry has another boundary, and a
    client may order its keys anew.
    """
    values = {
        name: request.data.getlist(name) if isinstance(request.data, QueryDict) else value
        for name, value in cast(Mapping[str, Any], request.data).items()
        if name not in request.FILES
    }
    files = [
        [name, file.name, _content_digest(file)]
        for name in sorted(request.FILES)
        for file in request.FILES.getlist(name)
    ]
    place = [request.method, request.path.rstrip("/")]
    text = json.dumps([place, values, files], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _content_digest(file: UploadedFile[Any]) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _written(work: Callable[[], Outcome]) -> tuple[int, str, str]:
    status, body, location = work()
    return status, JSONRenderer().render(body).decode(), location


def _remembered(work: Callable[[], Outcome]) -> tuple[int, dict[str, str]]:
    """Keep the body as text: a database may reorder the keys of JSON, a replay may not."""
    status, body, location = _written(work)
    return status, {"body": body, "location": location}


def _response(status: int, body: str, location: str) -> Response:
    headers = {"Location": location} if location else {}
    return Response(json.loads(body), status=status, headers=headers)
