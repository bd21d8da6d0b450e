"""Go over the clocks of many tickets: in batches, resumable, beside agents and sweeps.

A batch is one transaction that also moves the run's cursor. Whoever holds the run's
row works on its next batch; the lease only keeps other workers from queueing for it.
A worker that is killed loses one batch, which the next one does again from its start.

Tickets that somebody holds are not waited for while a batch holds others (two who wait
for each other would be the end of one of them): they are noted in the run, and done one
by one when the cursor has come to the end.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Q

from people.models import User
from portal.kit.claims import claim, lock
from portal.kit.watch import Watch
from tickets.actions.checking import check_tickets
from tickets.actions.giving_terms import give_terms
from tickets.actions.telling_ops import tell_result
from tickets.models import ClockDiscrepancy, RecomputeRun, Ticket
from tickets.models.ticket import ACTIVE_STATUSES, TicketQuerySet

log = structlog.get_logger("tickets.recomputing")

Kind = RecomputeRun.Kind
BATCH = 200
# Where there is one writer at a time, everybody else waits for the end of a batch.
BATCH_FOR_ONE_WRITER = 25
LEASE = timedelta(seconds=60)
# How long one call goes on before it lets another worker have the run.
BUDGET_SECONDS = 20.0
# What makes one ticket impossible to compute. Anything else is an outage or a mistake of
# ours: it undoes the batch, which is tried again.
UNREADABLE = (LookupError, TypeError, ValueError, ArithmeticError, IntegrityError, DataError)


def start_run(
    *,
    kind: str,
    now: datetime,
    mode: str = "",
    scope: Mapping[str, object] | None = None,
    source: str = "",
    reason: str = "",
    started_by: User | None = None,
) -> RecomputeRun:
    """Write down that tickets are to be gone over; a worker takes it from there."""
    run = RecomputeRun(
        kind=kind, mode=mode, scope=dict(scope or {}), source=source, reason=reason[:300],
        started_by=started_by, created_at=now,
    )  # fmt: skip
    run.total = tickets_of(run).count()
    run.save(force_insert=True)
    return run


def tickets_of(run: RecomputeRun) -> TicketQuerySet:
    """Return the tickets that a run goes over.

    New terms reach the tickets that were opened before and that somebody still
    owes something; later ones were opened under them. A check also looks at what
    changed lately (scope "changed_since").
    """
    since = run.scope.get("changed_since")
    if run.kind == Kind.CHECK:
        recent = Q(updated_at__gte=datetime.fromisoformat(since)) if since else Q(pk=None)
        return Ticket.objects.filter(Q(status__in=ACTIVE_STATUSES) | recent)
    tickets = Ticket.objects.active().filter(created_at__lte=run.created_at)
    if "organization" in run.scope:
        tickets = tickets.filter(organization_id=run.scope["organization"])
    return tickets


def continue_runs(
    *, now: datetime, budget_seconds: float = BUDGET_SECONDS, batch: int | None = None
) -> int:
    """Work on what nobody works on, for a while; return how many tickets were gone over."""
    watch, done = Watch(now, budget_seconds), 0
    several = connection.features.has_select_for_update_skip_locked
    batch = batch or (BATCH if several else BATCH_FOR_ONE_WRITER)

    while (run_id := _take(watch.now())) is not None:
        while (handled := advance_run(run_id=run_id, now=watch.now(), limit=batch)) is not None:
            done += handled
            if watch.is_over():
                RecomputeRun.objects.filter(pk=run_id).update(lease_until=None)
                return done
    return done


def _take(now: datetime) -> int | None:
    """Lease the next run; what gives terms goes strictly in the order of publishing."""
    with transaction.atomic():
        giving = RecomputeRun.objects.unfinished().exclude(kind=Kind.CHECK)
        free = RecomputeRun.objects.free(now).filter(
            Q(kind=Kind.CHECK) | Q(pk__in=giving.values("pk")[:1])
        )
        run = claim(free, 1).first()
        if run is None:
            return None
        run.lease_until = now + LEASE
        run.started_at = run.started_at or now
        run.save(update_fields=["lease_until", "started_at"])
        taken: int = run.pk
        return taken


def advance_run(*, run_id: int, now: datetime, limit: int = BATCH) -> int | None:
    """Do the next batch of a run; return how many tickets, or None when there is nothing to do.

    Nothing to do: the run is finished, or another worker is at it this moment.
    """
    with transaction.atomic():
        run = claim(RecomputeRun.objects.unfinished().filter(pk=run_id), 1).first()
        if run is None:
            return None
        wanted = list(
            tickets_of(run)
            .filter(pk__gt=run.last_ticket_id)
            .order_by("pk")
            .values_list("pk", flat=True)[:limit]
        )
        work = _check if run.kind == Kind.CHECK else _give
        handled = work(run, wanted, now)
        run.lease_until = now + LEASE
        run.last_ticket_id = max([run.last_ticket_id, *wanted])
        run.done += handled
        if not wanted and not run.scope.get("held"):
            run.finished_at, run.lease_until = now, None
            tell_result(run, now)
        run.save()
        return None if run.finished_at else handled


def _check(run: RecomputeRun, wanted: Sequence[int], now: datetime) -> int:
    if wanted:
        found = check_tickets(run=run, ticket_ids=wanted, now=now)
        run.changed += found.differing
        run.failed += found.unreadable
    return len(wanted)


def _give(run: RecomputeRun, wanted: Sequence[int], now: datetime) -> int:
    """Give new terms to those of a batch that nobody holds, else to one that was held before."""
    held = list(run.scope.get("held", ()))
    if wanted:
        free = claim(Ticket.objects.filter(pk__in=wanted).order_by("pk"), len(wanted))
        taken = [ticket.pk for ticket in free.only("pk")]
        held += sorted(set(wanted) - set(taken))
    else:
        # One alone: whoever holds it can be waited for.
        taken, held = held[:1], held[1:]
        list(lock(Ticket.objects.filter(pk__in=taken)).only("pk"))
    run.scope = {**run.scope, "held": held}
    try:
        with transaction.atomic():
            run.changed += give_terms(run=run, ticket_ids=taken, now=now)
    except UNREADABLE:
        for pk in taken:
            _give_alone(run, pk, now)
    return len(taken)


def _give_alone(run: RecomputeRun, pk: int, now: datetime) -> None:
    """Give one ticket its terms; one that cannot be computed is noted and left as it is."""
    try:
        with transaction.atomic():
            run.changed += give_terms(run=run, ticket_ids=[pk], now=now)
    except UNREADABLE as error:
        log.exception("ticket cannot be recomputed", ticket=pk, run=run.pk)
        run.failed += 1
        said = f"{type(error).__name__}: {error}"[:300]
        ClockDiscrepancy.objects.bulk_create(
            [ClockDiscrepancy(run=run, ticket_id=pk, difference={"error": said}, found_at=now)],
            ignore_conflicts=True,
        )
