"""Rate an answer: on the ticket's page, or by the link of a mail without logging in.

Opening the link changes nothing: mail scanners open every link of a mail. A star
in the mail opens the page with that star chosen, and sending the page stores it.
"""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from people.models import User
from portal.kit import clock
from portal.kit.access import access
from tickets.actions import rate, read_rating_token
from tickets.forms.customer import RatingForm
from tickets.models import SatisfactionRating, Ticket
from tickets.rules.satisfaction import CHANGE_WITHIN_DAYS
from tickets.views.customer.ticket_context import may_rate
from tickets.views.customer.visitor import customer, visible_ticket


@access("customer")
@require_POST
def ticket_rate(request: HttpRequest, reference: str) -> HttpResponse:
    """Store a rating from the ticket's page."""
    ticket, person = visible_ticket(request, reference), customer(request)
    form = RatingForm(request.POST)
    if form.is_valid():
        rate(ticket=ticket, by=person, now=clock.now(), **form.cleaned_data)
        messages.success(request, _("Thank you. Your rating is stored."))
    else:
        messages.error(request, _("Choose one to five stars."))
    return redirect("ticket", ticket.reference)


@access("public")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rate_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show the stars to whoever has the link; store what is sent."""
    found = read_rating_token(token)
    if found is None:
        return render(request, "tickets/rate_over.html", {"why": "invalid"}, status=404)
    (ticket, person), now = found, clock.now()
    rating = SatisfactionRating.objects.filter(ticket=ticket).first()
    if not may_rate(ticket, rating, now):
        why = "final" if rating and rating.rated_at else "over"
        return render(request, "tickets/rate_over.html", {"why": why, "ticket": ticket}, status=410)
    form = RatingForm(request.POST if request.method == "POST" else None, initial=_chosen(request))
    if request.method == "POST" and form.is_valid():
        _store(ticket, person, rating, form.cleaned_data, now)
        return redirect("rate_by_link", token)
    context = {
        "ticket": ticket,
        "rating": rating,
        "form": form,
        "score": _shown_score(form, rating),
        "days_to_change": CHANGE_WITHIN_DAYS,
    }
    return render(request, "tickets/rate.html", context, status=422 if form.is_bound else 200)


def _chosen(request: HttpRequest) -> dict[str, Any]:
    score = request.GET.get("score", "")
    return {"score": score} if score in {"1", "2", "3", "4", "5"} else {}


def _shown_score(form: RatingForm, rating: SatisfactionRating | None) -> str:
    """Return the star to have chosen: what was pressed in the mail, else what was given."""
    pressed = str(form["score"].value() or "")
    return pressed or str((rating and rating.score) or "")


def _store(
    ticket: Ticket,
    person: User,
    rating: SatisfactionRating | None,
    asked: dict[str, Any],
    now: datetime,
) -> None:
    """Store what was sent; the page does not show an earlier comment, so it keeps one."""
    comment = asked["comment"] or (rating.comment if rating else "")
    rate(ticket=ticket, by=person, score=asked["score"], comment=comment, now=now)
