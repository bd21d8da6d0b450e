"""Merge a ticket into another: two tickets about one matter become one.

The conversation is not copied. The target shows what was said on the source to
whoever may read the source, so merging shows nobody what was not theirs to
read, and hides nothing from anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import Membership, User
from people.viewers import viewer_of
from portal.kit.claims import lock
from portal.kit.refused import NotPermitted, Refused
from tickets.actions.changing import apply_status
from tickets.actions.clocks import (
    Readings,
    engine_event,
    engine_rows,
    parsed_terms,
    read_clocks,
    reclock,
)
from tickets.actions.events import locked, record_event, require_agent
from tickets.models import Ticket, TicketEvent, TicketFollower
from tickets.rules import clocks as rules
from tickets.rules import moves

Kind = TicketEvent.Kind


@dataclass(frozen=True, slots=True)
class Merge:
    """What merging does: ``severity`` and ``status`` are the target's afterwards.

    ``given_up`` are the source's clocks, ``before`` and ``after`` the target's.
    """

    source: Ticket
    target: Ticket
    severity: int
    status: str
    taken: rules.Taken
    given_up: Readings
    before: Readings
    after: Readings
    newcomers: Sequence[User]


@transaction.atomic
def merge_tickets(
    *, source: Ticket, target: Ticket, by: User, now: datetime, from_opening: bool = True
) -> Ticket:
    """Merge ``source`` into ``target``, for good; return the target.

    The target inherits the oldest unanswered message, the worse severity and,
    with ``from_opening``, the earlier opening. Raises Refused when the two cannot
    become one, and NotPermitted when the agent may not see both.
    """
    require_agent(by)
    # Always the lower number first: two merges of the same tickets wait for each other in line.
    rows = {row.pk: row for row in (locked(one) for one in _in_order(source, target))}
    source, target = rows[source.pk], rows[target.pk]
    check_may_merge(source, target, by)
    merge = plan_merge(source, target, now=now, from_opening=from_opening)
    _close_source(merge, by, now)
    _take_in(merge, by, now)
    return target


def _in_order(source: Ticket, target: Ticket) -> list[Ticket]:
    both = {source.pk: source, target.pk: target}
    return [both[pk] for pk in sorted(both)]


def check_may_merge(source: Ticket, target: Ticket, by: User) -> None:
    """Raise NotPermitted or Refused, in words, when these two cannot become one."""
    seen = Ticket.objects.visible_to(viewer_of(by)).filter(pk__in=[source.pk, target.pk])
    if seen.count() < len({source.pk, target.pk}):
        raise NotPermitted("not_visible", _("You may not see both tickets."))
    words = {"source": source.reference, "target": target.reference}
    if source.pk == target.pk:
        raise Refused("same_ticket", _("A ticket cannot be merged into itself."))
    if source.organization_id != target.organization_id:
        raise Refused(
            "other_organization",
            _("%(source)s and %(target)s belong to different organizations.") % words,
        )
    if source.merged_into_id is not None:
        raise Refused("already_merged", _("%(source)s has been merged already.") % words)
    if target.merged_into_id is not None:
        goes_on = {**words, "other": f"T-{target.merged_into_id}"}
        raise Refused(
            "already_merged",
            _("%(target)s has been merged into %(other)s. Choose that one.") % goes_on,
        )
    for ticket in (source, target):
        if ticket.status == Ticket.Status.CLOSED:
            raise Refused(
                "closed", _("%(ticket)s is closed for good.") % {"ticket": ticket.reference}
            )


def plan_merge(
    source: Ticket, target: Ticket, *, now: datetime, from_opening: bool = True
) -> Merge:
    """Return what merging would do, without doing it; the page that asks shows this."""
    at = max(now, source.last_event_at, target.last_event_at)
    given_rows, own_rows = engine_rows(source), engine_rows(target)
    given_up, before = read_clocks(given_rows, at), read_clocks(own_rows, at)
    events = [
        engine_event(row, parsed_terms(row.terms) if row.terms else None) for row in given_rows
    ]
    taken = rules.handed_on(events, with_opening=from_opening)
    status = moves.status_after_merge(
        target.status, source.status, awaits_answer=taken.waiting_since is not None
    )
    severity = target.severity
    if source.is_active and status in moves.LIVE_STATUSES:
        severity = min(source.severity, target.severity)
    merge = Merge(
        source,
        target,
        severity,
        status,
        taken,
        given_up,
        before,
        before,
        _newcomers(source, target),
    )
    after = read_clocks([*own_rows, *_imagined(merge, at)], at)
    held = taken._replace(holds=_sooner(given_up.clocks, after.clocks))
    if held != taken:
        merge = _with(merge, taken=held)
        after = read_clocks([*own_rows, *_imagined(merge, at)], at)
    return _with(merge, after=after)


def _with(merge: Merge, **changes: Any) -> Merge:
    values = {name: getattr(merge, name) for name in Merge.__slots__}
    return Merge(**{**values, **changes})


def _sooner(
    theirs: Sequence[rules.Reading], ours: Sequence[rules.Reading]
) -> tuple[tuple[str, str], ...]:
    """Return which promises of the source are due before what the target would owe instead."""
    live = {reading.metric: reading for reading in ours if not reading.is_over}
    held: dict[str, str] = {}
    for reading in theirs:
        if reading.is_over or reading.due_at is None:
            continue
        metric = reading.metric
        if metric == "first_reply" and metric not in live:
            metric = "next_reply"
        own = live.get(metric)
        if own is not None and own.due_at is not None and own.due_at > reading.due_at:
            held[metric] = reading.metric
    return tuple(held.items())


def _changes(merge: Merge) -> list[dict[str, Any]]:
    """Return the target's events of the merge, in their order."""
    source, target = merge.source, merge.target
    changes: list[dict[str, Any]] = []
    if merge.severity != target.severity:
        changes.append(
            {
                "kind": Kind.SEVERITY,
                "old": str(target.severity),
                "new": str(merge.severity),
                "reason": _("%(source)s was merged into this ticket.")
                % {"source": source.reference},
                "detail": {"severity": merge.severity},
            }
        )
    if merge.status != target.status:
        changes.append({"kind": Kind.STATUS, "old": target.status, "new": merge.status})
    changes.append(
        {
            "kind": Kind.TOOK_IN,
            "old": source.reference,
            "terms": source.terms,
            "detail": {"ticket": source.pk, "taken": merge.taken.to_json()},
        }
    )
    return changes


def _imagined(merge: Merge, at: datetime) -> list[TicketEvent]:
    """Return the target's events of the merge as they would be, not stored."""
    seq = merge.target.last_event_seq
    return [
        TicketEvent(ticket=merge.target, seq=seq + number, at=at, by="system", **change)
        for number, change in enumerate(_changes(merge), 1)
    ]


def _close_source(merge: Merge, by: User, now: datetime) -> None:
    source, target = merge.source, merge.target
    record_event(ticket=source, kind=Kind.MERGED, now=now, actor=by, new=target.reference)
    apply_status(source, Ticket.Status.CLOSED, actor=None, now=now, reason="", is_told=False)
    source.merged_into = target
    # What was merged into the source goes on in the target as well: nobody follows a chain.
    Ticket.objects.filter(merged_into=source).update(merged_into=target)
    reclock(source, now)
    source.save()


def _take_in(merge: Merge, by: User, now: datetime) -> None:
    source, target = merge.source, merge.target
    now = max(now, source.last_event_at)
    for change in _changes(merge):
        is_status = change["kind"] == Kind.STATUS
        record_event(ticket=target, now=now, actor=None if is_status else by, **change)
    target.severity, target.status = merge.severity, merge.status
    if target.is_active:
        target.solved_at = None
    _carry_readers(merge, now)
    reclock(target, now)
    target.save()


def _newcomers(source: Ticket, target: Ticket) -> list[User]:
    """Return who follows along from now on: the source's people who are no reader of the target."""
    people = {source.requester_id, *source.followers.values_list("user_id", flat=True)}
    people -= {target.requester_id, *target.followers.values_list("user_id", flat=True)}
    rows = (
        Membership.objects.active()
        .filter(organization_id=target.organization_id, user_id__in=people)
        .select_related("user")
        .order_by("user__name", "user__email")
    )
    return [row.user for row in rows]


def _carry_readers(merge: Merge, now: datetime) -> None:
    """Let the source's people follow the target, and read there what is said from now on."""
    TicketFollower.objects.bulk_create(
        [
            TicketFollower(ticket=merge.target, user=user, reads_since=now)
            for user in merge.newcomers
        ],
        ignore_conflicts=True,
    )


def locked_destination(ticket: Ticket) -> Ticket:
    """Return, locked, the ticket on which this one goes on: itself, or what it was merged into.

    A ticket that is found merged is let go before the next is locked, so that
    nobody ever holds one while waiting for the other.
    """
    pk = ticket.pk
    while True:
        point = transaction.savepoint()
        found = lock(Ticket.objects.filter(pk=pk)).get()
        if found.merged_into_id is None:
            transaction.savepoint_commit(point)
            return locked(found)
        transaction.savepoint_rollback(point)
        pk = found.merged_into_id


def let_read(ticket: Ticket, author: User, now: datetime) -> None:
    """Let whoever writes to a merged ticket read the one on which it goes on, from now on."""
    if not Ticket.objects.visible_to(viewer_of(author)).filter(pk=ticket.pk).exists():
        TicketFollower.objects.get_or_create(
            ticket=ticket, user=author, defaults={"reads_since": now}
        )
