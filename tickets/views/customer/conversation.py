"""A ticket's public story in the order in which it happened: messages, and changes folded."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from people.models import User
from people.viewers import viewer_of
from portal.kit.viewer import Viewer
from portal.kit.words import severity_label, status_label
from tickets.models import Message, Ticket, TicketEvent, TicketFollower

Kind = TicketEvent.Kind
# More than a screen or two is read by nobody at once; the rest is one click away.
LATEST_SHOWN = 150
# What one person writes within this time reads as one contribution.
SAME_BREATH = timedelta(minutes=10)
MESSAGE_KINDS = frozenset({Kind.OPENED, Kind.MESSAGE})
TOLD_KINDS = (
    Kind.OPENED, Kind.MESSAGE, Kind.STATUS, Kind.SEVERITY, Kind.TERMS, Kind.RATED, Kind.FOLLOW_UP,
    Kind.MERGED, Kind.TOOK_IN, Kind.SPLIT, Kind.SPLIT_FROM,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened besides talking. ``reference`` is a ticket to link to."""

    icon: str
    text: str
    at: datetime
    reference: str = ""
    reason: str = ""


@dataclass(slots=True)
class Entry:
    """A day, a message or a run of changes; exactly one of them is set."""

    day: date | None = None
    message: Message | None = None
    is_more: bool = False
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a customer reads. ``seq`` is the last thing in it, for asking what is new."""

    entries: list[Entry]
    seq: int
    leaves_out: bool
    status_since: datetime


def conversation_of(ticket: Ticket, reader: User, *, whole: bool = False) -> Conversation:
    """Return the public story of a ticket as far as it is this reader's.

    Internal notes, routing and assignment are not in it, whoever reads. What was
    said on tickets merged into this one is, for whoever may read those.
    """
    events = list(
        readable_events(ticket, viewer_of(reader))
        .select_related("message__author", "actor")
        .prefetch_related("message__attachments")
        .order_by("-at", "-ticket_id", "-seq")[: None if whole else LATEST_SHOWN + 1]
    )
    leaves_out = not whole and len(events) > LATEST_SHOWN
    events = events[: None if whole else LATEST_SHOWN]
    own = [event for event in events if event.ticket_id == ticket.pk]
    since = next((event.at for event in own if event.kind == Kind.STATUS), ticket.created_at)
    return Conversation(
        entries=_entries(reversed(events), reader),
        seq=own[0].seq if own else 0,
        leaves_out=leaves_out,
        status_since=since,
    )


def public_events(ticket: Ticket) -> models.QuerySet[TicketEvent]:
    """Return the events a customer may know of."""
    return TicketEvent.objects.filter(ticket=ticket, is_public=True, kind__in=TOLD_KINDS)


def readable_events(ticket: Ticket, viewer: Viewer) -> models.QuerySet[TicketEvent]:
    """Return the public events of a conversation that this viewer may read.

    Messages are those that are readable. Whom a merge brought here reads the
    changes since; of the merged tickets only the messages are told.
    """
    told = TicketEvent.objects.filter(is_public=True, kind__in=TOLD_KINDS)
    messages = Message.objects.visible_to(viewer).of_conversation(ticket)
    came_later = TicketFollower.objects.filter(
        ticket=ticket, user=viewer.user_id, reads_since__gt=models.OuterRef("at")
    )
    changes = models.Q(ticket=ticket, message=None)
    reads_all = (
        viewer.is_staff
        or ticket.requester_id == viewer.user_id
        or ticket.organization_id in viewer.managed_organization_ids
    )
    if not reads_all:
        changes &= ~models.Q(models.Exists(came_later))
    return told.filter(models.Q(message__in=messages) | changes)


def last_public_seq(ticket: Ticket) -> int:
    """Return the number of the last thing that a customer may know of."""
    found = public_events(ticket).order_by("-seq").values_list("seq", flat=True).first()
    return found or 0


def _entries(events: Iterable[TicketEvent], reader: User) -> list[Entry]:
    entries: list[Entry] = []
    today: date | None = None
    before: Message | None = None
    for event in events:
        message = event.message if event.kind in MESSAGE_KINDS else None
        if event.kind in MESSAGE_KINDS and (message is None or not message.is_public):
            continue
        change = None if message else change_words(event, reader)
        if message is None and change is None:
            continue
        day = timezone.localtime(event.at).date()
        if day != today:
            entries.append(Entry(day=day))
            today, before = day, None
        if message is not None:
            entries.append(Entry(message=message, is_more=_goes_on(before, message)))
            before = message
        elif change is not None:
            if not entries[-1].changes:
                entries.append(Entry())
            entries[-1].changes.append(change)
            before = None
    return entries


def _goes_on(before: Message | None, message: Message) -> bool:
    return (
        before is not None
        and before.author_id == message.author_id
        and before.ticket_id == message.ticket_id
        and message.created_at - before.created_at < SAME_BREATH
    )


def change_words(event: TicketEvent, reader: User) -> Change | None:
    """Return a change as a sentence for customers; None for what says nothing to them."""
    match event.kind:
        case Kind.STATUS:
            return _status_words(event, reader)
        case Kind.SEVERITY:
            return _severity_words(event, reader)
        case Kind.TERMS:
            return Change("scale", _("What we promise for this ticket has changed."), event.at)
        case Kind.RATED:
            text = _("%(who)s gave %(score)s of 5 stars") % {
                "who": _who(event, reader),
                "score": event.new,
            }
            return Change("star", text, event.at)
    return _other_ticket_words(event)


def _other_ticket_words(event: TicketEvent) -> Change | None:
    """Return how this ticket belongs to another; linked where its readers may read that too."""
    match event.kind:
        case Kind.FOLLOW_UP if event.new:
            return Change("corner-down-right", _("It goes on in"), event.at, event.new)
        case Kind.FOLLOW_UP:
            return Change("corner-up-left", _("This goes on from"), event.at, event.old)
        case Kind.MERGED:
            return Change("git-merge", _("It goes on, as one with"), event.at, event.new)
        case Kind.TOOK_IN:
            text = _("%(other)s was about the same and goes on here") % {"other": event.old}
            return Change("git-merge", text, event.at)
        case Kind.SPLIT:
            text = _("A part of it goes on in %(other)s") % {"other": event.new}
            return Change("split", text, event.at)
        case Kind.SPLIT_FROM:
            return Change("split", _("This began as a part of"), event.at, event.old)
    return None


def _status_words(event: TicketEvent, reader: User) -> Change | None:
    who = {"who": _who(event, reader)}
    match event.new:
        case "open" if event.old == "solved":
            return Change("rotate-ccw", _("%(who)s opened it again") % who, event.at)
        case "open" if event.old == "new":
            return None  # the answer beside it says so
        case "open":
            return Change("circle-dot", _("We are working on it again"), event.at)
        case "pending":
            return Change("reply", _("We are waiting for your reply"), event.at)
        case "on_hold":
            return Change("circle-pause", _("We are waiting for a third party"), event.at)
        case "solved":
            return Change("circle-check", _("%(who)s marked it as solved") % who, event.at)
        case "closed":
            return Change("lock", _("Closed, as nobody came back to it"), event.at)
    return Change("circle-dot", str(status_label(event.new, for_customer=True)), event.at)


def _severity_words(event: TicketEvent, reader: User) -> Change:
    levels = [severity_label(int(level)) for level in (event.old, event.new)]
    by_person = event.by == TicketEvent.By.AGENT and event.actor_id is not None
    text = (
        _("%(who)s changed the severity from %(old)s to %(new)s")
        if by_person
        else _("The severity changed from %(old)s to %(new)s")
    ) % {"who": _who(event, reader), "old": levels[0], "new": levels[1]}
    # A trigger's name is ours; what a person gave as reason was written for the customer.
    return Change("signal", text, event.at, reason=event.reason if by_person else "")


def _who(event: TicketEvent, reader: User) -> str:
    if event.actor is None:
        return _("The system")
    return _("You") if event.actor_id == reader.pk else str(event.actor)
