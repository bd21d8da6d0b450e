"""What happens when the login machinery announces something."""

from typing import Any

from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
    record_authentication,
)
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.contrib import messages
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from people.actions.memberships import join_by_domain
from people.actions.users import forget_unproved_password
from people.models import User
from people.second_factor import FACTORS, owns_second_factor
from portal.kit import clock


@receiver(email_confirmed, dispatch_uid="people.address_proved")
def address_proved(request: HttpRequest, email_address: EmailAddress, **kwargs: Any) -> None:
    """Bring somebody who proved an address to the organization of its domain."""
    user = email_address.user
    methods = [record.get("method") for record in get_authentication_records(request, user)]
    if user.last_login is None and user.has_usable_password() and methods[-1:] == ["code"]:
        # Somebody signed up with this address and never proved it; its owner comes
        # in by a code now, and may not be the one who chose the password.
        forget_unproved_password(user=user)
        messages.info(request, _("Choose a new password under “Password” in your account."))
    join_by_domain(user=user, verified_email=email_address.email, now=clock.now())


@receiver(authenticator_added, dispatch_uid="people.first_factor_counts")
def first_factor_counts(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Count setting up the first factor as having used it.

    Its code or key was checked a moment ago. A later one does not count: it may
    be added in a session that was opened without any.
    """
    others = Authenticator.objects.filter(user=user, type__in=FACTORS).exclude(pk=authenticator.pk)
    if authenticator.type in FACTORS and not others.exists():
        record_authentication(
            request, user, "mfa", id=authenticator.pk, type=str(authenticator.type)
        )


@receiver(authenticator_removed, dispatch_uid="people.last_factor_gone")
def last_factor_gone(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Let staff who gave up their last factor go no further before they have a new one."""
    if owns_second_factor(user):
        return
    records = get_authentication_records(request, user)
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        record for record in records if record.get("method") != "mfa"
    ]
