"""The page an invitation's link opens."""

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from people.actions import accept_invitation, find_invitation
from people.invited import forget_invitation, remember_invitation
from people.models import Invitation
from people.viewers import person_of
from people.views.acting import FORM_METHODS
from portal.kit import clock
from portal.kit.access import access

GONE = 410


@access("public")
@never_cache
@require_http_methods(FORM_METHODS)
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Offer to join; strangers log in or sign up first, with the invited address filled in.

    Having the link proves nothing about who holds it: mails are passed on. So
    signing up by an invitation proves the address like any other sign-up, with
    a code, and the invitation waits in the session meanwhile.
    """
    invitation = find_invitation(token, now=clock.now())
    if invitation is None:
        return render(request, "people/invitation_over.html", status=GONE)
    if not request.user.is_authenticated:
        remember_invitation(request, invitation)
        if request.method == "POST":
            return redirect("account_login")
        return render(request, "people/invitation.html", {"invitation": invitation})
    if request.method == "POST":
        return _join(request, invitation)
    context = {"invitation": invitation, "is_theirs": _is_for(request, invitation)}
    return render(request, "people/invitation.html", context)


def _is_for(request: HttpRequest, invitation: Invitation) -> bool:
    return bool(
        EmailAddress.objects.filter(
            user=request.user, email__iexact=invitation.email, verified=True
        ).exists()
    )


def _join(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    accept_invitation(invitation=invitation, user=person_of(request), now=clock.now())
    forget_invitation(request)
    messages.success(
        request,
        _("You now belong to %(organization)s.") % {"organization": invitation.organization},
    )
    return redirect("/")
