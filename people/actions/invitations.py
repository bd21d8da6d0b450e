"""Invite somebody into an organization; accept and revoke invitations.

The organization's row is locked first, as for every change of memberships.
"""

import secrets
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from people.actions.memberships import give_membership, may_manage
from people.actions.telling import tell_invited
from people.actions.tokens import digest_of
from people.models import Invitation, Membership, Organization, User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused

VALID_FOR = timedelta(days=7)
# An invitation is a mail to an address that nobody proved: it must not become a mail bomb.
ONE_PER_ADDRESS_IN = timedelta(minutes=10)
MOST_IN_A_DAY = 50


@transaction.atomic
def invite(
    *,
    organization: Organization,
    email: str,
    role: str = Membership.Role.MEMBER,
    by: User,
    now: datetime,
) -> Invitation:
    """Invite an address; an open invitation to it is replaced, so the newest link counts."""
    # Two managers may invite the same address at once; the second replaces the first's link.
    organization = lock(Organization.objects.filter(pk=organization.pk)).get()
    if not may_manage(by, organization):
        raise NotPermitted("not_manager", _("Only a manager may invite people."))
    email = _checked(email, role)
    if Membership.objects.with_address(organization, email).exists():
        raise Refused("already_member", _("This person is a member already."))
    _check_not_too_many(organization, email, now)
    Invitation.objects.filter(
        organization=organization, email__iexact=email, accepted_at=None, revoked_at=None
    ).update(revoked_at=now)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        organization=organization,
        email=email,
        role=role,
        token_digest=digest_of(token),
        invited_by=by,
        expires_at=now + VALID_FOR,
    )
    tell_invited(invitation, token, by, now)
    return invitation


def _checked(email: str, role: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        message = _("Write an e-mail address like name@example.com.")
        raise InvalidInput("email_invalid", message, fields={"email": message}) from error
    if role not in Membership.Role.values:
        raise InvalidInput(
            "role_unknown", _("There is no such role."), fields={"role": _("Choose a role.")}
        )
    return email


def _check_not_too_many(organization: Organization, email: str, now: datetime) -> None:
    sent = Invitation.objects.filter(organization=organization)
    if sent.filter(email__iexact=email, created_at__gt=now - ONE_PER_ADDRESS_IN).exists():
        raise Refused(
            "invited_just_now",
            _("This address was invited a moment ago. Give the mail some minutes to arrive."),
        )
    if sent.filter(created_at__gt=now - timedelta(days=1)).count() >= MOST_IN_A_DAY:
        raise Refused(
            "too_many_invitations",
            _("That is enough invitations for one day. Go on tomorrow, or ask us for help."),
        )


def find_invitation(token: str, *, now: datetime) -> Invitation | None:
    """Return the open invitation of a token, or None."""
    return (
        Invitation.objects.open_at(now)
        .select_related("organization", "invited_by")
        .filter(token_digest=digest_of(token))
        .first()
    )


@transaction.atomic
def accept_invitation(*, invitation: Invitation, user: User, now: datetime) -> Membership:
    """Turn an invitation into a membership.

    It counts for the invited address alone, and only for somebody who proved
    that address: a link that was passed on opens nothing.
    """
    lock(Organization.objects.filter(pk=invitation.organization_id)).get()
    row = Invitation.objects.open_at(now).filter(pk=invitation.pk).first()
    if row is None:
        raise Refused(
            "invitation_over",
            _("This invitation has expired or was used. Ask for a new one."),
        )
    proved = EmailAddress.objects.filter(user=user, email__iexact=row.email, verified=True)
    if not proved.exists():
        raise NotPermitted(
            "other_address",
            _("This invitation was sent to another address. Log in with %(email)s.")
            % {"email": row.email},
        )
    if user.works_here:
        raise NotPermitted("is_staff", _("Staff cannot join a customer's organization."))
    row.accepted_at, row.accepted_by = now, user
    row.save(update_fields=["accepted_at", "accepted_by"])
    return give_membership(user=user, organization=row.organization, role=row.role)


def revoke_invitation(*, invitation: Invitation, by: User, now: datetime) -> None:
    """Take an invitation back; harmless when repeated."""
    if not may_manage(by, invitation.organization):
        raise NotPermitted("not_manager", _("Only a manager may take an invitation back."))
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(
        revoked_at=now
    )
