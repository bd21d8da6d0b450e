"""Build the viewer of a user: the one place where roles become access."""

from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from people.models import Membership, User
from portal.kit.viewer import ANONYMOUS, Viewer


def person_of(request: HttpRequest) -> User:
    """Return who is logged in; only for views that let nobody else in."""
    return cast(User, request.user)


def viewer_of(user: "User | AnonymousUser | Any") -> Viewer:
    """Return the viewer of a user; strangers and inactive users see nothing.

    Staff are not looked up in memberships: what they see follows from their
    role and the queues they serve.
    """
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    if user.works_here:
        return Viewer(user_id=user.pk, staff_role=user.staff_role)
    rows = list(
        Membership.objects.active().filter(user_id=user.pk).values_list("organization_id", "role")
    )
    return Viewer(
        user_id=user.pk,
        organization_ids=frozenset(organization for organization, _ in rows),
        managed_organization_ids=frozenset(
            organization for organization, role in rows if role == Membership.Role.MANAGER
        ),
    )
