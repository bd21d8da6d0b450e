"""Split a customer's message off into a ticket of its own."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people.actions import answer_once
from people.models import User
from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from portal.kit.refused import InvalidInput, Refused
from tickets.actions import split_ticket
from tickets.forms.merging import SplitForm
from tickets.models import Message, Ticket
from tickets.queue_page import desk_scope
from tickets.views.desk.at_the_desk import (
    asked_view,
    person_at_desk,
    ticket_address,
    views_context,
    visible_ticket,
)


@access("desk")
@require_http_methods(["GET", "HEAD", "POST"])
def desk_split(request: HttpRequest, reference: str, message: int) -> HttpResponse:
    """Ask what the new ticket is called, and open it."""
    ticket, agent = visible_ticket(request, reference), person_at_desk(request)
    said = _said(ticket, message)
    form = SplitForm(request.POST or None, initial={"subject": ticket.subject})
    if request.method == "POST" and form.is_valid():
        new = _opened(form, said, agent, clock.now())
        if new:
            messages.success(request, _("%(new)s is open.") % {"new": new})
            view = asked_view(request, desk_scope(viewer_of_request(request)))
            return redirect(ticket_address(new, view))
    scope = desk_scope(viewer_of_request(request))
    context = {
        **views_context(request, scope, clock.now()),
        "view": asked_view(request, scope), "ticket": ticket, "said": said, "form": form,
    }  # fmt: skip
    return render(request, "desk/split.html", context, status=422 if form.errors else 200)


def _said(ticket: Ticket, pk: int) -> Message:
    """Return a customer's public message of this conversation; 404 for anything else."""
    messages_said = Message.objects.of_conversation(ticket).filter(is_public=True, by="customer")
    found = messages_said.select_related("author", "ticket").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _opened(form: SplitForm, said: Message, agent: User, now: datetime) -> str:
    """Split once, however often the form comes; return the new reference, or "" when refused."""
    asked = form.cleaned_data

    def work() -> tuple[int, dict[str, Any]]:
        ticket = split_ticket(
            message=said, subject=asked["subject"], by=agent, now=now,
            from_message=asked["counts_from"] == "message",
        )  # fmt: skip
        return 201, {"reference": ticket.reference}

    try:
        _status, answer, _replayed = answer_once(
            user=agent, key=form.key, request_digest=form.digest, now=now, work=work
        )
    except InvalidInput as refusal:
        form.take_refusal(refusal)
        return ""
    except Refused as refusal:
        form.renew_key()
        form.add_error(None, refusal.message)
        return ""
    return str(answer["reference"])
