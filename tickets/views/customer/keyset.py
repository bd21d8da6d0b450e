"""Pages of a list by the id where they begin: page 400 costs what page 1 costs."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from tickets.models import Ticket, TicketQuerySet

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page:
    """One page, newest first, with the query strings of its neighbours ("" where none is)."""

    rows: Sequence[Ticket]
    newer: str
    older: str


def page_of(tickets: TicketQuerySet, request: HttpRequest, size: int) -> Page:
    """Return the page that ``before`` or ``after`` in the address asks for."""
    before, after = _id(request, "before"), _id(request, "after")
    if after is not None:
        rows = list(reversed(tickets.filter(pk__gt=after).order_by("pk")[: size + 1]))
        more_newer, rows = len(rows) > size, rows[-size:]
        more_older = True
    else:
        if before is not None:
            tickets = tickets.filter(pk__lt=before)
        rows = list(tickets.order_by("-pk")[: size + 1])
        more_older, rows = len(rows) > size, rows[:size]
        more_newer = before is not None
    return Page(
        rows=rows,
        newer=_address(request, after=rows[0].pk) if rows and more_newer else "",
        older=_address(request, before=rows[-1].pk) if rows and more_older else "",
    )


def _id(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    if not (text.isascii() and text.isdigit()):
        return None
    return min(int(text[:20]), LARGEST_ID)


def _address(request: HttpRequest, **place: int) -> str:
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    for name, pk in place.items():
        query[name] = str(pk)
    return f"?{query.urlencode()}"
