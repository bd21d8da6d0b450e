"""Create users, give staff roles, change profiles."""

from datetime import datetime, time
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from people.actions.telling import tell_hired
from people.models import ApiToken, StaffRole, User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted

OPS_GROUP = "Ops"
PROFILE_FIELDS = frozenset(
    {
        "name", "job_title", "time_zone", "language", "mail_on_reply", "mail_on_status",
        "mail_on_assignment", "mail_on_clock", "quiet_from", "quiet_until", "critical_when_quiet",
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
    """Store a user with the address known to the login machinery.

    Without a password the person logs in with a code sent to the address.
    """
    user = User.objects.create_user(email, password, name=name, **profile)
    EmailAddress.objects.create(
        user=user, email=user.email, primary=True, verified=email_is_verified
    )
    if staff_role:
        apply_staff_role(user, staff_role)
    return user


@transaction.atomic
def hire(*, email: str, name: str, role: str, by: User, now: datetime) -> User:
    """Create a user with a staff role and tell them how to come in.

    They have no password: they log in with a code, which proves the address,
    and add a second factor.
    """
    _check_admin(by)
    user = create_user(email=email, name=name, staff_role=role)
    tell_hired(user, now)
    return user


@transaction.atomic
def set_staff_role(*, user: User, role: str, by: User, now: datetime) -> None:
    """Give, change or take away a staff role; only admins may, and not for themselves.

    API tokens are revoked: those of a customer were issued without a second
    factor, and those of staff must not outlive the role.
    """
    _check_admin(by, other_than=user)
    row = lock(User.objects.filter(pk=user.pk)).get()
    if row.staff_role == role:
        return
    apply_staff_role(row, role)
    ApiToken.objects.filter(user=row, revoked_at=None).update(revoked_at=now)


@transaction.atomic
def set_active(*, user: User, is_active: bool, by: User) -> None:
    """Let somebody log in, or no longer; open sessions and tokens stop at once."""
    _check_admin(by, other_than=user)
    row = lock(User.objects.filter(pk=user.pk)).get()
    row.is_active = is_active
    row.save(update_fields=["is_active"])


def _check_admin(by: User, *, other_than: User | None = None) -> None:
    # All admins are locked: two who take the role from each other at once must not both succeed.
    admins = lock(
        User.objects.filter(staff_role=StaffRole.ADMIN, is_active=True).order_by("pk")
    ).values_list("pk", flat=True)
    if by.pk not in set(admins) or (other_than is not None and by.pk == other_than.pk):
        raise NotPermitted("not_admin", _("Only another admin may change this."))


def apply_staff_role(user: User, role: str) -> None:
    """Give a stored user a staff role with what comes with it; the caller has checked the right."""
    if role and role not in StaffRole.values:
        raise InvalidInput(
            "role_unknown",
            _("There is no such staff role."),
            fields={"staff_role": _("Choose a role.")},
        )
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
    quiet = [changes.get(name, getattr(user, name)) for name in ("quiet_from", "quiet_until")]
    check_quiet_hours(*quiet)
    for name, value in changes.items():
        setattr(user, name, value.strip() if isinstance(value, str) else value)
    try:
        user.clean_fields(exclude=set(_all_fields()) - set(changes))
    except ValidationError as error:
        fields = {name: messages[0] for name, messages in error.message_dict.items()}
        raise InvalidInput("profile_invalid", next(iter(fields.values())), fields=fields) from error
    user.save(update_fields=sorted(changes))
    return user


def check_quiet_hours(begin: time | None, end: time | None) -> None:
    """Refuse half of a time, and quiet hours that never end; both empty is no quiet hours."""
    if (begin is None) != (end is None):
        missing = "quiet_from" if begin is None else "quiet_until"
        sentence = _("Quiet hours need a beginning and an end; leave both empty for none.")
        raise InvalidInput("quiet_hours_half", sentence, fields={missing: sentence})
    if begin is not None and begin == end:
        sentence = _("Quiet hours end at another time than they begin.")
        raise InvalidInput("quiet_hours_endless", sentence, fields={"quiet_until": sentence})


def _all_fields() -> list[str]:
    return [field.name for field in User._meta.fields]


def forget_unproved_password(*, user: User) -> None:
    """Take away a password that was set before anybody proved the address.

    Whoever signs up with somebody else's address must not be able to wait until
    its owner proves it by another way, and then log in with the old password.
    """
    user.set_unusable_password()
    user.save(update_fields=["password"])
