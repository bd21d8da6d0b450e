"""Bring back clocks that the sweep set aside because it could not read them."""

from datetime import datetime

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.refused import NotPermitted, Refused
from tickets.actions.clocks import reclock
from tickets.actions.events import locked
from tickets.models import Clock, ClockDiscrepancy, Ticket

log = structlog.get_logger("tickets.repairing")


def recompute_clocks(*, ticket: Ticket, by: User, now: datetime) -> int:
    """Compute all clocks of a ticket anew from its events; return how many were faulty.

    What was reached meanwhile is recorded with its true instant, as always.
    Raises Refused, and leaves the fault in sight, when the events themselves
    cannot be read, or when a faulty row belongs to no clock of the ticket.
    """
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops recompute clocks."))
    try:
        with transaction.atomic():
            row = locked(ticket)
            faulty = Clock.objects.filter(ticket=row).exclude(fault="")
            found = faulty.count()
            reclock(row, now)
            row.save(update_fields=["rank_at", "rank_metric"])
            left = faulty.count()
            settled = ClockDiscrepancy.objects.unsettled().filter(ticket=row)
            differed = settled.update(settled_at=now, settled_by=by)
    except (LookupError, TypeError, ValueError) as error:
        log.exception("clocks cannot be recomputed", ticket=ticket.pk)
        raise Refused(
            "events_unreadable",
            _("The clocks cannot be computed from the ticket's events: %(error)s")
            % {"error": error},
        ) from error
    if left:
        raise Refused(
            "clock_unknown",
            _("%(count)s of its clocks belong to nothing that happened on the ticket any more.")
            % {"count": left},
        )
    log.info("clocks recomputed", ticket=row.pk, by=by.pk, faulty=found, differed=differed)
    return found
