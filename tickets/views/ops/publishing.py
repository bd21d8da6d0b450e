"""Publish a version of the support program or of a calendar: see first what it does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.kit import clock
from portal.kit.refused import InvalidInput, Refused
from portal.kit.words import Words
from tickets.actions.publishing import CORRECT, publish_calendar_version, publish_policy, source_of
from tickets.forms.publishing import TREATMENTS, PublishForm
from tickets.models import RecomputeRun
from tickets.moves import Preview as AccountPreview
from tickets.moves import preview_of
from tickets.publishing import PublishPreview, preview_calendar, preview_policy
from tiers.calendars import pinned
from tiers.models import Calendar, CalendarVersion, OpenTickets, TierPolicy
from tiers.rules.evaluation.values import InputError
from tiers.views.ops.frame import me, ops_view, put_into, render_ops

Preview = Callable[[str], PublishPreview]
Publish = Callable[[str, str], RecomputeRun | None]


@dataclass(frozen=True, slots=True)
class Dialog:
    """One thing to publish: its words, what it would do, and how it is done."""

    title: str
    lead: str
    crumbs: Sequence[tuple[str, str]]
    treatments: Sequence[str]
    preview: Preview
    publish: Publish
    source: str
    done: str
    # What the editor looked at: the page sends it back, so that nothing else is published.
    revision: str = ""
    # What it still takes before it may be published, where it is not signed off.
    missing: str = ""
    review: str = ""
    # Where the publishing itself can be watched; without it the run over open tickets is shown.
    progress: str = ""
    # What is said afterwards, where it is not that it counts from now on.
    said: str = ""
    # What becomes of all accounts, where that is what is published.
    accounts: AccountPreview | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One treatment of open tickets, with what it would do."""

    value: str
    label: Words
    is_chosen: bool
    preview: PublishPreview


@ops_view
@require_http_methods(["GET", "POST"])
def policy_publish(request: HttpRequest, version: int) -> HttpResponse:
    """Show what a draft of the program does to open tickets, or publish it."""
    policy, now, who = get_object_or_404(TierPolicy, version=version), clock.now(), me(request)
    page = reverse("ops_policy_version", args=[version])
    dialog = Dialog(
        title=_("Publish version %(version)s") % {"version": version},
        lead=policy.name,
        crumbs=[(reverse("ops_policy"), _("Tier policy")), (page, _version(version))],
        treatments=OpenTickets.values,
        preview=lambda treatment: preview_policy(policy=policy, treatment=treatment, now=now),
        publish=lambda treatment, note: publish_policy(
            policy=policy, treatment=treatment, change_note=note, published_by=who, now=now
        ),
        source=source_of(version),
        done=page,
        missing=_missing(policy),
        review=reverse("ops_policy_review", args=[version]),
        progress=reverse("ops_policy_run", args=[version]),
        accounts=_accounts(policy, now) if policy.status not in _OVER else None,
    )
    return _answer(request, dialog, is_open=policy.status not in _OVER)


def _missing(policy: TierPolicy) -> str:
    """Say what it takes before a version may be published; empty once it is signed off."""
    match policy.status:
        case TierPolicy.Status.DRAFT:
            return _("This is a draft: nobody was asked to review it yet.")
        case TierPolicy.Status.IN_REVIEW:
            return _("It is in review: a second person has not signed it off yet.")
        case TierPolicy.Status.DISCARDED:
            return _("It was discarded. Make a new draft of it to go on.")
    return ""


def _accounts(policy: TierPolicy, now: datetime) -> AccountPreview | None:
    """Return what becomes of all accounts; None for criteria that nobody can read."""
    try:
        return preview_of(policy, now)
    except InputError:
        return None


_OVER = (TierPolicy.Status.LIVE, TierPolicy.Status.RETIRED)


@ops_view
@require_http_methods(["GET", "POST"])
def calendar_publish(request: HttpRequest, key: str) -> HttpResponse:
    """Show what the draft of a calendar does to open tickets, or publish it."""
    calendar, now, who = get_object_or_404(Calendar, key=key), clock.now(), me(request)
    page = reverse("ops_calendar", args=[key])
    version = calendar.versions.order_by("-number").first()
    if version is None:
        return redirect(page)
    sent = request.POST.get("revision", "")
    seen = int(sent) if sent.isascii() and sent.isdigit() else None
    dialog = Dialog(
        title=_("Publish version %(version)s") % {"version": version.number},
        lead=calendar.name,
        crumbs=[
            (reverse("ops_calendars"), _("Calendars")),
            (page, calendar.name),
        ],
        treatments=_treatments(version),
        preview=lambda treatment: preview_calendar(version=version, treatment=treatment, now=now),
        publish=lambda treatment, note: publish_calendar_version(
            version=version,
            treatment=treatment,
            reason=note,
            published_by=who,
            now=now,
            revision=seen,
        ),
        source=f"calendar:{pinned(key, version.number)}",
        done=page,
        revision=str(version.revision),
        said=_said(version),
    )
    return _answer(request, dialog, is_open=version.is_draft)


def _said(version: CalendarVersion) -> str:
    """Say from when on the version counts, which may be later."""
    if version.valid_from is not None and version.valid_from > clock.now():
        return _("It is published and counts from %(moment)s on.") % {
            "moment": date_format(timezone.localtime(version.valid_from), "DATETIME_FORMAT")
        }
    return ""


def _treatments(version: CalendarVersion) -> list[str]:
    """Time that has gone by can be corrected, but only where the version reaches back."""
    back = [CORRECT] if version.reaches_back(clock.now()) else []
    return [*OpenTickets.values, *back]


def _version(number: int) -> str:
    return _("Version %(version)s") % {"version": number}


def _answer(request: HttpRequest, dialog: Dialog, *, is_open: bool) -> HttpResponse:
    """Publish once; whoever submits again, or comes late, is led to what came of it."""
    if not is_open:
        messages.info(request, _("This version is published already."))
        return _lead_on(dialog)
    form = PublishForm(request.POST or None, treatments=dialog.treatments)
    if request.method == "POST" and form.is_valid():
        try:
            run = dialog.publish(form.cleaned_data["treatment"], form.cleaned_data["note"])
        except Refused as refusal:
            _put(form, refusal)
        else:
            messages.success(request, dialog.said or _("It is published and counts from now on."))
            return _lead_to(dialog, run)
    options = [
        Option(value, TREATMENTS[value], form["treatment"].value() == value, dialog.preview(value))
        for value in dialog.treatments
    ]
    return render_ops(
        request,
        "ops/publish.html",
        title=dialog.title,
        crumbs=dialog.crumbs,
        lead=dialog.lead,
        form=form,
        options=options,
        preview=dialog.accounts,
        missing=dialog.missing,
        review=dialog.review,
        back=dialog.done,
        revision=dialog.revision,
        status=422 if form.errors else 200,
    )


def _put(form: PublishForm, refusal: Refused) -> None:
    """Show a refusal where it belongs; the actions call the note by two names."""
    if isinstance(refusal, InvalidInput):
        names = {"change_note": "note", "reason": "note"}
        fields = {names.get(name, name): said for name, said in refusal.fields.items()}
        refusal = InvalidInput(refusal.code, refusal.message, fields=fields)
    put_into(form, refusal)


def _lead_on(dialog: Dialog) -> HttpResponse:
    run = RecomputeRun.objects.filter(source=dialog.source).first()
    return _lead_to(dialog, run)


def _lead_to(dialog: Dialog, run: RecomputeRun | None) -> HttpResponse:
    """Show how far the work is that publishing began."""
    if dialog.progress:
        return redirect(dialog.progress)
    return redirect("ops_recompute_run", run.pk) if run else redirect(dialog.done)
