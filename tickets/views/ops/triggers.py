"""Triggers: the ordered list in words, and everything that changes it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from wagtail.admin.widgets.button import HeaderButton

from portal.kit import clock
from portal.kit.access import viewer_of_request
from portal.kit.refused import Refused
from tickets.actions.triggers import (
    known_values,
    move_trigger,
    remove_trigger,
    save_trigger,
    set_trigger_enabled,
)
from tickets.forms.ops import TryForm
from tickets.forms.trigger_sheet import TriggerSheet
from tickets.models import Trigger
from tickets.rules import triggers as rules
from tickets.rules.triggers.model import CLOCK_EVENTS
from tickets.trigger_words import EVENTS, OPS, Names
from tickets.views.ops.trigger_look import Look
from tickets.views.ops.trigger_rows import list_crumb, listed, names_now
from tiers.program import live_policy_at
from tiers.rules.evaluation import InputError
from tiers.views.ops.frame import (
    header_button,
    me,
    ops_view,
    put_into,
    render_ops,
    telling_refusals,
)


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
            header_button(_("History"), reverse("ops_routing_history"), "history"),
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
    """Show the sheet; change its rows, look it over or take it, as its buttons say."""
    names, known = names_now(), known_values(clock.now())
    data = request.POST.copy() if request.method == "POST" else None
    look: Look | None = None
    if data is not None and ("add" in data or "drop" in data):
        sheet = TriggerSheet.with_rows_changed(names=names, known=known, data=data)
    else:
        sheet = TriggerSheet(names=names, known=known, trigger=row, data=data)
        if data is not None and sheet.is_valid():
            look = _look(sheet, row, is_asked="check" in data)
            if "check" not in data and (look is None or look.is_accepted(data)):
                if _saved(request, sheet, row):
                    return redirect("ops_triggers")
                _take_newer(data, row)
    tried = TryForm(data) if data is not None else TryForm()
    if look is not None and look.is_asked and tried.is_valid():
        look.try_on(viewer_of_request(request), tried)
    return render_ops(
        request,
        "ops/trigger_form.html",
        title=row.name if row else _("Add trigger"),
        crumbs=[list_crumb()],
        buttons=[_history_button(row)] if row else [],
        sheet=sheet,
        trigger=row,
        look=look,
        tried=tried,
        hints=_hints(names),
    )


def _history_button(row: Trigger) -> HeaderButton:
    return header_button(_("History"), reverse("ops_trigger_history", args=[row.pk]), "history")


def _look(sheet: TriggerSheet, row: Trigger | None, *, is_asked: bool) -> Look | None:
    """Look over what the sheet says; what cannot be looked at cannot be saved either."""
    try:
        return Look.at(sheet.values(), row, is_asked=is_asked)
    except InputError as error:
        if is_asked:
            sheet.head.add_error(None, error.problem)
        return None


def _take_newer(data: QueryDict, row: Trigger | None) -> None:
    """Let the next save be one over what somebody else saved: it was said, and seen."""
    newest = Trigger.objects.filter(pk=row.pk).first() if row else None
    if newest is not None:
        data["revision"] = str(newest.revision)


def _saved(request: HttpRequest, sheet: TriggerSheet, row: Trigger | None) -> bool:
    try:
        kept = save_trigger(by=me(request), now=clock.now(), trigger=row, **sheet.values())
    except Refused as refusal:
        put_into(sheet.head, refusal)
        return False
    if kept.is_enabled:
        messages.success(request, _("“%(name)s” was saved.") % {"name": kept})
    else:
        said = _("“%(name)s” was saved. It is off: it touches no ticket until you switch it on.")
        messages.success(request, said % {"name": kept})
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
        set_trigger_enabled(trigger=row, is_enabled=is_on, by=me(request), now=clock.now())
        told = _("“%(name)s” is on.") if is_on else _("“%(name)s” is off.")
        messages.success(request, told % {"name": row})
    return redirect("ops_triggers")


@ops_view
@require_POST
def trigger_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a trigger one place up or down among those of its event."""
    row = get_object_or_404(Trigger, pk=pk)
    with telling_refusals(request):
        move_trigger(
            trigger=row, is_up=request.POST.get("to") == "up", by=me(request), now=clock.now()
        )
    return redirect(reverse("ops_triggers") + f"#trigger-{row.pk}")


@ops_view
@require_POST
def trigger_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a trigger."""
    row = get_object_or_404(Trigger, pk=pk)
    with telling_refusals(request):
        remove_trigger(trigger=row, by=me(request), now=clock.now())
        messages.success(request, _("“%(name)s” was deleted.") % {"name": row})
    return redirect("ops_triggers")
