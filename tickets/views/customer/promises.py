"""What we promised on a ticket and how it was counted, for the customer to check."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from people.viewers import person_of
from portal.kit import clock
from portal.kit.access import access
from tickets.explaining import explain
from tickets.explaining.cause_words import Audience
from tickets.views.clock_cards import cards_of, ledger_file, page_number
from tickets.views.customer.visitor import visible_ticket


@access("customer")
@require_safe
def ticket_promises(request: HttpRequest, reference: str) -> HttpResponse:
    """Show every promise of the ticket in plain words, with what was counted."""
    ticket, now = visible_ticket(request, reference), clock.now()
    person = person_of(request)
    context = {
        "ticket": ticket,
        "now": now,
        "is_preview": person.works_here,
        "shown": cards_of(explain(ticket, now), reader(request), page_number(request)),
    }
    return render(request, "tickets/promises.html", context)


@access("customer")
@require_safe
def ticket_promises_csv(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer the whole ledger as CSV."""
    ticket = visible_ticket(request, reference)
    return ledger_file(explain(ticket, clock.now()), reader(request))


def reader(request: HttpRequest) -> Audience:
    """Return the customer who reads; staff who look on read the customers' words."""
    return Audience(is_staff=False, user_id=person_of(request).pk)
