"""Split a message off: a second matter in one conversation gets a ticket of its own."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from people.viewers import viewer_of
from portal.kit.refused import NotPermitted, Refused
from tickets.actions.events import By, locked, record_event, require_agent
from tickets.actions.opening import Split, open_ticket
from tickets.models import Message, Ticket, TicketEvent


@transaction.atomic
def split_ticket(
    *, message: Message, subject: str, by: User, now: datetime, from_message: bool = False
) -> Ticket:
    """Open a ticket from a customer's public message; return it, linked both ways.

    Requester, organization, severity and category stay. The clocks count from
    now, or from the message with ``from_message``: the wait so far then counts,
    though nothing is broken before the split. The message stays where it is.
    Raises Refused for what no customer said in public.
    """
    require_agent(by)
    row = locked(message.ticket)
    if not Ticket.objects.visible_to(viewer_of(by)).filter(pk=row.pk).exists():
        raise NotPermitted("not_visible", _("You may not see this ticket."))
    if not message.is_public or message.by != By.CUSTOMER or message.is_automatic:
        raise Refused(
            "not_splittable", _("Only what a customer wrote can become a ticket of its own.")
        )
    message.ticket = row
    ticket = open_ticket(
        organization=row.organization,
        requester=row.requester,
        opened_by=message.author or row.requester,
        subject=subject,
        body=message.body,
        severity=row.severity,
        category=row.category,
        channel=row.channel,
        split_from=Split(message, by, from_message),
        now=now,
    )
    record_event(
        ticket=row, kind=TicketEvent.Kind.SPLIT, now=now, actor=by, new=ticket.reference,
        detail={"message": message.pk},
    )  # fmt: skip
    row.save(update_fields=["last_event_seq", "last_event_at", "updated_at"])
    return ticket
