"""The review of a version: where it stands, what it changes, who says what, who signs."""

from collections.abc import Callable
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people.models import User
from portal.kit import clock
from portal.kit.refused import InvalidInput, Refused
from tiers.actions import (
    ask_for_changes,
    ask_for_review,
    cancel_schedule,
    comment_on_policy,
    schedule_policy,
    sign_off,
    take_back,
)
from tiers.forms.policy_review import AskForm, ScheduleForm, WordsForm
from tiers.models import Calendar, PolicySchedule, TierPolicy
from tiers.policy_diff import changes_between, count_changes
from tiers.policy_history import steps_of
from tiers.policy_review import standing_of
from tiers.views.ops.frame import me, ops_view, put_into
from tiers.views.ops.policy_frame import publish_address, render_version, version_or_404

Forms = dict[str, forms.Form]
Act = Callable[[TierPolicy, Forms, QueryDict, User, datetime], str]


@ops_view
@require_http_methods(["GET", "POST"])
def policy_review(request: HttpRequest, version: int) -> HttpResponse:
    """Show where a version stands, or take the step that was asked for."""
    policy, now = version_or_404(version), clock.now()
    shown = _forms(policy, None, "")
    status = 200
    if request.method == "POST":
        step = request.POST.get("do", "")
        shown = _forms(policy, request.POST, step)
        try:
            said = _act(step)(policy, shown, request.POST, me(request), now)
        except Refused as refusal:
            status = _say(request, shown, step, refusal)
            policy = version_or_404(version)
        else:
            messages.success(request, said)
            return redirect("ops_policy_review", version)
    return _render(request, policy, shown, status)


def _render(request: HttpRequest, policy: TierPolicy, shown: Forms, status: int) -> HttpResponse:
    names = dict(Calendar.objects.values_list("key", "name"))
    groups = changes_between(policy.parent, policy, names) if policy.parent else []
    return render_version(
        request,
        "ops/policy_review.html",
        policy,
        here="review",
        standing=standing_of(policy, me(request)),
        groups=groups,
        count=count_changes(groups),
        lines=steps_of(policy),
        publish_page=publish_address(policy) if policy.is_approved else "",
        status=status,
        ask_form=shown["ask"],
        answer_form=shown["answer"],
        comment_form=shown["comment"],
        schedule_form=shown["schedule"],
    )


def _forms(policy: TierPolicy, data: QueryDict | None, step: str) -> Forms:
    """Return every form of the page; the one that was sent keeps what was typed."""

    def sent(*steps: str) -> QueryDict | None:
        return data if step in steps else None

    waiting = PolicySchedule.objects.waiting().filter(policy=policy).first()
    zone = _("In your time zone, %(zone)s.") % {"zone": timezone.get_current_timezone_name()}
    planned = {"publish_at": waiting.publish_at, "treatment": waiting.treatment} if waiting else {}
    return {
        "ask": AskForm(sent("ask"), initial={"change_note": policy.change_note}, prefix=None),
        "answer": WordsForm(sent("sign_off", "changes"), auto_id="answer_%s"),
        "comment": WordsForm(sent("comment"), auto_id="comment_%s"),
        "schedule": ScheduleForm(sent("schedule"), initial=planned, zone=zone),
    }


def _act(step: str) -> Act:
    if step not in ACTS:
        raise Refused("no_such_step", _("There is no such step."))
    return ACTS[step]


def _say(request: HttpRequest, shown: Forms, step: str, refusal: Refused) -> int:
    """Say a refusal at its field where it names one, above the page where not."""
    form = next((form for form in shown.values() if form.is_bound), None)
    if isinstance(refusal, InvalidInput) and form is not None:
        form.is_valid()
        if not form.errors:
            put_into(form, refusal)
        return 422
    messages.error(request, refusal.message)
    return refusal.status


def _ask(policy: TierPolicy, shown: Forms, data: QueryDict, by: User, now: datetime) -> str:
    ask_for_review(policy=policy, change_note=data.get("change_note", ""), by=by, now=now)
    return _("Asked. Everybody else who runs operations gets a mail.")


def _comment(policy: TierPolicy, shown: Forms, data: QueryDict, by: User, now: datetime) -> str:
    comment_on_policy(policy=policy, text=data.get("text", ""), by=by, now=now)
    return _("Your comment is kept with the version.")


def _changes(policy: TierPolicy, shown: Forms, data: QueryDict, by: User, now: datetime) -> str:
    ask_for_changes(policy=policy, text=data.get("text", ""), by=by, now=now)
    return _("It is a draft again, with your words.")


def _take_back(policy: TierPolicy, shown: Forms, data: QueryDict, by: User, now: datetime) -> str:
    take_back(policy=policy, by=by, now=now)
    return _("It is a draft again.")


def _sign(policy: TierPolicy, shown: Forms, data: QueryDict, by: User, now: datetime) -> str:
    sign_off(policy=policy, seen=data.get("seen", ""), comment=data.get("text", ""), by=by, now=now)
    return _("You signed it off. It can be published now.")


def _schedule(policy: TierPolicy, shown: Forms, data: QueryDict, by: User, now: datetime) -> str:
    form = shown["schedule"]
    if not form.is_valid():
        raise InvalidInput("schedule_invalid", _("Nothing was scheduled."))
    made = schedule_policy(policy=policy, by=by, now=now, **form.cleaned_data)
    at = timezone.localtime(made.publish_at)
    return _("It goes live on %(day)s at %(time)s.") % {
        "day": at.date().isoformat(),
        "time": f"{at:%H:%M}",
    }


def _unschedule(policy: TierPolicy, shown: Forms, data: QueryDict, by: User, now: datetime) -> str:
    cancel_schedule(policy=policy, by=by, now=now)
    return _("It is published no longer by itself.")


ACTS: dict[str, Act] = {
    "ask": _ask,
    "comment": _comment,
    "changes": _changes,
    "take_back": _take_back,
    "sign_off": _sign,
    "schedule": _schedule,
    "unschedule": _unschedule,
}
