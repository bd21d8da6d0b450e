"""Triggers: the ordered list in words, and everything that changes it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.refused import Refused
from tickets.actions.triggers import (
    known_values,
    move_trigger,
    remove_trigger,
    save_trigger,
    set_trigger_enabled,
)
from tickets.forms.trigger_sheet import TriggerSheet
from tickets.models import Trigger
from tickets.rules import triggers as rules
from tickets.rules.triggers.model import CLOCK_EVENTS
from tickets.trigger_words import EVENTS, OPS, Names
from tickets.views.ops.trigger_rows import listed
from tiers.program import live_policy_at
from tiers.views.ops.frame import (
    Crumb,
    header_button,
    me,
    ops_view,
    put_into,
    render_ops,
    telling_refusals,
)


def list_crumb() -> Crumb:
    """Return the way back to the list."""
    return reverse("ops_triggers"), _("Triggers")


def names_now() -> Names:
    """Return what the values in triggers are called."""
    return Names.load(live_policy_at(clock.now()).tier_order)


@ops_view
@require_GET
def triggers(request: HttpRequest) -> HttpResponse:
    """Show all triggers by event, in the order in which they are asked."""
    order = live_policy_at(clock.now()).tier_order
    rows = listed(Trigger.objects.all(), Names.load(order), order)
    return render_ops(
        request,
        "ops/triggers.html",
        title=_("Triggers"),
        buttons=[
            header_button(_("Add trigger"), reverse("ops_trigger_new"), "plus"),
            header_button(_("Which would fire?"), reverse("ops_triggers_explain"), "help"),
        ],
        groups=[
            {
                "label": label,
                "rows": [row for row in rows if row.trigger.event == event],
                "is_clock_event": event in CLOCK_EVENTS,
            }
            for event, label in EVENTS.items()
        ],
    )


@ops_view
@require_http_methods(["GET", "POST"])
def trigger_new(request: HttpRequest) -> HttpResponse:
    """Add a trigger."""
    return _edit(request, None)


@ops_view
@require_http_methods(["GET", "POST"])
def trigger(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a trigger."""
    return _edit(request, get_object_or_404(Trigger, pk=pk))


def _edit(request: HttpRequest, row: Trigger | None) -> HttpResponse:
    """Show the sheet; take it, or add a row to it, when it was sent."""
    names, known = names_now(), known_values(clock.now())
    if request.method == "POST" and "add" in request.POST:
        sheet = TriggerSheet.with_another_row(
            names=names, known=known, data=request.POST, prefix=request.POST["add"]
        )
    else:
        data = request.POST if request.method == "POST" else None
        sheet = TriggerSheet(names=names, known=known, trigger=row, data=data)
        if data is not None and sheet.is_valid() and _saved(request, sheet, row):
            return redirect("ops_triggers")
    return render_ops(
        request,
        "ops/trigger_form.html",
        title=row.name if row else _("Add trigger"),
        crumbs=[list_crumb()],
        sheet=sheet,
        trigger=row,
        hints=_hints(names),
    )


def _saved(request: HttpRequest, sheet: TriggerSheet, row: Trigger | None) -> bool:
    try:
        kept = save_trigger(by=me(request), now=clock.now(), trigger=row, **sheet.values())
    except Refused as refusal:
        put_into(sheet.head, refusal)
        return False
    messages.success(request, _("“%(name)s” was saved.") % {"name": kept})
    return True


def _hints(names: Names) -> dict[str, Any]:
    """Return what the form's script offers: comparisons per field and known values."""
    return {
        "ops": {field: list(ops) for field, ops in rules.OPS_OF_FIELD.items()},
        "opWords": {op: str(words) for op, words in OPS.items()},
        "values": {field: list(known.values()) for field, known in names.of_field.items()},
    }


@ops_view
@require_POST
def trigger_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a trigger on or off."""
    row = get_object_or_404(Trigger, pk=pk)
    with telling_refusals(request):
        is_on = request.POST.get("to") == "on"
        set_trigger_enabled(trigger=row, is_enabled=is_on, by=me(request))
        told = _("“%(name)s” is on.") if is_on else _("“%(name)s” is off.")
        messages.success(request, told % {"name": row})
    return redirect("ops_triggers")


@ops_view
@require_POST
def trigger_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a trigger one place up or down among those of its event."""
    row = get_object_or_404(Trigger, pk=pk)
    with telling_refusals(request):
        move_trigger(trigger=row, is_up=request.POST.get("to") == "up", by=me(request))
    return redirect(reverse("ops_triggers") + f"#trigger-{row.pk}")


@ops_view
@require_POST
def trigger_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a trigger."""
    row = get_object_or_404(Trigger, pk=pk)
    with telling_refusals(request):
        remove_trigger(trigger=row, by=me(request))
        messages.success(request, _("“%(name)s” was deleted.") % {"name": row})
    return redirect("ops_triggers")
