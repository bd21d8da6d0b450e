"""Write a calendar's draft, and see what it would change before it is published."""

from datetime import date, datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from people.forms.profile import zone_choices
from portal.kit import clock
from portal.kit.refused import Refused
from tiers.actions import save_calendar_draft
from tiers.calendar_changes import change_words, changed_days
from tiers.calendar_standing import Standing
from tiers.calendar_words import amount_words
from tiers.calendar_year import CalendarDays, month_totals, year_of
from tiers.forms.calendar_judging import judge
from tiers.forms.calendar_sheet import CalendarSheet
from tiers.holiday_sources import (
    countries,
    days_of_ical,
    public_holidays,
    subdivisions,
)
from tiers.models import CalendarVersion
from tiers.views.ops.calendars import chosen_year, list_crumb, standing_or_404
from tiers.views.ops.frame import me, ops_view, render_ops

MOST_YEARS = 10
BEHIND, AHEAD = timedelta(days=366), timedelta(days=6 * 366)


@ops_view
@require_http_methods(["GET", "POST"])
def calendar_draft(request: HttpRequest, key: str) -> HttpResponse:
    """Show the sheet; take something in, or save it, when it was sent."""
    now = clock.now()
    standing = standing_or_404(key, now)
    draft = standing.draft
    if draft is None:
        if request.method == "POST":
            messages.error(request, _("The draft is gone: somebody published it or threw it away."))
        return redirect("ops_calendar", key)
    if request.method != "POST":
        sheet = CalendarSheet.of_version(draft, standing.today)
    else:
        sheet = CalendarSheet.of_post(request.POST)
        if request.POST.get("do", "save") != "save":
            _take_in(request, sheet, standing)
        elif _saved(request, sheet, draft, now):
            return redirect("ops_calendar_preview", key)
    return _render_sheet(request, standing, draft, sheet, now)


def _render_sheet(
    request: HttpRequest,
    standing: Standing,
    draft: CalendarVersion,
    sheet: CalendarSheet,
    now: datetime,
) -> HttpResponse:
    return render_ops(
        request,
        "ops/calendar_draft.html",
        title=_("Draft"),
        crumbs=[list_crumb(), _way_back(standing)],
        standing=standing,
        draft=draft,
        sheet=sheet,
        has_row_errors=any(
            row.error
            for rows in (sheet.added, sheet.special, *(day.spans for day in sheet.week))
            for row in rows  # type: ignore[attr-defined]
        ),
        zones=[
            (name, cities) if isinstance(cities, list) else ("", [(name, cities)])
            for name, cities in zone_choices(sheet.zone, now)
        ],
        import_errors=[
            sheet.errors[name]
            for name in ("country", "subdivision", "years")
            if name in sheet.errors
        ],
        countries=countries(),
        subdivisions=subdivisions(sheet.country),
    )


def _way_back(standing: Standing) -> tuple[str, str]:
    row = standing.calendar
    return reverse("ops_calendar", args=[row.key]), row.name


def _saved(
    request: HttpRequest, sheet: CalendarSheet, draft: CalendarVersion, now: datetime
) -> bool:
    """Save what was typed; whether it was, else the sheet says why not."""
    judged = judge(sheet, now)
    if judged is None:
        return False
    try:
        save_calendar_draft(
            version=draft,
            definition=judged.definition,
            holiday_names=judged.holiday_names,
            valid_from=judged.valid_from,
            reason=sheet.reason,
            revision=sheet.revision,
            source=(sheet.country, sheet.subdivision),
            by=me(request),
            now=now,
        )
    except Refused as refusal:
        _put_into(sheet, refusal, draft)
        return False
    messages.success(request, _("The draft is saved. It counts nowhere before it is published."))
    return True


def _put_into(sheet: CalendarSheet, refusal: Refused, draft: CalendarVersion) -> None:
    if refusal.code == "draft_changed":
        sheet.errors["all"] = _(
            "%(who)s What you typed is still here and nothing was lost. Look at the saved draft in "
            "another window; saving again replaces it with yours."
        ) % {"who": refusal.message}
        sheet.revision = draft.revision
        return
    places = {"valid_from": "start", "reason": "reason"}
    for name, said in refusal.fields.items():
        sheet.errors[places.get(name, "all")] = said
    if not refusal.fields:
        sheet.errors["all"] = refusal.message


def _take_in(request: HttpRequest, sheet: CalendarSheet, standing: Standing) -> None:
    """Do what a button other than saving asks for; nothing is judged or kept yet."""
    what, _colon, where = request.POST["do"].partition(":")
    try:
        match what:
            case "row":
                sheet.add_row(where)
            case "copy":
                _copy(request, sheet)
            case "library":
                years = _years(sheet)
                days = public_holidays(sheet.country, sheet.subdivision, years)
                _told(request, sheet.take_in(days), len(days))
            case "file":
                _take_in_file(request, sheet, standing.today)
            case "feed":
                days = {
                    date.fromisoformat(day): name
                    for day, name in standing.calendar.feed_days.items()
                }
                _told(request, sheet.take_in(days), len(days))
            case _:
                pass
    except Refused as refusal:
        sheet.errors |= refusal.fields or {"all": refusal.message}


def _copy(request: HttpRequest, sheet: CalendarSheet) -> None:
    copied = sheet.copy_day(request.POST.get("copy_from", ""), request.POST.getlist("copy_to"))
    if copied:
        messages.info(request, _("Copied to %(days)s.") % {"days": ", ".join(copied)})
    else:
        sheet.errors["copy"] = _("Tick the days that are to be the same.")


def _take_in_file(request: HttpRequest, sheet: CalendarSheet, today: date) -> None:
    file = request.FILES.get("file")
    if file is None:
        sheet.errors["file"] = _("Choose an .ics file first.")
        return
    found = days_of_ical(file.read(), today - BEHIND, today + AHEAD)
    _told(request, sheet.take_in(found.days), len(found.days))
    if found.left_out:
        messages.info(
            request,
            ngettext(
                "%(count)s event with a time of day was left out.",
                "%(count)s events with times of day were left out.",
                found.left_out,
            )
            % {"count": found.left_out},
        )


def _years(sheet: CalendarSheet) -> range:
    try:
        first, last = int(sheet.first_year), int(sheet.last_year)
    except ValueError:
        first, last = 0, -1
    if not 2000 <= first <= last <= 2199 or last - first >= MOST_YEARS:
        message = _("Write two years such as 2027 and 2030, at most ten years apart.")
        raise Refused("years_invalid", message, fields={"years": message})
    return range(first, last + 1)


def _told(request: HttpRequest, fresh: int, found: int) -> None:
    if not found:
        messages.warning(request, _("No closed days were found there."))
    elif not fresh:
        messages.info(request, _("All of these days are closed already."))
    else:
        messages.success(
            request,
            ngettext(
                "%(count)s day more is closed. Save the draft to keep it.",
                "%(count)s days more are closed. Save the draft to keep them.",
                fresh,
            )
            % {"count": fresh},
        )


@ops_view
@require_GET
def calendar_preview(request: HttpRequest, key: str) -> HttpResponse:
    """Show what the draft changes: days, hours per month, and the year it makes."""
    now = clock.now()
    standing = standing_or_404(key, now)
    draft = standing.draft
    if draft is None:
        return redirect("ops_calendar", key)
    starts_when_published = draft.valid_from is None
    if starts_when_published and draft.number > 1:
        draft.valid_from = now  # as publishing would
    drafted = [*standing.published, draft]
    before = CalendarDays(standing.published) if standing.published else None
    after = CalendarDays(drafted)
    first = _first_day(standing, draft, now)
    previous = standing.published[-1] if standing.published else None
    return render_ops(
        request,
        "ops/calendar_preview.html",
        title=_("What the draft changes"),
        crumbs=[list_crumb(), _way_back(standing)],
        standing=standing,
        draft=draft,
        starts_when_published=starts_when_published,
        is_correction=draft.reaches_back(now),
        words=change_words(previous, draft),
        changes=changed_days(before, after, first) if before else [],
        months=_months(before, after, first) if before else [],
        year=year_of(drafted, chosen_year(request, standing)),
    )


def _first_day(standing: Standing, draft: CalendarVersion, now: datetime) -> date:
    """Return from which day on to compare: today, or as far as a correction reaches back."""
    today = standing.today
    if draft.valid_from is None or draft.valid_from >= now:
        return today
    zone = CalendarDays([draft]).zone_at(clock.to_epoch(now))
    return max(timezone.localtime(draft.valid_from, zone).date(), today - timedelta(days=365))


def _months(before: CalendarDays, after: CalendarDays, first: date) -> list[dict[str, object]]:
    rows = []
    for month, (was, becomes) in month_totals([before, after], first):
        rows.append(
            {
                "month": month,
                "before": amount_words(was),
                "after": amount_words(becomes),
                "difference": signed_words(becomes - was),
            }
        )
    return rows


def signed_words(seconds: int) -> str:
    """Return a difference of hours with its sign; nothing when there is none."""
    if not seconds:
        return ""
    return f"{'+' if seconds > 0 else '−'}{amount_words(abs(seconds))}"
