"""Send the alerts that announcing has noted, and let people acknowledge them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from people.models import User
from people.viewers import viewer_of
from portal.kit.claims import claim
from portal.kit.refused import Refused
from tickets.actions.events import locked, record_event, require_agent
from tickets.actions.recipients import wishes_of
from tickets.actions.telling import tell_clock_event, tell_digest
from tickets.models import Clock, ClockAlert, ClockEvent, Ticket, TicketEvent
from tickets.rules.alerts import GATHER, Plan, Waiting, sort_out

log = structlog.get_logger("tickets.alerting")

Outcome = ClockAlert.Outcome
# More than anybody reads in one digest; what is beyond comes with the next.
MOST_AT_ONCE = 5000
# How long alerts wait that could not be written, and how many are then tried one by one.
RETRY = timedelta(minutes=5)
MOST_ALONE = 20


def send_alerts(*, now: datetime, limit: int = 500) -> int:
    """Tell people what is due, each in one transaction; return how many alerts were settled.

    A person whom another worker is telling is left to it. Whose mail cannot be
    written does not hold up the others, nor one bad alert their other ones.
    """
    due = ClockAlert.objects.due(now).order_by().values_list("recipient_id", flat=True).distinct()
    return sum(_send_to(recipient, now) for recipient in list(due[:limit]))


def _send_to(recipient: int, now: datetime) -> int:
    try:
        return _settle_for(recipient, now)
    except Exception:
        log.exception("alerts not sent", recipient=recipient)
    due = ClockAlert.objects.due(now).filter(recipient=recipient)
    keys = due.order_by("-is_critical", "hold_until", "id").values_list("pk", flat=True)
    settled = 0
    for key in list(keys[:MOST_ALONE]):
        try:
            settled += _settle_for(recipient, now, only=key)
        except Exception as error:
            log.error("alert not sent", alert=key, error=str(error))
    due.update(hold_until=now + RETRY)
    return settled


@transaction.atomic
def _settle_for(recipient: int, now: datetime, only: int | None = None) -> int:
    """Tell one person everything that is due, or one alert; return how many were settled.

    The person's row is what two workers meet at: whoever comes second finds nothing.
    """
    user = claim(User.objects.filter(pk=recipient).order_by("pk"), 1).first()
    if user is None:
        return 0
    waiting = ClockAlert.objects.filter(recipient=user, settled_at=None)
    waiting = (
        waiting.filter(hold_until__lte=now + GATHER) if only is None else waiting.filter(pk=only)
    )
    rows = list(
        claim(
            waiting.select_related(
                "event__clock__terms",
                "event__ticket__organization",
                "event__ticket__assignee",
                "event__acknowledged_by",
            ).order_by("id"),
            MOST_AT_ONCE,
        )
    )
    if not rows:
        return 0
    rung = ClockAlert.objects.rung(user, now - GATHER).values_list("settled_at", flat=True)
    plan = sort_out(
        _as_waiting(rows, user), wishes=wishes_of(user), rung=[at for at in rung if at], now=now
    )
    _tell(plan, {row.pk: row for row in rows}, user, now)
    return _settle(plan, now)


def _as_waiting(rows: Sequence[ClockAlert], user: User) -> list[Waiting]:
    """Return alerts with how things stand now; two queries."""
    tickets = {row.event.ticket_id for row in rows}
    visible = set(
        Ticket.objects.visible_to(viewer_of(user))
        .filter(pk__in=tickets)
        .values_list("pk", flat=True)
        if user.works_here
        else ()
    )
    # The one who has the ticket knows of this clock: its later warnings are no news.
    known_by_assignee = set(
        ClockEvent.objects.filter(
            clock__in={row.event.clock_id for row in rows}, acknowledged_by=F("ticket__assignee")
        ).values_list("clock_id", flat=True)
    )
    return [
        Waiting(
            key=row.pk,
            clock=row.event.clock_id,
            at=row.event.at,
            due_at=row.event.clock.due_at,
            is_breach=row.event.kind == ClockEvent.Kind.BREACH,
            is_critical=row.is_critical,
            created_at=row.created_at,
            hold_until=row.hold_until,
            is_over=is_over(row.event),
            is_seen=row.event.acknowledged_at is not None
            or (
                row.event.kind == ClockEvent.Kind.WARNING
                and row.event.clock_id in known_by_assignee
            ),
            is_known=row.event.acknowledged_by_id == user.pk or row.event.ticket_id not in visible,
        )
        for row in rows
    ]


def is_over(event: ClockEvent) -> bool:
    """Whether a step no longer presses: its clock stands still, or runs under other terms."""
    return (
        event.clock.stopped_at is not None
        or event.clock.status not in {Clock.Status.RUNNING, Clock.Status.BREACHED}
        or event.clock.terms_id != event.terms_id
    )


def _tell(plan: Plan, rows: dict[int, ClockAlert], user: User, now: datetime) -> None:
    for key in plan.single:
        tell_clock_event(rows[key].event, user, now)
    if plan.digest:
        alerts = [rows[key] for key in plan.digest]
        tell_digest(user, alerts, dealt_with=len(plan.not_needed), now=now)


def _settle(plan: Plan, now: datetime) -> int:
    covered = [key for keys in plan.covers.values() for key in keys]
    settled = {
        Outcome.TOLD: plan.single,
        Outcome.IN_DIGEST: plan.digest,
        Outcome.NOT_NEEDED: (*plan.not_needed, *covered),
        Outcome.NOT_WANTED: plan.not_wanted,
    }
    for outcome, keys in settled.items():
        if keys:
            ClockAlert.objects.filter(pk__in=keys).update(settled_at=now, outcome=outcome)
    for until in set(plan.later.values()):
        held = [key for key, end in plan.later.items() if end == until]
        ClockAlert.objects.filter(pk__in=held).update(hold_until=until)
    return sum(map(len, settled.values()))


@transaction.atomic
def acknowledge(*, ticket: Ticket, event: ClockEvent, by: User, now: datetime) -> ClockEvent:
    """Say that somebody takes care of a warning or breach; return it as it is now.

    Earlier steps of the same clock count as seen with it. Nobody is bothered with
    them any more; a later step still rings, unless it is a warning and the one who
    has the ticket acknowledged (see ``tickets.rules.alerts``). Whoever acknowledged
    first stays; harmless when repeated. Raises NotPermitted unless this person
    works tickets, and Refused for an event of another ticket.
    """
    require_agent(by)
    row = locked(ticket)
    events = ClockEvent.objects.filter(ticket=row).select_related("clock", "acknowledged_by")
    found = events.filter(pk=event.pk).first()
    if found is None:
        raise Refused("not_of_this_ticket", _("This warning belongs to another ticket."))
    if found.acknowledged_at is not None:
        return found
    seen = ClockEvent.objects.filter(clock=found.clock, at__lte=found.at, acknowledged_at=None)
    if found.kind == ClockEvent.Kind.WARNING:
        # A breach under earlier terms is not seen by seeing a warning under these.
        seen = seen.filter(kind=ClockEvent.Kind.WARNING)
    seen.update(acknowledged_at=now, acknowledged_by=by)
    record_event(
        ticket=row, kind=TicketEvent.Kind.ACKNOWLEDGED, now=now, actor=by, is_public=False,
        old=str(found.step), new=found.clock.metric, detail={"clock_event": found.pk},
    )  # fmt: skip
    row.save()
    found.acknowledged_at, found.acknowledged_by = now, by
    return found
