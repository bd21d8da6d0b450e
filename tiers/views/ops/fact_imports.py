"""Bring in facts from a file: upload it, say what its columns are, look, apply."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from portal.kit import clock
from portal.kit.refused import Refused
from tiers import import_page
from tiers.actions import apply_import, cancel_import, choose_columns, upload_facts
from tiers.fact_sheets import MOST_BYTES
from tiers.forms import ColumnsForm, UploadForm
from tiers.models import FactImport
from tiers.program import live_policy_at
from tiers.views.ops.frame import (
    Crumb,
    me,
    ops_view,
    put_into,
    render_ops,
    telling_refusals,
)
from tiers.views.ops.organizations import directory_crumb

SHOWN = 30
LARGEST = 2**31 - 1
Status = FactImport.Status


@ops_view
@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """Show the imports so far and the form for the next file, or take the file in."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            row = upload_facts(
                content=file.read(MOST_BYTES + 1), file_name=file.name, by=me(request),
                now=clock.now(),
            )  # fmt: skip
        except Refused as refusal:
            put_into(form, refusal)
        else:
            return redirect("ops_import", row.pk)
    before = _whole(request.GET.get("before", "")) or LARGEST
    rows = list(
        FactImport.objects.filter(pk__lt=before).select_related("uploaded_by", "applied_by")[
            : SHOWN + 1
        ]
    )
    return render_ops(
        request,
        "ops/imports.html",
        title=_("Import facts"),
        icon="upload",
        crumbs=[directory_crumb()],
        form=form,
        rows=rows[:SHOWN],
        next_before=rows[SHOWN - 1].pk if len(rows) > SHOWN else None,
        currency=live_policy_at(clock.now()).currency,
        status=422 if form.errors else 200,
    )


@ops_view
@require_GET
def sample(request: HttpRequest) -> HttpResponse:
    """Give out a small file to begin with."""
    text = import_page.sample_file(live_policy_at(clock.now()).currency)
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="facts-sample.csv"'
    return response


@ops_view
@require_GET
def fact_import(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show where an import is: its columns, its progress, its preview or its result."""
    row = _import(pk)
    if row.status in FactImport.WORKING:
        return _progress(request, row)
    if getattr(request, "htmx", False):
        # What moved is done: the page is another one from here on.
        return HttpResponseClientRefresh()
    if row.status == Status.UPLOADED:
        return redirect("ops_import_columns", row.pk)
    return _outcome(request, row)


@ops_view
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what each column is taken for, or have the file checked by that."""
    row = _import(pk)
    form = ColumnsForm(request.POST or None, fact_import=row)
    if request.method == "POST" and form.is_valid():
        try:
            choose_columns(fact_import=row, by=me(request), now=clock.now(), **form.chosen())
        except Refused as refusal:
            put_into(form, refusal)
        else:
            return redirect("ops_import", row.pk)
    return render_ops(
        request,
        "ops/import_columns.html",
        title=row.file_name,
        icon="upload",
        crumbs=_crumbs(),
        row=row,
        form=form,
        is_over=row.status in {Status.APPLYING, Status.DONE, Status.CANCELLED},
        twin=_applied_before(row),
        status=422 if form.errors else 200,
    )


@ops_view
@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the preview applied that the person looked at."""
    with telling_refusals(request):
        apply_import(
            fact_import=_import(pk), fingerprint=request.POST.get("fingerprint", ""),
            by=me(request), now=clock.now(),
        )  # fmt: skip
    return redirect("ops_import", pk)


@ops_view
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """End an import; what was applied of it stays."""
    with telling_refusals(request):
        cancel_import(fact_import=_import(pk), by=me(request), now=clock.now())
        messages.success(request, _("The import was ended."))
    return redirect("ops_import", pk)


@ops_view
@require_GET
def problems(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Give out the lines that were not used, with what is wrong with each."""
    row = _import(pk)
    response = StreamingHttpResponse(
        import_page.problems_file(row), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="import-{row.pk}-problems.csv"'
    return response


def _import(pk: int) -> FactImport:
    rows = FactImport.objects.select_related("uploaded_by", "applied_by", "policy")
    return get_object_or_404(rows, pk=pk)


def _crumbs() -> list[Crumb]:
    return [directory_crumb(), (reverse("ops_imports"), _("Import facts"))]


def _progress(request: HttpRequest, row: FactImport) -> HttpResponse:
    is_checking = row.status == Status.CHECKING
    total = row.lines_count if is_checking else row.lines.to_apply().count()
    done = row.lines.count() if is_checking else row.lines.to_apply().exclude(result="").count()
    template = "ops/import_progress.html"
    return render_ops(
        request,
        f"{template}#progress" if getattr(request, "htmx", False) else template,
        title=row.file_name,
        icon="upload",
        crumbs=_crumbs(),
        row=row,
        is_checking=is_checking,
        done=done,
        total=max(total, done),
        percent=min(99, 100 * done // max(total, 1)),
    )


def _outcome(request: HttpRequest, row: FactImport) -> HttpResponse:
    counts, moves = import_page.count_lines(row), import_page.moves_of(row)
    show = request.GET.get("show") or _first_shown(row, counts, len(moves))
    return render_ops(
        request,
        "ops/import.html",
        title=row.file_name,
        icon="upload",
        crumbs=_crumbs(),
        row=row,
        counts=counts,
        moves=moves,
        tiers=import_page.tier_counts(row, moves) if row.status == Status.READY else [],
        filters=_filters(row, counts, show),
        show=show,
        page=import_page.lines_shown(row, show, _whole(request.GET.get("after", ""))),
        is_ready=row.status == Status.READY,
        policy_changed=row.status == Status.READY and row.policy != live_policy_at(clock.now()),
        twin=_applied_before(row) if row.status == Status.READY else None,
    )


def _first_shown(row: FactImport, counts: dict[str, int], moves: int) -> str:
    """Return what somebody wants to see first: what was left out, else moves, else the rest."""
    if counts["left_out"]:
        return import_page.LEFT_OUT
    if moves and row.lines.moving().exists():
        return import_page.MOVES
    return import_page.CHANGES if counts["changes"] else import_page.WRONG


def _filters(row: FactImport, counts: dict[str, int], show: str) -> list[dict[str, Any]]:
    labels: list[tuple[str, Callable[[], str], int]] = [
        (import_page.LEFT_OUT, lambda: _("Left out"), counts["left_out"]),
        (import_page.MOVES, lambda: _("Tier changes"), row.lines.moving().count()),
        (import_page.CHANGES, lambda: _("All changes"), counts["changes"]),
        (import_page.WRONG, lambda: _("Cannot be used"), counts["wrong"]),
        (import_page.SAME, lambda: _("Nothing changes"), counts["same"]),
    ]
    return [
        {"key": key, "label": label(), "count": count, "is_chosen": key == show}
        for key, label, count in labels
        if count or key == show
    ]


def _applied_before(row: FactImport) -> FactImport | None:
    """Return an earlier import of the very same bytes, so that nobody wonders."""
    return (
        FactImport.objects.filter(sha256=row.sha256, status=Status.DONE)
        .exclude(pk=row.pk)
        .select_related("applied_by")
        .first()
    )


def _whole(text: str) -> int:
    return min(int(text), LARGEST) if text.isascii() and text.isdigit() and len(text) < 12 else 0
