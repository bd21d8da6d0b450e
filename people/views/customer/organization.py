"""“My organization”: people, invitations, e-mail domains."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people.actions import invite, may_manage, revoke_invitation, set_joining
from people.forms import DomainForm, InviteForm, JoiningForm
from people.models import Invitation, Membership, Organization
from people.viewers import person_of
from people.views.acting import (
    FORM_METHODS,
    NOT_VALID,
    PAGE_METHODS,
    ask_first,
    posted,
    tried,
)
from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from portal.kit.refused import NotPermitted

PEOPLE_PER_PAGE = 50


def page_of(organization: Organization) -> str:
    """Return the address of an organization's page."""
    return f"{reverse('people:organization')}?organization={organization.public_id}"


def managed_organization(request: HttpRequest, public_id: str) -> Organization:
    """Return an organization this person manages: 404 when it is not theirs, 403 when a member."""
    visible = Organization.objects.visible_to(viewer_of_request(request))
    organization = get_object_or_404(visible, public_id=public_id)
    if not may_manage(person_of(request), organization):
        raise NotPermitted("not_manager", _("Only a manager of the organization may do this."))
    return organization


@access("customer")
@require_http_methods(PAGE_METHODS)
def organization_page(request: HttpRequest) -> HttpResponse:
    """Show one organization: all of it to managers and ops, a reduced page to members."""
    viewer = viewer_of_request(request)
    visible = Organization.objects.visible_to(viewer)
    own = list(visible) if not viewer.is_staff else []
    if chosen := request.GET.get("organization", "").replace("\x00", ""):
        organization = get_object_or_404(visible, public_id=chosen)
    elif own:
        organization = own[0]
    else:
        return redirect("people:no_organization")
    people = Membership.objects.for_people_page(organization)
    context = {
        "organization": organization,
        "organizations": own,
        "manages": may_manage(person_of(request), organization),
        "people": Paginator(people, PEOPLE_PER_PAGE).get_page(request.GET.get("page")),
    }
    if context["manages"]:
        context |= _what_managers_see(organization)
    return render(request, "people/organization.html", context)


def _what_managers_see(organization: Organization) -> dict[str, Any]:
    """Return who waits, who was invited, and the domains."""
    invitations = Invitation.objects.filter(
        organization=organization, accepted_at=None, revoked_at=None
    )
    return {
        "waiting": organization.memberships.waiting().select_related("user").order_by("pk"),
        "invitations": invitations.select_related("invited_by").order_by("email"),
        "domains": organization.domains.order_by("domain"),
        "invite_form": InviteForm(),
        "domain_form": DomainForm(),
        "now": clock.now(),
    }


@access("customer")
@require_http_methods(FORM_METHODS)
def invite_person(request: HttpRequest, public_id: str) -> HttpResponse:
    """Invite an address."""
    organization = managed_organization(request, public_id)
    form = InviteForm(posted(request))
    if request.method == "POST" and tried(
        form,
        lambda: invite(
            organization=organization,
            by=person_of(request),
            now=clock.now(),
            **form.cleaned_data,
        ),
    ):
        messages.success(
            request, _("An invitation is on its way to %(email)s.") % form.cleaned_data
        )
        return redirect(page_of(organization))
    context = {"organization": organization, "form": form, "back": page_of(organization)}
    status = NOT_VALID if form.is_bound else 200
    return render(request, "people/invite.html", context, status=status)


@access("customer")
@require_http_methods(FORM_METHODS)
def revoke(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Take an invitation back, after asking."""
    organization = managed_organization(request, public_id)
    invitation = organization.invitations.filter(pk=pk, accepted_at=None, revoked_at=None).first()
    if invitation is None:
        raise Http404
    words = {"email": invitation.email}
    if request.method == "POST":
        revoke_invitation(invitation=invitation, by=person_of(request), now=clock.now())
        messages.success(request, _("The invitation to %(email)s no longer works.") % words)
        return redirect(page_of(organization))
    return ask_first(
        request,
        title=_("Take back the invitation to %(email)s?") % words,
        text=_("The link in the mail stops working at once. You can invite the address again."),
        button=_("Take back the invitation"),
        back=page_of(organization),
        is_dangerous=True,
    )


@access("customer")
@require_http_methods(FORM_METHODS)
def joining(request: HttpRequest, public_id: str) -> HttpResponse:
    """Choose how people with a verified domain come in."""
    organization = managed_organization(request, public_id)
    form = JoiningForm(posted(request), joins_by_domain=organization.joins_by_domain)
    if request.method == "POST" and tried(
        form,
        lambda: set_joining(organization=organization, by=person_of(request), **form.cleaned_data),
    ):
        messages.success(request, _("Saved."))
        return redirect(page_of(organization))
    context = {"organization": organization, "form": form, "back": page_of(organization)}
    status = NOT_VALID if form.is_bound else 200
    return render(request, "people/joining.html", context, status=status)
