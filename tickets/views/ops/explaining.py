"""Which trigger would fire for this ticket, why not the others, and what it would become."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.kit import clock
from portal.kit.access import viewer_of_request
from portal.kit.viewer import Viewer
from tickets.actions.routing import fire_for
from tickets.forms.ops import ExplainForm
from tickets.models import Ticket, Trigger
from tickets.rules import triggers as rules
from tickets.rules.triggers.model import CLOCK_EVENTS
from tickets.ticket_states import NOW, OPENED, becomes, facts_for
from tickets.trigger_checks import readable
from tickets.trigger_words import Names, action_words, condition_words, say
from tickets.views.ops.trigger_rows import list_crumb, names_now
from tiers.ladder_words import step_words
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What all triggers of an event make of a ticket, and what would come of it."""

    ticket: Ticket
    triggers: tuple[TriggerAnswer, ...]
    becomes: Sequence[tuple[str, str, str]]
    is_as_opened: bool

    @property
    def fired(self) -> int:
        """How many would fire."""
        return sum(one.verdict == "fired" for one in self.triggers)


@ops_view
@require_GET
def triggers_explain(request: HttpRequest) -> HttpResponse:
    """Ask every trigger about a ticket; nothing is changed."""
    form = ExplainForm(request.GET or None, initial={"step": step_words(USUAL_STEP)})
    answer: Answer | None = None
    if form.is_bound and form.is_valid():
        ticket = find_ticket(viewer_of_request(request), form.cleaned_data["ticket"])
        if ticket is None:
            form.add_error("ticket", _("There is no such ticket."))
        else:
            answer = _asked(ticket, form.cleaned_data)
    return render_ops(
        request,
        "ops/triggers_explain.html",
        title=_("Which trigger would fire?"),
        crumbs=[list_crumb()],
        form=form,
        answer=answer,
        is_clock_event=form.is_bound and form["event"].value() in CLOCK_EVENTS,
    )


def find_ticket(viewer: Viewer, reference: str) -> Ticket | None:
    """Return the ticket of a reference as people type it: T-1042, t-1042 or 1042."""
    reference = reference.strip()
    reference = reference if reference[:1].upper() == "T" else f"T-{reference}"
    found = Ticket.objects.visible_to(viewer).by_reference(reference)
    return found.select_related("organization", "queue", "assignee").first()


def _asked(ticket: Ticket, asked: dict[str, Any]) -> Answer:
    event = str(asked["event"])
    step = 100 if event == Trigger.Event.BREACH else int(str(asked["step"] or USUAL_STEP))
    return answer_about(
        ticket,
        event,
        readable(Trigger.objects.filter(event=event)),
        as_of=str(asked["as_of"]),
        metric=str(asked["metric"]),
        step=step,
    )


def answer_about(
    ticket: Ticket,
    event: str,
    triggers: Sequence[rules.Trigger],
    *,
    as_of: str = "",
    metric: str = "",
    step: int = USUAL_STEP,
) -> Answer:
    """Ask triggers about a ticket; unless said otherwise as it was at such an event."""
    as_of = as_of or (OPENED if event == Trigger.Event.CREATED else NOW)
    names = names_now()
    facts = facts_for(ticket, event, as_of=as_of, metric=metric, step=step)
    now = clock.now()
    outcome = fire_for([one for one in triggers if one.event == event], facts, now)
    return Answer(
        ticket=ticket,
        triggers=tuple(_answer(trace, names) for trace in outcome.traces),
        becomes=becomes(outcome, ticket, facts, names, now),
        is_as_opened=as_of == OPENED,
    )


def _answer(trace: rules.TriggerTrace, names: Names) -> TriggerAnswer:
    return TriggerAnswer(
        name=trace.trigger.name,
        pk=trace.trigger.key,
        verdict=trace.verdict,
        reason=say(trace.reasons[0]).rstrip(":"),
        conditions=tuple(
            ConditionAnswer(
                words=condition_words(one.condition, names),
                found=_found(one, names),
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


MOST_SHOWN = 120


def _found(trace: rules.ConditionTrace, names: Names) -> str:
    """Return what the ticket has; of a long text its beginning."""
    if trace.actual is None:
        return ""
    shown = names.shown(trace.condition.field, trace.actual)
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"
