"""A refusal in the words of each door: a page, a fragment, an API answer."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from portal.kit.refused import InvalidInput, NotPermitted, Refused, Unprocessable

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

REFUSALS: dict[str, Refused] = {
    "state": Refused("closed_already", "The ticket is <closed> already."),
    "input": InvalidInput("bad", "That will not do.", fields={"subject": "Write a subject."}),
    "permission": NotPermitted("not_yours", "Only a lead may do this."),
    "other_content": Unprocessable("key_reused", "The key was used before."),
}
STATUS = {"state": 409, "input": 400, "permission": 403, "other_content": 422}


def page(request: HttpRequest, kind: str) -> HttpResponse:
    """Refuse as a page."""
    raise REFUSALS[kind]


def broken(request: HttpRequest) -> HttpResponse:
    """Fail by a mistake of ours."""
    raise ZeroDivisionError


class TicketShape(serializers.Serializer[Any]):
    """What an API takes."""

    subject = serializers.CharField()
    severity = serializers.IntegerField(max_value=4)


@api_view(["POST"])
@permission_classes([])
def api(request: Request, kind: str) -> Response:
    """Refuse as an API."""
    if kind == "shape":
        TicketShape(data=request.data).is_valid(raise_exception=True)
        return Response({})
    raise REFUSALS[kind]


@api_view(["GET"])
def guarded(request: Request) -> Response:
    """Be there for who is known."""
    return Response({})


urlpatterns = [
    path("page/<str:kind>/", page),
    path("broken/", broken),
    path("api/v1/guarded/", guarded),
    path("api/v1/<str:kind>/", api),
]


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_page_says_the_sentence_with_the_status_of_the_refusal(kind: str) -> None:
    answer = Client().get(f"/page/{kind}/")
    assert answer.status_code == STATUS[kind]
    text = answer.content.decode()
    assert "<!doctype html>" in text.lower()
    assert REFUSALS[kind].code in text
    assert "<closed>" not in text


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_fragment_goes_to_the_messages_wherever_the_form_aimed(kind: str) -> None:
    answer = Client().post(f"/page/{kind}/", headers={"HX-Request": "true"})
    assert answer.status_code == STATUS[kind]
    assert answer.headers["HX-Retarget"] == "#messages"
    assert answer.headers["HX-Reswap"] == "beforeend"
    text = answer.content.decode()
    assert "<html" not in text
    assert "<closed>" not in text


@pytest.mark.parametrize("kind", REFUSALS)
def test_the_api_has_one_shape_for_every_refusal(kind: str) -> None:
    answer = Client().post(f"/api/v1/{kind}/")
    refusal = REFUSALS[kind]
    assert answer.status_code == STATUS[kind]
    assert answer.json() == {
        "code": refusal.code,
        "message": refusal.message,
        "fields": {name: [sentence] for name, sentence in refusal.fields.items()},
    }


def test_what_the_api_cannot_read_has_the_same_shape() -> None:
    answer = Client().post("/api/v1/shape/", {"severity": 9}, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert set(answer.json()["fields"]) == {"subject", "severity"}
    answer = Client().post("/api/v1/shape/", "{", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_a_stranger_at_the_api_gets_that_shape_too() -> None:
    answer = Client().get("/api/v1/guarded/")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    answer = Client().get("/api/v1/guarded/", headers={"Authorization": "Bearer kept_no"})
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    answer = Client().delete("/api/v1/guarded/")
    assert set(answer.json()) == {"code", "message", "fields"}


def test_what_is_no_refusal_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        Client().get("/broken/")
