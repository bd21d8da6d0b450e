"""What every page of the desk knows: who is there, their views, and the list beside a ticket."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import HttpResponseClientRedirect

from people.models import User
from portal.kit.access import viewer_of_request
from tickets.models import Ticket
from tickets.queue_page import (
    COUNT_CAP,
    PAGE_SIZE,
    Count,
    Cursor,
    DeskScope,
    Row,
    View,
    count_views,
    desk_scope,
    rows_of,
)
from tickets.views.desk.listed import listed


def person_at_desk(request: HttpRequest) -> User:
    """Return the member of staff who is logged in; the view's ``access`` made sure of one."""
    if not isinstance(request.user, User):
        raise TypeError("A page of the desk without a login: the view lacks its access.")
    return request.user


def asked_view(request: HttpRequest, scope: DeskScope) -> View:
    """Return the view that the address or the form names, or the first one."""
    key = request.POST.get("view") or request.GET.get("view", "")
    return scope.view(key) or scope.views[0]


def ticket_address(reference: str, view: View, after: str = "") -> str:
    """Return where a ticket opens beside the page of a view."""
    query = {"view": view.key} | ({"after": after} if after else {})
    return f"{reverse('desk_ticket', args=[reference])}?{urlencode(query)}"


def visible_ticket(request: HttpRequest, reference: str) -> Ticket:
    """Return the ticket if this viewer may know of it; 404 otherwise, missing or not."""
    tickets = Ticket.objects.visible_to(viewer_of_request(request)).by_reference(reference)
    return get_object_or_404(tickets.select_related("queue", "organization"))


def back_to_ticket(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """Return to the ticket, or to the view when the change has put it out of sight."""
    viewer = viewer_of_request(request)
    view = asked_view(request, desk_scope(viewer))
    if Ticket.objects.visible_to(viewer).filter(pk=ticket.pk).exists():
        return redirect(ticket_address(ticket.reference, view, request.POST.get("after", "")))
    page = reverse("desk_view", args=[view.key])
    # The view is a whole page; it must not be put where the ticket was.
    return HttpResponseClientRedirect(page) if _by_htmx(request) else redirect(page)


def _by_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def views_context(request: HttpRequest, scope: DeskScope, now: datetime) -> dict[str, Any]:
    """Return the views with their counts; one query."""
    counts = count_views(scope.views, scope, now)
    return {
        "counts": counts,
        "tier_views": [(view, counts[view.key]) for view in scope.views if view.tier],
        "work_views": [(view, counts[view.key]) for view in scope.views if not view.tier],
        "may_work": viewer_of_request(request).works_tickets,
    }


def list_context(
    request: HttpRequest,
    scope: DeskScope,
    view: View,
    now: datetime,
    *,
    opened: int | None = None,
) -> dict[str, Any]:
    """Return the views with their counts and one page of one of them; two queries."""
    views = views_context(request, scope, now)
    after = Cursor.read(request.GET.get("after", ""))
    after_text = after.text if after else ""
    found = rows_of(view, scope, after=after)
    rows, has_next = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    return {
        **views,
        "view": view,
        "count_words": count_words(views["counts"][view.key]),
        "rows": listed(rows, ticket_address("T-0", view, after_text), now, opened=opened),
        "list_address": _page_address(view, after_text),
        "first_address": _page_address(view) if after else "",
        "next_address": _page_address(view, _cursor(rows[-1], view).text) if has_next else "",
    }


def _page_address(view: View, after: str = "") -> str:
    page = reverse("desk_view", args=[view.key])
    return f"{page}?{urlencode({'after': after})}" if after else page


def _cursor(row: Row, view: View) -> Cursor:
    at = getattr(row, view.rank)
    return Cursor(at, row.pk)


def count_words(count: Count) -> str:
    """Return how many tickets a view holds, as a sentence."""
    if count.total > COUNT_CAP:
        return _("More than %(count)s tickets") % {"count": COUNT_CAP}
    words = ngettext("%(count)s ticket", "%(count)s tickets", count.total)
    return words % {"count": count.total}


def known_view(scope: DeskScope, key: str) -> View:
    """Return the view of a key; 404 when this person has no such view."""
    view = scope.view(key)
    if view is None:
        raise Http404
    return view
