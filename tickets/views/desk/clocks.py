"""“Why this time?” at the desk: every clock of a ticket with its ledger, ladder and terms."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from tickets.explaining import explain
from tickets.explaining.cause_words import DESK
from tickets.queue_page import desk_scope
from tickets.views.clock_cards import cards_of, ledger_file, page_number
from tickets.views.desk.at_the_desk import asked_view, views_context, visible_ticket


@access("desk")
@require_safe
def desk_clocks(request: HttpRequest, reference: str) -> HttpResponse:
    """Show every clock, the most urgent first."""
    ticket, now = visible_ticket(request, reference), clock.now()
    scope = desk_scope(viewer_of_request(request))
    context = views_context(request, scope, now) | {
        "ticket": ticket,
        "view": asked_view(request, scope),
        "now": now,
        "shown": cards_of(explain(ticket, now), DESK, page_number(request)),
    }
    return render(request, "desk/clocks.html", context)


@access("desk")
@require_safe
def desk_clocks_csv(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer the whole ledger as CSV."""
    ticket = visible_ticket(request, reference)
    return ledger_file(explain(ticket, clock.now()), DESK)
