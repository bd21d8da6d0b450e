"""Record facts about an organization and see what they did to its tier."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people.models import Organization
from portal.kit import clock
from portal.kit.refused import Refused
from portal.kit.words import tier_label
from tiers.actions import record_facts
from tiers.actions.evaluating import open_assignment
from tiers.fact_words import fact_label, fact_value
from tiers.forms import FactsForm
from tiers.history import steps_of
from tiers.models import AccountFact, TierAssignment
from tiers.program import Program, live_policy_at, program_of
from tiers.views.ops.frame import me, ops_view, put_into, render_ops
from tiers.views.ops.organization import organization_of
from tiers.views.ops.organizations import directory_crumb


@ops_view
@require_http_methods(["GET", "POST"])
def facts(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the form, or record what was changed in it."""
    found, now = organization_of(request, public_id), clock.now()
    program = program_of(live_policy_at(now))
    known = dict(
        AccountFact.objects.filter(organization=found).current().values_list("fact", "value")
    )
    form = FactsForm(request.POST or None, program=program, known=known)
    if request.method == "POST" and form.is_valid() and _record(request, found, form, now, program):
        return redirect("ops_organization", found.public_id)
    return render_ops(
        request,
        "ops/facts_form.html",
        title=_("Record facts"),
        icon="group",
        crumbs=[directory_crumb(), (_page_of(found), found.name)],
        organization=found,
        form=form,
        page=_page_of(found),
    )


def _page_of(found: Organization) -> str:
    return reverse("ops_organization", args=[found.public_id])


def _record(
    request: HttpRequest, found: Organization, form: FactsForm, now: datetime, program: Program
) -> bool:
    """Record the changed facts; whether the page of the organization is what to show next."""
    changed = form.changed_facts()
    if not changed:
        form.add_error(None, _("Nothing was changed, so nothing was recorded."))
        return False
    before = open_assignment(found)
    try:
        after = record_facts(
            organization=found,
            values=changed,
            source="ops",
            now=now,
            by=me(request),
            note=form.cleaned_data["note"],
        )
    except Refused as refusal:
        put_into(form, refusal)
        return False
    messages.success(request, _told(found, form.known, changed, program, before, after))
    return True


def _told(
    found: Organization,
    known: Mapping[str, str],
    changed: Mapping[str, str],
    program: Program,
    before: TierAssignment | None,
    after: TierAssignment,
) -> str:
    """Say what was recorded and what it did: the tier before and after, and the reason."""
    recorded = "; ".join(
        _("%(fact)s: %(new)s (was %(old)s)")
        % {
            "fact": fact_label(fact),
            "new": fact_value(fact, value, program.currency),
            "old": fact_value(fact, known.get(fact), program.currency),
        }
        for fact, value in changed.items()
    )
    tier = tier_label(after.tier)
    if before is None or before.tier == after.tier:
        moved = _("%(name)s stays %(tier)s.") % {"name": found, "tier": tier}
    else:
        moved = _("%(name)s is now %(tier)s (was %(old)s).") % {
            "name": found,
            "tier": tier,
            "old": tier_label(before.tier),
        }
    if before is None or before.pk != after.pk:
        moved = f"{moved} {steps_of(found, 1)[0].sentence}"
    return _("Recorded. %(recorded)s. %(moved)s") % {"recorded": recorded, "moved": moved}
