"""The tickets' parts of other ops pages: the home page, and the page of an organization."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.functional import cached_property

from people.models import Notice, Organization
from portal.kit import clock
from portal.kit.access import viewer_of_request
from portal.kit.viewer import Viewer
from tickets.models import Clock, ClockDiscrepancy, RecomputeRun, Ticket
from tickets.models.ticket import ACTIVE_STATUSES
from tiers.program import live_policy_at
from tiers.views.ops.home import OpsPanel

# What is due within this time and still unanswered may soon be broken.
AT_RISK_WITHIN = timedelta(hours=1)
LATE_SHOWN = 8
TICKETS_SHOWN = 8


def late_tickets(viewer: Viewer, now: datetime) -> Any:
    """Return the open tickets with a promise that is broken and not yet answered.

    The index on the next promise due finds the few that are past due; only of
    those are the clocks looked at. Past due is not yet broken while the calendar
    of the promise is closed.
    """
    broken = Clock.objects.filter(
        ticket=OuterRef("pk"), status=Clock.Status.BREACHED, stopped_at=None
    )
    return Ticket.objects.visible_to(viewer).active().filter(rank_at__lt=now).filter(Exists(broken))


class PromisePanel(OpsPanel):
    """Promises broken now and due within the hour, per tier, and the latest tickets."""

    name = "promises"
    template_name = "ops/home_promises.html"
    order = 0

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return counts per tier and the tickets that wait longest."""
        viewer, now = viewer_of_request(parent_context["request"]), clock.now()
        late = late_tickets(viewer, now)
        broken = _by_tier(late)
        due = _by_tier(
            Ticket.objects.visible_to(viewer)
            .active()
            .filter(rank_at__gte=now, rank_at__lt=now + AT_RISK_WITHIN)
        )
        waiting = _by_tier(Ticket.objects.visible_to(viewer).active())
        order = [*reversed(live_policy_at(now).tier_order)]
        tiers = [*order, *sorted(set(waiting) - set(order))]
        return {
            "tiers": [
                {
                    "slug": tier,
                    "broken": broken.get(tier, 0),
                    "due": due.get(tier, 0),
                    "open": waiting.get(tier, 0),
                }
                for tier in tiers
            ],
            "broken": sum(broken.values()),
            "due": sum(due.values()),
            "late": late.select_related("organization", "assignee").order_by("rank_at", "pk")[
                :LATE_SHOWN
            ],
        }


def _by_tier(tickets: Any) -> dict[str, int]:
    rows = tickets.values("tier").annotate(count=Count("pk")).order_by()
    return {row["tier"]: row["count"] for row in rows}


class RepairPanel(OpsPanel):
    """Notices nobody got and clocks that cannot be read; a quiet line while there are none."""

    name = "repairs"
    template_name = "ops/home_repairs.html"
    order = 20

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return how many of each there are."""
        return {
            "dead": Notice.objects.dead().count(),
            "waiting": Notice.objects.waiting().count(),
            "faulty": Clock.objects.exclude(fault="").count(),
            "differing": ClockDiscrepancy.objects.unsettled().order_by().count(),
        }


class OrganizationTicketsPanel(OpsPanel):
    """The open tickets of one organization, beside its facts."""

    name = "organization_tickets"
    template_name = "ops/organization_tickets.html"

    def __init__(self, organization: Organization, viewer: Viewer) -> None:
        self._organization, self._viewer = organization, viewer

    @cached_property
    def _tickets(self) -> Any:
        return Ticket.objects.visible_to(self._viewer).filter(organization=self._organization)

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the open tickets, the next promise first, and how many there are in all."""
        counts = self._tickets.aggregate(
            all=Count("pk"),
            open=Count("pk", filter=Q(status__in=ACTIVE_STATUSES)),
        )
        return {
            "tickets": list(
                self._tickets.active().for_queue_page().next_due_first()[:TICKETS_SHOWN]
            ),
            "open_count": counts["open"],
            "all_count": counts["all"],
        }


class TicketRunPanel(OpsPanel):
    """The run over the open tickets that publishing a version began."""

    name = "ticket_run"
    template_name = "ops/policy_run_tickets.html"

    def __init__(self, run: RecomputeRun) -> None:
        self._run = run

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the run."""
        return {"run": self._run}
