"""No staff door opens to a password alone."""

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client

from conftest import PASSWORD
from people.actions import create_user, issue_token
from people.models import User
from people.tests.login_kit import (
    code_in,
    confirm_password,
    give_totp,
    last_mail,
    log_in,
    recovery_codes,
    set_up_totp,
    totp_code,
)
from portal.kit import clock

SETUP = "/accounts/2fa/"
PROVE = "/accounts/2fa/reauthenticate/"
DOORS = ["/desk/", "/ops/", "/admin/", "/", "/start/", "/profile/", "/profile/tokens/new/"]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "delete"])
def test_staff_with_a_password_alone_are_led_to_set_up_a_factor(
    agnes: User, door: str, method: str
) -> None:
    browser = Client()
    log_in(browser, agnes)
    answer = getattr(browser, method)(door)
    assert (answer.status_code, answer.headers["Location"]) == (302, SETUP)


@pytest.mark.parametrize("door", DOORS)
def test_staff_whose_factor_is_set_up_elsewhere_are_led_to_prove_it(agnes: User, door: str) -> None:
    browser = Client()
    log_in(browser, agnes)
    give_totp(agnes)
    answer = browser.get(door)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{PROVE}?next=%2F")


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/../desk/", "//desk/", "/desk//", "/DESK/", "/desk/%2e%2e/desk/",
        "/accounts/%2e%2e/desk/", "/accounts/..;/desk/", "/static/../desk/", "/./desk/",
        "/healthz/../desk/", "/desk", "/accounts/login/../../desk/", "/desk/?next=/accounts/",
    ],
)  # fmt: skip
def test_no_spelling_of_an_address_leads_around_it(agnes: User, path: str) -> None:
    browser = Client()
    log_in(browser, agnes)
    answer = browser.get(path)
    assert answer.status_code in {301, 302, 400, 404}
    assert answer.headers.get("Location", SETUP) in {SETUP, "/desk/", "/desk//"}
    followed = browser.get(path, follow=True)
    assert followed.request["PATH_INFO"] == SETUP or followed.status_code in {400, 404}


def test_the_api_answers_a_session_without_a_factor_in_its_own_shape(agnes: User) -> None:
    browser = Client()
    log_in(browser, agnes)
    answer = browser.get("/api/v1/tickets")
    assert answer.status_code == 403
    assert answer.json()["code"] == "second_factor_required"


def test_an_api_token_needs_no_session(agnes: User) -> None:
    _row, token = issue_token(user=agnes, name="script", now=clock.now())
    answer = Client().get("/api/v1/tickets", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_a_fragment_is_answered_with_a_redirect_of_the_whole_page(agnes: User) -> None:
    browser = Client()
    log_in(browser, agnes)
    answer = browser.get("/desk/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == SETUP


@pytest.mark.parametrize("role", ["agent", "lead", "ops", "admin"])
def test_every_staff_role_needs_it(role: str) -> None:
    person = create_user(
        email=f"{role}@tidewater.example",
        password=PASSWORD,
        staff_role=role,
        email_is_verified=True,
    )
    browser = Client()
    log_in(browser, person)
    assert browser.get("/").headers["Location"] == SETUP


def test_a_superuser_without_a_role_needs_it(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_superuser=True)
    browser = Client()
    log_in(browser, ada)
    assert browser.get("/").headers["Location"] == SETUP


def test_a_customer_who_was_given_a_permission_needs_it_at_staff_doors(ada: User) -> None:
    from people.actions.users import ops_group

    ada.groups.add(ops_group())
    browser = Client()
    log_in(browser, ada)
    assert browser.get("/ops/").headers["Location"] == SETUP
    assert browser.get("/profile/").status_code == 200


def test_customers_need_none(ada: User) -> None:
    browser = Client()
    log_in(browser, ada)
    assert browser.get("/profile/").status_code == 200


def test_the_development_switch_lets_a_password_in(agnes: User, settings) -> None:
    settings.MFA_REQUIRED_FOR_STAFF = False
    browser = Client()
    log_in(browser, agnes)
    assert browser.get("/profile/").status_code == 200


@pytest.mark.django_db(transaction=True)  # allauth announces a factor after commit
def test_setting_up_the_first_factor_opens_the_door_at_once(agnes: User) -> None:
    browser = Client()
    log_in(browser, agnes)
    assert browser.get("/profile/").status_code == 302
    set_up_totp(browser)
    assert browser.get("/profile/").status_code == 200


def test_setting_up_asks_for_the_password_again(agnes: User) -> None:
    browser = Client()
    log_in(browser, agnes)
    answer = browser.get("/accounts/2fa/totp/activate/")
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")


def test_a_login_with_password_and_app_opens_the_doors(agnes: User) -> None:
    secret = give_totp(agnes)
    browser = Client()
    assert log_in(browser, agnes).headers["Location"] == "/accounts/2fa/authenticate/"
    assert browser.get("/profile/").headers["Location"].startswith("/accounts/login/")
    answer = browser.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})
    assert answer.headers["Location"] == "/start/"
    assert browser.get("/profile/").status_code == 200


def test_a_wrong_code_opens_nothing(agnes: User) -> None:
    secret = give_totp(agnes)
    browser = Client()
    log_in(browser, agnes)
    wrong = f"{(int(totp_code(secret)) + 1) % 10**6:06}"
    browser.post("/accounts/2fa/authenticate/", {"code": wrong})
    assert browser.get("/profile/").headers["Location"].startswith("/accounts/login/")


def test_a_code_works_once(agnes: User) -> None:
    secret = give_totp(agnes)
    first, second = Client(), Client()
    with time_machine.travel("2026-03-10 09:00:05", tick=False):
        for browser in (first, second):
            log_in(browser, agnes)
            browser.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})
    with time_machine.travel("2026-03-10 09:00:06", tick=False):
        assert first.get("/profile/").status_code == 200
        assert second.get("/profile/").status_code == 302


def test_a_recovery_code_counts_and_works_once(agnes: User) -> None:
    give_totp(agnes)
    code = recovery_codes(agnes)[0]
    first, second = Client(), Client()
    for browser in (first, second):
        log_in(browser, agnes)
        browser.post("/accounts/2fa/authenticate/", {"code": code})
    assert first.get("/profile/").status_code == 200
    assert second.get("/profile/").status_code == 302


def test_a_login_by_mailed_code_still_asks_for_the_factor(agnes: User) -> None:
    secret = give_totp(agnes)
    browser = Client()
    browser.post("/accounts/login/code/", {"email": agnes.email})
    answer = browser.post(
        "/accounts/login/code/confirm/", {"code": code_in(last_mail(agnes.email))}
    )
    assert answer.headers["Location"] == "/accounts/2fa/authenticate/"
    browser.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})
    assert browser.get("/profile/").status_code == 200


def test_proving_the_factor_opens_a_session_from_before_it_was_set_up(agnes: User) -> None:
    browser = Client()
    log_in(browser, agnes)
    secret = give_totp(agnes)
    there = browser.get("/profile/").headers["Location"]
    answer = browser.post(there, {"code": totp_code(secret), "next": "/profile/"})
    assert answer.headers["Location"] == "/profile/"
    assert browser.get("/profile/").status_code == 200


@pytest.mark.parametrize(
    "page",
    [
        "/accounts/reauthenticate/", "/accounts/2fa/", "/accounts/2fa/totp/deactivate/",
        "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/", "/accounts/2fa/webauthn/add/",
        "/accounts/2fa/recovery-codes/", "/accounts/2fa/recovery-codes/generate/",
        "/accounts/2fa/recovery-codes/download/", "/accounts/email/",
        "/accounts/password/change/", "/accounts/password/set/", "/accounts/sessions/",
    ],
)  # fmt: skip
def test_a_password_alone_cannot_touch_the_account_of_somebody_with_a_factor(
    agnes: User, page: str
) -> None:
    browser = Client()
    log_in(browser, agnes)
    give_totp(agnes)
    for answer in (browser.get(page), browser.post(page, {"password": PASSWORD})):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(PROVE)
    assert Authenticator.objects.filter(user=agnes).count() == 2


def test_the_password_does_not_stand_in_for_the_factor(agnes: User) -> None:
    browser = Client()
    log_in(browser, agnes)
    confirm_password(browser)
    give_totp(agnes)
    browser.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=agnes, type=Authenticator.Type.TOTP).exists()
    assert browser.get("/profile/").headers["Location"].startswith(PROVE)


def test_adding_another_factor_asks_to_log_in_again(agnes: User) -> None:
    secret = give_totp(agnes)
    browser = Client()
    log_in(browser, agnes)
    browser.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})
    answer = browser.get("/accounts/2fa/webauthn/add/")
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")


@pytest.mark.django_db(transaction=True)  # allauth announces a factor after commit
def test_giving_up_the_last_factor_shuts_the_doors_at_once(agnes: User) -> None:
    browser = Client()
    log_in(browser, agnes)
    set_up_totp(browser)
    assert browser.get("/profile/").status_code == 200
    browser.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=agnes).exists()
    assert browser.get("/profile/").headers["Location"] == SETUP


def test_what_somebody_else_proved_in_this_browser_does_not_count(agnes: User, lena: User) -> None:
    browser = Client()
    log_in(browser, agnes)
    session = browser.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": 0, "type": "totp"}]
    session["account_authentication_methods_user"] = str(lena.pk)
    session.save()
    assert browser.get("/profile/").headers["Location"] == SETUP


def test_the_way_out_is_always_open(agnes: User) -> None:
    browser = Client()
    log_in(browser, agnes)
    give_totp(agnes)
    assert browser.get("/accounts/logout/").status_code == 200
    assert browser.post("/accounts/logout/").status_code == 302
    assert "_auth_user_id" not in browser.session


def test_machines_are_not_asked(agnes: User) -> None:
    browser = Client()
    log_in(browser, agnes)
    assert browser.get("/healthz").status_code == 200


def test_changing_the_password_ends_other_sessions(ada: User) -> None:
    here, there = Client(), Client()
    log_in(here, ada)
    log_in(there, ada)
    new = "another correct horse battery"
    here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )
    assert here.get("/profile/").status_code == 200
    assert there.get("/profile/").status_code == 302
