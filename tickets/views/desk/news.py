"""What came in on a ticket that somebody has open: told to them, never slipped past them."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from portal.kit.access import viewer_of_request
from tickets.models import Ticket, TicketEvent, TicketQuerySet

NEWS_KINDS = (TicketEvent.Kind.MESSAGE, TicketEvent.Kind.STATUS)
LARGEST_SEQ = 2**31 - 1


def has_news(tickets: TicketQuerySet, seen_seq: int, reader_pk: int | None) -> bool:
    """Whether somebody else wrote or moved one of the tickets after this event; one query."""
    later = TicketEvent.objects.filter(ticket__in=tickets, seq__gt=seen_seq, kind__in=NEWS_KINDS)
    return later.exclude(by=TicketEvent.By.SYSTEM).exclude(actor_id=reader_pk).exists()


def news_address(request: HttpRequest, view_key: str) -> str:
    """Return where the unseen of the open ticket is; empty when there is nothing.

    The refresh of the list names the ticket beside it and how far it was read.
    """
    reference, seen = request.GET.get("open", ""), request.GET.get("seen_seq", "")
    if not (reference and seen.isascii() and seen.isdigit()):
        return ""
    viewer = viewer_of_request(request)
    tickets = Ticket.objects.visible_to(viewer).by_reference(reference)
    if not has_news(tickets, min(int(seen[:12]), LARGEST_SEQ), viewer.user_id):
        return ""
    page = reverse("desk_ticket", args=[reference])
    return f"{page}?{urlencode({'view': view_key, 'news': ''})}"
