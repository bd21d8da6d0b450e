"""What came from CRMs: the ledger of events, and the drift report of the nightly comparison."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from integrations.crm.ledger_page import ledger as ledger_of
from integrations.crm.ledger_page import report_of
from integrations.crm.models import CrmConnection, CrmEvent, SyncDifference, SyncRun
from integrations.crm.views.connections import connection_of, crm_crumb, crumbs_of, whole
from people.models import Organization
from portal.kit import clock
from portal.kit.access import viewer_of_request
from tiers.fact_words import fact_label, fact_value
from tiers.program import live_policy_at
from tiers.views.ops.frame import ops_view, render_ops

DIFFERENCES = 100


@ops_view
@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """Show every event received, what came of it, and why."""
    wanted = request.GET.get("connection", "").replace("\x00", "")
    connection = CrmConnection.objects.filter(public_id=wanted).first()
    organization = (
        Organization.objects.visible_to(viewer_of_request(request))
        .filter(public_id=request.GET.get("organization", "").replace("\x00", ""))
        .first()
    )
    outcome = request.GET.get("outcome", "")
    template = "integrations/crm/ledger.html"
    return render_ops(
        request,
        f"{template}#events" if getattr(request, "htmx", False) else template,
        title=_("CRM ledger"),
        icon="list-ul",
        crumbs=[crm_crumb()],
        connections=list(CrmConnection.objects.all()),
        connection=connection,
        organization=organization,
        outcome=outcome,
        outcomes=CrmEvent.Outcome.choices,
        page=ledger_of(
            connection=connection, organization=organization, outcome=outcome,
            before=whole(request.GET.get("before", "")),
        ),
        is_first=not request.GET.get("before"),
    )  # fmt: skip


@ops_view
@require_GET
def drift(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show what the last comparison found different, and the comparisons before it."""
    row = connection_of(public_id)
    report = report_of(row)
    after, currency = whole(request.GET.get("after", "")), live_policy_at(clock.now()).currency
    found = (
        list(
            report.differences.filter(pk__gt=after)
            .select_related("record", "organization")
            .order_by("pk")[: DIFFERENCES + 1]
        )
        if report
        else []
    )
    return render_ops(
        request,
        "integrations/crm/drift.html",
        title=_("Comparison with %(name)s") % {"name": row.name},
        icon="link",
        crumbs=crumbs_of(row),
        connection=row,
        report=report,
        differences=[difference_words(one, currency) for one in found[:DIFFERENCES]],
        next_after=found[DIFFERENCES - 1].pk if len(found) > DIFFERENCES else 0,
        runs=list(SyncRun.objects.full().filter(connection=row).order_by("-pk")[:14]),
    )


def difference_words(one: SyncDifference, currency: str) -> dict[str, object]:
    """Return a difference as people read it; what cannot be read stands as the CRM wrote it."""
    is_raw = one.kind == SyncDifference.Kind.UNREADABLE or not one.fact
    theirs = one.theirs if is_raw else fact_value(one.fact, one.theirs, currency)
    return {
        "row": one,
        "label": fact_label(one.fact) if one.fact else "",
        "ours": fact_value(one.fact, one.ours, currency) if one.fact else one.ours,
        "theirs": theirs,
    }
