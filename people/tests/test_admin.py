"""Django's admin shows people to admins, and changes them by actions alone."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from people.actions import add_domain, answer_once, invite, issue_token, queue_notice
from people.models import ApiToken, Notice, Organization, User
from people.tests.login_kit import give_totp, log_in

pytestmark = pytest.mark.django_db

Door = Callable[..., Client]


@pytest.fixture
def full_house(ada: User, colin: User, agnes: User, enterprise: Organization) -> None:
    """A row of everything."""
    now = timezone.now()
    invite(organization=enterprise, email="n@x.example", by=ada, now=now)
    add_domain(organization=enterprise, domain="analytical.example")
    issue_token(user=ada, name="script", now=now)
    answer_once(user=ada, key="k", request_digest="d", now=now, work=lambda: (200, {}))
    give_totp(agnes)
    log_in(Client(), colin)


def test_every_page_of_the_room_opens_and_searches(
    full_house: None, root: User, at_door: Door
) -> None:
    browser = at_door(root)
    for model in admin.site._registry:
        if model._meta.app_label not in {"people", "account", "mfa", "usersessions"}:
            continue
        start = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert browser.get(start).status_code == 200, start
        assert browser.get(start, {"q": "a"}).status_code == 200, start
        row = model._default_manager.first()
        if row is not None:
            assert browser.get(f"{start}{row.pk}/change/").status_code == 200, start


@pytest.mark.parametrize("who", ["ada", "agnes", "lena", "oscar"])
def test_nobody_but_admins_comes_in(
    who: str, at_door: Door, request: pytest.FixtureRequest
) -> None:
    browser = at_door(request.getfixturevalue(who))
    assert browser.get("/admin/people/user/", follow=True).status_code == 403


def test_secrets_are_shown_to_nobody(full_house: None, root: User, at_door: Door) -> None:
    browser = at_door(root)
    notice = Notice.objects.get(kind="invitation")
    assert notice.is_secret
    text = browser.get(f"/admin/people/notice/{notice.pk}/change/").content.decode()
    assert "/invitations/" not in text
    for factor in Authenticator.objects.all():
        text = browser.get(f"/admin/mfa/authenticator/{factor.pk}/change/").content.decode()
        for secret in (str(value) for value in factor.data.values()):
            assert len(secret) < 8 or secret not in text
    token = ApiToken.objects.get()
    text = browser.get(f"/admin/people/apitoken/{token.pk}/change/").content.decode()
    assert token.digest not in text


def test_an_admin_hires(root: User, at_door: Door) -> None:
    browser = at_door(root)
    values = {"email": "N@tidewater.example", "name": "Nils", "staff_role": "agent"}
    answer = browser.post("/admin/people/user/add/", values)
    assert answer.status_code == 302, answer.content.decode()
    user = User.objects.get(email="n@tidewater.example")
    assert (user.staff_role, user.has_usable_password()) == ("agent", False)
    assert Notice.objects.filter(kind="hired", recipient=user).exists()
    again = browser.post("/admin/people/user/add/", values)
    assert again.status_code == 200


def test_nobody_is_hired_without_a_role(root: User, at_door: Door) -> None:
    values = {"email": "n@tidewater.example", "name": "Nils", "staff_role": ""}
    assert at_door(root).post("/admin/people/user/add/", values).status_code == 200
    assert not User.objects.filter(email="n@tidewater.example").exists()


def test_an_admin_gives_a_role_and_shuts_out(root: User, agnes: User, at_door: Door) -> None:
    browser = at_door(root)
    browser.post(
        f"/admin/people/user/{agnes.pk}/change/",
        {"staff_role": "lead", "is_active": "on", **no_inlines()},
    )
    agnes.refresh_from_db()
    assert (agnes.staff_role, agnes.is_active) == ("lead", True)
    browser.post(f"/admin/people/user/{agnes.pk}/change/", {"staff_role": "lead", **no_inlines()})
    agnes.refresh_from_db()
    assert not agnes.is_active


def no_inlines() -> dict[str, str]:
    """Return what the page sends along for rows that are only shown."""
    return {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}


def test_no_admin_changes_themselves(root: User, at_door: Door) -> None:
    browser = at_door(root)
    answer = browser.post(f"/admin/people/user/{root.pk}/change/", {"staff_role": ""})
    assert answer.status_code == 403


def test_nothing_is_deleted_but_a_lost_factor(full_house: None, root: User, at_door: Door) -> None:
    browser = at_door(root)
    user = User.objects.get(email="ada@analytical.example")
    assert browser.post(f"/admin/people/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403
    factor = Authenticator.objects.filter(type="totp").get()
    browser.post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"})
    assert not Authenticator.objects.filter(type="totp").exists()


def test_no_admin_proves_an_address_for_somebody(root: User, at_door: Door) -> None:
    row = EmailAddress.objects.create(user=root, email="x@y.example", verified=False)
    at_door(root).post(
        "/admin/account/emailaddress/",
        {"action": "make_verified", "_selected_action": str(row.pk)},
    )
    row.refresh_from_db()
    assert not row.verified


def test_an_admin_revokes_tokens_and_sends_dead_notices_again(
    full_house: None, root: User, at_door: Door
) -> None:
    queue_notice(
        kind="test", recipient=None, address="a@b.example", dedupe_key="dead", subject="s",
        body_text="t", now=timezone.now(),
    )  # fmt: skip
    dead = Notice.objects.get(dedupe_key="dead")
    Notice.objects.filter(pk=dead.pk).update(dead_at=timezone.now())
    browser = at_door(root)
    browser.post("/admin/people/notice/", {"action": "try_again", "_selected_action": str(dead.pk)})
    dead.refresh_from_db()
    assert dead.dead_at is None
    token = ApiToken.objects.get()
    browser.post("/admin/people/apitoken/", {"action": "revoke", "_selected_action": str(token.pk)})
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_organizations_are_made_and_suspended(
    root: User, enterprise: Organization, at_door: Door
) -> None:
    browser = at_door(root)
    browser.post("/admin/people/organization/add/", {"name": "New Ltd", "external_id": "crm-7"})
    assert Organization.objects.get(external_id="crm-7").name == "New Ltd"
    browser.post(
        f"/admin/people/organization/{enterprise.pk}/change/",
        {
            "is_suspended": "on",
            **no_inlines(),
            "domains-TOTAL_FORMS": "0",
            "domains-INITIAL_FORMS": "0",
        },
    )
    enterprise.refresh_from_db()
    assert enterprise.is_suspended
