"""Where somebody goes who just logged in."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from people.actions import accept_invitation
from people.invited import forget_invitation, remembered_invitation
from people.models import Invitation, Membership
from people.viewers import person_of
from people.views.acting import PAGE_METHODS
from portal.kit import clock
from portal.kit.access import access, viewer_of_request

CUSTOMER_HOME, DESK, OPS = "/", "/desk/", "/ops/"


@access("signed_in")
@require_http_methods(PAGE_METHODS)
def front_door(request: HttpRequest) -> HttpResponse:
    """Send everybody to their own start page; an invitation that was opened comes first."""
    viewer = viewer_of_request(request)
    if viewer.runs_operations:
        return redirect(OPS)
    if viewer.is_staff:
        return redirect(DESK)
    if remembered_invitation(request) or not viewer.organization_ids:
        return redirect("people:no_organization")
    return redirect(CUSTOMER_HOME)


@access("signed_in")
@require_http_methods(PAGE_METHODS)
def no_organization(request: HttpRequest) -> HttpResponse:
    """Say what somebody without an organization can do: accept, wait, or ask."""
    user = person_of(request)
    waiting = Membership.objects.waiting().filter(user=user, organization__is_suspended=False)
    invitations = Invitation.objects.open_at(clock.now()).addressed_to(user)
    context = {
        "waiting": waiting.select_related("organization"),
        "invitations": invitations.select_related("organization", "invited_by"),
        "opened": remembered_invitation(request),
    }
    return render(request, "people/no_organization.html", context)


@access("signed_in")
@require_POST
def accept_open_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept one of one's own open invitations, without its mail at hand."""
    user = person_of(request)
    found = Invitation.objects.open_at(clock.now()).addressed_to(user).filter(pk=pk)
    invitation = found.select_related("organization").first()
    if invitation is None:
        raise Http404
    accept_invitation(invitation=invitation, user=user, now=clock.now())
    forget_invitation(request)
    messages.success(
        request,
        _("You now belong to %(organization)s.") % {"organization": invitation.organization},
    )
    return redirect(CUSTOMER_HOME)


@access("signed_in")
@require_POST
def decline_opened_invitation(request: HttpRequest) -> HttpResponse:
    """Forget the invitation this browser opened; it stays open for whom it was sent to."""
    forget_invitation(request)
    return redirect("front_door")
