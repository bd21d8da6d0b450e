"""Send an answer from the desk: once, and never past news that the agent has not seen."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from people.actions import answer_once
from people.models import User
from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, Unprocessable
from tickets.actions import reply_as_agent
from tickets.forms.desk import AnswerForm
from tickets.models import Ticket
from tickets.queue_page import desk_scope
from tickets.views.desk.at_the_desk import back_to_ticket, person_at_desk, visible_ticket
from tickets.views.desk.news import has_news
from tickets.views.desk.opened import find_ticket
from tickets.views.desk.ticket import ticket_context, ticket_page


class MeanwhileError(Exception):
    """Somebody else did something to the ticket that the agent has not seen."""


@access("desk")
@require_POST
def desk_reply(request: HttpRequest, reference: str) -> HttpResponse:
    """Add a public reply or an internal note, and maybe set the status with it."""
    ticket, agent = visible_ticket(request, reference), person_at_desk(request)
    form, now = AnswerForm(request.POST, request.FILES), clock.now()
    if form.is_valid() and sent(form, ticket, agent, now):
        done = _("Your reply is sent.") if form.is_public else _("Your note is added.")
        messages.success(request, done)
        return back_to_ticket(request, ticket)
    return _not_sent(request, reference, form, now)


def sent(form: AnswerForm, ticket: Ticket, agent: User, now: datetime) -> bool:
    """Send a valid form, once however often it comes; False leaves the reason on the form."""
    asked = form.cleaned_data

    def work() -> tuple[int, dict[str, Any]]:
        # Locked before looking, so that nobody's answer can slip in between.
        lock(Ticket.objects.filter(pk=ticket.pk)).get()
        mine = Ticket.objects.filter(pk=ticket.pk)
        if form.is_public and has_news(mine, asked["seen_seq"], agent.pk):
            raise MeanwhileError
        message = reply_as_agent(
            ticket=ticket, author=agent, body=asked["body"], is_public=form.is_public,
            status=asked["status"], files=asked["attachments"],
            handle_seconds=form.handle_seconds(ticket, agent, now), now=now,
        )  # fmt: skip
        return 201, {"message": message.pk}

    try:
        answer_once(user=agent, key=form.key, request_digest=form.digest, now=now, work=work)
    except MeanwhileError:
        form.has_news = True
        form.add_error(None, _("Something new came in while you were writing. Read it first."))
    except InvalidInput as refusal:
        form.take_refusal(refusal)
    except Unprocessable:
        form.renew_key()
        form.add_error(None, _("You sent this before, with other words. Send again to add these."))
    return not form.errors


def _not_sent(
    request: HttpRequest, reference: str, form: AnswerForm, now: datetime
) -> HttpResponse:
    """Show why, with everything typed still there; with htmx the composer is not touched."""
    viewer = viewer_of_request(request)
    ticket, scope = find_ticket(viewer, reference), desk_scope(viewer)
    if not getattr(request, "htmx", False):
        return ticket_page(request, ticket, scope, now, form=form, status=422)
    context = ticket_context(request, ticket, scope, now, form)
    response = render(request, "desk/ticket.html#not_sent", context, status=422)
    response["HX-Retarget"], response["HX-Reswap"] = "#composer-says", "innerHTML"
    return response
