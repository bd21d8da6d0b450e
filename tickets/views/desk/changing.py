"""Change a ticket from the desk: assignee, status, severity, queue."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.kit import clock
from portal.kit.access import access
from portal.kit.words import severity_label, status_label
from tickets.actions import assign, change_queue, mark_no_reply_needed, set_severity, set_status
from tickets.forms.desk import (
    AssignForm,
    NoReplyNeededForm,
    QueueForm,
    SeverityForm,
    StatusForm,
    asked_of,
)
from tickets.views.desk.at_the_desk import back_to_ticket, person_at_desk, visible_ticket


@access("desk")
@require_POST
def desk_assign(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the ticket to somebody who serves its queue, or to nobody."""
    ticket, person = visible_ticket(request, reference), person_at_desk(request)
    agent = asked_of(AssignForm(request.POST))["agent"]
    assign(ticket=ticket, agent=agent, by=person, now=clock.now())
    if agent is None:
        messages.success(request, _("%(ticket)s is nobody's now.") % {"ticket": reference})
    elif agent.pk == person.pk:
        messages.success(request, _("%(ticket)s is yours.") % {"ticket": reference})
    else:
        messages.success(request, _("Assigned to %(name)s.") % {"name": agent})
    return back_to_ticket(request, ticket)


@access("desk")
@require_POST
def desk_status(request: HttpRequest, reference: str) -> HttpResponse:
    """Move the ticket, as far as the table of moves allows."""
    ticket, person = visible_ticket(request, reference), person_at_desk(request)
    status = asked_of(StatusForm(request.POST))["status"]
    set_status(ticket=ticket, status=status, by=person, now=clock.now())
    messages.success(request, _("Status: %(status)s.") % {"status": status_label(status)})
    return back_to_ticket(request, ticket)


@access("desk")
@require_POST
def desk_severity(request: HttpRequest, reference: str) -> HttpResponse:
    """Correct how bad it is, with a reason; the clocks follow."""
    ticket, person = visible_ticket(request, reference), person_at_desk(request)
    asked = asked_of(SeverityForm(request.POST))
    set_severity(ticket=ticket, by=person, now=clock.now(), **asked)
    words = {"severity": severity_label(asked["severity"])}
    messages.success(request, _("Severity: %(severity)s. The promises follow it.") % words)
    return back_to_ticket(request, ticket)


@access("desk")
@require_POST
def desk_queue(request: HttpRequest, reference: str) -> HttpResponse:
    """Let the ticket wait somewhere else, with a reason."""
    ticket, person = visible_ticket(request, reference), person_at_desk(request)
    asked = asked_of(QueueForm(request.POST))
    change_queue(ticket=ticket, by=person, now=clock.now(), **asked)
    messages.success(request, _("Moved to %(queue)s.") % {"queue": asked["queue"]})
    return back_to_ticket(request, ticket)


@access("desk")
@require_POST
def desk_no_reply_needed(request: HttpRequest, reference: str) -> HttpResponse:
    """Say that the customer's last message needs no answer."""
    ticket, person = visible_ticket(request, reference), person_at_desk(request)
    asked = asked_of(NoReplyNeededForm(request.POST))
    mark_no_reply_needed(ticket=ticket, by=person, now=clock.now(), **asked)
    messages.success(request, _("No reply is owed any more."))
    return back_to_ticket(request, ticket)
