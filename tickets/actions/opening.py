"""Open a ticket: the one way in for web form, API and every channel to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import Membership, Organization, User
from portal.kit.clock import to_epoch
from portal.kit.refused import InvalidInput, NotPermitted
from portal.kit.rich_text import MAX_CHARACTERS, to_html
from portal.kit.uploads import Upload
from tickets.actions.attaching import attach, check_files, removed_unless_kept
from tickets.actions.clocks import keep_terms, reclock
from tickets.actions.events import record_event, side_of
from tickets.actions.recipients import Roster
from tickets.actions.routing import facts_of, fire_triggers
from tickets.actions.telling import tell, tell_assigned, tell_opened
from tickets.models import Clock, Message, Queue, Ticket, TicketEvent, Trigger
from tickets.models.clock import NO_PROMISE_RUNNING
from tickets.models.conversation import new_attachment_id
from tickets.rules.clocks import Taken, Turn
from tiers.promises import promise_for


@dataclass(frozen=True, slots=True)
class Split:
    """The message a new ticket is split from, by whom, and whether it counts from that message."""

    message: Message
    by: User
    from_message: bool


def open_ticket(
    *,
    organization: Organization,
    requester: User,
    subject: str,
    body: str,
    severity: int,
    now: datetime,
    channel: str = Ticket.Channel.WEB,
    category: str = "",
    files: Sequence[Upload] = (),
    opened_by: User | None = None,
    follow_up_of: Ticket | None = None,
    split_from: Split | None = None,
) -> Ticket:
    """Open a ticket under the promise that counts now; return it routed, with its clocks.

    ``opened_by`` is the requester unless staff open it for them. Raises
    InvalidInput for what cannot be accepted and NotPermitted when the requester
    does not belong to the organization.
    """
    actor = opened_by or requester
    subject, body = _checked(subject, body, severity)
    check_files(files)
    _check_belongs(requester, organization)
    with removed_unless_kept() as stored, transaction.atomic():
        promise = promise_for(organization, now)
        terms = keep_terms(promise)
        ticket = Ticket(
            organization=organization,
            requester=requester,
            subject=subject,
            severity=severity,
            channel=channel,
            category=category,
            tier=promise.tier,
            tier_at_opening=promise.tier,
            queue=_queue_of(promise.queue_key),
            terms=terms,
            rank_at=NO_PROMISE_RUNNING,
            follow_up_of=follow_up_of,
            split_from=split_from.message.ticket if split_from else None,
            last_event_at=now,
            created_at=now,
            updated_at=now,
        )
        ticket.save(force_insert=True)
        message = write_message(ticket, actor, body, now=now, is_public=True)
        attach(message=message, files=files, now=now, stored=stored)
        record_event(
            ticket=ticket, kind=TicketEvent.Kind.OPENED, now=now, actor=actor, message=message,
            terms=terms, detail={"severity": severity, "channel": channel},
        )  # fmt: skip
        if follow_up_of is not None:
            record_event(
                ticket=ticket, kind=TicketEvent.Kind.FOLLOW_UP, now=now, actor=actor,
                old=follow_up_of.reference,
            )  # fmt: skip
        if split_from is not None:
            _record_split(ticket, message, split_from, now)
        outcome = fire_triggers(
            ticket=ticket, facts=facts_of(ticket, Trigger.Event.CREATED, body=body), now=now
        )
        reclock(ticket, now)
        ticket.save()
        tell_opened(ticket, list(Clock.objects.filter(ticket=ticket)), now)
        tell_assigned(ticket, ticket.last_event_seq, now, by=actor)
        if outcome.effects.notify:
            roster = Roster.of([ticket], now)
            told = [user for who in outcome.effects.notify for user in roster.people(ticket, who)]
            tell(
                ticket=ticket, kind="ticket_arrived", recipients=told, once=str(ticket.pk), now=now
            )
        return ticket


def _record_split(ticket: Ticket, message: Message, origin: Split, now: datetime) -> None:
    """Say where it comes from, since when it counts, and let it have the message's files."""
    for file in origin.message.attachments.all():
        # The same stored file; a row of its own, so that access follows the new message.
        file.pk, file.public_id, file.message = None, new_attachment_id(), message
        file.created_at = now
        file.save(force_insert=True)
    detail: dict[str, Any] = {"message": origin.message.pk}
    if origin.from_message:
        since = to_epoch(origin.message.created_at)
        turns = (Turn(since, "open", ticket.severity),)
        detail["taken"] = Taken(opened_at=since, waiting_since=since, turns=turns).to_json()
    record_event(
        ticket=ticket, kind=TicketEvent.Kind.SPLIT_FROM, now=now, actor=origin.by,
        old=origin.message.ticket.reference, detail=detail,
    )  # fmt: skip


def _checked(subject: str, body: str, severity: int) -> tuple[str, str]:
    subject, body = " ".join(subject.split()), body.strip().replace("\x00", "")
    problems = {}
    if not subject:
        problems["subject"] = _("Say in a few words what it is about.")
    elif len(subject) > 200:
        problems["subject"] = _("At most 200 characters.")
    if not body:
        problems["body"] = _("Describe what happened.")
    elif len(body) > MAX_CHARACTERS:
        problems["body"] = _("At most %(count)s characters. Attach the rest as a file.") % {
            "count": MAX_CHARACTERS
        }
    if severity not in Ticket.Severity.values:
        problems["severity"] = _("Choose a severity from 1 (critical) to 4 (low).")
    if problems:
        raise InvalidInput(
            "ticket_invalid", _("The ticket cannot be opened like this."), fields=problems
        )
    return subject, body


def _check_belongs(requester: User, organization: Organization) -> None:
    if not (Membership.objects.active().filter(user=requester, organization=organization).exists()):
        raise NotPermitted(
            "not_a_member", _("This person does not belong to the organization any more.")
        )


def _queue_of(key: str) -> Queue:
    usable = Queue.objects.in_use()
    queue = usable.filter(key=key).first() or usable.order_by("position").first()
    if queue is None:
        raise InvalidInput("no_queue", _("There is no queue. Add one in Ops first."))
    return queue


def write_message(
    ticket: Ticket, author: User | None, body: str, *, now: datetime, is_public: bool
) -> Message:
    """Store what somebody wrote, as typed and as safe HTML."""
    return Message.objects.create(
        ticket=ticket,
        author=author,
        by=side_of(author),
        is_public=is_public,
        body=body,
        body_html=to_html(body),
        created_at=max(now, ticket.last_event_at),
    )
