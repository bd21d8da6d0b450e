"""See what a version of the program would do to all accounts, before it counts."""

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.kit import clock
from tickets.moves import csv_lines, page_of_accounts, preview_of, selection_of
from tiers.models import TierPolicy
from tiers.program import rules_of
from tiers.rules.evaluation.values import InputError
from tiers.views.ops.frame import me, ops_view, render_ops, speaking_to
from tiers.views.ops.policy_frame import version_or_404

Crumbs = list[tuple[str, str]]


@ops_view
@require_GET
def policy_preview(request: HttpRequest, version: int) -> HttpResponse:
    """Show who would move, what would be broken, and who is near a threshold."""
    policy = version_or_404(version)
    preview, problem = None, ""
    try:
        preview = preview_of(policy, clock.now())
    except InputError as error:
        problem = _("The criteria cannot be read: %(problem)s") % {"problem": error}
    return render_ops(
        request,
        "ops/policy_preview.html",
        title=_("Preview of version %(version)s") % {"version": version},
        icon="list-ol",
        crumbs=_crumbs(policy),
        policy=policy,
        preview=preview,
        problem=problem,
    )


@ops_view
@require_GET
def preview_accounts(request: HttpRequest, version: int) -> HttpResponse:
    """Show a page of the accounts behind a number of the preview, with the reason of each."""
    policy, now = version_or_404(version), clock.now()
    rules = rules_of(TierPolicy.objects.with_everything().get(pk=policy.pk))
    selection = selection_of(rules, request.GET.dict())
    after = request.GET.get("after", "0")
    if selection is None or not (after.isascii() and after.isdigit() and len(after) < 18):
        raise Http404
    accounts, more = page_of_accounts(policy, rules, selection, now, after=int(after))
    question = request.GET.copy()
    question.pop("after", None)
    page = reverse("ops_policy_preview", args=[version])
    preview = _("Preview of version %(version)s") % {"version": version}
    return render_ops(
        request,
        "ops/policy_preview_accounts.html",
        title=_("Accounts"),
        crumbs=[*_crumbs(policy), (page, preview)],
        policy=policy,
        accounts=accounts,
        more=more,
        question=question.urlencode(),
        asked=question,
        at=now,
        fingerprint=rules.fingerprint[:12],
        is_stale=request.GET.get("print", rules.fingerprint[:12]) != rules.fingerprint[:12],
    )


@ops_view
@require_GET
def preview_csv(request: HttpRequest, version: int) -> StreamingHttpResponse:
    """Give the accounts of a selection as CSV, written while they are read."""
    policy, now = version_or_404(version), clock.now()
    rules = rules_of(TierPolicy.objects.with_everything().get(pk=policy.pk))
    selection = selection_of(rules, request.GET.dict())
    if selection is None:
        raise Http404

    def lines() -> Iterator[str]:
        # The answer is written after this view has returned.
        with speaking_to(me(request)):
            yield from csv_lines(policy, rules, selection, now)

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    name = f"version-{version}-{request.GET.get('of') or 'moves'}-{now:%Y%m%d-%H%M}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _crumbs(policy: TierPolicy) -> Crumbs:
    page = reverse("ops_policy_version", args=[policy.version])
    number = _("Version %(version)s") % {"version": policy.version}
    return [(reverse("ops_policy"), _("Tier policy")), (page, number)]
