"""A ticket as triggers see it: now, or as it was when it was opened."""

from datetime import datetime
from typing import Any

from tickets.actions.recipients import Roster
from tickets.actions.routing import facts_of
from tickets.models import Queue, Ticket, TicketEvent, Trigger
from tickets.rules import triggers as rules
from tickets.rules.triggers.model import CLOCK_EVENTS
from tickets.trigger_words import Names

Kind = TicketEvent.Kind
OPENED, NOW = "opened", "now"


def facts_for(
    ticket: Ticket, event: str, *, as_of: str, metric: str = "", step: int = 0
) -> rules.TicketFacts:
    """Return what triggers of an event would see of a ticket.

    ``as_of`` is OPENED or NOW. ``metric`` and ``step`` are for the events of a clock.
    """
    body = _first_words(ticket) if event == Trigger.Event.CREATED or as_of == OPENED else ""
    if as_of == OPENED:
        return _when_opened(ticket, event, body)
    is_clock = event in CLOCK_EVENTS
    return facts_of(
        ticket, event, body=body, metric=metric if is_clock else None,
        step=step if is_clock else None,
    )  # fmt: skip


def _first_words(ticket: Ticket) -> str:
    first = ticket.messages.order_by("created_at", "pk").values_list("body", flat=True).first()
    return first or ""


def _when_opened(ticket: Ticket, event: str, body: str) -> rules.TicketFacts:
    """Read from the ticket's events how it was before any trigger had touched it."""
    opened = ticket.events.filter(kind=Kind.OPENED).first()
    detail: dict[str, Any] = (opened.detail if opened else None) or {}
    return rules.TicketFacts(
        event=event,
        severity=detail.get("severity", ticket.severity),
        tier=ticket.tier_at_opening,
        channel=ticket.channel,
        organization=ticket.organization.name,
        category=ticket.category,
        subject=ticket.subject,
        body=body,
        status=Ticket.Status.NEW,
        queue=_queue_when_opened(ticket),
    )


def _queue_when_opened(ticket: Ticket) -> str:
    """Return the key of the queue from which the first move took it."""
    moves = ticket.events.filter(kind__in=[Kind.QUEUE, Kind.TIER]).order_by("seq")
    for move in moves:
        name = move.old if move.kind == Kind.QUEUE else move.detail.get("from_queue", "")
        found = Queue.objects.filter(name=name).first()
        return found.key if found else str(name)
    return ticket.queue.key


def becomes(
    outcome: rules.Outcome, ticket: Ticket, facts: rules.TicketFacts, names: Names, now: datetime
) -> list[tuple[str, str, str]]:
    """Return what would change: (what, what it is, what it would be); nothing is changed."""
    effects = outcome.effects
    lines: list[tuple[str, str, str]] = []
    if effects.queue is not None and effects.queue != facts.queue:
        lines.append(
            ("queue", names.shown("queue", facts.queue), names.shown("queue", effects.queue))
        )
    if effects.severity is not None and effects.severity != facts.severity:
        old, new = (names.shown("severity", one) for one in (facts.severity, effects.severity))
        lines.append(("severity", old, new))
    if effects.assignee is not None:
        old = str(ticket.assignee or "") if facts.queue == ticket.queue.key else ""
        lines.append(("assignee", old, names.shown("assignee", effects.assignee)))
    new_tags = [tag for tag in effects.tags if tag not in facts.tags]
    if new_tags:
        lines.append(
            ("tag", ", ".join(sorted(facts.tags)), ", ".join([*sorted(facts.tags), *new_tags]))
        )
    if effects.notify:
        lines.append(("notify", "", _told(effects.notify, ticket, names, now)))
    return lines


def _told(roles: tuple[str, ...], ticket: Ticket, names: Names, now: datetime) -> str:
    """Name who would be told, as things are now; a role that names nobody is shown as it is."""
    roster = Roster.of([ticket], now)
    told: list[str] = []
    for role in roles:
        people = [str(one) for one in roster.people(ticket, role)]
        told += people or [names.shown("notify", role)]
    return ", ".join(dict.fromkeys(told))
