"""What went wrong without anybody at fault: notices nobody got, clocks that cannot be read."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from people.actions.retrying import retry_dead_notices, retry_notice
from people.models import Notice
from portal.kit import clock
from portal.kit.access import viewer_of_request
from portal.kit.refused import Refused
from tickets.actions.nightly import check_now, settle_discrepancy
from tickets.actions.repairing import recompute_clocks
from tickets.models import Clock, ClockDiscrepancy, RecomputeRun, Ticket
from tiers.views.ops.frame import me, ops_view, render_ops, telling_refusals

SHOWN = 100


@ops_view
@require_GET
def repairs(request: HttpRequest) -> HttpResponse:
    """Show what was given up and what was set aside, newest first."""
    dead = Notice.objects.dead()
    faulty = Clock.objects.exclude(fault="").filter(
        ticket__in=Ticket.objects.visible_to(viewer_of_request(request))
    )
    found = ClockDiscrepancy.objects.unsettled().select_related("ticket__organization", "run")
    return render_ops(
        request,
        "ops/repairs.html",
        title=_("Needs repair"),
        notices=list(dead.select_related("recipient").order_by("-dead_at", "-pk")[:SHOWN]),
        notices_count=dead.count(),
        waiting=Notice.objects.waiting().count(),
        clocks=list(faulty.select_related("ticket__organization").order_by("-pk")[:SHOWN]),
        clocks_count=faulty.count(),
        differences=list(found[:SHOWN]),
        differences_count=found.count(),
        check=RecomputeRun.objects.filter(kind=RecomputeRun.Kind.CHECK).first(),
    )


@ops_view
@require_POST
def notice_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one notice again."""
    with telling_refusals(request):
        notice = retry_notice(
            notice=get_object_or_404(Notice, pk=pk), by=me(request), now=clock.now()
        )
        messages.success(
            request,
            _("The notice to %(address)s is tried again now.") % {"address": notice.address},
        )
    return redirect("ops_repairs")


@ops_view
@require_POST
def notices_retry(request: HttpRequest) -> HttpResponse:
    """Send all of them again, after an outage."""
    with telling_refusals(request):
        count = retry_dead_notices(by=me(request), now=clock.now())
        messages.success(
            request,
            ngettext(
                "%(count)s notice is tried again now.",
                "%(count)s notices are tried again now.",
                count,
            )
            % {"count": count},
        )
    return redirect("ops_repairs")


@ops_view
@require_POST
def clocks_check(request: HttpRequest) -> HttpResponse:
    """Have all clocks compared with their events now; led to the progress."""
    try:
        run = check_now(by=me(request), now=clock.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("ops_repairs")
    return redirect("ops_recompute_run", run.pk)


@ops_view
@require_POST
def discrepancy_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Take what a check has found off the list."""
    with telling_refusals(request):
        settle_discrepancy(
            discrepancy=get_object_or_404(ClockDiscrepancy, pk=pk), by=me(request), now=clock.now()
        )
        messages.success(request, _("Settled."))
    return redirect("ops_repairs")


@ops_view
@require_POST
def clocks_recompute(request: HttpRequest, reference: str) -> HttpResponse:
    """Compute the clocks of a ticket anew from its events."""
    seen = Ticket.objects.visible_to(viewer_of_request(request)).by_reference(reference)
    ticket = get_object_or_404(seen)
    with telling_refusals(request):
        recompute_clocks(ticket=ticket, by=me(request), now=clock.now())
        messages.success(
            request, _("The clocks of %(ticket)s are right again.") % {"ticket": ticket.reference}
        )
    return redirect("ops_repairs")
