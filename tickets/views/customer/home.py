"""The start page: a greeting, what is open, what is promised, who is there."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from people.models import AccountTeamMember, Organization
from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from portal.kit.viewer import Viewer
from tickets.models import Ticket
from tickets.views.customer.my_tickets import with_row
from tickets.views.customer.plan import Plan, plan_of
from tiers.customer_standing import customer_standing

# Enough to see what is going on; the list has the rest.
TICKETS_SHOWN = 6
DUTIES_IN_ORDER = [duty.value for duty in AccountTeamMember.Duty]


@access("customer")
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Greet the visitor with what counts for them; staff find their own doors here."""
    viewer = viewer_of_request(request)
    now = clock.now()
    if viewer.is_staff:
        return render(request, "tickets/home_staff.html", {"greeting": greeting(now)})
    organizations = list(Organization.objects.visible_to(viewer).order_by("name", "pk"))
    if not organizations:
        return redirect("people:no_organization")
    asked = request.GET.get("organization")
    organization = next((row for row in organizations if row.public_id == asked), organizations[0])
    context = {
        "greeting": greeting(now),
        "organizations": organizations,
        "manages": organization.pk in viewer.managed_organization_ids,
        **_tickets(viewer, organization),
        **_plan(plan_of(organization, now), now),
    }
    return render(request, "tickets/home.html", context)


def greeting(now: datetime) -> str:
    """Return a greeting by the visitor's own time of day."""
    hour = timezone.localtime(now).hour
    if 5 <= hour < 12:
        return _("Good morning")
    if 12 <= hour < 18:
        return _("Good afternoon")
    return _("Good evening")


def _tickets(viewer: Viewer, organization: Organization) -> dict[str, Any]:
    """Return what is open, the earliest promise first, and how much of it waits for an answer."""
    open_now = Ticket.objects.visible_to(viewer).filter(organization=organization).active()
    rows = list(with_row(open_now.next_due_first())[: TICKETS_SHOWN + 1])
    return {
        "tickets": rows[:TICKETS_SHOWN],
        "has_more": len(rows) > TICKETS_SHOWN,
        "waiting": open_now.filter(status=Ticket.Status.PENDING).count(),
    }


def _plan(plan: Plan, now: datetime) -> dict[str, Any]:
    return {
        "plan": plan,
        "standing": customer_standing(plan.organization, now),
        "normal": plan.of(Ticket.Severity.NORMAL),
        "team": _team(plan.organization, now) if plan.names_people else [],
    }


def _team(organization: Organization, now: datetime) -> list[AccountTeamMember]:
    """Return the people named to the customer: first whom to turn to, then the backup."""
    rows = AccountTeamMember.objects.serving_at(now).filter(
        organization=organization, user__is_active=True
    )
    return sorted(rows.select_related("user"), key=lambda row: DUTIES_IN_ORDER.index(row.duty))
