"""One's own account: what one says, which mails one gets, which tokens one has."""

import re
from collections.abc import Callable
from datetime import time

import pytest
from django.test import Client

from conftest import PASSWORD
from people.actions import issue_token
from people.actions.tokens import find_token_user
from people.forms.profile import zone_choices
from people.models import ApiToken, User
from people.tests.login_kit import confirm_password, log_in
from portal.kit import clock

pytestmark = pytest.mark.django_db

Door = Callable[..., Client]

VALUES = {
    "name": "Ada Lovelace",
    "job_title": "Countess",
    "time_zone": "Asia/Tokyo",
    "language": "de",
    "mail_on_reply": "on",
}


def test_the_profile_is_changed_by_its_page(ada: User, at_door: Door) -> None:
    answer = at_door(ada).post("/profile/", VALUES)
    assert answer.headers["Location"] == "/profile/"
    ada.refresh_from_db()
    assert (ada.name, ada.job_title, ada.time_zone, ada.language) == (
        "Ada Lovelace", "Countess", "Asia/Tokyo", "de",
    )  # fmt: skip
    assert (ada.mail_on_reply, ada.mail_on_status) == (True, False)


def test_pages_speak_the_chosen_language_and_show_the_chosen_zone(ada: User, at_door: Door) -> None:
    User.objects.filter(pk=ada.pk).update(language="de", time_zone="Asia/Tokyo")
    text = at_door(ada).get("/profile/", headers={"Accept-Language": "en"}).content.decode()
    assert '<html lang="de"' in text
    assert 'data-zone="Asia/Tokyo"' in text


def test_one_persons_language_does_not_stay_for_the_next(ada: User, at_door: Door) -> None:
    User.objects.filter(pk=ada.pk).update(language="de", time_zone="Asia/Tokyo")
    at_door(ada).get("/profile/")
    text = Client().get("/accounts/login/").content.decode()
    assert '<html lang="en"' in text
    assert 'data-zone="UTC"' in text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"language": "x"}, "language"),
    ],
)
def test_what_cannot_be_stands_at_its_field_and_is_not_shown_as_saved(
    change: dict[str, str], field: str, ada: User, at_door: Door
) -> None:
    answer = at_door(ada).post("/profile/", VALUES | change)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert f'id="id_{field}_error"' in text
    assert '<b class="truncate">Ada Byron</b>' in text
    ada.refresh_from_db()
    assert ada.name == "Ada Byron"


@pytest.mark.parametrize(("who", "shown"), [("ada", False), ("agnes", True)])
def test_mails_about_work_are_a_choice_of_staff(
    who: str, shown: bool, at_door: Door, request: pytest.FixtureRequest
) -> None:
    person = request.getfixturevalue(who)
    browser = at_door(person)
    assert ("mail_on_clock" in browser.get("/profile/").content.decode()) is shown
    browser.post("/profile/", VALUES)
    person.refresh_from_db()
    assert person.mail_on_clock is not shown


def test_quiet_hours_are_kept_and_taken_away_again(agnes: User, at_door: Door) -> None:
    browser = at_door(agnes)
    browser.post("/profile/", VALUES | {"quiet_from": "22:00", "quiet_until": "07:30"})
    agnes.refresh_from_db()
    assert (agnes.quiet_from, agnes.quiet_until) == (time(22), time(7, 30))
    assert agnes.critical_when_quiet is False
    page = browser.get("/profile/").content.decode()
    assert 'value="22:00"' in page
    assert "Ruhezeit" in page
    browser.post("/profile/", VALUES | {"critical_when_quiet": "on"})
    agnes.refresh_from_db()
    assert (agnes.quiet_from, agnes.quiet_until, agnes.critical_when_quiet) == (None, None, True)


@pytest.mark.parametrize(
    ("hours", "field"),
    [
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"quiet_until": "07:00"}, "quiet_from"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "quiet_until"),
        ({"quiet_from": "25:00", "quiet_until": "22:00"}, "quiet_from"),
    ],
)
def test_quiet_hours_that_have_no_beginning_or_no_end_are_refused(
    hours: dict[str, str], field: str, agnes: User, at_door: Door
) -> None:
    answer = at_door(agnes).post("/profile/", VALUES | hours)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    agnes.refresh_from_db()
    assert (agnes.quiet_from, agnes.quiet_until) == (None, None)


def test_customers_have_no_quiet_hours_because_nobody_rings_them(ada: User, at_door: Door) -> None:
    page = at_door(ada).get("/profile/").content.decode()
    assert "quiet_from" not in page
    at_door(ada).post("/profile/", VALUES | {"quiet_from": "22:00", "quiet_until": "07:30"})
    ada.refresh_from_db()
    assert ada.quiet_from is None


def test_no_form_gives_oneself_a_role(ada: User, at_door: Door) -> None:
    at_door(ada).post("/profile/", {**VALUES, "staff_role": "admin", "is_superuser": "on"})
    ada.refresh_from_db()
    assert (ada.staff_role, ada.is_superuser) == ("", False)


def test_zones_are_found_by_their_city_and_the_present_one_is_always_among_them() -> None:
    groups = zone_choices("US/Eastern", clock.now())
    labels = {name: label for _region, zones in groups if isinstance(zones, list)
              for name, label in zones}  # fmt: skip
    assert labels["Europe/Berlin"].startswith("Berlin (UTC+0")
    assert labels["America/Argentina/Buenos_Aires"] == "Argentina, Buenos Aires (UTC−03:00)"
    assert ("US/Eastern", "US/Eastern") in groups
    assert "US/Pacific" not in labels


def test_the_page_leads_to_password_second_factor_devices_and_tokens(
    ada: User, at_door: Door
) -> None:
    text = at_door(ada).get("/profile/").content.decode()
    for address in ("/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/",
                    "/profile/tokens/"):  # fmt: skip
        assert f'href="{address}"' in text


# --- API tokens ----------------------------------------------------------------------------


def test_a_token_is_shown_once(ada: User) -> None:
    browser = Client()
    log_in(browser, ada)
    confirm_password(browser)
    answer = browser.post("/profile/tokens/new/", {"name": "Script", "days": "30"})
    found = re.search(r"kept_[\w-]{40,}", answer.content.decode())
    assert found
    assert find_token_user(found.group(), now=clock.now()) == ada
    assert "no-store" in answer.headers["Cache-Control"]
    text = browser.get("/profile/tokens/").content.decode()
    assert "Script" in text
    assert found.group() not in text


def test_a_borrowed_session_is_not_enough_for_a_token(ada: User) -> None:
    browser = Client()
    log_in(browser, ada)
    for answer in (
        browser.get("/profile/tokens/new/"),
        browser.post("/profile/tokens/new/", {"name": "Script", "days": "30"}),
    ):
        assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert not ApiToken.objects.exists()


def test_a_form_that_waited_too_long_is_carried_out_after_the_password(ada: User) -> None:
    browser = Client()
    log_in(browser, ada)
    there = browser.post("/profile/tokens/new/", {"name": "Script", "days": "30"})
    answer = browser.post(there.headers["Location"], {"password": PASSWORD}, follow=True)
    assert "kept_" in answer.content.decode()
    assert ApiToken.objects.get().user == ada


@pytest.mark.parametrize("values", [{"name": "", "days": "30"}, {"name": "x", "days": "100000"}])
def test_a_token_says_what_for_and_ends(values: dict[str, str], ada: User) -> None:
    browser = Client()
    log_in(browser, ada)
    confirm_password(browser)
    assert browser.post("/profile/tokens/new/", values).status_code == 422
    assert not ApiToken.objects.exists()


def test_only_ones_own_tokens_are_seen_and_revoked(ada: User, colin: User, at_door: Door) -> None:
    mine, _token = issue_token(user=ada, name="MARK-MINE", now=clock.now())
    theirs, _token = issue_token(user=colin, name="MARK-THEIRS", now=clock.now())
    browser = at_door(ada)
    text = browser.get("/profile/tokens/").content.decode()
    assert "MARK-MINE" in text
    assert "MARK-THEIRS" not in text
    assert browser.post(f"/profile/tokens/{theirs.pk}/revoke/").status_code == 404
    assert browser.get(f"/profile/tokens/{mine.pk}/revoke/").status_code == 200
    assert ApiToken.objects.filter(revoked_at=None).count() == 2
    browser.post(f"/profile/tokens/{mine.pk}/revoke/")
    assert ApiToken.objects.get(revoked_at=None) == theirs
    assert "MARK-MINE" not in browser.get("/profile/tokens/").content.decode().split("flash")[0]
