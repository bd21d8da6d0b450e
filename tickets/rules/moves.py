"""Which status a ticket may move to, and who may move it: one table for every door.

Words: new (nobody has answered), open (ours to work on), pending (waiting for the customer),
on_hold (waiting for a third party), solved (done, may be reopened), closed (done for good; a
reply opens a linked follow-up). Nothing moves back to new, and nothing leaves closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from tiers.rules.evaluation import Param, Reason, gettext_noop

Status = Literal["new", "open", "pending", "on_hold", "solved", "closed"]
ActorKind = Literal["customer", "agent", "system"]

STATUSES: tuple[Status, ...] = ("new", "open", "pending", "on_hold", "solved", "closed")
ACTOR_KINDS: tuple[ActorKind, ...] = ("customer", "agent", "system")
LIVE_STATUSES: frozenset[str] = frozenset({"new", "open", "pending", "on_hold"})
FOLLOW_UP: Literal["follow_up"] = "follow_up"
"""The answer of `status_after_customer_reply` on a closed ticket: open a linked ticket."""
CLOSE_AFTER_DAYS = 14
"""Whole days from solved to closed when the setting says nothing else."""

# Customers say "solved" themselves and reopen by replying. Agents never close: a ticket stays
# reopenable for its days. The system moves on replies, closes in time, and closes what is merged.
MOVES: Mapping[ActorKind, Mapping[Status, tuple[Status, ...]]] = {
    "customer": {
        "new": ("solved",),
        "open": ("solved",),
        "pending": ("open", "solved"),
        "on_hold": ("solved",),
        "solved": ("open",),
        "closed": (),
    },
    "agent": {
        "new": ("open", "pending", "on_hold", "solved"),
        "open": ("pending", "on_hold", "solved"),
        "pending": ("open", "on_hold", "solved"),
        "on_hold": ("open", "pending", "solved"),
        "solved": ("open", "pending", "on_hold"),
        "closed": (),
    },
    "system": {
        "new": ("open", "closed"),
        "open": ("closed",),
        "pending": ("open", "solved", "closed"),
        "on_hold": ("open", "closed"),
        "solved": ("open", "closed"),
        "closed": (),
    },
}


class MoveReason(Reason):
    """Why a move is refused."""

    TEMPLATES: ClassVar[Mapping[str, str]] = {
        "unknown_status": gettext_noop("“{name}” is not a ticket status."),
        "unknown_actor": gettext_noop("“{name}” is not someone who moves tickets."),
        "already_there": gettext_noop("The ticket is already {status}."),
        "closed_is_final": gettext_noop(
            "A closed ticket stays closed; a reply opens a follow-up ticket."
        ),
        "new_is_the_start": gettext_noop("No ticket becomes new again."),
        "only_the_system_closes": gettext_noop(
            "Solve the ticket instead: solved tickets are closed by themselves after some days."
        ),
        "not_for_customers": gettext_noop("Only the support team may set this ticket to {status}."),
        "not_for_the_system": gettext_noop(
            "Only a person may move a ticket from {old} to {status}."
        ),
    }

    def shown_param(self, name: str, value: Param) -> str:
        if name in {"status", "old"}:
            return str(value).replace("_", " ")
        return str(value)


def allowed_moves(actor_kind: str, old: str) -> tuple[Status, ...]:
    """The statuses `actor_kind` may move a ticket to from `old`, in the order of their life."""
    for kind, table in MOVES.items():
        for status, moves in table.items():
            if (kind, status) == (actor_kind, old):
                return moves
    return ()


def may_move(actor_kind: str, old: str, new: str) -> bool:
    """Whether the table has this move. Staying where one is is not a move."""
    return new in allowed_moves(actor_kind, old)


def why_not(actor_kind: str, old: str, new: str) -> MoveReason | None:
    """Why the move is refused, in words; None when it is allowed."""
    if may_move(actor_kind, old, new):
        return None
    for status in (old, new):
        if status not in STATUSES:
            return MoveReason("unknown_status", {"name": status})
    if actor_kind not in ACTOR_KINDS:
        return MoveReason("unknown_actor", {"name": actor_kind})
    if old == new:
        return MoveReason("already_there", {"status": old})
    if old == "closed":
        return MoveReason("closed_is_final")
    if new == "new":
        return MoveReason("new_is_the_start")
    if new == "closed":
        return MoveReason("only_the_system_closes")
    if actor_kind == "customer":
        return MoveReason("not_for_customers", {"status": new})
    return MoveReason("not_for_the_system", {"old": old, "status": new})


def status_after_customer_reply(old: str) -> str:
    """The status after the customer wrote; FOLLOW_UP when the ticket is closed.

    A ticket on hold stays there: the third party is still awaited, and the next-reply clock
    brings the message to an agent's eyes.
    """
    if old == "closed":
        return FOLLOW_UP
    return "open" if old in {"pending", "solved"} else old


def status_after_merge(old: str, source: str, *, awaits_answer: bool) -> str:
    """The status of a ticket after another was merged into it.

    A solved one goes on when the other was not done; what waited for the customer is ours again
    when the customer had written there.
    """
    if old == "solved" and source in LIVE_STATUSES:
        return "open"
    return "open" if old == "pending" and awaits_answer else old


def status_after_agent_reply(old: str, *, public: bool) -> str:
    """The status after an agent wrote without choosing one: the first public reply opens."""
    return "open" if public and old == "new" else old


def closes_at(solved_at: datetime, *, days: int = CLOSE_AFTER_DAYS) -> datetime:
    """The instant from which the system may close a solved ticket."""
    return solved_at + timedelta(days=days)


def may_close(
    status: str, solved_at: datetime | None, now: datetime, *, days: int = CLOSE_AFTER_DAYS
) -> bool:
    """Whether a ticket has been solved for `days` whole days and nobody came back."""
    return status == "solved" and solved_at is not None and now >= closes_at(solved_at, days=days)
