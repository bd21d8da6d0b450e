"""Who may enter, and how somebody who may not is answered."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from people.models import User
from people.viewers import viewer_of
from portal.kit.access import access, may_enter
from portal.kit.viewer import ANONYMOUS, Viewer

AUDIENCES = ("public", "system", "signed_in", "customer", "desk", "ops")
ACTORS = {
    "stranger": ANONYMOUS,
    "customer": Viewer(user_id=1, organization_ids=frozenset({1})),
    "without organization": Viewer(user_id=1),
    "agent": Viewer(user_id=1, staff_role="agent"),
    "lead": Viewer(user_id=1, staff_role="lead"),
    "ops": Viewer(user_id=1, staff_role="ops"),
    "admin": Viewer(user_id=1, staff_role="admin"),
}
MAY_ENTER = {
    "stranger": "public system",
    "customer": "public system signed_in customer",
    "without organization": "public system signed_in customer",
    "agent": "public system signed_in customer desk",
    "lead": "public system signed_in customer desk",
    "ops": "public system signed_in customer desk ops",
    "admin": "public system signed_in customer desk ops",
}
ABILITIES = {
    # is_known, is_staff, works_tickets, sees_every_queue, runs_operations
    "stranger": (False, False, False, False, False),
    "customer": (True, False, False, False, False),
    "without organization": (True, False, False, False, False),
    "agent": (True, True, True, False, False),
    "lead": (True, True, True, True, False),
    "ops": (True, True, False, True, True),
    "admin": (True, True, True, True, True),
}


def _page(audience: str):
    @access(audience)  # type: ignore[arg-type]
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse("inside")

    return page


urlpatterns = [path("accounts/", include("allauth.urls"))] + [
    path(f"{audience}/", _page(audience)) for audience in AUDIENCES
]


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_each_audience_is_open_to_whom_it_is_for(actor: str, audience: str) -> None:
    expected = audience in MAY_ENTER[actor].split()
    assert may_enter(audience, ACTORS[actor]) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize("actor", ACTORS)
def test_each_role_can_what_it_can(actor: str) -> None:
    viewer = ACTORS[actor]
    assert (
        viewer.is_known,
        viewer.is_staff,
        viewer.works_tickets,
        viewer.sees_every_queue,
        viewer.runs_operations,
    ) == ABILITIES[actor]


def test_nobody_changes_a_viewer() -> None:
    with pytest.raises(AttributeError):
        ANONYMOUS.staff_role = "admin"  # type: ignore[misc]


def test_a_view_says_whom_it_is_for() -> None:
    assert _page("ops").access == "ops"
    assert _page("ops").__name__ == "page"


@pytest.mark.django_db
def test_a_user_becomes_a_viewer_by_role_and_memberships(ada: User, agnes: User) -> None:
    organization = ada.memberships.get().organization_id
    assert viewer_of(ada) == Viewer(
        user_id=ada.pk,
        organization_ids=frozenset({organization}),
        managed_organization_ids=frozenset({organization}),
    )
    assert viewer_of(agnes) == Viewer(user_id=agnes.pk, staff_role="agent")
    assert viewer_of(None) == ANONYMOUS


@pytest.mark.django_db
@pytest.mark.urls(__name__)
class TestAtTheDoor:
    """What the browser gets."""

    @pytest.mark.parametrize("audience", ["signed_in", "customer", "desk", "ops"])
    def test_a_stranger_is_led_to_the_login_and_back(self, audience: str) -> None:
        answer = Client().get(f"/{audience}/?page=2")
        assert answer.headers["Location"] == f"/accounts/login/?next=/{audience}/%3Fpage%3D2"

    def test_a_strangers_fragment_leads_the_whole_page_to_the_login(self) -> None:
        answer = Client().get(
            "/desk/",
            headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/desk/T-1/"},
        )
        assert answer.headers["HX-Redirect"] == "/accounts/login/?next=/desk/T-1/"

    def test_somebody_known_who_may_not_enter_is_told_so(self, ada: User) -> None:
        browser = Client()
        browser.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
        for audience in ("desk", "ops"):
            assert browser.get(f"/{audience}/").status_code == 403
        for audience in ("public", "customer"):
            assert browser.get(f"/{audience}/").content == b"inside"
