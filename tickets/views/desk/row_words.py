"""Why a ticket stands where it stands in a list, in words and as a clock."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from portal.kit.time_words import (
    ClockFace,
    absolute_words,
    clock_face,
    duration_words,
    moment_words,
)
from portal.kit.words import metric_label
from tickets.models import NO_PROMISE_RUNNING
from tickets.queue_page import Row


def why_here(row: Row, now: datetime) -> str:
    """Return the reason for a row's place: which promise is due when, or why none runs."""
    if row.status == "solved":
        return _("Solved %(when)s") % {"when": moment_words(row.solved_at or row.rank_at, now)}
    if row.rank_at >= NO_PROMISE_RUNNING:
        return idle_words(row.status)
    metric = metric_label(row.rank_metric, for_customer=False)
    if row.rank_at > now:
        at = absolute_words(row.rank_at, now)
        return _("%(metric)s due %(at)s") % {"metric": metric, "at": at}
    if row.broken_at is None:
        at = absolute_words(row.rank_at, now)
        return _("%(metric)s was due %(at)s, still in time") % {"metric": metric, "at": at}
    late = _roughly(now - row.rank_at)
    return _("%(metric)s was due %(late)s ago") % {"metric": metric, "late": late}


def _roughly(span: timedelta) -> str:
    """Return a length of time in whole hours where it has any; the clock says the minutes."""
    hour = timedelta(hours=1)
    return duration_words(span // hour * hour if span >= hour else span)


def idle_words(status: str) -> str:
    """Return what a ticket without a running promise waits for."""
    match status:
        case "pending":
            return _("Waiting for the customer")
        case "on_hold":
            return _("Waiting for a third party")
        case "closed":
            return _("Closed")
    return _("Nothing is due")


def says_no_clock(row: Row) -> str:
    """Return what follows on ``why_here`` where the clock beside it shows it: no clock runs."""
    if row.status in {"solved", "closed"} or row.rank_at < NO_PROMISE_RUNNING:
        return ""
    return _(", no clock running")


def clock_of(row: Row, now: datetime) -> ClockFace | None:
    """Return the face of a row's clock at an instant; None where there is nothing to count."""
    if row.status == "solved":
        return None
    if row.rank_at < NO_PROMISE_RUNNING:
        clock = {
            "metric": row.rank_metric,
            "status": "running" if row.broken_at is None else "breached",
            "due_at": row.rank_at,
            "breached_at": row.broken_at,
        }
    elif row.status in {"pending", "on_hold"}:
        clock = {"metric": "", "status": "paused", "paused_reason": row.status}
    else:
        return None
    return clock_face(clock, now, for_customer=False)
