"""Who may do what with a version of the program, and what follows what.

Pure: no Django, no clock, no database. People are compared by their keys.
"""

from collections.abc import Collection
from typing import Literal

Step = Literal[
    "ask", "take_back", "ask_for_changes", "sign_off", "schedule", "publish", "discard", "edit"
]

# Step -> the statuses in which it can be taken.
ALLOWED: dict[Step, frozenset[str]] = {
    "edit": frozenset({"draft"}),
    "ask": frozenset({"draft"}),
    "discard": frozenset({"draft"}),
    "take_back": frozenset({"in_review", "approved"}),
    "ask_for_changes": frozenset({"in_review", "approved"}),
    "sign_off": frozenset({"in_review"}),
    "schedule": frozenset({"approved"}),
    "publish": frozenset({"approved"}),
}
# The way of a version, in order; what is discarded leaves it.
WAY = ("draft", "in_review", "approved", "live", "retired")

Objection = Literal["author", "editor", "proposer"]


def may(step: Step, status: str) -> bool:
    """Whether a version of this status can take the step."""
    return status in ALLOWED[step]


def objection_to_signer(
    signer: int, *, author: int | None, editors: Collection[int | None], proposer: int | None
) -> Objection | None:
    """Return why somebody cannot sign a version off, None when they may.

    Whoever began it, changed anything in it or asked for the review is no second pair of
    eyes, whatever their role.
    """
    if signer == author:
        return "author"
    if signer in editors:
        return "editor"
    return "proposer" if signer == proposer else None
