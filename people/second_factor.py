"""Who must come with a second factor, who has one, and whether it was used."""

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.urls import reverse

from people.models import User

# Recovery codes are no factor of their own: they stand in for one of these.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def must_have_second_factor(user: User, *, at_staff_door: bool) -> bool:
    """Whether this person may work only after a second factor.

    Everybody with a staff role and every superuser, wherever they go. At a
    staff door also whoever was given a permission or a group, by which way ever.
    """
    if user.works_here or user.is_superuser:
        return True
    return at_staff_door and (user.groups.exists() or user.user_permissions.exists())


def owns_second_factor(user: User) -> bool:
    """Whether this person has set up a factor."""
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def page_to_prove(user: User) -> str:
    """Return the address where this person shows the factor they have."""
    by_code = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
    return reverse("mfa_reauthenticate" if by_code else "mfa_reauthenticate_webauthn")


def passed_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether this person opened this session with a second factor or a passkey.

    The records of somebody else who used the same browser before do not count.
    """
    return any(
        record.get("method") == "mfa" for record in get_authentication_records(request, user)
    )
