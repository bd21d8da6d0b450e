"""The invitation that somebody opened, kept in the session while they log in or sign up."""

from django.http import HttpRequest

from people.models import Invitation
from portal.kit import clock

# The row's key, not the token: the token is kept nowhere but in the mail.
SESSION_KEY = "invitation"


def remember_invitation(request: HttpRequest, invitation: Invitation) -> None:
    """Keep in mind that this browser opened the invitation's link."""
    request.session[SESSION_KEY] = invitation.pk


def remembered_invitation(request: HttpRequest) -> Invitation | None:
    """Return the invitation this browser opened, while it can still be accepted."""
    key = request.session.get(SESSION_KEY)
    if key is None:
        return None
    found = Invitation.objects.open_at(clock.now()).filter(pk=key)
    return found.select_related("organization", "invited_by").first()


def forget_invitation(request: HttpRequest) -> None:
    """Forget it, accepted or not."""
    request.session.pop(SESSION_KEY, None)


def invited_address(request: HttpRequest | None) -> str:
    """Return the address the remembered invitation was sent to, or an empty string."""
    invitation = remembered_invitation(request) if request is not None else None
    return invitation.email if invitation else ""
