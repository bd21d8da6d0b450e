"""What managers decide about people: each page asks first, then does."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people import actions
from people.models import Membership, Organization
from people.viewers import person_of
from people.views.acting import FORM_METHODS, ask_first
from people.views.customer.organization import managed_organization, page_of
from portal.kit import clock
from portal.kit.access import access, viewer_of_request


def _member(organization: Organization, pk: int, status: str) -> Membership:
    rows = organization.memberships.select_related("user", "organization")
    return get_object_or_404(rows, pk=pk, status=status)


def _words(membership: Membership) -> dict[str, object]:
    return {"person": membership.user, "organization": membership.organization}


@access("customer")
@require_http_methods(FORM_METHODS)
def let_in(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Accept somebody who waits."""
    organization = managed_organization(request, public_id)
    membership = _member(organization, pk, Membership.Status.WAITING)
    if request.method == "POST":
        actions.let_in(membership=membership, by=person_of(request), now=clock.now())
        messages.success(
            request, _("%(person)s now belongs to %(organization)s.") % _words(membership)
        )
        return redirect(page_of(organization))
    return ask_first(
        request,
        title=_("Let %(person)s into %(organization)s?") % _words(membership),
        text=_("They will see their own tickets and those they follow, and are told by mail."),
        button=_("Let in"),
        back=page_of(organization),
    )


@access("customer")
@require_http_methods(FORM_METHODS)
def turn_away(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Refuse somebody who waits."""
    organization = managed_organization(request, public_id)
    membership = _member(organization, pk, Membership.Status.WAITING)
    if request.method == "POST":
        actions.turn_away(membership=membership, by=person_of(request), now=clock.now())
        messages.success(request, _("%(person)s was not let in.") % _words(membership))
        return redirect(page_of(organization))
    return ask_first(
        request,
        title=_("Turn %(person)s away?") % _words(membership),
        text=_("They see nothing of %(organization)s. You can still invite them later.")
        % _words(membership),
        button=_("Turn away"),
        back=page_of(organization),
        is_dangerous=True,
    )


@access("customer")
@require_http_methods(FORM_METHODS)
def remove(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Take somebody out of the organization."""
    organization = managed_organization(request, public_id)
    membership = _member(organization, pk, Membership.Status.ACTIVE)
    if request.method == "POST":
        actions.end_membership(membership=membership, by=person_of(request), now=clock.now())
        messages.success(
            request, _("%(person)s no longer belongs to %(organization)s.") % _words(membership)
        )
        return redirect(page_of(organization))
    return ask_first(
        request,
        title=_("Remove %(person)s from %(organization)s?") % _words(membership),
        text=_("They lose sight of its tickets at once. The tickets and what they wrote stay."),
        button=_("Remove %(person)s") % _words(membership),
        back=page_of(organization),
        is_dangerous=True,
    )


@access("customer")
@require_http_methods(FORM_METHODS)
def make_manager(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Make a member a manager."""
    organization = managed_organization(request, public_id)
    membership = _member(organization, pk, Membership.Status.ACTIVE)
    if request.method == "POST":
        return _change_role(request, membership, Membership.Role.MANAGER)
    return ask_first(
        request,
        title=_("Make %(person)s a manager?") % _words(membership),
        text=_("Managers see all tickets of %(organization)s and decide who belongs to it.")
        % _words(membership),
        button=_("Make manager"),
        back=page_of(organization),
    )


@access("customer")
@require_http_methods(FORM_METHODS)
def make_member(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Make a manager a member."""
    organization = managed_organization(request, public_id)
    membership = _member(organization, pk, Membership.Status.ACTIVE)
    if request.method == "POST":
        return _change_role(request, membership, Membership.Role.MEMBER)
    return ask_first(
        request,
        title=_("Make %(person)s a member?") % _words(membership),
        text=_("They will see only their own tickets and those they follow."),
        button=_("Make member"),
        back=page_of(organization),
        is_dangerous=True,
    )


def _change_role(request: HttpRequest, membership: Membership, role: str) -> HttpResponse:
    changed = actions.set_membership_role(membership=membership, role=role, by=person_of(request))
    messages.success(
        request,
        _("%(person)s is a %(role)s now.")
        % {"person": changed.user, "role": changed.get_role_display()},
    )
    return redirect(page_of(changed.organization))


@access("customer")
@require_http_methods(FORM_METHODS)
def leave(request: HttpRequest, public_id: str) -> HttpResponse:
    """Leave an organization oneself."""
    visible = Organization.objects.visible_to(viewer_of_request(request))
    organization = get_object_or_404(visible, public_id=public_id)
    rows = organization.memberships.select_related("user", "organization")
    membership = get_object_or_404(rows, user=person_of(request), status=Membership.Status.ACTIVE)
    if request.method == "POST":
        actions.end_membership(membership=membership, by=person_of(request), now=clock.now())
        messages.success(request, _("You left %(organization)s.") % _words(membership))
        return redirect("front_door")
    return ask_first(
        request,
        title=_("Leave %(organization)s?") % _words(membership),
        text=_("You lose sight of its tickets at once. Only a manager can bring you back."),
        button=_("Leave %(organization)s") % _words(membership),
        back=page_of(organization),
        is_dangerous=True,
    )
