"""Which trigger would fire for this ticket, and why not the others?"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.kit.access import viewer_of_request
from portal.kit.viewer import Viewer
from tickets.actions.routing import facts_of, rule_of
from tickets.forms.ops import ExplainForm
from tickets.models import Ticket, Trigger
from tickets.rules import triggers as rules
from tickets.rules.triggers.model import CLOCK_EVENTS
from tickets.trigger_words import Names, action_words, condition_words, say
from tickets.views.ops.triggers import list_crumb, names_now
from tiers.ladder_words import step_words
from tiers.rules.evaluation import InputError
from tiers.views.ops.frame import ops_view, render_ops

USUAL_STEP = 75


@dataclass(frozen=True, slots=True)
class ConditionAnswer:
    """One condition, what the ticket has, and whether it held."""

    words: str
    found: str
    passed: bool
    is_alternative: bool


@dataclass(frozen=True, slots=True)
class TriggerAnswer:
    """What one trigger makes of the ticket: the verdict, each condition, each action."""

    name: str
    pk: str
    verdict: str
    reason: str
    conditions: tuple[ConditionAnswer, ...]
    actions: tuple[tuple[str, str], ...]


@ops_view
@require_GET
def triggers_explain(request: HttpRequest) -> HttpResponse:
    """Ask every trigger about a ticket as it is now; nothing is changed."""
    form = ExplainForm(request.GET or None, initial={"step": step_words(USUAL_STEP)})
    ticket: Ticket | None = None
    answers: tuple[TriggerAnswer, ...] = ()
    if form.is_bound and form.is_valid():
        ticket = _find(viewer_of_request(request), form.cleaned_data["ticket"])
        if ticket is None:
            form.add_error("ticket", _("There is no such ticket."))
        else:
            answers = _answers(ticket, form.cleaned_data)
    return render_ops(
        request,
        "ops/triggers_explain.html",
        title=_("Which trigger would fire?"),
        crumbs=[list_crumb()],
        form=form,
        ticket=ticket,
        answers=answers,
        is_clock_event=form.is_bound and form["event"].value() in CLOCK_EVENTS,
    )


def _find(viewer: Viewer, reference: str) -> Ticket | None:
    reference = reference if reference[:1].upper() == "T" else f"T-{reference}"
    found = Ticket.objects.visible_to(viewer).by_reference(reference)
    return found.select_related("organization", "queue", "assignee").first()


def _answers(ticket: Ticket, asked: dict[str, object]) -> tuple[TriggerAnswer, ...]:
    event = str(asked["event"])
    is_clock = event in CLOCK_EVENTS
    first = ticket.messages.order_by("created_at", "pk").values_list("body", flat=True).first()
    step = 100 if event == Trigger.Event.BREACH else int(str(asked["step"] or USUAL_STEP))
    facts = facts_of(
        ticket,
        event,
        # Only a ticket being opened has its text looked at.
        body=first or "" if event == Trigger.Event.CREATED else "",
        metric=str(asked["metric"]) if is_clock else None,
        step=step if is_clock else None,
    )
    readable = []
    for row in Trigger.objects.filter(event=event):
        try:
            readable.append(rule_of(row))
        except InputError:
            continue
    names = names_now()
    return tuple(_answer(trace, names) for trace in rules.explain(readable, facts))


def _answer(trace: rules.TriggerTrace, names: Names) -> TriggerAnswer:
    return TriggerAnswer(
        name=trace.trigger.name,
        pk=trace.trigger.key,
        verdict=trace.verdict,
        reason=say(trace.reasons[0]).rstrip(":"),
        conditions=tuple(
            ConditionAnswer(
                words=condition_words(one.condition, names),
                found=names.shown(one.condition.field, one.actual) if one.actual else "",
                passed=one.passed,
                is_alternative=one.group == "any",
            )
            for one in trace.conditions
        ),
        actions=tuple(
            (action_words(one.action, names), "" if one.reason is None else say(one.reason))
            for one in trace.actions
        ),
    )
