"""Invite somebody into an organization; accept and revoke invitations."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from people.actions.notices import queue_notice
from people.actions.organizations import give_membership, may_manage
from people.actions.tokens import digest_of
from people.models import Invitation, Membership, Organization, User
from portal.kit.claims import lock
from portal.kit.refused import NotPermitted, Refused

VALID_FOR = timedelta(days=7)


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
    if not may_manage(by, organization):
        raise NotPermitted("not_manager", _("Only a manager may invite people."))
    email = email.strip().lower()
    if (
        Membership.objects.filter(
            organization=organization, user__email=email, status=Membership.Status.ACTIVE
        ).exists()
    ):
        raise Refused("already_member", _("This person is a member already."))
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
    _mail_invitation(invitation, token, by, now)
    return invitation


def _mail_invitation(invitation: Invitation, token: str, by: User, now: datetime) -> None:
    context = {
        "vendor_name": settings.VENDOR_NAME,
        "organization": invitation.organization,
        "inviter": by,
        "link": settings.BASE_URL + reverse("accept_invitation", args=[token]),
        "days": VALID_FOR.days,
    }
    with override(by.language):
        queue_notice(
            kind="invitation",
            recipient=None,
            address=invitation.email,
            dedupe_key=f"invitation:{invitation.pk}",
            subject=_("Join %(organization)s at %(vendor)s Support")
            % {"organization": invitation.organization, "vendor": settings.VENDOR_NAME},
            body_text=render_to_string("emails/invitation.txt", context),
            body_html=render_to_string("emails/invitation.html", context),
            is_secret=True,
            now=now,
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
def accept_invitation(*, token: str, user: User, now: datetime) -> Membership:
    """Turn an invitation into a membership; it counts for the invited address alone."""
    found = find_invitation(token, now=now)
    invitation = (
        lock(Invitation.objects.open_at(now).filter(pk=found.pk)).first() if found else None
    )
    if invitation is None:
        raise Refused(
            "invitation_over",
            _("This invitation has expired or was used. Ask for a new one."),
        )
    if user.email.lower() != invitation.email.lower():
        raise NotPermitted(
            "other_address",
            _("This invitation was sent to another address. Log in with %(email)s.")
            % {"email": invitation.email},
        )
    if user.works_here:
        raise NotPermitted("is_staff", _("Staff cannot join a customer's organization."))
    invitation.accepted_at, invitation.accepted_by = now, user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    return give_membership(
        user=user, organization=invitation.organization, role=invitation.role
    )


def revoke_invitation(*, invitation: Invitation, by: User, now: datetime) -> None:
    """Take an invitation back; harmless when repeated."""
    if not may_manage(by, invitation.organization):
        raise NotPermitted("not_manager", _("Only a manager may take an invitation back."))
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(
        revoked_at=now
    )
