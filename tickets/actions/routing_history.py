"""Keep what triggers and queues said before and after every change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from people.models import User
from tickets.models import Queue, QueueMember, RoutingChange, Trigger

State = Mapping[str, Any]
Kind, Subject = RoutingChange.Kind, RoutingChange.Subject


def state_of_trigger(row: Trigger) -> dict[str, Any]:
    """Return all that a trigger says; ``place`` counts from 1 among those of its event."""
    before = Trigger.objects.filter(event=row.event, position__lt=row.position)
    return {
        "name": row.name,
        "event": row.event,
        "place": before.count() + 1,
        "is_enabled": row.is_enabled,
        "conditions": row.conditions,
        "actions": row.actions,
    }


def state_of_queue(row: Queue) -> dict[str, Any]:
    """Return all that a queue is; ``members`` are ids of people, who may be renamed or gone."""
    members = QueueMember.objects.filter(queue=row).order_by("agent_id")
    return {
        "name": row.name,
        "tier": row.tier,
        "place": Queue.objects.filter(position__lt=row.position).count() + 1,
        "members": list(members.values_list("agent_id", flat=True)),
        "is_archived": row.archived_at is not None,
        "moves_to": row.moves_to.key if row.moves_to else "",
    }


def note_change(
    *,
    subject: str,
    subject_id: int,
    kind: str,
    before: State | None,
    after: State | None,
    by: User | None,
    now: datetime,
    restored_from: RoutingChange | None = None,
) -> RoutingChange | None:
    """Write down a change in the transaction that makes it; None when nothing differs."""
    if before == after:
        return None
    said = after or before or {}
    return RoutingChange.objects.create(
        subject=subject, subject_id=subject_id, kind=kind, name=str(said.get("name", ""))[:120],
        before=before, after=after, by=by, at=now, restored_from=restored_from,
    )  # fmt: skip


def last_change(subject: str, subject_id: int) -> RoutingChange | None:
    """Return the latest change of a trigger or queue with who made it."""
    return RoutingChange.objects.of(subject, subject_id).select_related("by").first()


def changed_meanwhile(subject: str, subject_id: int) -> tuple[str, str]:
    """Return who changed something last, and its name now, for the sentence of a refusal."""
    change = last_change(subject, subject_id)
    if change is None:
        return "", ""
    return str(change.by or ""), change.name
