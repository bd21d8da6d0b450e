"""Warnings and breaches at the desk: what nobody has acknowledged, and acknowledging it."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from tickets.actions import acknowledge
from tickets.models import ClockAlert, ClockEvent, Ticket
from tickets.queue_page import Row, as_rows, desk_scope
from tickets.views.desk.at_the_desk import (
    asked_view,
    back_to_ticket,
    person_at_desk,
    ticket_address,
    views_context,
    visible_ticket,
)
from tickets.views.desk.listed import listed

MOST_LISTED = 50
# What came up longer ago is no warning any more; the queues have it.
REMEMBERED = timedelta(days=30)


@access("desk")
@require_safe
def desk_warnings(request: HttpRequest) -> HttpResponse:
    """List the tickets whose warnings reached this person and nobody has acknowledged."""
    viewer, now = viewer_of_request(request), clock.now()
    scope = desk_scope(viewer)
    view = asked_view(request, scope)
    told = ClockAlert.objects.filter(
        recipient=person_at_desk(request), settled_at__gt=now - REMEMBERED
    )
    pressing = ClockEvent.objects.pressing().filter(alerts__in=told)
    tickets = Ticket.objects.visible_to(viewer).filter(pk__in=pressing.values("ticket_id"))
    found = [Row(*values) for values in as_rows(tickets.next_due_first())[: MOST_LISTED + 1]]
    context = views_context(request, scope, now) | {
        "rows": listed(found[:MOST_LISTED], ticket_address("T-0", view), now),
        "is_cut_off": len(found) > MOST_LISTED,
        "view": view,
        "is_warnings": True,
    }
    return render(request, "desk/warnings.html", context)


@access("desk")
@require_POST
def desk_acknowledge(request: HttpRequest, reference: str) -> HttpResponse:
    """Say that one takes care of a warning; nobody else is bothered with it any more."""
    ticket, person = visible_ticket(request, reference), person_at_desk(request)
    key = request.POST.get("warning", "")
    # Ten digits hold every key there is, and none that a database refuses.
    event = (
        ticket.clock_events.filter(pk=key).first() if key.isdecimal() and len(key) < 16 else None
    )
    if event is None:
        raise Http404
    seen = acknowledge(ticket=ticket, event=event, by=person, now=clock.now())
    if seen.acknowledged_by_id == person.pk:
        messages.success(request, _("Noted: you take care of it."))
    else:
        words = {"name": seen.acknowledged_by or _("Somebody")}
        messages.info(request, _("%(name)s takes care of it already.") % words)
    return back_to_ticket(request, ticket)
