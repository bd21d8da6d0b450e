"""The ticket page of the desk."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from portal.kit.words import SEVERITIES, tier_label
from tickets.forms.desk import AnswerForm, opened_token
from tickets.queue_page import DeskScope, desk_scope
from tickets.views.desk.at_the_desk import asked_view, list_context, person_at_desk
from tickets.views.desk.opened import find_ticket, opened
from tickets.views.desk.row_words import idle_words


@access("desk")
@require_safe
def desk_ticket(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a ticket beside its view; asked by htmx, the ticket alone."""
    viewer = viewer_of_request(request)
    ticket = find_ticket(viewer, reference)
    return ticket_page(request, ticket, desk_scope(viewer), clock.now())


def ticket_page(
    request: HttpRequest,
    ticket: Any,
    scope: DeskScope,
    now: datetime,
    *,
    form: AnswerForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the ticket, whole page or the part that htmx puts into the work column."""
    context = ticket_context(request, ticket, scope, now, form)
    if getattr(request, "htmx", False):
        part = "news" if "news" in request.GET else "work"
        return render(request, f"desk/ticket.html#{part}", context, status=status)
    context |= list_context(request, scope, context["view"], now, opened=ticket.pk)
    return render(request, "desk/ticket.html", context, status=status)


def ticket_context(
    request: HttpRequest, ticket: Any, scope: DeskScope, now: datetime, form: AnswerForm | None
) -> dict[str, Any]:
    """Return what the ticket's part of the page needs."""
    viewer = viewer_of_request(request)
    return {
        "opened": opened(ticket, viewer, now, whole="whole" in request.GET),
        "ticket": ticket,
        "view": asked_view(request, scope),
        "after": request.GET.get("after", ""),
        "ticket_tier": tier_label(ticket.tier),
        "idle_words": idle_words(ticket.status) if ticket.is_active else "",
        "severities": list(SEVERITIES),
        "queues": [
            queue
            for queue in scope.queues
            if queue.pk != ticket.queue_id and queue.archived_at is None
        ],
        "may_work": viewer.works_tickets,
        "form": form or AnswerForm(),
        "opened_token": opened_token(ticket, person_at_desk(request), now),
        "now": now,
    }
