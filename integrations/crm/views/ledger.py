"""What came from CRMs: the ledger of events, and the drift report of the nightly comparison."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from integrations.crm.ledger_page import ledger as ledger_of
from integrations.crm.ledger_page import report_of
from integrations.crm.models import CrmConnection, CrmEvent, SyncRun
from integrations.crm.views.connections import connection_of, crm_crumb, crumbs_of
from people.models import Organization
from portal.kit.access import viewer_of_request
from tiers.views.ops.frame import ops_view, render_ops

LARGEST = 2**63 - 1
DIFFERENCES = 100


def whole(text: str) -> int:
    """Return a number of an address; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


@ops_view
@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """Show every event received, what came of it, and why."""
    connection = CrmConnection.objects.filter(public_id=request.GET.get("connection", "")).first()
    organization = (
        Organization.objects.visible_to(viewer_of_request(request))
        .filter(public_id=request.GET.get("organization", "").replace("\x00", ""))
        .first()
    )
    outcome = request.GET.get("outcome", "")
    return render_ops(
        request,
        "integrations/crm/ledger.html",
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
    after = whole(request.GET.get("after", ""))
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
        differences=found[:DIFFERENCES],
        next_after=found[DIFFERENCES - 1].pk if len(found) > DIFFERENCES else 0,
        runs=list(SyncRun.objects.full().filter(connection=row).order_by("-pk")[:14]),
    )
