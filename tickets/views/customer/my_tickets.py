"""The list of one's own tickets, or for managers the organization's."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Prefetch, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.kit.access import access, viewer_of_request
from portal.kit.viewer import Viewer
from portal.kit.words import Words
from tickets.models import Clock, Message, Ticket, TicketQuerySet
from tickets.models.ticket import ACTIVE_STATUSES
from tickets.views.customer.fragments import render_part
from tickets.views.customer.keyset import page_of

PAGE_SIZE = 25
STATES: dict[str, tuple[str, ...]] = {
    "open": ACTIVE_STATUSES,
    "waiting": (Ticket.Status.PENDING,),
    "solved": (Ticket.Status.SOLVED, Ticket.Status.CLOSED),
    "all": tuple(Ticket.Status.values),
}
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to look at the list, with how many tickets it would show."""

    slug: str
    label: Words
    count: int
    address: str


@access("customer")
@require_safe
def ticket_list(request: HttpRequest) -> HttpResponse:
    """Show the viewer's tickets by state and, for managers, everybody's."""
    viewer = viewer_of_request(request)
    if viewer.is_staff:
        return redirect("home")
    # Members have no choice: they see what they asked and what they follow.
    scope = "mine" if request.GET.get("whose") == "mine" and _has_others(viewer) else "all"
    state = request.GET.get("show", "open")
    state = state if state in STATES else "open"
    words = request.GET.get("q", "").strip().replace("\x00", "")[:LONGEST_SEARCH]
    tickets = found_by(in_scope(viewer, scope), words)
    page = page_of(with_row(tickets.filter(status__in=STATES[state])), request, PAGE_SIZE)
    context: dict[str, Any] = {
        "page": page,
        "tabs": _tabs(request, tickets),
        "scope": scope,
        "state": state,
        "words": words,
        "sees_others": _has_others(viewer),
        "names_organization": len(viewer.organization_ids) > 1,
    }
    return render_part(request, "tickets/my_tickets.html", context, "list")


def _has_others(viewer: Viewer) -> bool:
    """Whether this person sees the tickets of a whole organization."""
    return bool(viewer.managed_organization_ids)


def in_scope(viewer: Viewer, scope: str) -> TicketQuerySet:
    """Return what the viewer asked, or everything the viewer may see."""
    tickets = Ticket.objects.visible_to(viewer)
    return tickets.filter(requester_id=viewer.user_id) if scope == "mine" else tickets


def found_by(tickets: TicketQuerySet, words: str) -> TicketQuerySet:
    """Narrow to a reference, or to subjects that contain the words."""
    if not words:
        return tickets
    by_reference = Ticket.objects.by_reference(words).values("pk")
    return tickets.filter(Q(subject__icontains=words) | Q(pk__in=by_reference))


def with_row(tickets: TicketQuerySet) -> TicketQuerySet:
    """Fetch what a row shows: two queries for any number of rows.

    The last public message, not the last change: customers are not told when
    staff do something among themselves.
    """
    said = Message.objects.filter(ticket=OuterRef("pk"), is_public=True)
    return (
        tickets.select_related("organization", "requester")
        .annotate(last_said_at=Subquery(said.order_by("-created_at").values("created_at")[:1]))
        .prefetch_related(Prefetch("clocks", Clock.objects.shown(), to_attr="shown_clocks"))
    )


def _tabs(request: HttpRequest, tickets: TicketQuerySet) -> list[Tab]:
    counts = tickets.aggregate(
        **{slug: Count("pk", filter=Q(status__in=statuses)) for slug, statuses in STATES.items()}
    )
    labels = {
        "open": _("Open"),
        "waiting": _("Waiting for you"),
        "solved": _("Solved"),
        "all": _("All"),
    }
    return [
        Tab(slug, label, counts[slug], _address(request, slug)) for slug, label in labels.items()
    ]


def _address(request: HttpRequest, state: str) -> str:
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    query["show"] = state
    return f"?{query.urlencode()}"
