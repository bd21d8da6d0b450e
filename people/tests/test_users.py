"""Users, staff roles, profiles."""

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from conftest import TUESDAY
from people.actions import (
    create_user,
    hire,
    issue_token,
    set_active,
    set_staff_role,
    update_profile,
)
from people.actions.tokens import find_token_user
from people.models import Notice, User
from people.viewers import viewer_of
from portal.kit.refused import InvalidInput, NotPermitted
from portal.kit.viewer import ANONYMOUS

pytestmark = pytest.mark.django_db


def test_an_address_belongs_to_one_user_whatever_its_case(ada: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="ADA@analytical.example")


def test_a_user_without_a_password_cannot_log_in_with_one() -> None:
    assert not create_user(email="x@y.example").has_usable_password()


def test_the_login_machinery_knows_the_address() -> None:
    user = create_user(email="X@Y.example", email_is_verified=True)
    row = EmailAddress.objects.get(user=user)
    assert (row.email, row.primary, row.verified) == ("x@y.example", True, True)


@pytest.mark.parametrize(
    ("role", "django_admin", "wagtail"),
    [("agent", False, False), ("lead", False, False), ("ops", False, True), ("admin", True, True)],
)
def test_a_role_opens_its_admins(role: str, django_admin: bool, wagtail: bool, root: User) -> None:
    user = create_user(email="x@y.example")
    set_staff_role(user=user, role=role, by=root, now=TUESDAY)
    user = User.objects.get(pk=user.pk)
    assert user.is_staff is django_admin
    assert user.has_perm("wagtailadmin.access_admin") is wagtail
    assert user.works_here


def test_losing_the_role_shuts_them_again(root: User, oscar: User) -> None:
    set_staff_role(user=oscar, role="", by=root, now=TUESDAY)
    oscar = User.objects.get(pk=oscar.pk)
    assert not oscar.has_perm("wagtailadmin.access_admin")
    assert not oscar.groups.exists()
    assert not viewer_of(oscar).is_staff


@pytest.mark.parametrize("who", ["ada", "agnes", "lena", "oscar"])
def test_only_admins_give_roles_hire_and_shut_out(
    who: str, paul: User, request: pytest.FixtureRequest
) -> None:
    somebody = request.getfixturevalue(who)
    for act in (
        lambda: set_staff_role(user=paul, role="admin", by=somebody, now=TUESDAY),
        lambda: set_active(user=paul, is_active=False, by=somebody),
        lambda: hire(email="n@t.example", name="N", role="agent", by=somebody, now=TUESDAY),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_no_admin_changes_their_own_role(root: User) -> None:
    with pytest.raises(NotPermitted):
        set_staff_role(user=root, role="", by=root, now=TUESDAY)
    with pytest.raises(NotPermitted):
        set_active(user=root, is_active=False, by=root)


def test_an_admin_who_just_lost_the_role_changes_nobody(root: User) -> None:
    other = create_user(email="second@tidewater.example", staff_role="admin")
    set_staff_role(user=root, role="", by=other, now=TUESDAY)
    with pytest.raises(NotPermitted):
        set_staff_role(user=other, role="", by=root, now=TUESDAY)


def test_there_are_four_roles(root: User, paul: User) -> None:
    with pytest.raises(InvalidInput):
        set_staff_role(user=paul, role="emperor", by=root, now=TUESDAY)


def test_tokens_from_before_a_role_do_not_get_its_power(root: User, paul: User) -> None:
    _row, token = issue_token(user=paul, name="script", now=TUESDAY)
    set_staff_role(user=paul, role="admin", by=root, now=TUESDAY)
    assert find_token_user(token, now=TUESDAY) is None


def test_tokens_do_not_outlive_a_role(root: User, agnes: User) -> None:
    _row, token = issue_token(user=agnes, name="script", now=TUESDAY)
    set_staff_role(user=agnes, role="", by=root, now=TUESDAY)
    assert find_token_user(token, now=TUESDAY) is None


def test_setting_the_role_somebody_has_changes_nothing(root: User, agnes: User) -> None:
    _row, token = issue_token(user=agnes, name="script", now=TUESDAY)
    set_staff_role(user=agnes, role="agent", by=root, now=TUESDAY)
    assert find_token_user(token, now=TUESDAY) == agnes


def test_who_is_hired_is_told_how_to_come_in(root: User) -> None:
    user = hire(email="n@tidewater.example", name="Nils", role="agent", by=root, now=TUESDAY)
    notice = Notice.objects.get(recipient=user)
    assert "/accounts/login/code/" in notice.body_text
    assert not user.has_usable_password()
    assert not EmailAddress.objects.get(user=user).verified


def test_who_is_shut_out_sees_nothing(root: User, ada: User) -> None:
    set_active(user=ada, is_active=False, by=root)
    ada.refresh_from_db()
    assert viewer_of(ada) == ANONYMOUS


def test_staff_see_by_their_role_and_not_by_memberships(ada: User, root: User) -> None:
    set_staff_role(user=ada, role="agent", by=root, now=TUESDAY)
    viewer = viewer_of(User.objects.get(pk=ada.pk))
    assert (viewer.staff_role, viewer.organization_ids) == ("agent", frozenset())


def test_a_profile_changes_what_people_may_change(ada: User) -> None:
    update_profile(user=ada, name=" Ada Lovelace ", time_zone="Asia/Tokyo", mail_on_reply=False)
    ada.refresh_from_db()
    assert (ada.name, ada.time_zone, ada.mail_on_reply) == ("Ada Lovelace", "Asia/Tokyo", False)


@pytest.mark.parametrize("field", ["staff_role", "is_superuser", "email", "is_active", "password"])
def test_a_profile_changes_nothing_else(ada: User, field: str) -> None:
    with pytest.raises(InvalidInput):
        update_profile(user=ada, **{field: "admin"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("language", "tlh"),
        ("name", "x" * 121),
    ],
)
def test_a_profile_refuses_what_cannot_be(ada: User, field: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        update_profile(user=ada, **{field: value})
    assert set(refused.value.fields) == {field}


def test_a_zone_the_machine_forgot_is_shown_as_utc(ada: User) -> None:
    ada.time_zone = "Europe/Atlantis"
    assert str(ada.zone) == "UTC"
