"""Change one promise of a draft: its own small page, one per tier, severity and metric."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.kit import clock
from portal.kit.refused import Refused
from portal.kit.words import METRICS, SEVERITIES
from tiers.actions import set_target, withdraw_target
from tiers.actions.targets import NOTHING
from tiers.calendar_lengths import calendar_lengths
from tiers.forms import TargetSheet
from tiers.models import TierPolicy
from tiers.program import PromisedTarget, read_program
from tiers.promise_words import place_words, target_words
from tiers.views.ops.frame import me, ops_view, put_into, telling_refusals
from tiers.views.ops.policy_frame import render_version, version_or_404

Stored = PromisedTarget | None


@ops_view
@require_http_methods(["GET", "POST"])
def policy_target(
    request: HttpRequest, version: int, tier: str, severity: int, metric: str
) -> HttpResponse:
    """Show the form of one promise, or save what was typed."""
    policy = _policy_with(version, tier, severity, metric)
    if request.method == "GET" and not policy.is_draft:
        return redirect("ops_policy_promises", version)
    stored = _stored(policy, tier, severity, metric)
    lengths = calendar_lengths(clock.now())
    sheet = TargetSheet(
        request.POST or None,
        lengths=lengths,
        stored=stored,
        suggested=_suggested(policy, tier, severity, metric),
        seen=print_of(stored),
    )
    place = place_words(tier, severity, metric)
    if request.method == "POST" and sheet.is_valid():
        try:
            set_target(
                policy=policy, tier=tier, severity=severity, metric=metric,
                promised=sheet.promised, seen=sheet.head.cleaned_data["seen"], by=me(request),
                now=clock.now(),
            )  # fmt: skip
        except Refused as refusal:
            put_into(sheet.head, refusal)
            sheet.look_again(print_of(stored))
        else:
            messages.success(request, _("Saved: %(place)s.") % {"place": place})
            return _back(version, tier)
    names = {key: length.name for key, length in lengths.items()}
    return render_version(
        request, "ops/policy_target.html", policy, here="promises", title=place, sheet=sheet,
        tier=tier, severity=severity, metric=METRICS[metric], seen=print_of(stored),
        stored=target_words(stored, names) if stored else "", lengths=list(lengths.values()),
        status=422 if sheet.has_errors else 200,
    )  # fmt: skip


@ops_view
@require_POST
def policy_target_withdraw(
    request: HttpRequest, version: int, tier: str, severity: int, metric: str
) -> HttpResponse:
    """Promise this no longer in a draft."""
    policy = _policy_with(version, tier, severity, metric)
    with telling_refusals(request):
        withdraw_target(
            policy=policy, tier=tier, severity=severity, metric=metric,
            seen=request.POST.get("seen", ""), by=me(request), now=clock.now(),
        )  # fmt: skip
        messages.success(
            request,
            _("No longer promised: %(place)s.") % {"place": place_words(tier, severity, metric)},
        )
    return _back(version, tier)


def _back(version: int, tier: str) -> HttpResponse:
    return redirect(f"{reverse('ops_policy_promises', args=[version])}#{tier}")


def _policy_with(version: int, tier: str, severity: int, metric: str) -> TierPolicy:
    policy = version_or_404(version)
    if tier not in policy.tier_order or severity not in SEVERITIES or metric not in METRICS:
        raise Http404
    return policy


def _stored(policy: TierPolicy, tier: str, severity: int, metric: str) -> Stored:
    return read_program(policy.pk).targets.get(tier, {}).get((severity, metric))


def _suggested(policy: TierPolicy, tier: str, severity: int, metric: str) -> Stored:
    """Return what is promised nearest to a place where nothing is, to begin from."""
    targets = read_program(policy.pk).targets.get(tier, {})
    same_metric = [level for level, one in targets if one == metric]
    if same_metric:
        return targets[min(same_metric, key=lambda level: abs(level - severity)), metric]
    return next((one for (level, _m), one in sorted(targets.items()) if level == severity), None)


def print_of(stored: Stored) -> str:
    """Return the fingerprint of what is stored."""
    return stored.fingerprint if stored else NOTHING
