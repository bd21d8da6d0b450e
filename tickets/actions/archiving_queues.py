"""Archive a queue: it takes no tickets any more, and those in it go on to another one."""

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.bulk import insert_all, update_all
from portal.kit.claims import claim
from portal.kit.refused import Refused
from portal.kit.watch import Watch
from tickets.actions.events import By
from tickets.actions.queues import check_ops, locked_queues, note_queue
from tickets.actions.routing_history import Kind, Subject, state_of_queue
from tickets.actions.triggers import queues_named
from tickets.models import Queue, RoutingChange, Ticket, TicketEvent, Trigger
from tiers.models import TierPolicy, TierPromise

BATCH = 500
# Where there is one writer at a time, everybody else waits for the end of a batch.
BATCH_FOR_ONE_WRITER = 50
BUDGET_SECONDS = 20.0
CHANGED = ["queue", "last_event_seq", "last_event_at", "updated_at"]


def why_not_archived(queue: Queue) -> list[str]:
    """Return what names a queue, in words; as long as anything does, it cannot be archived."""
    reasons = [
        _("The trigger “%(name)s” names it.") % {"name": row}
        for row in Trigger.objects.all()
        if queue.key in queues_named(row.conditions, row.actions)
    ]
    promises = TierPromise.objects.filter(queue_key=queue.key)
    over = (TierPolicy.Status.RETIRED, TierPolicy.Status.DISCARDED)
    for promise in promises.exclude(policy__status__in=over).select_related("policy"):
        words = {"version": promise.policy.version, "tier": promise.tier}
        said = _("Version %(version)s of the program puts the tickets of %(tier)s into it.")
        reasons.append(said % words)
    if not Queue.objects.in_use().exclude(pk=queue.pk).exists():
        reasons.append(_("It is the only queue."))
    return reasons


@transaction.atomic
def archive_queue(*, queue: Queue, moves_to: Queue | None, by: User, now: datetime) -> Queue:
    """Take a queue out of use; its active tickets go to ``moves_to``, by a worker, in batches.

    Refused while a trigger or the program names it, and without ``moves_to`` while active
    tickets are in it. What is found in it later (a solved ticket opened again) goes the
    same way. Harmless when repeated.
    """
    check_ops(by)
    rows = {row.pk: row for row in locked_queues()}
    row = rows[queue.pk]
    if row.archived_at is not None:
        return row
    reasons = why_not_archived(row)
    if reasons:
        raise Refused("queue_in_use", " ".join(reasons))
    target = rows[moves_to.pk] if moves_to else None
    if target is not None and (target.pk == row.pk or target.archived_at is not None):
        message = _("Choose a queue that stays in use.")
        raise Refused("target_invalid", message, fields={"moves_to": message})
    if target is None and Ticket.objects.active().filter(queue=row).exists():
        message = _("There are open tickets in it: say which queue they go to.")
        raise Refused("target_missing", message, fields={"moves_to": message})
    before = state_of_queue(row)
    row.archived_at, row.moves_to = now, target
    row.revision += 1
    row.save()
    # Who went to this one goes on to where it goes.
    Queue.objects.filter(moves_to=row).update(moves_to=target)
    note_queue(row, Kind.ARCHIVED, before, by, now)
    return row


@transaction.atomic
def revive_queue(*, queue: Queue, by: User, now: datetime) -> Queue:
    """Bring an archived queue back into use; tickets that went elsewhere stay there."""
    check_ops(by)
    row = next(one for one in locked_queues() if one.pk == queue.pk)
    if row.archived_at is None:
        return row
    before = state_of_queue(row)
    row.archived_at, row.moves_to = None, None
    row.revision += 1
    row.save()
    note_queue(row, Kind.REVIVED, before, by, now)
    return row


def empty_archived_queues(*, now: datetime, budget_seconds: float = BUDGET_SECONDS) -> int:
    """Move the active tickets out of archived queues; return how many.

    In batches of one transaction each, so that a worker that is killed loses nothing; a
    ticket that somebody holds has its turn with the next tick. Without a target they go to
    the first queue in use.
    """
    watch = Watch(now, budget_seconds)
    several = connection.features.has_select_for_update_skip_locked
    size = BATCH if several else BATCH_FOR_ONE_WRITER
    moved = 0
    for queue in Queue.objects.exclude(archived_at=None).select_related("moves_to"):
        target = queue.moves_to or Queue.objects.in_use().first()
        while target is not None and not watch.is_over():
            done = _move_batch(queue, target, size, now)
            moved += done
            if done < size:
                break
    return moved


@transaction.atomic
def _move_batch(queue: Queue, target: Queue, size: int, now: datetime) -> int:
    waiting = Ticket.objects.active().filter(queue=queue).order_by("pk")
    tickets = list(claim(waiting, size))
    archived = RoutingChange.objects.of(Subject.QUEUE, queue.pk).filter(kind=Kind.ARCHIVED).first()
    events = []
    for ticket in tickets:
        ticket.queue = target
        ticket.last_event_seq += 1
        ticket.last_event_at = ticket.updated_at = max(now, ticket.last_event_at)
        events.append(
            TicketEvent(
                ticket=ticket,
                seq=ticket.last_event_seq,
                at=ticket.last_event_at,
                kind=TicketEvent.Kind.QUEUE,
                by=By.AGENT,
                actor_id=archived.by_id if archived else None,
                is_public=False,
                old=queue.name,
                new=target.name,
                reason=_("The queue was archived."),
            )
        )
    insert_all(events)
    update_all(tickets, CHANGED)
    return len(tickets)
