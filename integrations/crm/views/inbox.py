"""Companies of a CRM that are linked to no organization, and those that need a decision."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from integrations.crm import actions
from integrations.crm.models import CrmConnection, CrmRecord
from integrations.crm.registry import vendor_of
from integrations.crm.views.connections import connection_of, crumbs_of, whole
from integrations.crm.words import problem_words
from people.models import Organization
from portal.kit import clock
from portal.kit.access import viewer_of_request
from tiers.directory import find_organizations
from tiers.fact_words import fact_label
from tiers.views.ops.frame import me, ops_view, render_ops, telling_refusals

PAGE = 40
KINDS = ("inbox", "attention", "unreadable", "dismissed")


@ops_view
@require_GET
def inbox(request: HttpRequest, public_id: str) -> HttpResponse:
    """List companies by what they wait for, by name, a page at a time."""
    row = connection_of(public_id)
    show = request.GET.get("show", "inbox")
    show = show if show in KINDS else "inbox"
    counts = {kind: _records(row, kind).count() for kind in KINDS}
    after = _place(row, whole(request.GET.get("after", "")))
    found = _records(row, show).select_related("organization", "merged_into")
    if after is not None:
        found = found.filter(name__gte=after.name).exclude(name=after.name, pk__lte=after.pk)
    records = list(found[: PAGE + 1])
    shown = records[:PAGE]
    proposed = actions.proposals(shown)
    return render_ops(
        request,
        "integrations/crm/inbox.html",
        title=_("Companies of %(name)s") % {"name": row.name},
        icon="link",
        crumbs=crumbs_of(row),
        connection=row,
        show=show,
        filters=[
            {"key": kind, "label": label, "count": counts[kind], "is_chosen": kind == show}
            for kind, label in _labels()
        ],
        rows=[
            {
                "record": record,
                "proposed": proposed.get(record.pk),
                "url": vendor_of(row.vendor).record_url(row.vendor_settings, record.external_id),
                "problems": [
                    {"label": fact_label(fact), "say": problem_words(problem)}
                    for fact, problem in record.problems.items()
                ],
            }
            for record in shown
        ],
        next_after=shown[-1].pk if len(records) > PAGE else 0,
    )


@ops_view
@require_GET
def record(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Show one company and the organizations it may be, found by what is typed."""
    row = connection_of(public_id)
    found = _record(row, pk)
    query = request.GET.get("q", found.name[:40]).replace("\x00", "")
    viewer = viewer_of_request(request)
    return render_ops(
        request,
        "integrations/crm/record.html",
        title=found.name or found.external_id,
        icon="link",
        crumbs=crumbs_of(row),
        connection=row,
        record=found,
        query=query,
        candidates=find_organizations(viewer, query=query, limit=15).rows if query.strip() else [],
        proposed=actions.proposals([found]).get(found.pk),
        url=vendor_of(row.vendor).record_url(row.vendor_settings, found.external_id),
    )


@ops_view
@require_POST
def record_act(request: HttpRequest, public_id: str, pk: int, act: str) -> HttpResponse:
    """Decide about a company: link, create, put aside, take back, unlink, note as seen."""
    row, now = connection_of(public_id), clock.now()
    found = _record(row, pk)
    name = found.name or found.external_id
    with telling_refusals(request):
        match act:
            case "link":
                organization = _organization(request)
                actions.link_record(
                    record=found, organization=organization, by=me(request), now=now
                )
                said = _("%(company)s is %(organization)s from now on.") % {
                    "company": name, "organization": organization,
                }  # fmt: skip
            case "create":
                actions.create_organization_for(record=found, by=me(request), now=now)
                said = _("An organization was created for %(company)s.") % {"company": name}
            case "dismiss":
                actions.dismiss_record(record=found, by=me(request))
                said = _("%(company)s was put aside.") % {"company": name}
            case "take-back":
                actions.take_back_record(record=found, by=me(request))
                said = _("%(company)s is in the inbox again.") % {"company": name}
            case "unlink":
                actions.unlink_record(record=found, by=me(request), now=now)
                said = _("The link of %(company)s was removed.") % {"company": name}
            case "seen":
                actions.acknowledge_record(record=found, by=me(request))
                said = _("Noted.")
            case _:
                raise Http404
        messages.success(request, said)
    return redirect("ops_crm_inbox", row.public_id)


def _labels() -> list[tuple[str, str]]:
    return [
        ("inbox", _("Not linked")),
        ("attention", _("To decide")),
        ("unreadable", _("Values that cannot be read")),
        ("dismissed", _("Put aside")),
    ]


def _records(row: CrmConnection, kind: str) -> "QuerySet[CrmRecord]":
    records = CrmRecord.objects.filter(connection=row)
    match kind:
        case "attention":
            return records.needing_attention()
        case "unreadable":
            return records.with_problems()
        case "dismissed":
            return records.dismissed()
    return records.inbox()


def _place(row: CrmConnection, pk: int) -> CrmRecord | None:
    return row.records.filter(pk=pk).first() if pk else None


def _record(row: CrmConnection, pk: int) -> CrmRecord:
    return get_object_or_404(row.records.select_related("organization", "connection"), pk=pk)


def _organization(request: HttpRequest) -> Organization:
    visible = Organization.objects.visible_to(viewer_of_request(request))
    public_id = request.POST.get("organization", "").replace("\x00", "")
    return get_object_or_404(visible, public_id=public_id)
