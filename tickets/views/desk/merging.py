"""Merge a ticket into another: first what would happen, then the deed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people.models import User
from portal.kit import clock
from portal.kit.access import access, viewer_of_request
from portal.kit.refused import Refused
from portal.kit.words import Words, metric_label
from tickets.actions import merge_tickets
from tickets.actions.merging import Merge, check_may_merge, plan_merge
from tickets.forms.merging import MergeForm
from tickets.models import Ticket
from tickets.queue_page import desk_scope
from tickets.rules.clocks import METRICS, Reading
from tickets.views.desk.at_the_desk import (
    asked_view,
    person_at_desk,
    ticket_address,
    views_context,
    visible_ticket,
)
from tickets.views.desk.promises import DeskClock, Step

# Beyond these nobody reads; the reference can be typed.
CANDIDATES = 12


@access("desk")
@require_http_methods(["GET", "HEAD", "POST"])
def desk_merge(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask into which ticket, show what that does, and do it."""
    source, agent = visible_ticket(request, reference), person_at_desk(request)
    asked = request.POST or request.GET
    visible = Ticket.objects.visible_to(viewer_of_request(request))
    form = MergeForm(asked if "into" in asked else None, visible=visible)
    now, plan = clock.now(), None
    if form.is_bound and form.is_valid():
        try:
            if request.method == "POST":
                target = merge_tickets(source=source, by=agent, now=now, **_choice(form))
                return _merged(request, source, target)
            plan = _asked_first(form, source, agent, now)
        except Refused as refusal:
            form.add_error("into", refusal.message)
    context = _context(request, source, form, plan, now)
    return render(request, "desk/merge.html", context, status=422 if form.errors else 200)


def _asked_first(form: MergeForm, source: Ticket, agent: User, now: datetime) -> Merge:
    choice = _choice(form)
    check_may_merge(source, choice["target"], agent)
    return plan_merge(source, choice["target"], now=now, from_opening=choice["from_opening"])


def _choice(form: MergeForm) -> dict[str, Any]:
    asked = form.cleaned_data
    return {"target": asked["into"], "from_opening": asked["from_opening"]}


def _merged(request: HttpRequest, source: Ticket, target: Ticket) -> HttpResponse:
    words = {"source": source.reference, "target": target.reference}
    messages.success(request, _("%(source)s is merged into %(target)s.") % words)
    view = asked_view(request, desk_scope(viewer_of_request(request)))
    return redirect(ticket_address(target.reference, view))


def _context(
    request: HttpRequest, source: Ticket, form: MergeForm, plan: Merge | None, now: datetime
) -> dict[str, Any]:
    scope = desk_scope(viewer_of_request(request))
    return {
        **views_context(request, scope, now),
        "view": asked_view(request, scope),
        "ticket": source,
        "form": form,
        "plan": plan,
        "promises": _promises(plan) if plan else [],
        "candidates": candidates(form, source),
    }


@dataclass(frozen=True, slots=True)
class Compared:
    """One promise: on the source, on the target now, and on the target afterwards."""

    words: Words
    source: DeskClock | None
    before: DeskClock | None
    after: DeskClock | None


def _promises(plan: Merge) -> list[Compared]:
    """Return what is owed before and after, in the usual order of the metrics."""
    sides = [
        {one.metric: _clock(one) for one in readings.clocks if one.started_at and not one.is_over}
        for readings in (plan.given_up, plan.before, plan.after)
    ]
    return [
        Compared(metric_label(metric, for_customer=False), *(side.get(metric) for side in sides))
        for metric in METRICS
        if any(metric in side for side in sides)
    ]


def _clock(reading: Reading) -> DeskClock:
    """Return a clock of the engine as the desk draws stored ones."""
    at = {
        name: None if seconds is None else clock.from_epoch(seconds)
        for name, seconds in (
            ("due_at", reading.due_at), ("breaches_after", reading.breaches_after),
            ("breached_at", reading.breached_at), ("stopped_at", reading.stopped_at),
        )
    }  # fmt: skip
    return DeskClock(
        metric=reading.metric,
        cycle=reading.cycle,
        status=reading.status,
        started_at=clock.from_epoch(reading.started_at or 0),
        due_at=at["due_at"],
        breaches_after=at["breaches_after"],
        breached_at=at["breached_at"],
        stopped_at=at["stopped_at"],
        paused_reason=(reading.paused_reason or "").removeprefix("status:"),
        target_seconds=reading.target_seconds,
        elapsed_seconds=reading.elapsed_seconds,
        calendar=reading.calendar,
        alarms=[Step(alarm.step, clock.from_epoch(alarm.at)) for alarm in reading.alarms],
    )


def candidates(form: MergeForm, source: Ticket) -> list[Ticket]:
    """Return the organization's other tickets that are not closed, the latest first."""
    return list(
        form.visible.filter(organization_id=source.organization_id)
        .exclude(status=Ticket.Status.CLOSED)
        .exclude(pk=source.pk)
        .select_related("requester")
        .order_by("-pk")[:CANDIDATES]
    )
