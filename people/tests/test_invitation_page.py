"""The way in by an invitation, from the link in the mail to the first page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from conftest import PASSWORD
from people.actions import create_user, invite, revoke_invitation
from people.models import Invitation, Membership, Organization, User
from people.tests.login_kit import code_in, last_mail, link_in, log_in

pytestmark = pytest.mark.django_db

NORA = "nora@anywhere.example"


@pytest.fixture
def link(enterprise: Organization, ada: User) -> str:
    """The link in the mail with which Ada invites Nora."""
    invite(organization=enterprise, email=NORA, role="manager", by=ada, now=timezone.now())
    return link_in(last_mail(NORA))


@pytest.fixture
def nora() -> User:
    """Nora, who has an account and belongs to nobody."""
    return create_user(email=NORA, name="Nora", password=PASSWORD, email_is_verified=True)


def page(browser: Client, path: str) -> str:
    """Return the text of a page that is there."""
    answer = browser.get(path, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_stranger_signs_up_with_the_address_filled_in_and_joins(link: str) -> None:
    browser = Client()
    assert "Join Analytical Engines" in page(browser, link)
    assert f'value="{NORA}"' in page(browser, "/accounts/signup/")
    browser.post(
        "/accounts/signup/",
        {"name": "Nora", "email": NORA, "password1": PASSWORD, "password2": PASSWORD},
    )
    # Holding the link proves nothing: the address is proved by a code of its own.
    assert browser.get("/start/").headers["Location"].startswith("/accounts/login/")
    browser.post("/accounts/confirm-email/", {"code": code_in(last_mail(NORA))})
    assert "Join Analytical Engines" in page(browser, "/start/")
    answer = browser.post(link)
    assert answer.headers["Location"] == "/"
    row = Membership.objects.get(user__email=NORA)
    assert (row.role, row.status) == ("manager", "active")


def test_somebody_with_an_account_logs_in_with_the_address_filled_in(link: str, nora: User) -> None:
    browser = Client()
    page(browser, link)
    assert f'value="{NORA}"' in page(browser, "/accounts/login/")
    log_in(browser, nora)
    assert "Join Analytical Engines" in page(browser, "/start/")
    accept = Invitation.objects.get()
    browser.post(f"/organization/none/invitations/{accept.pk}/accept/")
    assert nora.memberships.get().status == "active"


def test_without_an_invitation_no_address_is_filled_in() -> None:
    assert NORA not in page(Client(), "/accounts/signup/")


def test_the_session_does_not_keep_the_token(link: str) -> None:
    browser = Client()
    browser.get(link)
    assert link.split("/")[2] not in str(dict(browser.session))


def test_an_open_invitation_is_offered_also_without_its_link(link: str, nora: User) -> None:
    browser = Client()
    log_in(browser, nora)
    assert "Join Analytical Engines" in page(browser, "/start/")


def test_opening_the_link_changes_nothing(link: str, nora: User) -> None:
    """Scanners of mail follow every link."""
    browser = Client()
    log_in(browser, nora)
    browser.get(link)
    assert not nora.memberships.exists()


def test_somebody_else_is_told_for_whom_it_is(link: str, paul: User) -> None:
    browser = Client()
    log_in(browser, paul)
    text = page(browser, link)
    assert "This invitation is for another address" in text
    assert browser.post(link).status_code == 403
    assert paul.memberships.count() == 1


def test_who_opened_it_before_logging_in_as_somebody_else_can_go_on_without(
    link: str, paul: User
) -> None:
    browser = Client()
    browser.get(link)
    log_in(browser, paul)
    assert "The invitation you opened is for another address" in page(browser, "/start/")
    browser.post("/organization/none/decline/")
    assert browser.get("/start/").headers["Location"] == "/"
    assert Invitation.objects.open_at(timezone.now()).exists()


def test_staff_are_told_that_they_cannot_join(
    link: str, agnes: User, at_door: Callable[..., Client]
) -> None:
    browser = at_door(agnes)
    assert "Staff cannot join" in page(browser, link)


@pytest.mark.parametrize("over", ["expired", "revoked", "accepted", "made up"])
def test_an_invitation_that_is_over_says_so_and_nothing_else(
    over: str, link: str, ada: User, nora: User
) -> None:
    invitation = Invitation.objects.get()
    when = timezone.now()
    if over == "revoked":
        revoke_invitation(invitation=invitation, by=ada, now=when)
    elif over == "expired":
        when += timedelta(days=8)
    elif over == "accepted":
        browser = Client()
        log_in(browser, nora)
        browser.post(link)
    else:
        link = "/invitations/made-up-token/"
    with time_machine.travel(when, tick=True):
        answer = Client().get(link)
        assert answer.status_code == 410
        assert "Analytical" not in answer.content.decode()
        assert Client().post(link).status_code == 410


def test_nobody_accepts_an_invitation_of_somebody_else_by_its_number(link: str, paul: User) -> None:
    browser = Client()
    log_in(browser, paul)
    number = Invitation.objects.get().pk
    answer = browser.post(f"/organization/none/invitations/{number}/accept/")
    missing = browser.post("/organization/none/invitations/999999/accept/")
    assert answer.status_code == missing.status_code == 404
    assert answer.content == missing.content
    assert paul.memberships.count() == 1
