"""Answer on a ticket: customers and agents in public, agents among themselves."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.refused import InvalidInput
from portal.kit.rich_text import MAX_CHARACTERS
from portal.kit.uploads import Upload
from tickets.actions.attaching import attach, check_files, removed_unless_kept
from tickets.actions.changing import apply_status
from tickets.actions.events import locked, record_event, require_agent
from tickets.actions.merging import let_read, locked_destination
from tickets.actions.opening import open_ticket, write_message
from tickets.actions.routing import finish_update
from tickets.actions.telling import tell_replied
from tickets.models import HandleTime, Message, Ticket, TicketEvent
from tickets.rules import moves

# More than half a day on one answer is a forgotten browser tab, not work.
MOST_HANDLE_SECONDS = 4 * 3600


def reply_as_customer(
    *,
    ticket: Ticket,
    author: User,
    body: str,
    now: datetime,
    files: Sequence[Upload] = (),
    marks_solved: bool = False,
) -> tuple[Ticket, Message | None]:
    """Add a customer's message; return the ticket it landed on.

    On a merged ticket that is the one on which it goes on. On a closed ticket
    that is a new, linked one (its message is then None here: it opened the
    follow-up). ``marks_solved`` lets the customer close the matter with the message.
    """
    body = _checked(body)
    check_files(files)
    with removed_unless_kept() as stored, transaction.atomic():
        row = locked_destination(ticket)
        if row.pk != ticket.pk:
            let_read(row, author, now)
        if moves.status_after_customer_reply(row.status) == moves.FOLLOW_UP:
            return _follow_up(row, author, body, files, now), None
        message = write_message(row, author, body, now=now, is_public=True)
        attach(message=message, files=files, now=now, stored=stored)
        record_event(
            ticket=row, kind=TicketEvent.Kind.MESSAGE, now=now, actor=author, message=message
        )
        status = "solved" if marks_solved else moves.status_after_customer_reply(row.status)
        apply_status(row, status, actor=author, now=now, reason="")
        finish_update(ticket=row, now=now, by=author, body=body)
        tell_replied(row, message, now)
        return row, message


def _follow_up(
    closed: Ticket, author: User, body: str, files: Sequence[Upload], now: datetime
) -> Ticket:
    ticket = open_ticket(
        organization=closed.organization,
        requester=author,
        subject=closed.subject,
        body=body,
        severity=closed.severity,
        category=closed.category,
        channel=closed.channel,
        files=files,
        follow_up_of=closed,
        now=now,
    )
    record_event(
        ticket=closed, kind=TicketEvent.Kind.FOLLOW_UP, now=now, actor=author,
        new=ticket.reference,
    )  # fmt: skip
    closed.save(update_fields=["last_event_seq", "last_event_at", "updated_at"])
    return ticket


def reply_as_agent(
    *,
    ticket: Ticket,
    author: User,
    body: str,
    now: datetime,
    is_public: bool = True,
    status: str = "",
    files: Sequence[Upload] = (),
    handle_seconds: int = 0,
) -> Message:
    """Add a public reply or an internal note; optionally set the status with it.

    Without a status the first public reply opens a new ticket and assigns it to
    its author. ``handle_seconds`` is how long the agent was active on the
    ticket, in wall seconds, capped at four hours.
    """
    require_agent(author)
    body = _checked(body)
    check_files(files)
    with removed_unless_kept() as stored, transaction.atomic():
        row = locked(ticket)
        message = write_message(row, author, body, now=now, is_public=is_public)
        attach(message=message, files=files, now=now, stored=stored)
        record_event(
            ticket=row, kind=TicketEvent.Kind.MESSAGE, now=now, actor=author, message=message,
            is_public=is_public,
        )  # fmt: skip
        _note_handle_time(row, message, author, handle_seconds, now)
        if is_public:
            row.first_replied_at = row.first_replied_at or row.last_event_at
            _take_if_nobody_has(row, author, now)
        wanted = status or moves.status_after_agent_reply(row.status, public=is_public)
        apply_status(row, wanted, actor=author, now=now, reason="", is_told=not is_public)
        finish_update(ticket=row, now=now, by=author, body=body)
        if is_public:
            tell_replied(row, message, now)
        return message


def _take_if_nobody_has(ticket: Ticket, author: User, now: datetime) -> None:
    if ticket.assignee_id is None:
        ticket.assignee = author
        record_event(
            ticket=ticket, kind=TicketEvent.Kind.ASSIGNED, now=now, actor=author,
            is_public=False, new=str(author),
        )  # fmt: skip


def _note_handle_time(
    ticket: Ticket, message: Message, agent: User, seconds: int, now: datetime
) -> None:
    if seconds > 0:
        HandleTime.objects.create(
            ticket=ticket,
            message=message,
            agent=agent,
            seconds=min(seconds, MOST_HANDLE_SECONDS),
            at=now,
        )


def _checked(body: str) -> str:
    body = body.strip().replace("\x00", "")
    if not body:
        raise InvalidInput(
            "message_empty", _("Write something first."), fields={"body": _("Write something.")}
        )
    if len(body) > MAX_CHARACTERS:
        raise InvalidInput(
            "message_too_long",
            _("At most %(count)s characters. Attach the rest as a file.")
            % {"count": MAX_CHARACTERS},
            fields={"body": _("Too long.")},
        )
    return body
