"""Find a ticket at the desk: by reference, organization, address or words of the subject."""

import re

from django.db import connection
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from people.models import Organization, User
from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from portal.kit.viewer import Viewer
from tickets.models import Ticket
from tickets.queue_page import Row, as_rows, desk_scope
from tickets.views.desk.at_the_desk import asked_view, ticket_address, views_context
from tickets.views.desk.listed import listed

MOST_FOUND = 50
MOST_NAMED = 10
SHORTEST = 2
# Read one by one before the index is asked; and how many the index may name.
LATEST, MOST_NAMED_BY_INDEX = 5_000, 20_000
MATCHES = "to_tsvector('simple', subject) @@ to_tsquery('simple', %s)"
AMONG_THE_LATEST = (
    f"SELECT id FROM tickets_ticket WHERE {MATCHES} "  # noqa: S608  (constants)
    f"AND id > (SELECT max(id) FROM tickets_ticket) - {LATEST}"
)
# Materialised, or the limit outside would tempt the planner away from the index.
BY_INDEX = (
    "WITH named AS MATERIALIZED "  # noqa: S608  (constants)
    f"(SELECT id FROM tickets_ticket WHERE {MATCHES} LIMIT {MOST_NAMED_BY_INDEX}) "
    "SELECT id FROM named"
)
_number = re.compile(r"(?:T-)?(\d{1,12})", re.IGNORECASE)
_word = re.compile(r"\w+")


@access("desk")
@require_safe
def desk_search(request: HttpRequest) -> HttpResponse:
    """Show what is found; an exact reference leads straight to the ticket."""
    viewer, now = viewer_of_request(request), clock.now()
    scope = desk_scope(viewer)
    view = asked_view(request, scope)
    text = " ".join(request.GET.get("q", "").split())[:200]
    exact = Ticket.objects.visible_to(viewer).by_reference(text).first()
    if exact is not None:
        return redirect(ticket_address(exact.reference, view))
    found = find(viewer, text)
    context = views_context(request, scope, now) | {
        "query": text,
        "is_too_short": 0 < len(text) < SHORTEST,
        "is_cut_off": len(found) > MOST_FOUND,
        "rows": listed(found[:MOST_FOUND], ticket_address("T-0", view), now),
        "view": view,
    }
    return render(request, "desk/search.html", context)


def find(viewer: Viewer, text: str) -> list[Row]:
    """Return what is found: by number, organization, address, then words of the subject."""
    if len(text) < SHORTEST:
        return []
    tickets = Ticket.objects.visible_to(viewer).order_by("-pk")
    number = _number.fullmatch(text)
    tries = [
        tickets.filter(pk=int(number.group(1))) if number else tickets.none(),
        tickets.filter(organization_id__in=_organizations(text)),
        tickets.filter(requester_id__in=_people(text)),
        *(tickets.filter(condition) for condition in subject_conditions(text)),
    ]
    found: dict[int, Row] = {}
    for rows in tries:
        if len(found) <= MOST_FOUND:
            for values in as_rows(rows)[: MOST_FOUND + 1]:
                found.setdefault(values[0], Row(*values))
    return list(found.values())[: MOST_FOUND + 1]


def _organizations(text: str) -> list[int]:
    """Return the organizations whose name begins like this; the index on the name answers."""
    named = Organization.objects.annotate(lowered=Lower("name")).filter(
        lowered__startswith=text.lower()
    )
    return list(named.order_by("lowered").values_list("pk", flat=True)[:MOST_NAMED])


def _people(text: str) -> list[int]:
    """Return the people whose e-mail address begins like this, by the index on addresses."""
    if " " in text:
        return []
    people = User.objects.annotate(lowered=Lower("email")).filter(lowered__startswith=text.lower())
    return list(people.order_by("lowered").values_list("pk", flat=True)[:MOST_NAMED])


def subject_conditions(text: str) -> list["Q | RawSQL"]:
    """Return what to ask of the subject, one question after the other until enough is found.

    Every word of the text begins a word of the subject. The one place of the
    desk where the databases differ: SQLite looks for the words anywhere.
    PostgreSQL first reads the latest tickets one by one, where a common word is
    soon found fifty times; then it asks its full text index (migration 0004)
    for a rare one. One question for both would leave it to a planner who cannot
    know how rare a word is: measured at a million tickets, seconds.
    """
    words = _word.findall(text.lower())
    if not words:
        return []
    if connection.vendor == "postgresql":
        asked = " & ".join(f"{word}:*" for word in words)
        return [_matches(sql, asked) for sql in (AMONG_THE_LATEST, BY_INDEX)]
    condition = Q()
    for word in words:
        condition &= Q(subject__icontains=word)
    return [condition]


def _matches(sql: str, asked: str) -> RawSQL:
    sql = f"tickets_ticket.id IN ({sql})"
    return RawSQL(sql, [asked], output_field=BooleanField())  # noqa: S611  (constants)
