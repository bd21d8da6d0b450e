"""E-mail domains of an organization: managers name them, ops verify them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people import actions
from people.forms import DomainForm
from people.viewers import person_of
from people.views.acting import FORM_METHODS, NOT_VALID, ask_first, posted, tried
from people.views.customer.organization import managed_organization, page_of
from portal.kit import clock
from portal.kit.access import access


@access("customer")
@require_http_methods(FORM_METHODS)
def add(request: HttpRequest, public_id: str) -> HttpResponse:
    """Name a domain; it lets nobody in before ops have verified it."""
    organization = managed_organization(request, public_id)
    form = DomainForm(posted(request))
    if request.method == "POST" and tried(
        form,
        lambda: actions.add_domain(
            organization=organization, by=person_of(request), **form.cleaned_data
        ),
    ):
        messages.success(request, _("Noted. The domain counts once we have verified it."))
        return redirect(page_of(organization))
    context = {"organization": organization, "form": form, "back": page_of(organization)}
    status = NOT_VALID if form.is_bound else 200
    return render(request, "people/domain.html", context, status=status)


@access("customer")
@require_http_methods(FORM_METHODS)
def remove(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Forget a domain, after asking."""
    organization = managed_organization(request, public_id)
    domain = get_object_or_404(organization.domains, pk=pk)
    if request.method == "POST":
        actions.remove_domain(domain=domain, by=person_of(request))
        messages.success(request, _("%(domain)s was removed.") % {"domain": domain})
        return redirect(page_of(organization))
    return ask_first(
        request,
        title=_("Remove %(domain)s?") % {"domain": domain},
        text=_("Nobody joins by it any more. People who did stay."),
        button=_("Remove %(domain)s") % {"domain": domain},
        back=page_of(organization),
        is_dangerous=True,
    )


@access("ops")
@require_http_methods(FORM_METHODS)
def verify(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Confirm that a domain belongs to the organization."""
    organization = managed_organization(request, public_id)
    domain = get_object_or_404(organization.domains.select_related("organization"), pk=pk)
    if request.method == "POST":
        actions.verify_domain(domain=domain, by=person_of(request), now=clock.now())
        messages.success(request, _("%(domain)s is verified.") % {"domain": domain})
        return redirect(page_of(organization))
    words = {"domain": domain, "organization": organization}
    return ask_first(
        request,
        title=_("Verify %(domain)s for %(organization)s?") % words,
        text=_(
            "Do this once you know that the domain is theirs. Everybody with a proved"
            " address at %(domain)s, now and later, comes to %(organization)s."
        )
        % words,
        button=_("Verify"),
        back=page_of(organization),
    )
