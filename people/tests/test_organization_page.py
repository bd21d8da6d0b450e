"""“My organization”: managers decide, members look, strangers find nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from people.actions import add_domain, create_user, give_membership, invite
from people.actions.memberships import join_organization
from people.models import Invitation, Membership, Notice, Organization, User

pytestmark = pytest.mark.django_db

Door = Callable[..., Client]


@pytest.fixture
def waiting(enterprise: Organization, paul: User) -> Membership:
    """Paul waits at the Enterprise customer."""
    found = join_organization(user=paul, organization=enterprise, now=timezone.now())
    assert found is not None
    return found


def base(organization: Organization) -> str:
    """Return the start of an organization's addresses."""
    return f"/organization/{organization.public_id}"


def everything(
    organization: Organization, ada: User, waiting: Membership
) -> dict[str, dict[str, str]]:
    """Return every address that changes something, with what is posted to it."""
    own = ada.memberships.get().pk
    invitation = invite(
        organization=organization, email="nora@x.example", by=ada, now=timezone.now()
    )
    domain = add_domain(organization=organization, domain="analytical.example")
    return {
        f"{base(organization)}/invitations/new/": {"email": "n2@x.example", "role": "member"},
        f"{base(organization)}/invitations/{invitation.pk}/revoke/": {},
        f"{base(organization)}/joining/": {"joins_by_domain": "true"},
        f"{base(organization)}/people/{waiting.pk}/let-in/": {},
        f"{base(organization)}/people/{waiting.pk}/turn-away/": {},
        f"{base(organization)}/people/{own}/remove/": {},
        f"{base(organization)}/people/{own}/manager/": {},
        f"{base(organization)}/people/{own}/member/": {},
        f"{base(organization)}/domains/new/": {"domain": "b.example"},
        f"{base(organization)}/domains/{domain.pk}/remove/": {},
    }


def state() -> list[object]:
    """Return everything these pages may change."""
    return [
        list(Membership.objects.order_by("pk").values()),
        list(Invitation.objects.order_by("pk").values()),
        list(Organization.objects.order_by("pk").values()),
        Notice.objects.count(),
    ]


# --- who sees what -------------------------------------------------------------------------


def test_a_manager_sees_who_waits_who_was_invited_and_the_domains(
    ada: User, colin: User, enterprise: Organization, waiting: Membership, at_door: Door
) -> None:
    everything(enterprise, ada, waiting)
    text = at_door(ada).get("/organization/").content.decode()
    for shown in ("Colin Babbage", colin.email, "Paul Pallet", "nora@x.example",
                  "analytical.example", "Invite somebody"):  # fmt: skip
        assert shown in text


def test_a_member_sees_colleagues_and_whom_to_ask_and_no_more(
    ada: User, colin: User, enterprise: Organization, waiting: Membership, at_door: Door
) -> None:
    third = create_user(email="third@analytical.example", name="Thea Third")
    give_membership(user=third, organization=enterprise)
    everything(enterprise, ada, waiting)
    text = at_door(colin).get("/organization/").content.decode()
    assert "Ada Byron" in text
    assert ada.email in text
    assert "Thea Third" in text
    for hidden in (third.email, "Paul Pallet", "nora@x.example", "Invite", "Make manager"):
        assert hidden not in text


def test_another_organization_is_not_there(
    ada: User, olga: User, outside: Organization, at_door: Door
) -> None:
    browser = at_door(ada)
    theirs = browser.get(f"/organization/?organization={outside.public_id}")
    nobodys = browser.get("/organization/?organization=000000000000")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.content == nobodys.content


def test_somebody_in_several_organizations_changes_between_them(
    ada: User, professional: Organization, paul: User, at_door: Door
) -> None:
    give_membership(user=ada, organization=professional)
    browser = at_door(ada)
    text = browser.get("/organization/").content.decode()
    assert f"?organization={professional.public_id}" in text
    text = browser.get(f"/organization/?organization={professional.public_id}").content.decode()
    assert "Paul Pallet" in text
    assert "Invite somebody" not in text


def test_without_an_organization_the_page_says_what_to_do(at_door: Door) -> None:
    lonely = create_user(email="lonely@x.example", email_is_verified=True)
    answer = at_door(lonely).get("/organization/", follow=True)
    assert "Ask for an invitation" in answer.content.decode()


def test_who_waits_sees_that_and_not_the_organization(
    waiting: Membership, enterprise: Organization, paul: User, at_door: Door
) -> None:
    browser = at_door(paul)
    assert browser.get(f"/organization/?organization={enterprise.public_id}").status_code == 404
    text = browser.get("/organization/none/").content.decode()
    assert "Analytical Engines has been told that you are here" in text


def test_agents_look_and_ops_decide(
    agnes: User, oscar: User, ada: User, enterprise: Organization, at_door: Door
) -> None:
    page = f"/organization/?organization={enterprise.public_id}"
    assert "Invite somebody" not in at_door(agnes).get(page).content.decode()
    assert "Invite somebody" in at_door(oscar).get(page).content.decode()


def test_staff_belong_to_no_organization_of_their_own(agnes: User, at_door: Door) -> None:
    answer = at_door(agnes).get("/organization/", follow=True)
    assert "Staff belong to no customer" in answer.content.decode()


@pytest.mark.parametrize("people", [5, 300])
def test_the_page_asks_the_database_equally_often_for_few_and_for_many(
    people: int, ada: User, enterprise: Organization, at_door: Door, django_assert_max_num_queries
) -> None:
    users = User.objects.bulk_create(
        User(email=f"p{number}@x.example", name=f"P {number}") for number in range(people)
    )
    Membership.objects.bulk_create(Membership(user=user, organization=enterprise) for user in users)
    browser = at_door(ada)
    with django_assert_max_num_queries(13):
        assert browser.get("/organization/").status_code == 200


# --- who may do what -----------------------------------------------------------------------


def test_each_change_asks_first_and_asking_changes_nothing(
    ada: User, enterprise: Organization, waiting: Membership, at_door: Door
) -> None:
    addresses = everything(enterprise, ada, waiting)
    browser, before = at_door(ada), state()
    for address in addresses:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert 'method="post"' in answer.content.decode()
    assert state() == before


@pytest.mark.parametrize(
    ("who", "status"), [("colin", 403), ("olga", 404), ("paul", 404), ("agnes", 403), ("lena", 403)]
)
def test_nobody_else_changes_anything(
    who: str,
    status: int,
    ada: User,
    enterprise: Organization,
    waiting: Membership,
    at_door: Door,
    request: pytest.FixtureRequest,
) -> None:
    addresses = everything(enterprise, ada, waiting)
    browser = at_door(request.getfixturevalue(who))
    before = state()
    for address, values in addresses.items():
        assert browser.get(address).status_code == status, address
        assert browser.post(address, values).status_code == status, address
    assert state() == before


def test_a_manager_reaches_nothing_of_another_organization_through_their_own(
    ada: User, olga: User, enterprise: Organization, outside: Organization, at_door: Door
) -> None:
    theirs = olga.memberships.get()
    invitation = invite(organization=outside, email="n@x.example", by=olga, now=timezone.now())
    domain = add_domain(organization=outside, domain="outside.example")
    browser, before = at_door(ada), state()
    for address in (
        f"{base(enterprise)}/people/{theirs.pk}/remove/",
        f"{base(enterprise)}/people/{theirs.pk}/member/",
        f"{base(enterprise)}/invitations/{invitation.pk}/revoke/",
        f"{base(enterprise)}/domains/{domain.pk}/remove/",
        f"{base(outside)}/people/{theirs.pk}/remove/",
        f"{base(outside)}/leave/",
    ):
        assert browser.post(address).status_code == 404, address
    assert state() == before


def test_strangers_are_led_to_the_login(enterprise: Organization) -> None:
    answer = Client().post(f"{base(enterprise)}/invitations/new/", {"email": "a@b.example"})
    assert answer.headers["Location"].startswith("/accounts/login/")


# --- what managers do ----------------------------------------------------------------------


def test_inviting_by_the_page(ada: User, enterprise: Organization, at_door: Door) -> None:
    answer = at_door(ada).post(
        f"{base(enterprise)}/invitations/new/", {"email": "Nora@X.example", "role": "manager"}
    )
    assert answer.status_code == 302
    assert Invitation.objects.get().email == "nora@x.example"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"email": "nora", "role": "member"}, "Enter a valid email address"),
        ({"email": "colin@analytical.example", "role": "member"}, "is a member already"),
        ({"email": "n@x.example", "role": "emperor"}, "Select a valid choice"),
    ],
)
def test_a_refusal_stands_in_the_form(
    values: dict[str, str],
    sentence: str,
    ada: User,
    colin: User,
    enterprise: Organization,
    at_door: Door,
) -> None:
    answer = at_door(ada).post(f"{base(enterprise)}/invitations/new/", values)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert values["email"] in answer.content.decode()


def test_letting_in_and_turning_away_by_the_page(
    ada: User, enterprise: Organization, waiting: Membership, at_door: Door
) -> None:
    browser = at_door(ada)
    browser.post(f"{base(enterprise)}/people/{waiting.pk}/let-in/")
    waiting.refresh_from_db()
    assert waiting.status == "active"
    # The page of somebody who waits no longer is gone, not a second decision.
    answer = browser.post(f"{base(enterprise)}/people/{waiting.pk}/turn-away/")
    assert answer.status_code == 404


def test_changing_a_role_and_removing_by_the_page(
    ada: User, colin: User, enterprise: Organization, at_door: Door
) -> None:
    browser, row = at_door(ada), colin.memberships.get()
    browser.post(f"{base(enterprise)}/people/{row.pk}/manager/")
    row.refresh_from_db()
    assert row.role == "manager"
    browser.post(f"{base(enterprise)}/people/{row.pk}/member/")
    browser.post(f"{base(enterprise)}/people/{row.pk}/remove/")
    row.refresh_from_db()
    assert (row.role, row.status) == ("member", "ended")


def test_the_last_manager_is_told_why_not(
    ada: User, enterprise: Organization, at_door: Door
) -> None:
    browser, row = at_door(ada), ada.memberships.get()
    for address in (
        f"{base(enterprise)}/people/{row.pk}/member/",
        f"{base(enterprise)}/people/{row.pk}/remove/",
        f"{base(enterprise)}/leave/",
    ):
        answer = browser.post(address)
        assert answer.status_code == 409
        assert "last manager cannot leave" in answer.content.decode()


def test_a_member_leaves_by_the_page(
    ada: User, colin: User, enterprise: Organization, at_door: Door
) -> None:
    browser = at_door(colin)
    assert "Leave Analytical Engines?" in browser.get(f"{base(enterprise)}/leave/").content.decode()
    browser.post(f"{base(enterprise)}/leave/")
    assert colin.memberships.get().status == "ended"
    assert browser.get("/organization/").headers["Location"] == "/organization/none/"


def test_domains_by_the_page(
    ada: User, oscar: User, enterprise: Organization, at_door: Door
) -> None:
    browser = at_door(ada)
    browser.post(f"{base(enterprise)}/domains/new/", {"domain": "analytical.example"})
    domain = enterprise.domains.get()
    verify = f"{base(enterprise)}/domains/{domain.pk}/verify/"
    assert browser.post(verify).status_code == 403
    at_door(oscar).post(verify)
    domain.refresh_from_db()
    assert domain.verified_at is not None
    browser.post(f"{base(enterprise)}/domains/{domain.pk}/remove/")
    assert not enterprise.domains.exists()


def test_how_people_join_by_the_page(ada: User, enterprise: Organization, at_door: Door) -> None:
    browser = at_door(ada)
    browser.post(f"{base(enterprise)}/joining/", {"joins_by_domain": "true"})
    assert Organization.objects.get(pk=enterprise.pk).joins_by_domain
    browser.post(f"{base(enterprise)}/joining/", {"joins_by_domain": "false"})
    assert not Organization.objects.get(pk=enterprise.pk).joins_by_domain
    assert browser.post(f"{base(enterprise)}/joining/", {}).status_code == 422


def test_an_expired_invitation_is_shown_as_such(
    ada: User, enterprise: Organization, at_door: Door
) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=8)):
        invite(organization=enterprise, email="n@x.example", by=ada, now=timezone.now())
    assert "Expired" in at_door(ada).get("/organization/").content.decode()


def test_what_people_typed_is_shown_and_not_run(
    ada: User, enterprise: Organization, at_door: Door
) -> None:
    User.objects.filter(pk=ada.pk).update(name="<script>alert(1)</script>", job_title="<b>x")
    text = at_door(ada).get("/organization/").content.decode()
    assert "<script>alert" not in text
    assert "<b>x" not in text
