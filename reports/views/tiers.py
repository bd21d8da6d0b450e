"""The report per tier: the same figures as a page and as a file."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.kit import clock
from reports.figures import TierFigures, figures_of
from reports.forms import PRESETS, PeriodForm
from reports.panels import charts_of
from reports.periods import Period
from reports.tables import csv_name, csv_of, rows_of, tier_names
from tiers.program import Program, live_policy_at, program_of
from tiers.views.ops.frame import me, ops_view, render_ops


@ops_view
@require_GET
def tier_report(request: HttpRequest) -> HttpResponse:
    """Show the tiers side by side over a period."""
    form = _form(request)
    period, figures, program = _figures(form)
    return render_ops(
        request,
        "reports/tiers.html",
        title=_("Tier report"),
        form=form,
        presets=PRESETS,
        chosen=form.chosen_days,
        period=period,
        tiers=list(zip([one.tier for one in figures], tier_names(figures), strict=True)),
        charts=charts_of(figures, period, program),
        rows=rows_of(figures, _promised(program)),
        query=request.GET.urlencode(),
    )


@ops_view
@require_GET
def tier_report_csv(request: HttpRequest) -> HttpResponse:
    """Give the same figures as a file."""
    period, figures, program = _figures(_form(request))
    response = HttpResponse(
        # The mark tells a spreadsheet that this is UTF-8.
        "\ufeff" + csv_of(figures, _promised(program), period),
        content_type="text/csv; charset=utf-8",
    )
    response["Content-Disposition"] = f'attachment; filename="{csv_name(period)}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _form(request: HttpRequest) -> PeriodForm:
    today = timezone.localtime(clock.now()).date()
    return PeriodForm(request.GET, today=today, zone=me(request).zone)


def _figures(form: PeriodForm) -> tuple[Period, list[TierFigures], Program]:
    period = form.period()
    program = program_of(live_policy_at(clock.now()))
    return period, figures_of(period, reversed(program.rules.order)), program


def _promised(program: Program) -> set[str]:
    return {metric for targets in program.targets.values() for _severity, metric in targets}
