"""The queue page: views, list, and the way to the next ticket."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from tickets.actions import take_next
from tickets.queue_page import desk_scope
from tickets.views.desk.at_the_desk import (
    asked_view,
    known_view,
    list_context,
    person_at_desk,
    ticket_address,
)
from tickets.views.desk.news import news_address


@access("desk")
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Go to the first view of whoever comes."""
    first = desk_scope(viewer_of_request(request)).views[0]
    return redirect("desk_view", first.key)


@access("desk")
@require_safe
def desk_view(request: HttpRequest, key: str) -> HttpResponse:
    """Show a view; asked by htmx, only its list and the counts."""
    scope = desk_scope(viewer_of_request(request))
    context = list_context(request, scope, known_view(scope, key), clock.now())
    if not getattr(request, "htmx", False):
        return render(request, "desk/queue.html", context)
    context["news_address"] = news_address(request, key)
    return render(request, "desk/queue.html#refreshed", context)


@access("desk")
@require_POST
def desk_take_next(request: HttpRequest) -> HttpResponse:
    """Take the unassigned ticket whose promise is due next, of the view's tier if it has one."""
    viewer = viewer_of_request(request)
    view = asked_view(request, desk_scope(viewer))
    ticket = take_next(
        agent=person_at_desk(request), viewer=viewer, tier=view.tier, now=clock.now()
    )
    if ticket is None:
        messages.info(request, _("Nothing waits for somebody to take it here. Well done."))
        return redirect("desk_view", view.key)
    messages.success(request, _("%(ticket)s is yours.") % {"ticket": ticket.reference})
    return redirect(ticket_address(ticket.reference, view))
