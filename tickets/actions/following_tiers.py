"""Let open tickets follow the tier of their organization.

How it works, without hidden magic:

* Whoever gives an organization another tier (a fact, an override, a published policy)
  writes a ``TierAssignment``, and a new row is unfollowed from the start. That row is the
  message: nobody has to be called, and no task to be sent.
* Every second a worker looks for open tickets under unfollowed rows and brings them along,
  in batches of one transaction each. A row is marked as followed only when none of its
  organization's open tickets is behind. So a worker that is killed loses nothing, and
  whoever comes second finds nothing left to do.
* A ticket that somebody is changing at this moment is not waited for. Its organization's row
  stays unfollowed and has its turn again within a second.
* A ticket that was being opened while the tier changed may come too late for the mark. So the
  same worker looks at the tickets of the last minutes as well, and once a minute
  ``reconcile_tiers`` compares all open tickets with the tiers in force.

What following means for a ticket: its tier is the new one at once, on the desk and for
triggers. It moves to the new tier's queue if it stands where the program puts tickets of
its former tier; a ticket that somebody or a trigger put elsewhere stays there. Assignee and
terms stay: what was promised is neither taken back nor lengthened, and the organization's next
ticket gets the new promise. Triggers of "ticket changed" that ask for the tier are asked.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import (
    Case,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    Value,
    When,
    prefetch_related_objects,
)

from portal.kit.bulk import insert_all, update_all
from portal.kit.claims import claim
from portal.kit.watch import Watch
from tickets.actions.clocks import reclock
from tickets.actions.events import By, hold_back_sweep
from tickets.actions.routing import do_effects, facts_of, fire_for, tell_notified, usable_rules
from tickets.models import Queue, Ticket, TicketEvent, Trigger
from tickets.models.ticket import TicketQuerySet
from tickets.rules import triggers as rules
from tickets.rules.tier_moves import queue_after
from tiers.models import TierAssignment, TierPromise
from tiers.program import Program, live_policy_at, program_of

log = structlog.get_logger("tickets.following_tiers")

# Tickets, and rows to mark, of one transaction. Where there is one writer at a time,
# everybody else waits for its end.
TICKETS, MARKS = 500, 5000
TICKETS_FOR_ONE_WRITER, MARKS_FOR_ONE_WRITER = 50, 1000
# Longer than any transaction that opens a ticket.
OPENED_LATELY = timedelta(minutes=2)
BUDGET_SECONDS = 20.0
# As many tickets are looked up at once; then the latest changes are looked for again.
LOOK = 2000
LATEST_FIRST: tuple[str, ...] = ("-assignment__valid_from", "pk")
CHANGED = ["tier", "queue", "last_event_seq", "last_event_at", "updated_at"]


def follow_tiers(*, now: datetime, budget_seconds: float = BUDGET_SECONDS) -> int:
    """Let open tickets follow the tiers that changed; return how many did.

    Goes on in batches until nothing is left, or for ``budget_seconds``. What changed last
    goes first: whoever moves one account while thousands are on their way need not wait
    for them.
    """
    watch = Watch(now, budget_seconds)
    followed = 0
    if TierAssignment.objects.unfollowed(now).exists():
        followed += _follow_all(Ticket.objects.all(), watch, unfollowed=True)
        _mark_followed(watch)
    lately = Ticket.objects.filter(created_at__gte=now - OPENED_LATELY)
    return followed + _follow_all(lately, watch)


def reconcile_tiers(*, now: datetime, budget_seconds: float = BUDGET_SECONDS) -> int:
    """Compare all open tickets with the tiers in force; return how many had to follow.

    Finds what no row told of: tickets that were opened during a change, or solved then
    and opened again.
    """
    return _follow_all(Ticket.objects.all(), Watch(now, budget_seconds))


def behind_their_tier(
    tickets: TicketQuerySet, live: Program, now: datetime, *, unfollowed: bool = False
) -> TicketQuerySet:
    """Return the active tickets whose tier is not their organization's; it is in ``held``.

    A tier that the live program does not know counts as its default tier, as everywhere.
    ``unfollowed`` looks at marked rows alone, through their partial index.
    """
    in_force = {"valid_to": None, "valid_from__lte": now}
    if unfollowed:
        in_force["followed_at"] = None
    path = "organization__tier_assignments"
    return (
        tickets.active()
        .annotate(
            assignment=FilteredRelation(
                path, condition=Q(**{f"{path}__{name}": value for name, value in in_force.items()})
            )
        )
        .filter(assignment__isnull=False)
        .annotate(
            held=Case(
                When(assignment__tier__in=list(live.promises), then=F("assignment__tier")),
                default=Value(live.rules.default_tier),
            )
        )
        .exclude(tier=F("held"))
    )


def _batch_sizes() -> tuple[int, int]:
    if connection.features.has_select_for_update_skip_locked:
        return TICKETS, MARKS
    return TICKETS_FOR_ONE_WRITER, MARKS_FOR_ONE_WRITER


def _follow_all(tickets: TicketQuerySet, watch: Watch, *, unfollowed: bool = False) -> int:
    """Let the tickets that are behind follow, the latest change first; return how many did."""
    size = _batch_sizes()[0]
    followed = 0
    held: set[int] = set()
    while not watch.is_over():
        live = program_of(live_policy_at(watch.now()))
        behind = behind_their_tier(tickets, live, watch.now(), unfollowed=unfollowed)
        free_ones = behind.exclude(pk__in=held).order_by(*LATEST_FIRST)
        found = list(free_ones.values_list("pk", flat=True)[:LOOK])
        for start in range(0, len(found), size):
            batch = found[start : start + size]
            with transaction.atomic():
                done, free = _follow(batch, live, watch.now())
            followed += done
            held |= set(batch) - free
        if len(found) < LOOK:
            break
    return followed


def _mark_followed(watch: Watch) -> None:
    """Mark the rows whose organizations have no open ticket that is behind."""
    live = program_of(live_policy_at(watch.now()))
    size = _batch_sizes()[1]
    while not watch.is_over():
        now = watch.now()
        behind = behind_their_tier(
            Ticket.objects.filter(organization=OuterRef("organization_id")), live, now
        )
        with transaction.atomic():
            settled = TierAssignment.objects.unfollowed(now).filter(~Exists(behind))
            done = list(claim(settled.values_list("pk", flat=True), size))
            TierAssignment.objects.filter(pk__in=done).update(followed_at=now)
        if len(done) < size:
            return


def _follow(ticket_ids: Sequence[int], live: Program, now: datetime) -> tuple[int, set[int]]:
    """Let those of these tickets follow that nobody holds; return how many did, and those."""
    free = claim(Ticket.objects.filter(pk__in=ticket_ids).order_by("pk"), len(ticket_ids))
    tickets = {ticket.pk: ticket for ticket in free}
    # Read again under the lock: the tier in force, and the assignment that says so.
    behind = behind_their_tier(Ticket.objects.filter(pk__in=tickets), live, now)
    columns: tuple[str, ...] = ("pk", "held", "assignment__id")
    wanted = {pk: (tier, assignment) for pk, tier, assignment in behind.values_list(*columns)}
    following = [ticket for ticket in tickets.values() if ticket.pk in wanted]
    if following:
        places = _Places.read({ticket.tier for ticket in following}, live)
        insert_all([_follow_one(one, *wanted[one.pk], places, now) for one in following])
        update_all(following, CHANGED)
        _ask_triggers(following, now)
    return len(following), set(tickets)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the program puts tickets: now, and for each former tier ever since it began."""

    live: Program
    queues: Mapping[int, Queue]
    former: Mapping[str, set[str]]

    @classmethod
    def read(cls, former_tiers: Collection[str], live: Program) -> "_Places":
        """Read all queues, and those that versions name for these tiers that counted once."""
        former: dict[str, set[str]] = {}
        rows = TierPromise.objects.filter(
            tier__in=former_tiers, policy__effective_from__isnull=False
        )
        for tier, key in rows.values_list("tier", "queue_key").distinct():
            former.setdefault(tier, set()).add(key)
        return cls(live, Queue.objects.in_bulk(), former)

    def after(self, ticket: Ticket, tier: str) -> Queue:
        """Return the queue in which the ticket waits under its new tier."""
        stands_in = self.queues[ticket.queue_id]
        in_use = {one.key: one for one in self.queues.values() if one.archived_at is None}
        wanted = self.live.promises[tier].queue_key
        key = queue_after(
            standing_in=stands_in.key,
            of_former_tier=self.former.get(ticket.tier, set()),
            of_new_tier=wanted if wanted in in_use else None,
        )
        return stands_in if key == stands_in.key else in_use[key]


def _follow_one(
    ticket: Ticket, tier: str, assignment: int, places: _Places, now: datetime
) -> TicketEvent:
    """Change a locked ticket, and return the event that says so."""
    old_tier, old_queue = ticket.tier, places.queues[ticket.queue_id]
    ticket.queue = places.after(ticket, tier)
    ticket.tier = tier
    ticket.last_event_seq += 1
    ticket.last_event_at = ticket.updated_at = max(now, ticket.last_event_at)
    return TicketEvent(
        ticket=ticket,
        seq=ticket.last_event_seq,
        at=ticket.last_event_at,
        kind=TicketEvent.Kind.TIER,
        by=By.SYSTEM,
        is_public=False,
        old=old_tier,
        new=tier,
        detail={
            "assignment": assignment,
            "from_queue": old_queue.name,
            "to_queue": ticket.queue.name,
        },
    )


def _ask_triggers(tickets: Sequence[Ticket], now: datetime) -> None:
    """Ask the triggers of "ticket changed" that ask for the tier, once for each ticket."""
    triggers = [one for one in usable_rules(Trigger.Event.UPDATED) if one.conditions.ask("tier")]
    if not triggers:
        return
    prefetch_related_objects(list(tickets), "organization", "assignee")
    for ticket in tickets:
        outcome = fire_for(triggers, facts_of(ticket, Trigger.Event.UPDATED), now)
        if not outcome.effects:
            continue
        try:
            with transaction.atomic():
                _do(ticket, outcome, now)
        except Exception:
            # It follows its tier all the same; what the trigger wanted is seen in the log.
            log.exception("trigger failed on a tier change", ticket=ticket.pk)


def _do(ticket: Ticket, outcome: rules.Outcome, now: datetime) -> None:
    changes_clocks = outcome.effects.severity is not None
    if changes_clocks:
        recorded = hold_back_sweep([ticket.pk])
        ticket.last_event_at = max(ticket.last_event_at, recorded.get(ticket.pk, now))
    do_effects(ticket=ticket, outcome=outcome, now=now)
    if changes_clocks:
        reclock(ticket, now)
    ticket.save()
    tell_notified(ticket, outcome, now)
