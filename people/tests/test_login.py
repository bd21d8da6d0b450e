"""Signing up, logging in, resetting: by the real pages and the real mails."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from conftest import PASSWORD
from people.actions import add_domain, create_user, verify_domain
from people.models import Membership, Notice, Organization, User
from people.tests.login_kit import code_in, last_mail, link_in, log_in
from portal.kit import clock

NEW = "newcomer@analytical.example"

pytestmark = pytest.mark.django_db


def sign_up(browser: Client, email: str = NEW, name: str = "Nora Newcomer"):
    """Fill in the sign-up page."""
    return browser.post(
        "/accounts/signup/",
        {"name": name, "email": email, "password1": PASSWORD, "password2": PASSWORD},
    )


def confirm(browser: Client, email: str = NEW):
    """Type the code that was mailed."""
    return browser.post("/accounts/confirm-email/", {"code": code_in(last_mail(email))})


@pytest.fixture
def domain_of(enterprise: Organization, oscar: User) -> Organization:
    """The Enterprise customer, with its domain verified."""
    domain = add_domain(organization=enterprise, domain="analytical.example")
    verify_domain(domain=domain, by=oscar, now=clock.now())
    return enterprise


def test_sign_up_keeps_the_name_and_the_language_of_the_page() -> None:
    browser = Client(headers={"Accept-Language": "de"})
    sign_up(browser)
    user = User.objects.get(email=NEW)
    assert (user.name, user.language) == ("Nora Newcomer", "de")


def test_nobody_is_in_before_the_address_is_proved() -> None:
    browser = Client()
    assert sign_up(browser).headers["Location"] == "/accounts/confirm-email/"
    assert browser.get("/profile/").headers["Location"].startswith("/accounts/login/")
    assert not EmailAddress.objects.get(email=NEW).verified


def test_the_mailed_code_proves_the_address_and_lets_in() -> None:
    browser = Client()
    sign_up(browser)
    assert confirm(browser).headers["Location"] == "/start/"
    assert EmailAddress.objects.get(email=NEW).verified
    assert browser.get("/profile/").status_code == 200


def test_three_wrong_codes_end_the_attempt() -> None:
    browser = Client()
    sign_up(browser)
    for _attempt in range(3):
        answer = browser.post("/accounts/confirm-email/", {"code": "WRONG-CODE"})
    assert answer.headers["Location"] == "/accounts/login/"
    assert confirm(browser).headers["Location"].startswith("/accounts/login/")


def test_the_code_works_only_in_the_browser_that_signed_up() -> None:
    attacker, owner = Client(), Client()
    sign_up(attacker)
    owner.post("/accounts/confirm-email/", {"code": code_in(last_mail(NEW))})
    assert not EmailAddress.objects.get(email=NEW).verified


def test_no_password_survives_that_was_set_before_the_owner_proved_the_address() -> None:
    attacker, owner = Client(), Client()
    sign_up(attacker)
    owner.post("/accounts/login/code/", {"email": NEW})
    owner.post("/accounts/login/code/confirm/", {"code": code_in(last_mail(NEW))})
    assert owner.get("/profile/").status_code == 200
    assert not User.objects.get(email=NEW).has_usable_password()
    log_in(attacker, User.objects.get(email=NEW))
    assert attacker.get("/profile/").status_code == 302


def test_somebody_who_logged_in_before_keeps_the_password_when_using_a_code(ada: User) -> None:
    browser = Client()
    browser.post("/accounts/login/code/", {"email": ada.email})
    browser.post("/accounts/login/code/confirm/", {"code": code_in(last_mail(ada.email))})
    assert browser.get("/profile/").status_code == 200
    ada.refresh_from_db()
    assert ada.has_usable_password()


def test_a_first_mail_carries_nothing_that_a_stranger_typed() -> None:
    sign_up(Client(), name="WIN A PRIZE at http://evil.example")
    notice = last_mail(NEW)
    for text in (notice.subject, notice.body_text, notice.body_html):
        assert "PRIZE" not in text
        assert "evil" not in text


def test_links_in_mails_lead_to_our_address_whatever_host_was_asked(ada: User) -> None:
    Client().post(
        "/accounts/password/reset/", {"email": ada.email}, headers={"host": "127.0.0.1:9999"}
    )
    assert "127.0.0.1" not in last_mail(ada.email).body_text
    assert "http://localhost:8000/accounts/password/reset/key/" in last_mail(ada.email).body_text


def test_an_address_that_is_taken_gets_a_mail_and_the_page_says_nothing(ada: User) -> None:
    taken, free = sign_up(Client(), ada.email), sign_up(Client())
    assert (taken.status_code, taken.headers["Location"]) == (
        free.status_code,
        free.headers["Location"],
    )
    assert User.objects.filter(email__iexact=ada.email).count() == 1
    assert Notice.objects.filter(address=ada.email).count() == 1


def test_an_address_is_the_same_whatever_its_case(ada: User) -> None:
    sign_up(Client(), "ADA@Analytical.Example")
    assert User.objects.filter(email__iexact=ada.email).count() == 1
    browser = Client()
    browser.post("/accounts/login/", {"login": "ADA@Analytical.Example", "password": PASSWORD})
    assert browser.get("/profile/").status_code == 200


def test_login_mails_go_through_the_outbox_and_not_through_the_request(ada: User) -> None:
    Client().post("/accounts/password/reset/", {"email": ada.email})
    assert mail.outbox == []
    assert last_mail(ada.email).is_secret


def test_login_mails_speak_the_language_of_the_reader(ada: User) -> None:
    from django.utils import translation

    User.objects.filter(pk=ada.pk).update(language="de")
    spoken = []
    from people.adapters import AccountAdapter

    original = AccountAdapter.render_mail

    def spy(self, *args, **kwargs):
        spoken.append(translation.get_language())
        return original(self, *args, **kwargs)

    AccountAdapter.render_mail = spy
    try:
        Client().post("/accounts/password/reset/", {"email": ada.email})
    finally:
        AccountAdapter.render_mail = original
    assert spoken == ["de"]


def test_a_reset_sets_a_password_and_does_not_log_in(ada: User) -> None:
    browser = Client()
    browser.post("/accounts/password/reset/", {"email": ada.email})
    form = browser.get(link_in(last_mail(ada.email)), follow=True)
    new = "a brand new horse battery"
    browser.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    assert browser.get("/profile/").status_code == 302
    log_in(browser, ada, new)
    assert browser.get("/profile/").status_code == 200


@pytest.mark.parametrize("password", ["short", "password1234", "123456789012345", "nora newcomer"])
def test_weak_passwords_are_refused(password: str) -> None:
    answer = Client().post(
        "/accounts/signup/",
        {"name": "Nora Newcomer", "email": NEW, "password1": password, "password2": password},
    )
    assert answer.status_code == 200
    assert not User.objects.filter(email=NEW).exists()


def test_guessing_a_password_is_stopped_for_that_address(ada: User) -> None:
    for _attempt in range(6):
        log_in(Client(), ada, "wrong wrong wrong")
    browser = Client()
    log_in(browser, ada)
    assert browser.get("/profile/").status_code == 302


def test_somebody_deactivated_does_not_come_in(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    browser = Client()
    log_in(browser, ada)
    assert browser.get("/profile/").status_code == 302


def test_logging_in_leads_only_to_our_own_pages(ada: User) -> None:
    answer = Client().post(
        "/accounts/login/",
        {"login": ada.email, "password": PASSWORD, "next": "https://evil.example/"},
    )
    assert answer.headers["Location"] == "/start/"


def test_logging_out_takes_a_post(ada: User) -> None:
    browser = Client()
    log_in(browser, ada)
    browser.get("/accounts/logout/")
    assert browser.get("/profile/").status_code == 200


# --- finding one's organization ------------------------------------------------------------


def test_a_verified_domain_puts_a_newcomer_before_the_managers(
    domain_of: Organization, ada: User
) -> None:
    browser = Client()
    sign_up(browser)
    confirm(browser)
    membership = Membership.objects.get(user__email=NEW)
    assert (membership.organization, membership.status) == (domain_of, "waiting")
    assert "Nora Newcomer" in last_mail(ada.email).body_text
    page = browser.get("/start/", follow=True).content.decode()
    assert "Analytical Engines has been told that you are here" in page


def test_a_verified_domain_lets_in_at_once_where_the_organization_allows_it(
    domain_of: Organization,
) -> None:
    Organization.objects.update(joins_by_domain=True)
    browser = Client()
    sign_up(browser)
    confirm(browser)
    assert Membership.objects.get(user__email=NEW).status == "active"
    assert browser.get("/start/").headers["Location"] == "/"


def test_a_domain_nobody_verified_brings_nobody_in(enterprise: Organization) -> None:
    add_domain(organization=enterprise, domain="analytical.example")
    browser = Client()
    sign_up(browser)
    confirm(browser)
    assert not Membership.objects.filter(user__email=NEW).exists()
    page = browser.get("/start/", follow=True).content.decode()
    assert "Ask for an invitation" in page
    assert NEW in page


def test_signing_up_alone_brings_nobody_in(domain_of: Organization) -> None:
    sign_up(Client())
    assert not Membership.objects.filter(user__email=NEW).exists()


@pytest.mark.parametrize(
    "address",
    [
        "x@sub.analytical.example",
        "x@notanalytical.example",
        "x@analytical.example.evil.example",
        '"a@analytical.example"@evil.example',
    ],
)
def test_only_exactly_the_domain_counts(domain_of: Organization, address: str) -> None:
    browser = Client()
    sign_up(browser, address)
    if User.objects.filter(email=address).exists():
        confirm(browser, address)
    assert not Membership.objects.filter(user__email=address).exists()


def test_a_second_address_at_the_domain_counts_once_it_is_proved(
    domain_of: Organization, paul: User
) -> None:
    browser = Client()
    log_in(browser, paul)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    address = "paul@analytical.example"
    browser.post("/accounts/email/", {"email": address, "action_add": ""})
    assert not paul.memberships.filter(organization=domain_of).exists()
    confirm(browser, address)
    assert paul.memberships.get(organization=domain_of).status == "waiting"


def test_staff_join_no_customer_by_their_domain(domain_of: Organization) -> None:
    person = create_user(email=NEW, staff_role="agent")
    browser = Client()
    browser.post("/accounts/login/code/", {"email": NEW})
    browser.post("/accounts/login/code/confirm/", {"code": code_in(last_mail(NEW))})
    assert EmailAddress.objects.get(email=NEW).verified
    assert not person.memberships.exists()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("Europe/Berlin", "Europe/Berlin"), ("Mars/Base", "UTC"), ("../etc", "UTC"), ("", "UTC")],
)
def test_sign_up_keeps_the_zone_of_the_device(sent: str, kept: str) -> None:
    Client().post(
        "/accounts/signup/",
        {
            "name": "Nora",
            "email": NEW,
            "password1": PASSWORD,
            "password2": PASSWORD,
            "time_zone": sent,
        },
    )
    assert User.objects.get(email=NEW).time_zone == kept


def test_the_sign_up_page_brings_the_script_that_finds_the_zone() -> None:
    text = Client().get("/accounts/signup/").content.decode()
    assert '<script src="/static/people/js/device-zone.js" type="module">' in text
    assert "data-device-zone" in text
