"""Small changes on an organization's page: e-mail domains and the people named to it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from people.actions import add_domain, name_account_team_member, verify_domain
from people.actions.organizations import remove_domain
from people.models import OrganizationDomain
from portal.kit import clock
from tiers.forms import DomainForm, TeamForm
from tiers.views.ops.frame import me, ops_view, telling_refusals
from tiers.views.ops.organization import organization_of


@ops_view
@require_POST
def domain_add(request: HttpRequest, public_id: str) -> HttpResponse:
    """Note an e-mail domain; it lets nobody in before it is verified."""
    found, form = organization_of(request, public_id), DomainForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write a domain like example.com."))
        return redirect("ops_organization", found.public_id)
    with telling_refusals(request):
        row = add_domain(organization=found, domain=form.cleaned_data["domain"], by=me(request))
        messages.success(
            request,
            _("%(domain)s was added. Verify it once you know it is theirs.") % {"domain": row},
        )
    return redirect("ops_organization", found.public_id)


@ops_view
@require_POST
def domain_verify(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Confirm that a domain is the organization's."""
    found = organization_of(request, public_id)
    row = get_object_or_404(OrganizationDomain, pk=pk, organization=found)
    with telling_refusals(request):
        verify_domain(domain=row, by=me(request), now=clock.now())
        messages.success(request, _("%(domain)s is verified.") % {"domain": row})
    return redirect("ops_organization", found.public_id)


@ops_view
@require_POST
def domain_remove(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Forget a domain; people who joined by it stay."""
    found = organization_of(request, public_id)
    row = get_object_or_404(OrganizationDomain, pk=pk, organization=found)
    with telling_refusals(request):
        remove_domain(domain=row, by=me(request))
        messages.success(request, _("%(domain)s was removed.") % {"domain": row})
    return redirect("ops_organization", found.public_id)


@ops_view
@require_POST
def team_name(request: HttpRequest, public_id: str) -> HttpResponse:
    """Name one of the vendor's people to the customer; whoever had the duty is relieved."""
    found, form = organization_of(request, public_id), TeamForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a duty and a person."))
        return redirect("ops_organization", found.public_id)
    with telling_refusals(request):
        row = name_account_team_member(organization=found, now=clock.now(), **form.cleaned_data)
        messages.success(
            request,
            _("%(person)s is now %(duty)s of %(name)s.")
            % {"person": row.user, "duty": row.get_duty_display(), "name": found},
        )
    return redirect("ops_organization", found.public_id)
