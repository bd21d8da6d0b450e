"""Ask for another tier from beside a ticket: any agent may ask, somebody in ops decides."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from portal.kit.refused import Refused
from portal.kit.words import tier_label
from tickets.queue_page import desk_scope
from tickets.views.desk.at_the_desk import (
    asked_view,
    person_at_desk,
    ticket_address,
    views_context,
    visible_ticket,
)
from tiers.actions import request_override, withdraw_request
from tiers.forms import OverrideRequestForm
from tiers.models import OverrideRequest
from tiers.program import live_policy_at, program_of


@access("desk")
@require_http_methods(["GET", "HEAD", "POST"])
def desk_override(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what waits, or the form; ask for an override of the ticket's organization."""
    ticket, agent, now = visible_ticket(request, reference), person_at_desk(request), clock.now()
    scope = desk_scope(viewer_of_request(request))
    view, program = asked_view(request, scope), program_of(live_policy_at(now))
    data = request.POST if request.method == "POST" else None
    form = OverrideRequestForm(data, program=program, today=now.date())
    if form.is_bound and form.is_valid():
        try:
            asked = request_override(
                organization=ticket.organization, by=agent, now=now, **form.cleaned_data
            )
        except Refused as refusal:
            for name, said in refusal.fields.items():
                form.add_error(name, said)
            if not refusal.fields:
                messages.error(request, refusal.message)
                return redirect("desk_override", ticket.reference)
        else:
            _tell(request, asked)
            return redirect(ticket_address(ticket.reference, view))
    waiting = OverrideRequest.objects.pending().filter(organization=ticket.organization)
    context = {
        **views_context(request, scope, now),
        "view": view,
        "ticket": ticket,
        "form": form,
        "waiting": waiting.with_people().first(),
        "me": agent,
    }
    return render(request, "desk/override.html", context, status=422 if form.errors else 200)


def _tell(request: HttpRequest, asked: OverrideRequest) -> None:
    messages.success(
        request,
        _("%(tier)s was asked for. You are told when somebody in ops has decided.")
        % {"tier": tier_label(asked.tier)},
    )


@access("desk")
@require_POST
def desk_override_withdraw(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Take one's own request back."""
    ticket, agent = visible_ticket(request, reference), person_at_desk(request)
    asked = get_object_or_404(OverrideRequest, pk=pk, organization=ticket.organization)
    try:
        withdraw_request(request=asked, by=agent, now=clock.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Your request was taken back."))
    return redirect("desk_override", ticket.reference)
