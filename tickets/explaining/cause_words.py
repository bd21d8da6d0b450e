"""Who did what, in plain words: for the desk with names, for customers only what they may know.

A customer reads the names of their own people and of whoever answered them in public; what else
our side did is "we". A cause that this page does not know is shown as it is recorded, so that a
ledger never has a hole where an explanation should be.
"""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.words import Words, calendar_label, quoted, severity_label
from tickets.explaining.account import Cause
from tiers.calendars import pinned_number


class Audience(NamedTuple):
    """For whom words are made: our own people, or the customer who is reading."""

    is_staff: bool = True
    user_id: int | None = None


DESK = Audience()

# By what happened: with a name, and without one (a trigger, an import, the passing of time).
DESK_WORDS: Mapping[str, tuple[Words, Words]] = {
    "opened": (gettext_lazy("%(who)s opened the ticket"), gettext_lazy("The ticket was opened")),
    "customer_message": (gettext_lazy("%(who)s wrote"), gettext_lazy("The customer wrote")),
    "agent_reply": (gettext_lazy("%(who)s answered"), gettext_lazy("We answered")),
    "status:new": (
        gettext_lazy("%(who)s set the ticket to new"),
        gettext_lazy("The ticket was set to new"),
    ),
    "status:open": (
        gettext_lazy("%(who)s set the ticket to open"),
        gettext_lazy("The ticket was set to open"),
    ),
    "status:pending": (
        gettext_lazy("%(who)s set the ticket to waiting for the customer"),
        gettext_lazy("The ticket was set to waiting for the customer"),
    ),
    "status:on_hold": (
        gettext_lazy("%(who)s set the ticket to waiting for a third party"),
        gettext_lazy("The ticket was set to waiting for a third party"),
    ),
    "status:solved": (
        gettext_lazy("%(who)s marked the ticket as solved"),
        gettext_lazy("The ticket was marked as solved"),
    ),
    "status:closed": (
        gettext_lazy("%(who)s closed the ticket"),
        gettext_lazy("The ticket was closed by itself: solved, and nobody came back to it"),
    ),
    "severity": (
        gettext_lazy("%(who)s changed the severity to %(level)s"),
        gettext_lazy("A trigger changed the severity to %(level)s"),
    ),
    "terms": (
        gettext_lazy("%(who)s changed the promise for this ticket"),
        gettext_lazy("The promise for this ticket changed"),
    ),
    "no_terms": (
        gettext_lazy("%(who)s took the promise back"),
        gettext_lazy("Nothing is promised any more"),
    ),
    "no_reply_needed": (
        gettext_lazy("%(who)s decided that no reply is needed"),
        gettext_lazy("No reply was needed"),
    ),
    "merged": (
        gettext_lazy("%(who)s merged the ticket into %(ticket)s"),
        gettext_lazy("The ticket was merged into %(ticket)s"),
    ),
}

OURS: Mapping[str, Words] = {
    "opened": gettext_lazy("We opened the ticket for you"),
    "agent_reply": gettext_lazy("We answered"),
    "status:new": gettext_lazy("We put the ticket back to the beginning"),
    "status:open": gettext_lazy("We went on with it"),
    "status:pending": gettext_lazy("We began to wait for your reply"),
    "status:on_hold": gettext_lazy("We began to wait for a third party"),
    "status:solved": gettext_lazy("We marked the ticket as solved"),
    "status:closed": gettext_lazy("The ticket was closed, as nobody came back to it"),
    "severity": gettext_lazy("The severity changed to %(level)s"),
    "terms": gettext_lazy("What we promise for this ticket changed"),
    "no_terms": gettext_lazy("Nothing is promised any more"),
    "no_reply_needed": gettext_lazy("Your message needed no answer"),
    "merged": gettext_lazy("The ticket was joined with another one"),
}
# What customers do themselves: "you", and by name when it was a colleague.
THEIRS: Mapping[str, tuple[Words, Words]] = {
    "opened": (gettext_lazy("You opened the ticket"), gettext_lazy("%(who)s opened the ticket")),
    "customer_message": (gettext_lazy("You wrote"), gettext_lazy("%(who)s wrote")),
    "status:open": (
        gettext_lazy("You came back to it"),
        gettext_lazy("%(who)s came back to it"),
    ),
    "status:solved": (
        gettext_lazy("You marked the ticket as solved"),
        gettext_lazy("%(who)s marked the ticket as solved"),
    ),
}
# What a change of the promise did to the clock, where it was not simply measured anew.
MODES: Mapping[str, Words] = {
    "restart": gettext_lazy("%(what)s; a new clock began"),
    "keep": gettext_lazy("%(what)s; this clock kept its promise"),
    "correct": gettext_lazy("%(what)s; the clock was counted anew from its start"),
}


def cause_words(cause: Cause, audience: Audience = DESK) -> str:
    """Return what happened as a sentence without its full stop."""
    told = _desk_words(cause) if audience.is_staff else _customer_words(cause, audience)
    mode = MODES.get(cause.mode)
    return str(mode) % {"what": told} if mode else told


def cause_reason(cause: Cause, audience: Audience = DESK) -> str:
    """Return the reason that somebody gave, for our own people alone."""
    if not (audience.is_staff and cause.reason):
        return ""
    return quoted(cause.reason)


def _desk_words(cause: Cause) -> str:
    known = DESK_WORDS.get(_kind(cause))
    if known is None:
        return _unknown(cause)
    if published := _published(cause):
        return published
    named, unnamed = known
    if cause.code == "status:open" and cause.by == "customer" and cause.actor:
        return _("%(who)s wrote, so the ticket is open again") % {"who": cause.actor}
    return str(named if cause.actor else unnamed) % _parts(cause)


def _published(cause: Cause) -> str:
    """Return which publication gave the ticket new terms, or nothing."""
    subject, _colon, name = cause.source.partition(":")
    if subject == "policy":
        return _("Policy version %(version)s was applied to open tickets") % {"version": name}
    if subject == "calendar":
        return _("Version %(version)s of the calendar %(calendar)s was applied to open tickets") % {
            "version": pinned_number(name),
            "calendar": quoted(calendar_label(name)),
        }
    return ""


def _customer_words(cause: Cause, audience: Audience) -> str:
    kind = _kind(cause)
    if cause.source.startswith("calendar:"):
        return _("The hours in which we count changed")
    if cause.by == "customer" and kind in THEIRS and cause.actor:
        own, by_name = THEIRS[kind]
        is_own = cause.actor_id == audience.user_id
        return str(own if is_own else by_name) % _parts(cause)
    if kind == "agent_reply" and cause.actor:
        return _("%(who)s answered") % _parts(cause)
    if kind in OURS:
        return str(OURS[kind]) % _parts(cause)
    if kind in THEIRS:
        return _("Your side wrote")
    return _unknown(cause)


def _kind(cause: Cause) -> str:
    """Return the key of the words: the code without what is said in the sentence itself."""
    head = cause.code.partition(":")[0]
    return cause.code if head == "status" else head


def _parts(cause: Cause) -> dict[str, str]:
    rest = cause.code.partition(":")[2]
    level = severity_label(int(rest)) if rest.isdigit() else rest
    return {"who": cause.actor, "level": str(level), "ticket": cause.new or _("another ticket")}


def _unknown(cause: Cause) -> str:
    return _("Recorded as %(code)s") % {"code": quoted(cause.code)}
