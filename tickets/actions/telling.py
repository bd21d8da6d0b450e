"""Write the mails of a ticket into the outbox, each in its reader's language and zone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from people.actions import queue_notice
from people.models import Membership, User
from tickets.models import Clock, ClockAlert, ClockEvent, Message, Ticket

# The profile's switch that each kind of mail obeys; a kind without one is always sent.
SWITCH = {
    "ticket_replied": "mail_on_reply",
    "ticket_status": "mail_on_status",
    "ticket_assigned": "mail_on_assignment",
    "rating_asked": "mail_on_status",
}
# A digest names so many lines, and whatever else is critical.
MOST_LINES = 100


def tell(
    *,
    ticket: Ticket,
    kind: str,
    recipients: Iterable[User],
    once: str,
    now: datetime,
    **context: Any,
) -> None:
    """Queue one mail per recipient; ``once`` names the occasion, so that a repeat is no mail.

    People who switched this kind off get none; who is told about promises, is decided
    before. Subject and body come from ``templates/emails/<kind>.subject.txt``, ``.txt``
    and ``.html``; they quote what people wrote only where ``may_quote``.
    """
    told = {
        user.pk: user
        for user in recipients
        if user.is_active and getattr(user, SWITCH.get(kind, ""), True)
    }
    proved = _with_proved_address(told)
    for user in told.values():
        page = "desk_ticket" if user.works_here else "ticket"
        _queue(
            kind=kind,
            user=user,
            once=once,
            now=now,
            about=f"ticket:{ticket.pk}",
            in_reply_to=thread_id(ticket),
            ticket=ticket,
            link=settings.BASE_URL + reverse(page, args=[ticket.reference]),
            # An address that nobody proved gets no text that somebody typed: else anybody
            # could have us mail anything to anyone.
            may_quote=user.pk in proved,
            **context,
        )


def _queue(
    *,
    kind: str,
    user: User,
    once: str,
    now: datetime,
    about: str = "",
    in_reply_to: str = "",
    **values: Any,
) -> None:
    """Write one mail in its reader's language and zone into the outbox."""
    values |= {
        "recipient": user,
        "vendor_name": settings.VENDOR_NAME,
        "base_url": settings.BASE_URL,
    }
    with (
        translation.override(user.language),
        timezone.override(user.zone),
    ):
        queue_notice(
            kind=kind,
            recipient=user,
            dedupe_key=f"{kind}:{once}:{user.pk}",
            subject=render_to_string(f"emails/{kind}.subject.txt", values),
            body_text=_tidy(render_to_string(f"emails/{kind}.txt", values)),
            body_html=render_to_string(f"emails/{kind}.html", values),
            about=about,
            in_reply_to=in_reply_to,
            now=now,
        )


def _tidy(text: str) -> str:
    """Take out the blank lines that the parts of a template leave where they were empty."""
    lines = text.strip().split("\n")
    before = ["", *lines]
    kept = [line for line, last in zip(lines, before, strict=False) if line.strip() or last.strip()]
    return "\n".join(kept) + "\n"


def _with_proved_address(people: Mapping[int, User]) -> set[int]:
    """Return those who have proved that the address we write to is theirs."""
    rows = EmailAddress.objects.filter(user__in=people, verified=True)
    return {
        pk
        for pk, email in rows.values_list("user_id", "email")
        if email.lower() == people[pk].email.lower()
    }


def thread_id(ticket: Ticket) -> str:
    """Return the Message-ID that all mails of a ticket answer to, so that they thread."""
    host = settings.BASE_URL.split("://", 1)[-1].split(":")[0]
    return f"<ticket.{ticket.pk}@{host}>"


def audience_of(ticket: Ticket, *, but: User | None = None) -> list[User]:
    """Return the customers a ticket concerns: requester and followers who may still read it."""
    concerned = User.objects.filter(
        pk__in=[
            ticket.requester_id,
            *ticket.followers.values_list("user_id", flat=True),
        ],
        memberships__organization_id=ticket.organization_id,
        memberships__status=Membership.Status.ACTIVE,
        is_active=True,
    ).distinct()
    return [user for user in concerned if but is None or user.pk != but.pk]


def tell_opened(ticket: Ticket, clocks: list[Clock], now: datetime) -> None:
    """Confirm a new ticket to its requester, with what is promised."""
    tell(
        ticket=ticket, kind="ticket_opened", recipients=audience_of(ticket),
        once=str(ticket.pk), now=now, clocks=clocks,
    )  # fmt: skip


def tell_replied(ticket: Ticket, message: Message, now: datetime) -> None:
    """Tell the other side that somebody answered in public."""
    recipients = (
        audience_of(ticket, but=message.author)
        if message.by == "agent"
        else [ticket.assignee]
        if ticket.assignee
        else []
    )
    tell(
        ticket=ticket, kind="ticket_replied", recipients=recipients, once=str(message.pk),
        now=now, message=message,
    )  # fmt: skip


def tell_status(ticket: Ticket, event_seq: int, now: datetime, *, but: User | None) -> None:
    """Tell the customers that their ticket changed status."""
    tell(
        ticket=ticket, kind="ticket_status", recipients=audience_of(ticket, but=but),
        once=f"{ticket.pk}.{event_seq}", now=now,
    )  # fmt: skip


def tell_assigned(ticket: Ticket, event_seq: int, now: datetime, *, by: User | None) -> None:
    """Tell an agent about a ticket that somebody else gave them."""
    if ticket.assignee is None or (by is not None and by.pk == ticket.assignee.pk):
        return
    tell(
        ticket=ticket, kind="ticket_assigned", recipients=[ticket.assignee],
        once=f"{ticket.pk}.{event_seq}", now=now, by=by,
    )  # fmt: skip


def tell_clock_event(event: ClockEvent, user: User, now: datetime) -> None:
    """Tell one of the staff about a promise at risk or broken; whether to, the caller decided."""
    is_broken = ClockEvent.Kind.BREACH in {event.kind, event.clock.status}
    tell(
        ticket=event.ticket,
        kind="clock_breach" if is_broken else "clock_warning",
        recipients=[user],
        once=str(event.pk),
        now=now,
        event=event,
        clock=event.clock,
    )


def tell_digest(
    user: User, alerts: Sequence[ClockAlert], *, dealt_with: int, now: datetime
) -> None:
    """Tell one of the staff about many promises in one mail, in the order given.

    ``dealt_with`` says how many more came up meanwhile and need nobody any more.
    All that is critical is named, and of the rest as much as somebody reads.
    """
    shown = [alert for place, alert in enumerate(alerts) if alert.is_critical or place < MOST_LINES]
    tickets: dict[int, list[ClockAlert]] = {}
    for alert in shown:
        tickets.setdefault(alert.event.ticket_id, []).append(alert)
    _queue(
        kind="clock_digest",
        user=user,
        # Each alert is told once, so its first one names a digest.
        once=str(min(alert.pk for alert in alerts)),
        now=now,
        tickets=[
            {"ticket": rows[0].event.ticket, "alerts": rows, "link": _desk_link(rows[0])}
            for rows in tickets.values()
        ],
        total=len(alerts),
        critical=sum(alert.is_critical for alert in alerts),
        broken=sum(alert.event.clock.status == Clock.Status.BREACHED for alert in alerts),
        left_out=len(alerts) - len(shown),
        dealt_with=dealt_with,
        link=settings.BASE_URL + reverse("desk"),
        may_quote=user.pk in _with_proved_address({user.pk: user}),
    )


def _desk_link(alert: ClockAlert) -> str:
    return settings.BASE_URL + reverse("desk_ticket", args=[alert.event.ticket.reference])
