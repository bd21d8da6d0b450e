"""Tell people about warnings and breaches that the sweep has recorded."""

from datetime import datetime

import structlog
from django.db import transaction

from portal.kit.claims import claim
from tickets.actions.events import locked
from tickets.actions.routing import facts_of, fire_triggers, people_named
from tickets.actions.telling import tell_clock_event
from tickets.models import ClockEvent, Trigger

log = structlog.get_logger("tickets.announcing")


def announce_clock_events(*, now: datetime, limit: int = 500) -> int:
    """Run the triggers of recorded clock events and queue the mails; return how many.

    One transaction per event: an event is announced together with its mails or
    not at all, and one that fails does not hold up the others.
    """
    done = 0
    failed: list[int] = []
    while done + len(failed) < limit:
        with transaction.atomic():
            event = claim(ClockEvent.objects.unannounced().exclude(pk__in=failed), 1).first()
            if event is None:
                break
            try:
                with transaction.atomic():
                    _announce(event, now)
                done += 1
            except Exception:
                log.exception("clock event not announced", clock_event=event.pk)
                failed.append(event.pk)
    return done


def _announce(event: ClockEvent, now: datetime) -> None:
    ClockEvent.objects.filter(pk=event.pk).update(announced_at=now)
    ticket = locked(event.ticket)
    event.ticket = ticket
    is_breach = event.kind == ClockEvent.Kind.BREACH
    facts = facts_of(
        ticket,
        Trigger.Event.BREACH if is_breach else Trigger.Event.WARNING,
        metric=event.clock.metric,
        step=event.step,
    )
    outcome = fire_triggers(ticket=ticket, facts=facts, now=now)
    ticket.save()
    # Answered meanwhile: a warning would only be noise, a breach is still news.
    if not is_breach and event.clock.stopped_at is not None:
        return
    recipients = [
        person for who in outcome.effects.notify for person in people_named(ticket, who, now)
    ]
    tell_clock_event(event, recipients, now)
