"""Invitations: for one address, for a week, once."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress

from conftest import TUESDAY
from people.actions import (
    accept_invitation,
    create_user,
    find_invitation,
    invite,
    revoke_invitation,
)
from people.models import Invitation, Membership, Notice, Organization, User
from people.tests.login_kit import link_in
from portal.kit.refused import InvalidInput, NotPermitted, Refused

pytestmark = pytest.mark.django_db

NORA = "nora@anywhere.example"


@pytest.fixture(autouse=True)
def on_tuesday():
    """Rows note when they were made by the wall clock."""
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def invitation(enterprise: Organization, ada: User) -> Invitation:
    """Ada invites Nora."""
    return invite(organization=enterprise, email=" NORA@anywhere.example ", by=ada, now=TUESDAY)


@pytest.fixture
def nora() -> User:
    """Nora, with her address proved."""
    return create_user(email=NORA, name="Nora", email_is_verified=True)


def token_of(notice: Notice) -> str:
    """Return the token in an invitation's mail."""
    return link_in(notice).split("/")[2]


def test_the_token_is_in_the_mail_and_nowhere_else(invitation: Invitation) -> None:
    notice = Notice.objects.get(kind="invitation")
    token = token_of(notice)
    assert notice.address == NORA
    assert token in notice.body_html
    assert token not in str(Invitation.objects.values())
    assert notice.is_secret
    assert find_invitation(token, now=TUESDAY) == invitation


def test_accepting_makes_a_member_of_the_role_that_was_offered(
    enterprise: Organization, ada: User, nora: User
) -> None:
    invitation = invite(organization=enterprise, email=NORA, role="manager", by=ada, now=TUESDAY)
    row = accept_invitation(invitation=invitation, user=nora, now=TUESDAY)
    assert (row.organization, row.role, row.status) == (enterprise, "manager", "active")
    invitation.refresh_from_db()
    assert (invitation.accepted_at, invitation.accepted_by) == (TUESDAY, nora)


def test_it_works_once(invitation: Invitation, nora: User) -> None:
    accept_invitation(invitation=invitation, user=nora, now=TUESDAY)
    with pytest.raises(Refused) as refused:
        accept_invitation(invitation=invitation, user=nora, now=TUESDAY)
    assert refused.value.code == "invitation_over"


@pytest.mark.parametrize(("days", "works"), [(6, True), (7, False), (8, False)])
def test_it_works_for_seven_days(
    invitation: Invitation, nora: User, days: int, works: bool
) -> None:
    later = TUESDAY + timedelta(days=days)
    assert (find_invitation(token_of(Notice.objects.get()), now=later) is not None) is works
    if works:
        accept_invitation(invitation=invitation, user=nora, now=later)
    else:
        with pytest.raises(Refused):
            accept_invitation(invitation=invitation, user=nora, now=later)


def test_it_is_for_the_invited_address_alone(invitation: Invitation, paul: User) -> None:
    with pytest.raises(NotPermitted) as refused:
        accept_invitation(invitation=invitation, user=paul, now=TUESDAY)
    assert refused.value.code == "other_address"


def test_an_address_nobody_proved_is_not_enough(invitation: Invitation) -> None:
    nora = create_user(email=NORA)
    with pytest.raises(NotPermitted):
        accept_invitation(invitation=invitation, user=nora, now=TUESDAY)


def test_a_second_address_that_was_proved_is_enough(invitation: Invitation, paul: User) -> None:
    EmailAddress.objects.create(user=paul, email=NORA, verified=True)
    assert accept_invitation(invitation=invitation, user=paul, now=TUESDAY).user == paul


def test_staff_cannot_accept_one(invitation: Invitation) -> None:
    agent = create_user(email=NORA, staff_role="agent", email_is_verified=True)
    with pytest.raises(NotPermitted) as refused:
        accept_invitation(invitation=invitation, user=agent, now=TUESDAY)
    assert refused.value.code == "is_staff"


def test_what_was_taken_back_no_longer_works(invitation: Invitation, ada: User, nora: User) -> None:
    revoke_invitation(invitation=invitation, by=ada, now=TUESDAY)
    revoke_invitation(invitation=invitation, by=ada, now=TUESDAY)
    with pytest.raises(Refused):
        accept_invitation(invitation=invitation, user=nora, now=TUESDAY)


def test_an_invitation_into_a_suspended_organization_waits(
    invitation: Invitation, nora: User
) -> None:
    Organization.objects.update(is_suspended=True)
    with pytest.raises(Refused):
        accept_invitation(invitation=invitation, user=nora, now=TUESDAY)


def test_the_newest_link_counts(
    invitation: Invitation, enterprise: Organization, ada: User, on_tuesday
) -> None:
    old = token_of(Notice.objects.get())
    on_tuesday.shift(timedelta(hours=1))
    later = TUESDAY + timedelta(hours=1)
    invite(organization=enterprise, email=NORA, by=ada, now=later)
    assert find_invitation(old, now=later) is None
    assert Invitation.objects.open_at(later).count() == 1


@pytest.mark.parametrize("who", ["colin", "olga", "paul", "agnes", "lena"])
def test_only_managers_and_ops_invite_and_take_back(
    who: str, enterprise: Organization, invitation: Invitation, request: pytest.FixtureRequest
) -> None:
    somebody = request.getfixturevalue(who)
    with pytest.raises(NotPermitted):
        invite(organization=enterprise, email="x@y.example", by=somebody, now=TUESDAY)
    with pytest.raises(NotPermitted):
        revoke_invitation(invitation=invitation, by=somebody, now=TUESDAY)


def test_a_manager_of_another_organization_is_nobody_here(
    enterprise: Organization, olga: User
) -> None:
    with pytest.raises(NotPermitted):
        invite(organization=enterprise, email="x@y.example", by=olga, now=TUESDAY)


def test_who_is_a_member_is_not_invited_again(
    enterprise: Organization, ada: User, colin: User
) -> None:
    EmailAddress.objects.create(user=colin, email="colin@home.example", verified=True)
    for address in (colin.email, colin.email.upper(), "colin@home.example"):
        with pytest.raises(Refused) as refused:
            invite(organization=enterprise, email=address, by=ada, now=TUESDAY)
        assert refused.value.code == "already_member"


@pytest.mark.parametrize(
    "address", ["", "nora", "nora@", "a b@c.example", "a@b.example\nBcc: x@y.z"]
)
def test_an_address_is_an_address(enterprise: Organization, ada: User, address: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        invite(organization=enterprise, email=address, by=ada, now=TUESDAY)
    assert "email" in refused.value.fields


def test_a_role_is_one_of_two(enterprise: Organization, ada: User) -> None:
    with pytest.raises(InvalidInput):
        invite(organization=enterprise, email=NORA, role="admin", by=ada, now=TUESDAY)


def test_one_address_is_not_bombed(
    invitation: Invitation, enterprise: Organization, ada: User
) -> None:
    with pytest.raises(Refused) as refused:
        invite(organization=enterprise, email=NORA, by=ada, now=TUESDAY)
    assert refused.value.code == "invited_just_now"


def test_an_organization_invites_fifty_people_a_day(
    enterprise: Organization, ada: User, on_tuesday
) -> None:
    for number in range(50):
        invite(organization=enterprise, email=f"p{number}@x.example", by=ada, now=TUESDAY)
    with pytest.raises(Refused) as refused:
        invite(organization=enterprise, email="p50@x.example", by=ada, now=TUESDAY)
    assert refused.value.code == "too_many_invitations"
    on_tuesday.shift(timedelta(days=1, seconds=1))
    tomorrow = TUESDAY + timedelta(days=1, seconds=1)
    invite(organization=enterprise, email="p50@x.example", by=ada, now=tomorrow)


def test_the_mail_carries_nothing_a_customer_typed(enterprise: Organization, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(name="FREE MONEY http://evil.example")
    ada.refresh_from_db()
    invite(organization=enterprise, email=NORA, by=ada, now=TUESDAY)
    notice = Notice.objects.get()
    assert "MONEY" not in notice.subject + notice.body_text + notice.body_html
    assert ada.email in notice.body_text


def test_an_ended_membership_comes_back_by_an_invitation(
    enterprise: Organization, ada: User, nora: User
) -> None:
    Membership.objects.create(user=nora, organization=enterprise, status="ended", role="manager")
    invitation = invite(organization=enterprise, email=NORA, by=ada, now=TUESDAY)
    row = accept_invitation(invitation=invitation, user=nora, now=TUESDAY)
    assert (row.status, row.role) == ("active", "member")
