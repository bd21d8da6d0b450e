"""Create users, give staff roles, change profiles."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext as _

from people.models import StaffRole, User
from portal.kit.refused import InvalidInput, NotPermitted

OPS_GROUP = "Ops"
PROFILE_FIELDS = frozenset(
    {
        "name", "job_title", "time_zone", "language", "mail_on_reply", "mail_on_status",
        "mail_on_assignment", "mail_on_clock",
    }
)  # fmt: skip


@transaction.atomic
def create_user(
    *,
    email: str,
    name: str = "",
    password: str | None = None,
    staff_role: str = "",
    email_is_verified: bool = False,
    **profile: Any,
) -> User:
    """Store a user with the address known to the login machinery."""
    user = User.objects.create_user(email, password, name=name, **profile)
    EmailAddress.objects.create(
        user=user, email=user.email, primary=True, verified=email_is_verified
    )
    if staff_role:
        _apply_staff_role(user, staff_role)
    return user


@transaction.atomic
def set_staff_role(*, user: User, role: str, by: User) -> None:
    """Give, change or take away a staff role; only admins may, and not for themselves."""
    if by.staff_role != StaffRole.ADMIN or by.pk == user.pk:
        raise NotPermitted("not_admin", _("Only another admin may change a staff role."))
    _apply_staff_role(user, role)


def _apply_staff_role(user: User, role: str) -> None:
    if role and role not in StaffRole.values:
        raise InvalidInput("role_unknown", _("There is no such staff role."), fields={"role": role})
    user.staff_role = role
    user.is_superuser = role == StaffRole.ADMIN
    user.save(update_fields=["staff_role", "is_superuser"])
    group = ops_group()
    if role in {StaffRole.OPS, StaffRole.ADMIN}:
        user.groups.add(group)
    else:
        user.groups.remove(group)


def ops_group() -> Group:
    """Return the group whose members may open the Wagtail admin."""
    group, created = Group.objects.get_or_create(name=OPS_GROUP)
    if created:
        group.permissions.set(
            Permission.objects.filter(
                content_type__app_label="wagtailadmin", codename="access_admin"
            )
        )
    return group


def update_profile(*, user: User, **changes: Any) -> User:
    """Change what people may change about themselves."""
    unknown = set(changes) - PROFILE_FIELDS
    if unknown:
        raise InvalidInput("field_not_editable", _("These fields cannot be changed here."))
    for name, value in changes.items():
        setattr(user, name, value)
    user.full_clean(exclude=["password"])
    user.save(update_fields=sorted(changes))
    return user
