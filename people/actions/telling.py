"""Write the mails of the people room into the outbox, each in its reader's language."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from people.actions.notices import queue_notice
from people.models import Invitation, Membership, User
from portal.kit.clock import to_epoch

# More than this many managers need not all hear of one newcomer.
MANAGERS_TOLD = 20


def tell_invited(invitation: Invitation, token: str, by: User, now: datetime) -> None:
    """Send the link that lets somebody in; the only place where the token stands."""
    known = User.objects.filter(email__iexact=invitation.email, is_active=True).first()
    with override((known or by).language):
        _tell(
            kind="invitation",
            recipient=known,
            address=invitation.email,
            once=str(invitation.pk),
            subject=_("Join %(organization)s at %(vendor)s Support")
            % {"organization": invitation.organization, "vendor": settings.VENDOR_NAME},
            page=reverse("accept_invitation", args=[token]),
            is_secret=True,
            now=now,
            invitation=invitation,
            organization=invitation.organization,
            # The address, not the name: names are typed by whoever signs up, and an
            # invitation must not carry a stranger's text to any address in the world.
            inviter=by.email,
        )


def tell_somebody_waits(membership: Membership, now: datetime) -> None:
    """Ask the managers to let somebody in."""
    managers = (
        Membership.objects.active()
        .filter(organization=membership.organization, role=Membership.Role.MANAGER)
        .select_related("user")
        .order_by("pk")[:MANAGERS_TOLD]
    )
    for manager in managers:
        with override(manager.user.language):
            _tell(
                kind="join_request",
                recipient=manager.user,
                once=f"{membership.pk}:{manager.user.pk}",
                subject=_("%(person)s wants to join %(organization)s")
                % {"person": membership.user.email, "organization": membership.organization},
                page=_page_of(membership),
                now=now,
                organization=membership.organization,
                person=membership.user,
            )


def tell_let_in(membership: Membership, now: datetime) -> None:
    """Tell somebody who waited that they are in."""
    with override(membership.user.language):
        _tell(
            kind="let_in",
            recipient=membership.user,
            once=f"{membership.pk}:{to_epoch(membership.decided_at or now)}",
            subject=_("You now belong to %(organization)s")
            % {"organization": membership.organization},
            page="/",
            now=now,
            organization=membership.organization,
            person=membership.user,
        )


def tell_hired(user: User, now: datetime) -> None:
    """Tell one of the vendor's new people how to log in for the first time."""
    with override(user.language):
        _tell(
            kind="hired",
            recipient=user,
            once=str(user.pk),
            subject=_("Your access to %(vendor)s Support") % {"vendor": settings.VENDOR_NAME},
            page=reverse("account_request_login_code"),
            now=now,
        )


def _page_of(membership: Membership) -> str:
    page = reverse("people:organization")
    return f"{page}?organization={membership.organization.public_id}"


def _tell(
    *,
    kind: str,
    recipient: User | None,
    once: str,
    subject: str,
    page: str,
    now: datetime,
    address: str = "",
    is_secret: bool = False,
    **context: Any,
) -> None:
    """Queue one mail; ``once`` names the occasion, so that a repeat is no second mail."""
    values = {
        "vendor_name": settings.VENDOR_NAME,
        "base_url": settings.BASE_URL,
        "recipient": recipient,
        "link": settings.BASE_URL + page,
        **context,
    }
    queue_notice(
        kind=kind,
        recipient=recipient,
        address=address,
        dedupe_key=f"{kind}:{once}",
        subject=subject,
        body_text=render_to_string(f"emails/{kind}.txt", values),
        body_html=render_to_string(f"emails/{kind}.html", values),
        is_secret=is_secret,
        now=now,
    )
