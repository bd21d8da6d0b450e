"""The libraries' own login pages are shut, and everybody finds their start page."""

from collections.abc import Callable

import pytest
from django.test import Client

from people.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("door", "target"),
    [
        ("/ops/login/", "/accounts/login/?next=%2Fops%2F"),
        ("/ops/login/?next=/ops/reports/", "/accounts/login/?next=%2Fops%2Freports%2F"),
        ("/ops/login/?next=https://evil.example/", "/accounts/login/?next=%2Fops%2F"),
        ("/ops/login/?next=//evil.example/", "/accounts/login/?next=%2Fops%2F"),
        ("/admin/login/", "/accounts/login/?next=%2Fadmin%2F"),
        ("/_util/login/", "/accounts/login/?next=%2F"),
        ("/help/_util/login/", "/accounts/login/?next=%2F"),
        ("/ops/password_reset/", "/accounts/password/reset/"),
        ("/ops/password_reset/confirm/MQ/abc-def/", "/accounts/password/reset/"),
    ],
)
def test_other_login_pages_lead_to_ours(door: str, target: str) -> None:
    assert Client().get(door).headers["Location"] == target


@pytest.mark.parametrize("door", ["/ops/login/", "/admin/login/", "/_util/login/"])
def test_other_login_pages_take_no_password(door: str, root: User) -> None:
    from conftest import PASSWORD

    browser = Client()
    browser.post(door, {"username": root.email, "password": PASSWORD})
    assert "_auth_user_id" not in browser.session


@pytest.mark.parametrize("door", ["/ops/", "/admin/"])
def test_a_stranger_at_an_admin_is_led_to_our_login(door: str) -> None:
    answer = Client().get(door, follow=True)
    assert answer.request["PATH_INFO"] == "/accounts/login/"


@pytest.mark.parametrize("door", ["/ops/", "/admin/"])
@pytest.mark.parametrize("who", ["ada", "agnes"])
def test_somebody_without_permission_is_refused_and_not_sent_in_a_circle(
    door: str, who: str, request: pytest.FixtureRequest, at_door: Callable[..., Client]
) -> None:
    browser = at_door(request.getfixturevalue(who))
    assert browser.get(door, follow=True).status_code == 403


def test_wagtails_pages_for_users_lead_to_those_where_actions_change_them(
    root: User, at_door: Callable[..., Client]
) -> None:
    browser = at_door(root)
    for page in (
        "/ops/users/",
        "/ops/users/1/",
        "/ops/users/new/",
        "/ops/bulk/people/user/delete/",
    ):
        assert browser.get(page).headers["Location"] == "/admin/people/user/"


@pytest.mark.parametrize(
    ("who", "page"),
    [
        ("ada", "/"),
        ("stella", "/"),
        ("agnes", "/desk/"),
        ("lena", "/desk/"),
        ("oscar", "/ops/"),
        ("root", "/ops/"),
    ],
)
def test_everybody_is_led_to_their_own_start_page(
    who: str, page: str, request: pytest.FixtureRequest, at_door: Callable[..., Client]
) -> None:
    browser = at_door(request.getfixturevalue(who))
    assert browser.get("/start/").headers["Location"] == page


def test_a_stranger_at_the_front_door_is_led_to_the_login() -> None:
    assert Client().get("/start/").headers["Location"] == "/accounts/login/?next=/start/"
