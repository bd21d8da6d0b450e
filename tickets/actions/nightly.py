"""The nightly check: started once a night or when ops ask, and what becomes of its finds."""

from datetime import datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.refused import NotPermitted, Refused
from tickets.actions.recomputing import start_run
from tickets.models import ClockDiscrepancy, RecomputeRun

# In UTC; the vendor sleeps then, and the customers of most zones.
NIGHT_BEGINS = time(2)
# What changed longer ago has been looked at by the nights since.
CHANGED_WITHIN = timedelta(days=3)


def start_nightly_check(*, now: datetime) -> RecomputeRun | None:
    """Start the check of the night that has begun, unless there was one; harmless when repeated."""
    midnight = datetime.combine(now.date(), time(0), tzinfo=now.tzinfo)
    if now.time() < NIGHT_BEGINS:
        return None
    checks = RecomputeRun.objects.filter(kind=RecomputeRun.Kind.CHECK)
    if checks.filter(created_at__gte=midnight).exists():
        return None
    return _start(now, None)


def check_now(*, by: User, now: datetime) -> RecomputeRun:
    """Start a check because ops ask for one; Refused while one is under way."""
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops check the clocks."))
    run = _start(now, by)
    if run is None:
        raise Refused("check_running", _("A check is under way already. Its result will be here."))
    return run


def _start(now: datetime, by: User | None) -> RecomputeRun | None:
    """Start a check; None when another is unfinished, which the database makes sure of."""
    try:
        with transaction.atomic():
            return start_run(
                kind=RecomputeRun.Kind.CHECK,
                scope={"changed_since": (now - CHANGED_WITHIN).isoformat()},
                started_by=by,
                now=now,
            )
    except IntegrityError:
        return None


def settle_discrepancy(*, discrepancy: ClockDiscrepancy, by: User, now: datetime) -> bool:
    """Take a find off the list: somebody has looked. Return whether it was still on it."""
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops settle what a check has found."))
    found = ClockDiscrepancy.objects.filter(pk=discrepancy.pk, settled_at=None)
    return bool(found.update(settled_at=now, settled_by=by))
