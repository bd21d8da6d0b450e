"""Who is at the door of a customer page, and which ticket they mean."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from people.models import User
from people.viewers import person_of
from portal.kit.access import viewer_of_request
from portal.kit.refused import NotPermitted
from tickets.models import Ticket


def customer(request: HttpRequest) -> User:
    """Return the customer who acts; staff answer at the desk, where it counts as ours."""
    person = person_of(request)
    if person.works_here:
        raise NotPermitted(
            "use_the_desk", _("Staff act on tickets at the desk, not on the customer's page.")
        )
    return person


def visible_ticket(request: HttpRequest, reference: str) -> Ticket:
    """Return the ticket if this viewer may know of it; 404 otherwise, missing or not."""
    tickets = Ticket.objects.visible_to(viewer_of_request(request)).by_reference(reference)
    return get_object_or_404(
        tickets.select_related(
            "organization", "requester", "assignee", "follow_up_of", "merged_into"
        )
    )
