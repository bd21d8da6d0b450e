"""Who belongs to an organization, and who decides it."""

import pytest
from django.utils import timezone

from conftest import TUESDAY
from people.actions import (
    end_membership,
    give_membership,
    invite,
    let_in,
    set_membership_role,
    turn_away,
)
from people.actions.memberships import join_organization
from people.models import Invitation, Membership, Notice, Organization, User
from people.viewers import viewer_of
from portal.kit.refused import InvalidInput, NotPermitted, Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(enterprise: Organization, paul: User) -> Membership:
    """Paul waits at the Enterprise customer."""
    found = join_organization(user=paul, organization=enterprise, now=TUESDAY)
    assert found is not None
    return found


def of(user: User) -> Membership:
    """Return somebody's only membership."""
    return user.memberships.get()


def test_a_manager_lets_in_and_the_person_is_told(ada: User, waiting: Membership) -> None:
    row = let_in(membership=waiting, by=ada, now=TUESDAY)
    assert (row.status, row.decided_by, row.decided_at) == ("active", ada, TUESDAY)
    assert Notice.objects.get(kind="let_in").recipient == waiting.user


def test_letting_in_twice_is_letting_in_once(ada: User, waiting: Membership) -> None:
    let_in(membership=waiting, by=ada, now=TUESDAY)
    let_in(membership=waiting, by=ada, now=timezone.now())
    assert Notice.objects.filter(kind="let_in").count() == 1


def test_who_is_turned_away_sees_nothing_and_is_not_let_in_by_a_late_click(
    ada: User, waiting: Membership, enterprise: Organization
) -> None:
    turn_away(membership=waiting, by=ada, now=TUESDAY)
    assert enterprise.pk not in viewer_of(waiting.user).organization_ids
    with pytest.raises(Refused) as refused:
        let_in(membership=waiting, by=ada, now=TUESDAY)
    assert refused.value.code == "not_waiting"


def test_who_was_turned_away_does_not_come_back_by_the_domain(
    ada: User, waiting: Membership, enterprise: Organization
) -> None:
    turn_away(membership=waiting, by=ada, now=TUESDAY)
    again = join_organization(user=waiting.user, organization=enterprise, now=TUESDAY)
    assert again is not None
    assert again.status == "ended"


@pytest.mark.parametrize("who", ["colin", "olga", "paul", "agnes", "lena"])
def test_nobody_else_decides(
    who: str, waiting: Membership, ada: User, request: pytest.FixtureRequest
) -> None:
    somebody = request.getfixturevalue(who)
    for act in (let_in, turn_away):
        with pytest.raises(NotPermitted):
            act(membership=waiting, by=somebody, now=TUESDAY)
    with pytest.raises(NotPermitted):
        end_membership(membership=of(ada), by=somebody, now=TUESDAY)
    with pytest.raises(NotPermitted):
        set_membership_role(membership=of(ada), role="member", by=somebody)


def test_ops_may_decide(oscar: User, waiting: Membership) -> None:
    assert let_in(membership=waiting, by=oscar, now=TUESDAY).status == "active"


def test_a_member_may_leave(colin: User, ada: User) -> None:
    assert end_membership(membership=of(colin), by=colin, now=TUESDAY).status == "ended"


def test_the_last_manager_stays(ada: User, colin: User) -> None:
    for act in (
        lambda: end_membership(membership=of(ada), by=ada, now=TUESDAY),
        lambda: set_membership_role(membership=of(ada), role="member", by=ada),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "last_manager"


def test_with_a_second_manager_the_first_may_go(ada: User, colin: User) -> None:
    set_membership_role(membership=of(colin), role="manager", by=ada)
    assert end_membership(membership=of(ada), by=ada, now=TUESDAY).status == "ended"


def test_a_manager_who_may_no_longer_log_in_does_not_count(ada: User, colin: User) -> None:
    set_membership_role(membership=of(colin), role="manager", by=ada)
    User.objects.filter(pk=colin.pk).update(is_active=False)
    with pytest.raises(Refused):
        end_membership(membership=of(ada), by=ada, now=TUESDAY)


def test_ops_may_take_out_the_last_manager(ada: User, oscar: User) -> None:
    assert end_membership(membership=of(ada), by=oscar, now=TUESDAY).status == "ended"


def test_who_leaves_takes_their_invitations_along(
    ada: User, colin: User, enterprise: Organization
) -> None:
    set_membership_role(membership=of(colin), role="manager", by=ada)
    invite(organization=enterprise, email="back@door.example", by=colin, now=TUESDAY)
    end_membership(membership=of(colin), by=ada, now=TUESDAY)
    assert not Invitation.objects.open_at(TUESDAY).exists()


def test_who_is_turned_away_cannot_use_an_older_invitation(
    ada: User, waiting: Membership, enterprise: Organization
) -> None:
    invite(organization=enterprise, email=waiting.user.email, by=ada, now=TUESDAY)
    turn_away(membership=waiting, by=ada, now=TUESDAY)
    assert not Invitation.objects.open_at(TUESDAY).exists()


def test_a_role_is_one_of_two(ada: User, colin: User) -> None:
    with pytest.raises(InvalidInput):
        set_membership_role(membership=of(colin), role="emperor", by=ada)


def test_who_waits_has_no_role_to_change(ada: User, waiting: Membership) -> None:
    with pytest.raises(Refused):
        set_membership_role(membership=waiting, role="manager", by=ada)


def test_giving_a_membership_never_lowers_a_role(ada: User, enterprise: Organization) -> None:
    assert give_membership(user=ada, organization=enterprise).role == "manager"


def test_one_person_may_belong_to_several_organizations(
    ada: User, enterprise: Organization, professional: Organization
) -> None:
    give_membership(user=ada, organization=professional)
    viewer = viewer_of(ada)
    assert viewer.organization_ids == {enterprise.pk, professional.pk}
    assert viewer.managed_organization_ids == {enterprise.pk}


def test_people_of_a_suspended_organization_see_nothing(
    ada: User, enterprise: Organization
) -> None:
    Organization.objects.update(is_suspended=True)
    assert viewer_of(ada).organization_ids == frozenset()


def test_at_most_twenty_managers_hear_of_one_newcomer(enterprise: Organization, paul: User) -> None:
    from people.actions import create_user

    for number in range(25):
        manager = create_user(email=f"m{number}@analytical.example")
        give_membership(user=manager, organization=enterprise, role="manager")
    join_organization(user=paul, organization=enterprise, now=TUESDAY)
    assert Notice.objects.filter(kind="join_request").count() == 20
