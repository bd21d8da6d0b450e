"""Ask for help: one form that says what will happen by when before it is sent."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people.actions import answer_once
from people.models import Organization, User
from people.viewers import person_of
from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from portal.kit.refused import InvalidInput, Unprocessable
from portal.kit.time_words import promised_words
from tickets.actions import open_ticket
from tickets.forms.customer import NewTicketForm
from tickets.models import Clock, Ticket
from tickets.views.customer.fragments import render_part
from tickets.views.customer.plan import plan_of

PREFILLED = ("organization", "subject", "severity", "category")


@access("customer")
@require_http_methods(["GET", "HEAD", "POST"])
def ticket_new(request: HttpRequest) -> HttpResponse:
    """Show the form, its promise for another choice (htmx), or open the ticket."""
    viewer = viewer_of_request(request)
    organizations = list(Organization.objects.visible_to(viewer).order_by("name", "pk"))
    if viewer.is_staff or not organizations:
        return redirect("home")
    now = clock.now()
    if request.method != "POST":
        chosen = {name: request.GET[name] for name in PREFILLED if name in request.GET}
        form = NewTicketForm(initial=chosen, organizations=organizations)
        return _page(request, form, now)
    form = NewTicketForm(request.POST, request.FILES, organizations=organizations)
    reference = _open(form, person_of(request), now) if form.is_valid() else ""
    if not reference:
        return _page(request, form, now, status=422)
    messages.success(request, _opened_words(reference, now))
    return redirect("ticket", reference)


def _open(form: NewTicketForm, user: User, now: datetime) -> str:
    """Open the ticket once, however often the form is sent; return its reference or ""."""
    asked = form.cleaned_data

    def work() -> tuple[int, dict[str, Any]]:
        ticket = open_ticket(
            organization=asked.get("organization") or form.organizations[0],
            requester=user,
            subject=asked["subject"],
            body=asked["body"],
            severity=asked["severity"],
            category=asked["category"],
            files=asked["attachments"],
            now=now,
        )
        return 201, {"reference": ticket.reference}

    try:
        _status, answer, _replayed = answer_once(
            user=user, key=form.key, request_digest=form.digest, now=now, work=work
        )
    except InvalidInput as refusal:
        form.take_refusal(refusal)
    except Unprocessable:
        form.renew_key()
        form.add_error(
            None,
            _(
                "You have sent this form before, with other words; that ticket is in your list. "
                "If this is a second matter, send it again."
            ),
        )
    else:
        return str(answer["reference"])
    return ""


def _opened_words(reference: str, now: datetime) -> str:
    """Say what happens now, from the ticket's own clock."""
    opened = Ticket.objects.by_reference(reference)
    first = Clock.objects.filter(ticket__in=opened, metric="first_reply").first()
    if first is None or first.due_at is None:
        return _("%(reference)s is open.") % {"reference": reference}
    return _("%(reference)s is open. We answer by %(moment)s.") % {
        "reference": reference,
        "moment": promised_words(first.due_at, now),
    }


def _page(
    request: HttpRequest, form: NewTicketForm, now: datetime, *, status: int = 200
) -> HttpResponse:
    plan = plan_of(form.chosen_organization(), now)
    context = {
        "form": form,
        "plan": plan,
        "severity": form.chosen_severity(),
        "chosen": plan.of(form.chosen_severity()),
        "most_files": settings.ATTACHMENT_MAX_COUNT,
        "most_megabytes": settings.ATTACHMENT_MAX_BYTES // 2**20,
    }
    parts = ("what-happens", "severities")
    return render_part(request, "tickets/new.html", context, *parts, status=status)
