"""The whole story of a ticket as the desk reads it: messages, notes, changes, clocks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Q
from django.utils import timezone

from tickets.models import Ticket, TicketEvent
from tickets.views.desk.change_words import Change, change_words
from tickets.views.desk.promises import Moment, moment_change

Kind = TicketEvent.Kind
# More is read by nobody at once; the rest is one click away.
LATEST_SHOWN = 300
# What one person writes within this time reads as one contribution.
SAME_BREATH = timedelta(minutes=10)
# So many changes in a row are folded into one line.
FOLDED_FROM = 3


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody named in the story, as the avatar draws them."""

    pk: int | None
    name: str
    email: str = ""

    def __str__(self) -> str:
        return self.name or self.email


@dataclass(frozen=True, slots=True)
class File:
    """An attachment, to be opened by its public id."""

    public_id: str
    name: str
    size: int


@dataclass(slots=True)
class Said:
    """A message. ``body_html`` was made safe when it was written."""

    pk: int
    author: Person
    by: str
    is_public: bool
    is_automatic: bool
    body_html: str
    at: datetime
    files: list[File] = field(default_factory=list)
    # The merged ticket on which it was said; empty for the ticket itself.
    came_from: str = ""
    is_more: bool = False

    @property
    def style(self) -> str:
        """The kind of bubble: customer, agent or note."""
        if not self.is_public:
            return "note"
        return "customer" if self.by == TicketEvent.By.CUSTOMER else "agent"


@dataclass(frozen=True, slots=True)
class Entry:
    """A day, a message or a run of changes; exactly one of them is set."""

    day: date | None = None
    said: Said | None = None
    changes: Sequence[Change] = ()
    is_folded: bool = False

    @property
    def last(self) -> Change:
        """The change that says how things stood after the run."""
        return self.changes[-1]

    @property
    def others(self) -> int:
        """How many changes of the run came before its last one."""
        return len(self.changes) - 1


@dataclass(frozen=True, slots=True)
class Timeline:
    """The story, oldest first; ``leaves_out`` says that it begins in the middle."""

    entries: list[Entry]
    leaves_out: bool


def timeline_of(ticket: Ticket, moments: Iterable[Moment], *, whole: bool = False) -> Timeline:
    """Return the story of a ticket with the given moments of its clocks; one query."""
    leaves_out = not whole and ticket.last_event_seq > LATEST_SHOWN
    first_seq = ticket.last_event_seq - LATEST_SHOWN if leaves_out else 0
    told = _told(ticket, first_seq)
    own = [one for one in told if not (isinstance(one, Said) and one.came_from)]
    begins_at = own[0].at if own and leaves_out else None
    if begins_at is not None:
        told = [one for one in told if one.at >= begins_at]
    clocks = [moment_change(one) for one in moments if begins_at is None or one.at >= begins_at]
    # Stable: what happened in the same instant stays in the order of the events.
    story = sorted([*told, *clocks], key=lambda one: one.at)
    return Timeline(entries=list(_entries(story)), leaves_out=leaves_out)


def _told(ticket: Ticket, after_seq: int) -> list[Said | Change]:
    """Read events, messages, their people and files in one query; one row per file at most.

    What was said on a ticket that was merged into this one is part of its story.
    """
    told: list[Said | Change] = []
    last = None
    own = Q(ticket_id=ticket.pk, seq__gt=after_seq)
    taken_in = Q(ticket__merged_into=ticket.pk, message__isnull=False)
    rows = (
        TicketEvent.objects.filter(own | taken_in)
        .order_by("ticket_id", "seq", "message__attachments__id")
        .values(
            "ticket_id", "seq", "at", "kind", "by", "old", "new", "reason", "detail", "actor_id",
            "actor__name", "actor__email", "message_id", "message__by", "message__is_public",
            "message__is_automatic", "message__body_html", "message__created_at",
            "message__author_id", "message__author__name", "message__author__email",
            "message__attachments__public_id", "message__attachments__name",
            "message__attachments__size",
        )
    )  # fmt: skip
    for row in rows.iterator(chunk_size=2000):
        if (row["ticket_id"], row["seq"]) != last:
            last = row["ticket_id"], row["seq"]
            one = _said(row, ticket) if row["message_id"] else _change(row)
            if one is not None:
                told.append(one)
        if row["message__attachments__public_id"] and isinstance(told[-1], Said):
            told[-1].files.append(
                File(
                    row["message__attachments__public_id"],
                    row["message__attachments__name"],
                    row["message__attachments__size"],
                )
            )
    return told


def _said(row: Mapping[str, Any], ticket: Ticket) -> Said:
    return Said(
        pk=row["message_id"],
        author=Person(
            row["message__author_id"],
            row["message__author__name"] or "",
            row["message__author__email"] or "",
        ),
        by=row["message__by"],
        is_public=row["message__is_public"],
        is_automatic=row["message__is_automatic"],
        body_html=row["message__body_html"],
        at=row["message__created_at"],
        came_from="" if row["ticket_id"] == ticket.pk else f"T-{row['ticket_id']}",
    )


def _change(row: Mapping[str, Any]) -> Change | None:
    actor = row["actor_id"] and (row["actor__name"] or row["actor__email"])
    return change_words(
        kind=row["kind"], old=row["old"], new=row["new"], reason=row["reason"],
        actor=actor or "", by=row["by"], at=row["at"], detail=row["detail"],
    )  # fmt: skip


def _entries(story: Sequence[Said | Change]) -> Iterable[Entry]:
    today: date | None = None
    before: Said | None = None
    for is_said, run in groupby(story, key=lambda one: isinstance(one, Said)):
        changes: list[Change] = []
        for one in run:
            day = timezone.localtime(one.at).date()
            if day != today:
                yield from _folded(changes)
                yield Entry(day=day)
                today, before, changes = day, None, []
            if isinstance(one, Said):
                one.is_more = before is not None and _goes_on(before, one)
                before = one
                yield Entry(said=one)
            else:
                changes.append(one)
        if not is_said:
            before = None
        yield from _folded(changes)


def _folded(changes: Sequence[Change]) -> Iterable[Entry]:
    """Fold a long run of changes; what is loud (a broken promise) is never folded away."""
    for is_loud, run in groupby(changes, key=lambda change: change.is_loud):
        part = list(run)
        if not is_loud and len(part) >= FOLDED_FROM:
            yield Entry(changes=part, is_folded=True)
        else:
            yield from (Entry(changes=[change]) for change in part)


def _goes_on(before: Said, said: Said) -> bool:
    return (
        before.author == said.author
        and before.style == said.style
        and before.came_from == said.came_from
        and said.at - before.at < SAME_BREATH
    )
