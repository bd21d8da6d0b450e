"""The parts of a ledger in words: states, steps, terms, calendar versions, days."""

from collections.abc import Iterator, Mapping
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.kit import clock
from portal.kit.words import Words, calendar_label, severity_label, tier_label
from tickets.amount_words import exact_words
from tickets.explaining.account import Segment, Step, TargetFacts
from tickets.rules.ledger import Day
from tiers import ladder_words
from tiers.calendar_words import is_around_the_clock
from tiers.calendars import calendar_key, pinned_number
from tiers.rules.business_time import CalendarDefinition

STATES: Mapping[str, Words] = {
    "running": gettext_lazy("counting"),
    "paused": gettext_lazy("standing still"),
    "stopped": gettext_lazy("at rest"),
    "cancelled": gettext_lazy("not promised"),
}
STATUSES: Mapping[str, Words] = {
    "not_started": gettext_lazy("not started"),
    "running": gettext_lazy("running"),
    "paused": gettext_lazy("standing still"),
    "met": gettext_lazy("kept"),
    "met_late": gettext_lazy("kept late"),
    "breached": gettext_lazy("broken"),
    "cancelled": gettext_lazy("cancelled"),
}


def state_words(state: str) -> str:
    """Return what a clock did in a stretch."""
    return str(STATES.get(state, state))


def status_words(status: str) -> str:
    """Return the verdict on a clock."""
    return str(STATUSES.get(status, status))


def calendar_version_words(segment: Segment) -> str:
    """Return which calendar counted, in which version."""
    if not segment.calendar_key:
        return "–"
    if segment.calendar_version is None:
        return str(calendar_label(segment.calendar_key))
    return _("%(calendar)s, version %(version)s") % {
        "calendar": calendar_label(segment.calendar_key),
        "version": segment.calendar_version,
    }


def terms_words(target: TargetFacts) -> str:
    """Return who promised what, for our own people."""
    words = {
        "tier": tier_label(target.tier),
        "version": target.policy_version,
        "severity": severity_label(target.severity),
        "time": exact_words(target.seconds),
        "calendar": calendar_label(calendar_key(target.calendar)),
    }
    if target.is_contract:
        text = _("%(time)s, %(calendar)s, for %(severity)s: promised by the contract (custom SLA)")
    else:
        text = _("%(time)s, %(calendar)s, for %(severity)s: promised by %(tier)s")
    parts = [text % words, _("policy version %(version)s") % words]
    newest = pinned_number(target.calendar)
    if newest is not None:
        parts.append(_("calendar as known at its version %(version)s") % {"version": newest})
    return "; ".join(parts)


def step_words(step: Step) -> str:
    """Return what a step of the ladder is and what became of it."""
    return ", ".join([step_name(step), *step_fate(step)])


def step_name(step: Step) -> str:
    """Return the step itself: a share of the time, minutes before its end, or the breach."""
    if step.is_breach:
        return _("the promise breaks") if not step.is_reached else _("the promise was broken")
    if step.step < 0:
        return ladder_words.step_words(step.step)
    return _("%(step)s %% of the time used") % {"step": step.step}


def step_fate(step: Step) -> list[str]:
    """Return how far a step has come: ahead, recorded, announced, seen."""
    if not step.is_reached:
        return [_("still ahead"), *_told(step)]
    fate = [] if step.is_present else [_("under earlier terms")]
    if step.recorded_at is None:
        return [*fate, _("not recorded yet")]
    if step.announced_at is None:
        fate.append(_("recorded, not announced yet"))
    else:
        fate.append(_("recorded and announced"))
    if step.acknowledged_by:
        fate.append(_("seen by %(who)s") % {"who": step.acknowledged_by})
    elif step.acknowledged_at is not None:
        fate.append(_("seen"))
    return fate


def _told(step: Step) -> list[str]:
    """Return who will be told, if anybody is."""
    if not step.tells:
        return []
    roles = ", ".join(str(ladder_words.ROLES.get(role, role)) for role in step.tells)
    return [_("tells %(roles)s") % {"roles": roles}]


def day_lines(segment: Segment) -> Iterator[str]:
    """Yield a running stretch day by day; nothing for one that counts around the clock."""
    hours = segment.definition
    if hours is None or is_around_the_clock(hours):
        return
    for day in segment.days.listed:
        yield _day(day, segment, hours)
    if segment.days.more_days:
        more = segment.days.more_days
        words = ngettext("%(count)s more day: %(time)s", "%(count)s more days: %(time)s", more)
        yield words % {"count": more, "time": exact_words(segment.days.more_seconds)}


def _day(day: Day, segment: Segment, hours: CalendarDefinition) -> str:
    words = {
        "day": _date(day.first),
        "spans": ", ".join(_span(start, end, hours) for start, end in day.spans),
        "time": exact_words(day.counted_seconds),
        "name": segment.holiday(day.first),
        "last": _date(day.last),
    }
    if day.is_holiday:
        closed = _("%(day)s: closed, %(name)s") if words["name"] else _("%(day)s: closed, holiday")
        return closed % words
    if not day.spans:
        if day.first != day.last:
            return _("%(day)s to %(last)s: closed") % words
        return _("%(day)s: no hours") % words
    if day.is_special:
        return _("%(day)s, special hours %(spans)s: %(time)s") % words
    return _("%(day)s %(spans)s: %(time)s") % words


def _date(day: date) -> str:
    return date_format(day, _("D j M Y"))


def _span(start: int, end: int, hours: CalendarDefinition) -> str:
    """Return an open span on the calendar's own clock; midnight at its end is 24:00."""
    first = clock.from_epoch(start).astimezone(hours.zone)
    last = clock.from_epoch(end).astimezone(hours.zone)
    seconds = first.second or last.second
    form = "%H:%M:%S" if seconds else "%H:%M"
    ends = "24:00" if last.date() != first.date() else last.strftime(form)
    return f"{first.strftime(form)}–{ends}"
