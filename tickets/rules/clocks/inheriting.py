"""What a ticket hands on to the one it is merged into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tickets.rules.clocks.engine import in_order
from tickets.rules.clocks.facts import DONE, Event, Taken, Turn


def handed_on(events: Iterable[Event], *, with_opening: bool) -> Taken:
    """Return what is owed on a ticket of these events, for the ticket that takes it in.

    `with_opening` hands on its age as well. What it once took in itself is part of it.
    """
    ordered = in_order(events)
    turns = turns_of(ordered)
    return Taken(
        opened_at=turns[0].at if with_opening else None,
        waiting_since=waiting_since(ordered),
        updated_at=updated_at(ordered),
        turns=turns,
    )


def turns_of(ordered: Sequence[Event]) -> tuple[Turn, ...]:
    """Return every status and severity since the earliest opening that the ticket counts from."""
    opened_at = ordered[0].at
    turns = [
        Turn(event.at, event.status or ("new" if event.kind == "opened" else None), event.severity)
        for event in ordered
        if event.kind in ("opened", "status", "severity")
    ]
    for event in ordered:
        taken = event.taken
        if taken is not None and taken.opened_at is not None and taken.opened_at < opened_at:
            turns = [*(turn for turn in taken.turns if turn.at < opened_at), *turns]
            opened_at = taken.opened_at
    return tuple(turns)


def waiting_since(ordered: Sequence[Event]) -> int | None:
    """Return the instant of the oldest public customer message that nobody has answered.

    None on a solved ticket. One that was solved in silence and reopened waits as before.
    """
    waiting, is_answered, status = None, False, "new"
    for event in ordered:
        status = event.status or status
        if event.kind in ("opened", "message") and event.public and not event.automatic:
            if event.by == "customer":
                waiting = event.at if waiting is None else waiting
            elif event.by == "agent" and event.kind == "message":
                waiting, is_answered = None, True
        elif event.taken is not None and event.taken.waiting_since is not None:
            theirs = event.taken.waiting_since
            waiting = theirs if waiting is None else min(waiting, theirs)
        elif is_answered and (event.kind == "no_reply_needed" or event.status in DONE):
            waiting = None
    return None if status in DONE else waiting


def updated_at(ordered: Sequence[Event]) -> int | None:
    """Return the instant of the last public agent reply since which an update may be owed."""
    updated, status = None, "new"
    for event in ordered:
        status = event.status or status
        if status in DONE:
            updated = None
        elif event.kind == "message" and event.by == "agent" and event.public:
            updated = updated if event.automatic else event.at
        elif event.taken is not None and event.taken.updated_at is not None:
            updated = event.taken.updated_at if updated is None else updated
    return updated
