"""What each tier is promised, of the live version or any other; a draft leads on to changing it."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from portal.kit import clock
from portal.kit.refused import Refused
from tiers.actions import (
    discard_draft,
    draft_from_version,
    rebase_draft,
    rename_draft,
)
from tiers.models import TierPolicy
from tiers.policy_checks import faults_of, warnings_of
from tiers.program import live_policy_at, read_program
from tiers.promise_sheet import promise_sheet, used_calendars
from tiers.promise_table import CalendarBook
from tiers.promise_words import place_words
from tiers.views.ops.frame import me, ops_view, telling_refusals
from tiers.views.ops.policy_frame import render_version, version_or_404


@ops_view
@require_GET
def promises(request: HttpRequest) -> HttpResponse:
    """Show the promises in force."""
    now = clock.now()
    return _render(request, version_or_404(live_policy_at(now).version), now)


@ops_view
@require_GET
def policy_promises(request: HttpRequest, version: int) -> HttpResponse:
    """Show the promises of one version; those of a draft can be changed from here."""
    return _render(request, version_or_404(version), clock.now())


def _render(request: HttpRequest, policy: TierPolicy, now: datetime) -> HttpResponse:
    program = read_program(policy.pk)
    before = read_program(policy.parent.pk) if policy.is_draft and policy.parent else None
    calendars = CalendarBook(used_calendars(program, before), now)
    return render_version(
        request,
        "ops/policy_promises.html",
        policy,
        here="promises",
        sheet=promise_sheet(program, before, calendars),
        calendars=[calendars.note(key) for key in sorted(used_calendars(program))],
        faults=faults_of(policy) if policy.is_draft else [],
        warnings=warnings_of(policy, now),
        drafts=list(TierPolicy.objects.drafts().select_related("author")),
    )


@ops_view
@require_POST
def policy_draft(request: HttpRequest, version: int) -> HttpResponse:
    """Begin a draft with the content of a version."""
    source, shown = version_or_404(version), version
    with telling_refusals(request):
        draft = draft_from_version(source=source, author=me(request), now=clock.now())
        shown = draft.version
        messages.success(
            request,
            _("Version %(version)s is a draft now. Nothing of it counts before it is published.")
            % {"version": draft.version},
        )
    return redirect("ops_policy_promises", shown)


@ops_view
@require_POST
def policy_rename(request: HttpRequest, version: int) -> HttpResponse:
    """Give a draft another name."""
    found = version_or_404(version)
    try:
        rename_draft(
            policy=found, name=request.POST.get("name", ""), by=me(request), now=clock.now()
        )
    except Refused as refusal:
        messages.error(request, " ".join([refusal.message, *refusal.fields.values()]))
    else:
        messages.success(request, _("The name was changed."))
    return redirect("ops_policy_promises", version)


@ops_view
@require_POST
def policy_discard(request: HttpRequest, version: int) -> HttpResponse:
    """Throw a draft away."""
    found = version_or_404(version)
    with telling_refusals(request):
        discard_draft(policy=found, by=me(request), now=clock.now())
        messages.success(
            request, _("The draft of version %(version)s was discarded.") % {"version": version}
        )
    return redirect("ops_policy_versions")


@ops_view
@require_POST
def policy_rebase(request: HttpRequest, version: int) -> HttpResponse:
    """Bring a draft up to date with the version that is live now."""
    found = version_or_404(version)
    with telling_refusals(request):
        both = rebase_draft(policy=found, by=me(request), now=clock.now())
        messages.success(request, _("The draft is up to date with the live version."))
        if both:
            messages.warning(request, _both_changed(both))
    return redirect("ops_policy_promises", version)


def _both_changed(keys: list[tuple[str | int, ...]]) -> str:
    places = [
        place_words(str(key[1]), int(key[2]), str(key[3])) for key in keys if key[0] == "target"
    ]
    said = ngettext(
        "%(count)s thing was changed in both; the draft's was kept. Look at it.",
        "%(count)s things were changed in both; the draft's were kept. Look at them.",
        len(keys),
    ) % {"count": len(keys)}
    return " ".join([said, *([f"{'; '.join(places)}."] if places else [])])
