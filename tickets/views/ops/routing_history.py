"""The history of triggers and queues: who changed what, and bringing a state back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.kit import clock
from portal.kit.differences import Difference
from tickets.actions.queues import restore_queue
from tickets.actions.triggers import restore_trigger
from tickets.models import Queue, RoutingChange, Trigger
from tickets.routing_diff import Reader
from tickets.views.ops.trigger_rows import list_crumb, names_now
from tiers.views.ops.frame import Crumb, me, ops_view, render_ops, telling_refusals

PAGE = 30
Subject = RoutingChange.Subject


@dataclass(frozen=True, slots=True)
class Step:
    """One change in words, and whether its state can be brought back."""

    change: RoutingChange
    differences: list[Difference]
    is_now: bool
    # Counted from the first change of one subject; 0 where several are listed.
    number: int = 0


@ops_view
@require_GET
def routing_history(request: HttpRequest) -> HttpResponse:
    """Show every change of triggers and queues, the latest first; also of what is gone."""
    changes = RoutingChange.objects.select_related("by", "restored_from")
    page = Paginator(changes, PAGE).get_page(request.GET.get("page"))
    return render_ops(
        request,
        "ops/routing_history.html",
        title=_("History of triggers and queues"),
        crumbs=[list_crumb()],
        steps=_steps(list(page)),
        page=page,
        queue_keys=dict(Queue.objects.values_list("pk", "key")),
    )


@ops_view
@require_GET
def trigger_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was changed about one trigger, also when it is deleted."""
    row = Trigger.objects.filter(pk=pk).first()
    crumbs = [list_crumb()]
    if row is not None:
        crumbs.append((reverse("ops_trigger", args=[pk]), row.name))
    return _of_one(request, Subject.TRIGGER, pk, crumbs, is_there=row is not None)


@ops_view
@require_GET
def queue_history(request: HttpRequest, key: str) -> HttpResponse:
    """Show what was changed about one queue."""
    row = get_object_or_404(Queue, key=key)
    crumbs = [
        (reverse("ops_queues"), str(_("Queues"))),
        (reverse("ops_queue", args=[key]), row.name),
    ]
    return _of_one(request, Subject.QUEUE, row.pk, crumbs, is_there=True)


def _of_one(
    request: HttpRequest, subject: str, pk: int, crumbs: list[Crumb], *, is_there: bool
) -> HttpResponse:
    """Show the changes of one subject, with two of its states side by side if asked."""
    changes = list(RoutingChange.objects.of(subject, pk).select_related("by", "restored_from"))
    if not changes and not is_there:
        raise Http404
    page = Paginator(changes, PAGE).get_page(request.GET.get("page"))
    return render_ops(
        request,
        "ops/routing_history.html",
        title=_("History"),
        crumbs=crumbs,
        steps=_steps(list(page), of=changes),
        page=page,
        changes=changes,
        compared=_compared(request, subject, changes),
        is_there=is_there,
    )


def _steps(changes: list[RoutingChange], of: Sequence[RoutingChange] = ()) -> list[Step]:
    """Return changes in words; ``of`` are all changes of the one subject, the latest first."""
    reader = Reader.of(changes, names_now())
    numbers = {change.pk: len(of) - place for place, change in enumerate(of)}
    current = of[0].pk if of else None
    return [
        Step(
            change=change,
            differences=reader.differences(change.subject, change.before, change.after),
            is_now=change.pk == current and change.after is not None,
            number=numbers.get(change.pk, 0),
        )
        for change in changes
    ]


def _compared(
    request: HttpRequest, subject: str, changes: list[RoutingChange]
) -> dict[str, Any] | None:
    """Return the differences between two states that were chosen, the older one first."""
    by_pk = {str(change.pk): change for change in changes}
    chosen = [by_pk.get(request.GET.get(name, "")) for name in ("old", "new")]
    old, new = chosen
    if old is None or new is None:
        return None
    reader = Reader.of([old, new], names_now())
    return {
        "old": old,
        "new": new,
        "old_number": len(changes) - changes.index(old),
        "new_number": len(changes) - changes.index(new),
        "differences": reader.differences(subject, old.after, new.after),
    }


@ops_view
@require_POST
def routing_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring back the state after a change, or before a deletion, as a new change."""
    change = get_object_or_404(RoutingChange, pk=pk)
    with telling_refusals(request):
        if change.subject == Subject.TRIGGER:
            trigger = restore_trigger(change=change, by=me(request), now=clock.now())
            messages.success(request, _("“%(name)s” says that again.") % {"name": trigger})
        else:
            queue = restore_queue(change=change, by=me(request), now=clock.now())
            messages.success(request, _("%(name)s is that again.") % {"name": queue})
    if change.subject == Subject.TRIGGER:
        return redirect("ops_trigger_history", change.subject_id)
    found = Queue.objects.filter(pk=change.subject_id).first()
    return redirect("ops_queue_history", found.key) if found else redirect("ops_routing_history")
