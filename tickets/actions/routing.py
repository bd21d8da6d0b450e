"""Run the triggers of an event and do what they say.

Nothing that a trigger does fires triggers: only people, channels, clocks and changes of tier
do, once per happening. So triggers cannot set each other off.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from people.models import User
from tickets.actions.clocks import reclock
from tickets.actions.events import record_event
from tickets.actions.recipients import Roster
from tickets.actions.telling import tell, tell_assigned
from tickets.models import Queue, Ticket, TicketEvent, Trigger
from tickets.rules import triggers as rules
from tiers.program import live_policy_at
from tiers.rules.evaluation import InputError

log = structlog.get_logger("tickets.routing")


def facts_of(
    ticket: Ticket,
    event: str,
    *,
    body: str = "",
    metric: str | None = None,
    step: int | None = None,
) -> rules.TicketFacts:
    """Return what trigger conditions may look at."""
    return rules.TicketFacts(
        event=event,
        severity=ticket.severity,
        tier=ticket.tier,
        channel=ticket.channel,
        organization=ticket.organization.name,
        category=ticket.category,
        tags=frozenset(ticket.tags),
        subject=ticket.subject,
        body=body,
        status=ticket.status,
        queue=ticket.queue.key,
        metric=metric,
        step=step,
    )


def fire_for(
    triggers: Sequence[rules.Trigger], facts: rules.TicketFacts, now: datetime
) -> rules.Outcome:
    """Ask triggers about a ticket, in the order of tiers that is in force; nothing is changed.

    The order is read only where a trigger compares tiers.
    """
    if any(trigger.conditions.compare_tiers for trigger in triggers):
        facts = replace(facts, tier_order=tuple(live_policy_at(now).tier_order))
    return rules.fire(triggers, facts)


def rule_of(row: Trigger) -> rules.Trigger:
    """Return a stored trigger as the pure rules read it."""
    return rules.Trigger(
        key=str(row.pk),
        name=row.name,
        event=row.event,
        position=row.position,
        conditions=rules.conditions_from_json(row.conditions),
        actions=rules.actions_from_json(row.actions),
        enabled=row.is_enabled,
    )


def usable_rules(event: str) -> list[rules.Trigger]:
    """Return the enabled triggers of an event; one that cannot be read is left out.

    A trigger spoilt by hand or by an old version must not stop intake: the
    ticket then goes where its tier's promise says.
    """
    found = []
    for row in Trigger.objects.filter(event=event, is_enabled=True):
        try:
            found.append(rule_of(row))
        except InputError as error:
            log.error("trigger left out", trigger=row.pk, name=row.name, error=str(error))
    return found


def fire_triggers(*, ticket: Ticket, facts: rules.TicketFacts, now: datetime) -> rules.Outcome:
    """Do to a locked ticket what the triggers of an event say; the caller saves it.

    Returns the outcome with its trace; who has to be notified is in its effects
    and left to the caller.
    """
    outcome = fire_for(usable_rules(facts.event), facts, now)
    do_effects(ticket=ticket, outcome=outcome, now=now)
    return outcome


def finish_update(
    *,
    ticket: Ticket,
    now: datetime,
    by: User | None,
    body: str = "",
    moves_clocks: bool = True,
) -> None:
    """Ask the triggers about a change just recorded on a locked ticket, and save the ticket.

    ``body`` is what was written with the change. The clocks are recomputed after the
    triggers, unless neither the change (``moves_clocks``) nor a trigger is about them,
    and whom the triggers name is told.
    """
    assignee, severity = ticket.assignee_id, ticket.severity
    facts = facts_of(ticket, Trigger.Event.UPDATED, body=body)
    outcome = fire_triggers(ticket=ticket, facts=facts, now=now)
    if moves_clocks or ticket.severity != severity:
        reclock(ticket, now)
    ticket.save()
    if ticket.assignee_id != assignee:
        tell_assigned(ticket, ticket.last_event_seq, now, by=by)
    tell_notified(ticket, outcome, now)


def tell_notified(ticket: Ticket, outcome: rules.Outcome, now: datetime) -> None:
    """Queue the mails to whom the triggers of a change notify, once per change."""
    if not outcome.effects.notify:
        return
    names = [
        trace.trigger.name
        for trace in outcome.fired
        if any(one.applied and one.action.do == "notify" for one in trace.actions)
    ]
    roster = Roster.of([ticket], now)
    tell(
        ticket=ticket,
        kind="ticket_flagged",
        recipients=[one for who in outcome.effects.notify for one in roster.people(ticket, who)],
        once=f"{ticket.pk}.{ticket.last_event_seq}",
        now=now,
        triggers=names,
    )


def do_effects(*, ticket: Ticket, outcome: rules.Outcome, now: datetime) -> None:
    """Do to a locked ticket what an outcome says, each thing with an event; the caller saves it."""
    for trace in outcome.fired:
        for done in trace.actions:
            if not done.applied:
                continue
            why, value = trace.trigger.name, done.action.value
            match done.action.do:
                case "set_queue":
                    move_to_queue(ticket=ticket, key=str(value), now=now, why=why)
                case "set_severity":
                    _set_severity(ticket, int(value), now, why)
                case "add_tag":
                    _add_tag(ticket, str(value), now, why)
                case "assign":
                    _assign(ticket, str(value), now, why)


def move_to_queue(
    *, ticket: Ticket, key: str, now: datetime, why: str, actor: User | None = None
) -> None:
    """Put a locked ticket into a queue; nothing happens when it is there or there is none."""
    queue = Queue.objects.in_use().filter(key=key).first()
    if queue is None or ticket.queue_id == queue.pk:
        return
    old = ticket.queue.name if ticket.queue_id else ""
    ticket.queue = queue
    record_event(
        ticket=ticket, kind=TicketEvent.Kind.QUEUE, now=now, actor=actor, is_public=False,
        old=old, new=queue.name, reason=why,
    )  # fmt: skip


def _set_severity(ticket: Ticket, severity: int, now: datetime, why: str) -> None:
    # As for people: a solved or closed ticket keeps its severity, and its assignee.
    if severity not in Ticket.Severity.values or not ticket.is_active:
        return
    if severity == ticket.severity:
        return
    record_event(
        ticket=ticket, kind=TicketEvent.Kind.SEVERITY, now=now, old=str(ticket.severity),
        new=str(severity), reason=why, detail={"severity": severity},
    )  # fmt: skip
    ticket.severity = severity


def _add_tag(ticket: Ticket, tag: str, now: datetime, why: str) -> None:
    if tag in ticket.tags:
        return
    ticket.tags = [*ticket.tags, tag]
    record_event(
        ticket=ticket, kind=TicketEvent.Kind.TAGGED, now=now, is_public=False, new=tag[:80],
        reason=why,
    )  # fmt: skip


def _assign(ticket: Ticket, email: str, now: datetime, why: str) -> None:
    agent = User.objects.filter(email__iexact=email, is_active=True).exclude(staff_role="").first()
    if agent is None or agent.pk == ticket.assignee_id or not ticket.is_active:
        return
    record_event(
        ticket=ticket, kind=TicketEvent.Kind.ASSIGNED, now=now, is_public=False,
        old=str(ticket.assignee or ""), new=str(agent), reason=why,
    )  # fmt: skip
    ticket.assignee = agent
