"""Change what a tier of a draft includes besides targets: its own small page per tier."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from wagtail import hooks

from portal.kit import clock
from portal.kit.refused import Refused
from portal.kit.words import tier_label
from tiers.actions import set_promise
from tiers.actions.promises import Included, included_in
from tiers.forms.policy_includes import IncludesForm
from tiers.models import TierPolicy, TierPromise
from tiers.views.ops.frame import me, ops_view, put_into
from tiers.views.ops.policy_frame import render_version, version_or_404

# The rooms above tell which queues there are: fn() -> [(key, name)].
QUEUE_HOOK = "register_policy_queues"


@ops_view
@require_http_methods(["GET", "POST"])
def policy_includes(request: HttpRequest, version: int, tier: str) -> HttpResponse:
    """Show what a tier includes, or save what was typed."""
    policy = version_or_404(version)
    if tier not in policy.tier_order:
        raise Http404
    if request.method == "GET" and not policy.is_draft:
        return redirect("ops_policy_version", version)
    form = _form(policy, tier, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            set_promise(
                policy=policy, tier=tier, included=form.included,
                seen=form.cleaned_data["seen"], by=me(request), now=clock.now(),
            )  # fmt: skip
        except Refused as refusal:
            put_into(form, refusal)
            if refusal.code == "promise_changed":
                form.data = _looked_again(request.POST, policy, tier)
        else:
            messages.success(request, _("Saved. Nothing counts before this draft is published."))
            return redirect(f"{reverse('ops_policy_promises', args=[version])}#{tier}")
    return render_version(
        request, "ops/policy_includes.html", policy, here="promises",
        title=_("What %(tier)s includes") % {"tier": tier_label(tier)},
        form=form, tier=tier, status=422 if form.errors else 200,
    )  # fmt: skip


def _form(policy: TierPolicy, tier: str, data: QueryDict | None) -> IncludesForm:
    stored = _stored(policy, tier)
    queues = [choice for found in hooks.get_hooks(QUEUE_HOOK) for choice in found()]
    return IncludesForm(
        data, stored=stored, queues=queues, seen=stored.fingerprint if stored else ""
    )


def _stored(policy: TierPolicy, tier: str) -> Included | None:
    found = TierPromise.objects.filter(policy=policy, tier=tier).first()
    return included_in(found) if found else None


def _looked_again(typed: QueryDict, policy: TierPolicy, tier: str) -> QueryDict:
    """Let the next save replace what is stored now."""
    stored, data = _stored(policy, tier), typed.copy()
    data["seen"] = stored.fingerprint if stored else ""
    return data
