"""Calendars: the list, one calendar's year, its versions, its name and its feed."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.refused import Refused
from tiers.actions import (
    create_calendar,
    discard_calendar_draft,
    draft_calendar_version,
    look_at_holiday_feed,
    rename_calendar,
    set_holiday_feed,
)
from tiers.calendar_changes import change_words
from tiers.calendar_standing import Standing, standings
from tiers.calendar_year import year_of
from tiers.default_program import VENDOR_ZONE, WEEK
from tiers.forms.calendars import FeedForm, NameForm, NewCalendarForm
from tiers.models import Calendar, CalendarVersion
from tiers.views.ops.frame import (
    Crumb,
    header_button,
    me,
    ops_view,
    put_into,
    render_ops,
    telling_refusals,
)

FIRST_YEAR, LAST_YEAR = 2000, 2199
USUAL_HOURS = [["09:00", "17:00"]]


def list_crumb() -> Crumb:
    """Return the way back to the list."""
    return reverse("ops_calendars"), _("Calendars")


def standing_or_404(key: str, now: datetime) -> Standing:
    """Return how a calendar stands."""
    found = standings(now, key)
    if not found:
        raise Http404
    return found[0]


@ops_view
@require_GET
def calendars(request: HttpRequest) -> HttpResponse:
    """Show every calendar: its hours, its version, who counts in it, what is missing."""
    return render_ops(
        request,
        "ops/calendars.html",
        title=_("Calendars"),
        icon="date",
        buttons=[header_button(_("Add calendar"), reverse("ops_calendar_new"), "plus")],
        rows=standings(clock.now()),
    )


@ops_view
@require_http_methods(["GET", "POST"])
def calendar_new(request: HttpRequest) -> HttpResponse:
    """Add a calendar and go on to its first draft."""
    now = clock.now()
    form = NewCalendarForm(request.POST or None, zone=VENDOR_ZONE, now=now)
    if request.method == "POST" and form.is_valid():
        try:
            draft = create_calendar(by=me(request), now=now, **_beginning(form, now))
        except Refused as refusal:
            put_into(form, refusal)
        else:
            messages.success(
                request,
                _("%(name)s was added as a draft. Nothing is counted in it before you publish it.")
                % {"name": draft.calendar},
            )
            return redirect("ops_calendar_draft", draft.calendar.key)
    return render_ops(
        request, "ops/calendar_new.html", title=_("Add calendar"), crumbs=[list_crumb()], form=form
    )


def _beginning(form: NewCalendarForm, now: datetime) -> dict[str, Any]:
    """Return what the first draft says: the usual week, or what another calendar says now."""
    name, zone = form.cleaned_data["name"], form.cleaned_data["zone"]
    like: Calendar | None = form.cleaned_data["like"]
    row = CalendarVersion.objects.in_force_at(now).filter(calendar=like).first() if like else None
    if row is None:
        weekly = dict.fromkeys(WEEK[:5], USUAL_HOURS)
        return {"name": name, "definition": {"timezone": zone, "weekly": weekly}}
    return {
        "name": name,
        "definition": {**row.definition, "timezone": zone},
        "holiday_names": row.holiday_names,
    }


@ops_view
@require_GET
def calendar(request: HttpRequest, key: str) -> HttpResponse:
    """Show one calendar's year, how it stands, and its versions."""
    standing = standing_or_404(key, clock.now())
    row = standing.calendar
    shown = standing.published or ([standing.draft] if standing.draft else [])
    before = [None, *standing.published]
    return render_ops(
        request,
        "ops/calendar.html",
        title=row.name,
        icon="date",
        crumbs=[list_crumb()],
        standing=standing,
        year=year_of(shown, chosen_year(request, standing)),
        versions=[
            {"row": version, "changes": change_words(previous, version)}
            for previous, version in zip(before, standing.published, strict=False)
        ][::-1],
        name_form=NameForm(initial={"name": row.name}),
        feed_form=FeedForm(initial={"feed_url": row.feed_url}),
    )


def chosen_year(request: HttpRequest, standing: Standing) -> int:
    """Return the year asked for; the present one, there, when none or nonsense is."""
    text = request.GET.get("year", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else 0
    return year if FIRST_YEAR <= year <= LAST_YEAR else standing.today.year


@ops_view
@require_POST
def calendar_draft_start(request: HttpRequest, key: str) -> HttpResponse:
    """Begin a draft, or go on with the one there is."""
    row = get_object_or_404(Calendar, key=key)
    with telling_refusals(request):
        draft_calendar_version(calendar=row, by=me(request), now=clock.now())
    return redirect("ops_calendar_draft", key)


@ops_view
@require_POST
def calendar_draft_discard(request: HttpRequest, key: str) -> HttpResponse:
    """Throw the draft away; a calendar that was never published goes with it."""
    row = get_object_or_404(Calendar, key=key)
    draft = CalendarVersion.objects.drafts().filter(calendar=row).first()
    with telling_refusals(request):
        if draft is not None and discard_calendar_draft(version=draft, by=me(request)):
            messages.success(request, _("The draft of %(name)s was thrown away.") % {"name": row})
    stays = Calendar.objects.filter(pk=row.pk).exists()
    return redirect("ops_calendar", key) if stays else redirect("ops_calendars")


@ops_view
@require_POST
def calendar_name(request: HttpRequest, key: str) -> HttpResponse:
    """Give a calendar another name."""
    row, form = get_object_or_404(Calendar, key=key), NameForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the calendar a name of at most 80 characters."))
        return redirect("ops_calendar", key)
    with telling_refusals(request):
        renamed = rename_calendar(calendar=row, by=me(request), **form.cleaned_data)
        messages.success(request, _("It is called %(name)s now.") % {"name": renamed})
    return redirect("ops_calendar", key)


@ops_view
@require_POST
def calendar_feed(request: HttpRequest, key: str) -> HttpResponse:
    """Set the address of the holiday feed and look at it at once."""
    row, form = get_object_or_404(Calendar, key=key), FeedForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The address of the feed is too long."))
        return redirect("ops_calendar", key)
    with telling_refusals(request):
        row = set_holiday_feed(calendar=row, url=form.cleaned_data["feed_url"], by=me(request))
        if not row.feed_url:
            messages.success(request, _("No feed is looked at any more."))
        else:
            _look(request, row)
    return redirect("ops_calendar", key)


def _look(request: HttpRequest, row: Calendar) -> None:
    draft = look_at_holiday_feed(calendar=row, now=clock.now())
    row.refresh_from_db()
    if row.feed_error:
        messages.error(request, row.feed_error)
    elif draft is not None:
        messages.success(request, _("The feed holds other days: a draft is ready to be checked."))
    else:
        messages.success(request, _("The feed was read."))
