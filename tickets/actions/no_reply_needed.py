"""Say that a customer's message needs no answer: "thanks!" ends the wait without a reply."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.refused import Refused
from tickets.actions.clocks import reclock
from tickets.actions.events import By, locked, record_event, require_agent
from tickets.models import Clock, Ticket, TicketEvent


@transaction.atomic
def mark_no_reply_needed(
    *, ticket: Ticket, by: User, now: datetime, reason: str = "", seen_seq: int | None = None
) -> Ticket:
    """End the wait for the next reply as cancelled; who said so stays on record.

    It never stands for the first reply. ``seen_seq`` is the last event the agent
    has seen: a message that came in since has not been judged. Raises Refused
    when no message waits for a next reply.
    """
    require_agent(by)
    row = locked(ticket)
    if not awaits_next_reply(row):
        raise Refused("no_reply_awaited", _why_not(row))
    if seen_seq is not None and _wrote_since(row, seen_seq):
        raise Refused(
            "news_meanwhile", _("The customer has written again meanwhile. Read it first.")
        )
    record_event(
        ticket=row, kind=TicketEvent.Kind.NO_REPLY_NEEDED, now=now, actor=by, is_public=False,
        reason=reason.strip()[:300],
    )  # fmt: skip
    reclock(row, now)
    row.save()
    return row


def awaits_next_reply(ticket: Ticket) -> bool:
    """Whether a clock runs, or stands still, for an answer after the first one."""
    return Clock.objects.filter(ticket=ticket, metric="next_reply", stopped_at=None).exists()


def _wrote_since(ticket: Ticket, seq: int) -> bool:
    return TicketEvent.objects.filter(
        ticket=ticket, kind=TicketEvent.Kind.MESSAGE, by=By.CUSTOMER, seq__gt=seq
    ).exists()


def _why_not(ticket: Ticket) -> str:
    if not ticket.is_active:
        return _("The ticket is done; nobody waits for a reply.")
    if ticket.first_replied_at is None:
        return _("The first reply is still owed. Answer it, or solve the ticket.")
    return _("No message of the customer waits for a reply.")
