"""Announce warnings and breaches that the sweep has recorded: run triggers, say who is told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from django.db import transaction

from people.models import User
from portal.kit.claims import claim
from tickets.actions.clocks import parsed_terms, reclock
from tickets.actions.recipients import Roster, wishes_of
from tickets.actions.routing import do_effects, facts_of, fire_for, usable_rules
from tickets.models import ClockAlert, ClockEvent, Ticket, Trigger
from tickets.rules import triggers as trigger_rules
from tickets.rules.alerts import is_critical

log = structlog.get_logger("tickets.announcing")

BATCH = 250


def announce_clock_events(*, now: datetime, limit: int = 500) -> int:
    """Run the triggers of recorded clock events and note who is told; return how many.

    One transaction per batch: an event is announced together with its alerts or not
    at all. One that fails, or whose ticket somebody is changing right now, is left
    for the next time and does not hold up the others.
    """
    done = 0
    left: set[int] = set()
    while done < limit:
        with transaction.atomic():
            rows = ClockEvent.objects.unannounced().exclude(pk__in=left)
            events = list(claim(rows.select_related("clock", "terms"), min(BATCH, limit - done)))
            announced = _announce(events, now)
        if not events:
            break
        done += len(announced)
        left |= {event.pk for event in events} - announced
    return done


def _announce(events: Sequence[ClockEvent], now: datetime) -> set[int]:
    """Announce claimed events; return which. About ten queries for a whole batch."""
    tickets = _locked_together({event.ticket_id for event in events})
    roster = Roster.of(tickets.values(), now)
    rules = {kind: usable_rules(kind) for kind in {_trigger_event(event) for event in events}}
    alerts: list[ClockAlert] = []
    announced: set[int] = set()
    for event in events:
        ticket = tickets.get(event.ticket_id)
        if ticket is None:
            continue
        try:
            roles = {*_roles_of_ladder(event), *_run_triggers(event, ticket, rules, now)}
            alerts += _alerts(event, ticket, roster.told(ticket, roles), now)
        except Exception:
            log.exception("clock event not announced", clock_event=event.pk)
            tickets |= _locked_together({ticket.pk})
            continue
        announced.add(event.pk)
    ClockAlert.objects.bulk_create(alerts, ignore_conflicts=True, batch_size=1000)
    ClockEvent.objects.filter(pk__in=announced).update(announced_at=now)
    return announced


def _locked_together(pks: set[int]) -> dict[int, Ticket]:
    """Lock tickets in one statement; those that somebody is changing are left out."""
    rows = Ticket.objects.filter(pk__in=pks).select_related("organization", "queue")
    return {ticket.pk: ticket for ticket in claim(rows.order_by("pk"), len(pks))}


def _trigger_event(event: ClockEvent) -> str:
    is_breach = event.kind == ClockEvent.Kind.BREACH
    return Trigger.Event.BREACH if is_breach else Trigger.Event.WARNING


def _roles_of_ladder(event: ClockEvent) -> tuple[str, ...]:
    """Return whom the terms name for this step; a step that they do not name tells nobody."""
    targets = parsed_terms(event.terms).targets
    target = targets.get((event.clock.severity, event.clock.metric))
    return target.tell.get(str(event.step), ()) if target else ()


def _run_triggers(
    event: ClockEvent,
    ticket: Ticket,
    rules: Mapping[str, Sequence[trigger_rules.Trigger]],
    now: datetime,
) -> tuple[str, ...]:
    """Do what the triggers say, and return whom they notify."""
    kind = _trigger_event(event)
    facts = facts_of(ticket, kind, metric=event.clock.metric, step=event.step)
    outcome = fire_for(rules[kind], facts, now)
    if replace(outcome.effects, notify=()):
        with transaction.atomic():
            do_effects(ticket=ticket, outcome=outcome, now=now)
            if outcome.effects.severity is not None:
                reclock(ticket, now)
            ticket.save()
    return outcome.effects.notify


def _alerts(
    event: ClockEvent, ticket: Ticket, told: Mapping[User, str], now: datetime
) -> list[ClockAlert]:
    critical = is_critical(ticket.severity, is_breach=event.kind == ClockEvent.Kind.BREACH)
    return [
        ClockAlert(
            event=event,
            recipient=user,
            role=role,
            is_critical=critical,
            created_at=now,
            hold_until=wishes_of(user).held_until(now, critical=critical),
        )
        for user, role in told.items()
    ]
