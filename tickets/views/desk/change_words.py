"""What happened to a ticket, one sentence each, as colleagues would tell it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kit.words import metric_label, severity_label, status_label, tier_label
from tickets.models import TicketEvent
from tiers.ladder_words import step_words
from tiers.rules.ladders import BREACH

Kind = TicketEvent.Kind


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened besides talking.

    ``reference`` is a ticket to link to; ``is_loud`` keeps it out of foldings.
    """

    icon: str
    text: str
    at: datetime
    reason: str = ""
    reference: str = ""
    is_loud: bool = False


def change_words(
    *,
    kind: str,
    old: str,
    new: str,
    reason: str,
    actor: str,
    by: str,
    at: datetime,
    detail: Mapping[str, object] | None = None,
) -> Change | None:
    """Return an event as a sentence; None for what the messages say already.

    Without an actor a trigger or the passing of time did it, and ``reason``
    names which.
    """
    who = {"who": actor or _("The system"), "old": old, "new": new, "rule": reason}
    match kind:
        case Kind.STATUS:
            return Change(_status_icon(new), _status(actor, old, new, by), at, reason=reason)
        case Kind.SEVERITY:
            return _severity(who, actor, at, reason)
        case Kind.ASSIGNED:
            return _assigned(who, actor, at, reason)
        case Kind.QUEUE:
            return _moved(who, actor, at, reason)
        case Kind.FOLLOW_UP:
            return _linked(old, new, at)
        case Kind.TIER:
            return _followed(old, new, detail or {}, at)
    return _other(kind, who, at, reason)


def _other(kind: str, who: dict[str, str], at: datetime, reason: str) -> Change | None:
    match kind:
        case Kind.TAGGED:
            text = _("The trigger “%(rule)s” added the tag %(new)s") if reason else _("Tag %(new)s")
            return Change("tag", text % who, at)
        case Kind.RATED:
            return Change("star", _("%(who)s gave %(new)s of 5 stars") % who, at, is_loud=True)
        case Kind.TERMS:
            return Change("scale", _("The promise for this ticket changed"), at, reason=reason)
        case Kind.ACKNOWLEDGED:
            return Change("eye", _("%(who)s takes care of it") % who, at, reason=_seen(who))
        case Kind.NO_REPLY_NEEDED:
            text = _("%(who)s said that no reply is needed") % who
            return Change("message-square", text, at, reason=reason)
        case Kind.TRIGGER:
            return Change("zap", _("The trigger “%(rule)s” ran") % who, at)
    return _one_with_another(kind, who, at)


def _one_with_another(kind: str, who: dict[str, str], at: datetime) -> Change | None:
    match kind:
        case Kind.MERGED:
            text = _("%(who)s merged it into") % who
            return Change("git-merge", text, at, reference=who["new"], is_loud=True)
        case Kind.TOOK_IN:
            text = _("%(who)s merged another ticket into this one:") % who
            return Change("git-merge", text, at, reference=who["old"], is_loud=True)
        case Kind.SPLIT:
            return Change("split", _("%(who)s split off") % who, at, reference=who["new"])
        case Kind.SPLIT_FROM:
            return Change("split", _("%(who)s split it from") % who, at, reference=who["old"])
    return None


def _followed(old: str, new: str, detail: Mapping[str, object], at: datetime) -> Change:
    """Say that the customer's tier changed, and where the ticket waits since."""
    words = {
        "old": tier_label(old),
        "new": tier_label(new),
        "from_queue": detail.get("from_queue", ""),
        "to_queue": detail.get("to_queue", ""),
    }
    if words["from_queue"] == words["to_queue"]:
        text = _("%(old)s became %(new)s: it stays in %(to_queue)s")
    else:
        text = _("%(old)s became %(new)s: moved from %(from_queue)s to %(to_queue)s")
    reason = _("The promise of this ticket stays as it was; the next one gets the new promise.")
    return Change("layers", text % words, at, reason=reason, is_loud=True)


def _seen(words: Mapping[str, str]) -> str:
    """Return which warning was acknowledged; its step and metric are kept as keys."""
    step = words["old"]
    return moment_words(words["new"], int(step)) if step.lstrip("-").isdecimal() else ""


def moment_words(metric: str, step: int) -> str:
    """Return a step of a promise: "First reply: 75 % of the time is used"."""
    words = {"metric": metric_label(metric, for_customer=False), "step": step}
    if step == BREACH:
        return _("%(metric)s: the promise was broken") % words
    if step < 0:
        return _("%(metric)s: %(step)s") % {**words, "step": step_words(step)}
    return _("%(metric)s: %(step)s %% of the time is used") % words


def _linked(old: str, new: str, at: datetime) -> Change:
    if new:
        return Change("corner-down-right", _("It goes on in"), at, reference=new)
    return Change("corner-up-left", _("This goes on from"), at, reference=old)


def _status_icon(status: str) -> str:
    icons = {
        "pending": "reply",
        "on_hold": "circle-pause",
        "solved": "circle-check",
        "closed": "lock",
    }
    return icons.get(status, "circle-dot")


def _status(actor: str, old: str, new: str, by: str) -> str:
    who = {"who": actor, "status": status_label(new)}
    if not actor:
        if new == "closed":
            return _("Closed by itself: solved, and nobody came back to it")
        return _("Status set to %(status)s") % who
    if new == "open" and old == "solved":
        return _("%(who)s opened it again") % who
    if new == "solved":
        return _("%(who)s marked it as solved") % who
    if by == TicketEvent.By.CUSTOMER:
        return _("%(who)s answered: %(status)s again") % who
    return _("%(who)s set the status to %(status)s") % who


def _severity(words: dict[str, str], actor: str, at: datetime, reason: str) -> Change:
    levels = {"old": str(_level(words["old"])), "new": str(_level(words["new"]))}
    if actor:
        text = _("%(who)s changed the severity from %(old)s to %(new)s")
        return Change("signal", text % {**words, **levels}, at, reason=reason)
    text = _("The trigger “%(rule)s” changed the severity from %(old)s to %(new)s")
    return Change("signal", text % {**words, **levels}, at)


def _level(text: str) -> object:
    return severity_label(int(text)) if text.isdigit() else text


def _assigned(words: dict[str, str], actor: str, at: datetime, reason: str) -> Change:
    old, new = words["old"], words["new"]
    if not actor:
        text = _("The trigger “%(rule)s” assigned it to %(new)s")
        reason = ""
    elif not new:
        text = _("%(who)s took it from %(old)s") if old != actor else _("%(who)s let it go")
    elif new == actor:
        text = _("%(who)s took it")
    else:
        text = _("%(who)s assigned it to %(new)s")
    return Change("user-check", text % words, at, reason=reason)


def _moved(words: dict[str, str], actor: str, at: datetime, reason: str) -> Change:
    if actor:
        text = _("%(who)s moved it from %(old)s to %(new)s")
        return Change("inbox", text % words, at, reason=reason)
    return Change("inbox", _("The trigger “%(rule)s” put it into %(new)s") % words, at)
