"""A customer's ticket: the conversation, what is promised, and what can be done."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from people.actions import answer_once
from people.models import Membership, User
from people.viewers import person_of
from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from portal.kit.refused import InvalidInput, NotPermitted, Unprocessable
from tickets.actions import follow, reply_as_customer, set_status, unfollow
from tickets.forms.customer import ReopenForm, ReplyForm, SentOnceForm
from tickets.models import Ticket
from tickets.views.customer.conversation import last_public_seq
from tickets.views.customer.ticket_context import live_parts, news_mark, whole_page
from tickets.views.customer.visitor import customer, visible_ticket


@access("customer")
@require_safe
def ticket_page(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the ticket; asked by htmx with ``since``, only what is new, or nothing (204)."""
    ticket = visible_ticket(request, reference)
    if getattr(request, "htmx", False) and "since" in request.GET:
        if request.GET["since"] == news_mark(ticket, last_public_seq(ticket)):
            return HttpResponse(status=204)
        context = live_parts(ticket, person_of(request), clock.now())
        context["has_moved"] = request.GET.get("status") != ticket.status
        return render(request, "tickets/ticket_live.html", context)
    return _page(request, ticket, clock.now())


@access("customer")
@require_POST
def ticket_reply(request: HttpRequest, reference: str) -> HttpResponse:
    """Add a message; on a closed ticket it opens a follow-up."""
    ticket, person = visible_ticket(request, reference), customer(request)
    form = ReplyForm(request.POST, request.FILES)
    now = clock.now()
    answer = _send(form, ticket, person, now) if form.is_valid() else None
    if answer is None:
        return _page(request, ticket, now, reply_form=form, status=422)
    if answer["reference"] == _goes_on_in(ticket):
        messages.success(request, _("Your message is in %(new)s.") % {"new": answer["reference"]})
    elif answer["reference"] != ticket.reference:
        messages.success(
            request,
            _("%(new)s is open. It goes on from %(old)s.")
            % {"new": answer["reference"], "old": ticket.reference},
        )
    return redirect(_place(answer))


@access("customer")
@require_POST
def ticket_solve(request: HttpRequest, reference: str) -> HttpResponse:
    """Say that the matter is settled."""
    ticket, person = visible_ticket(request, reference), customer(request)
    set_status(ticket=ticket, status=Ticket.Status.SOLVED, by=person, now=clock.now())
    messages.success(request, _("Good to hear. The ticket is solved."))
    return redirect("ticket", ticket.reference)


@access("customer")
@require_POST
def ticket_reopen(request: HttpRequest, reference: str) -> HttpResponse:
    """“Still a problem?”: open a solved ticket again, with or without a word about it."""
    ticket, person = visible_ticket(request, reference), customer(request)
    form = ReopenForm(request.POST)
    now = clock.now()
    if not form.is_valid():
        return _page(request, ticket, now, reopen_form=form, status=422)
    if form.cleaned_data["body"]:
        answer = _send(form, ticket, person, now)
        if answer is None:
            return _page(request, ticket, now, reopen_form=form, status=422)
        return redirect(_place(answer))
    set_status(ticket=ticket, status=Ticket.Status.OPEN, by=person, now=now)
    messages.success(request, _("The ticket is open again. We look into it."))
    return redirect("ticket", ticket.reference)


@access("customer")
@require_POST
def ticket_follow(request: HttpRequest, reference: str) -> HttpResponse:
    """Follow the ticket oneself, or bring in a colleague (``person``)."""
    ticket, by = visible_ticket(request, reference), customer(request)
    person = _colleague(request, ticket) or by
    if follow(ticket=ticket, user=person, by=by):
        messages.success(request, _follow_words(person, by))
    return redirect("ticket", ticket.reference)


@access("customer")
@require_POST
def ticket_unfollow(request: HttpRequest, reference: str) -> HttpResponse:
    """Stop following, or stop a colleague from it."""
    ticket, by = visible_ticket(request, reference), customer(request)
    unfollow(ticket=ticket, user=_colleague(request, ticket) or by, by=by)
    still = Ticket.objects.visible_to(viewer_of_request(request)).filter(pk=ticket.pk).exists()
    return redirect("ticket", ticket.reference) if still else redirect("ticket_list")


def _send(form: SentOnceForm, ticket: Ticket, person: User, now: datetime) -> dict[str, Any] | None:
    """Add the form's message once, however often it is sent; None when it was refused."""
    asked = form.cleaned_data

    def work() -> tuple[int, dict[str, Any]]:
        landed, message = reply_as_customer(
            ticket=ticket,
            author=person,
            body=asked["body"],
            files=asked.get("attachments", ()),
            marks_solved=asked.get("marks_solved", False),
            now=now,
        )
        return 201, {"reference": landed.reference, "message": message and message.pk}

    try:
        _status, answer, _replayed = answer_once(
            user=person, key=form.key, request_digest=form.digest, now=now, work=work
        )
    except InvalidInput as refusal:
        form.take_refusal(refusal)
        return None
    except Unprocessable:
        form.renew_key()
        form.add_error(
            None, _("You have sent this form before, with other words. Send it again to add these.")
        )
        return None
    return answer


def _goes_on_in(ticket: Ticket) -> str:
    return f"T-{ticket.merged_into_id}" if ticket.merged_into_id else ""


def _place(answer: dict[str, Any]) -> str:
    """Return the address of a message, or of the ticket that it opened."""
    page = reverse("ticket", args=[answer["reference"]])
    return f"{page}#message-{answer['message']}" if answer["message"] else page


def _colleague(request: HttpRequest, ticket: Ticket) -> User | None:
    """Return the person whom the form names, found among the organization's people alone."""
    asked = request.POST.get("person", "")
    if not asked:
        return None
    rows = Membership.objects.active().filter(organization_id=ticket.organization_id)
    row = rows.filter(user__email=asked.lower()).select_related("user").first()
    if row is None:
        raise NotPermitted(
            "not_a_colleague", _("Only people of the ticket's organization can follow it.")
        )
    return row.user


def _follow_words(person: User, by: User) -> str:
    if person.pk == by.pk:
        return _("You follow this ticket. We tell you what happens.")
    return _("%(name)s can now read this ticket and is told what happens.") % {"name": person}


def _page(
    request: HttpRequest, ticket: Ticket, now: datetime, *, status: int = 200, **forms: SentOnceForm
) -> HttpResponse:
    whole = "whole" in request.GET
    context = whole_page(ticket, person_of(request), viewer_of_request(request), now, whole=whole)
    return render(request, "tickets/ticket.html", context | forms, status=status)
