"""A clock in one plain sentence, as we would say it to the customer, and what must be added to it.

"We answer by Tuesday 10 March, 14:00 CET: 4 working hours, counted Monday to Friday 09:00–17:00,
Berlin time." Every sentence is one whole text for translators; what is put in are moments,
lengths and names, never fragments of grammar. The desk reads the same sentences.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.time_words import promised_words
from portal.kit.words import Words, metric_label, severity_label, tier_label
from tickets.amount_words import counted_words, when_counted, within_words
from tickets.explaining.account import Change, ClockAccount, TargetFacts

# What each promise is about, so that a sentence names the deed instead of the metric.
ABOUT: Mapping[str, str] = {
    "first_reply": "answer",
    "next_reply": "answer",
    "periodic_update": "update",
    "resolution": "solution",
    "first_resolution": "solution",
    "requester_wait": "total",
    "agent_work": "total",
}

SENTENCES: Mapping[str, Mapping[str, Words]] = {
    "answer": {
        "running": gettext_lazy("We answer by %(due)s: %(within)s, counted %(hours)s."),
        "in_grace": gettext_lazy(
            "Our answer was due %(due)s. It is still in time until %(last)s, "
            "because no time has been counted since."
        ),
        "broken": gettext_lazy(
            "We owed you an answer by %(due)s, %(over)s ago. We are late, and we know it."
        ),
        "unanswered": gettext_lazy(
            "We owed you an answer by %(due)s. The ticket was solved on %(stopped)s without it, "
            "%(over)s late."
        ),
        "met": gettext_lazy("We answered on %(stopped)s, %(left)s before it was due."),
        "met_exactly": gettext_lazy("We answered on %(stopped)s, just in time."),
        "met_late": gettext_lazy(
            "We answered on %(stopped)s. That was %(over)s late; it was due %(due)s."
        ),
        "not_started": gettext_lazy(
            "As soon as you write, we answer within %(within)s, counted %(hours)s."
        ),
    },
    "update": {
        "running": gettext_lazy(
            "You hear from us again by %(due)s: %(within)s, counted %(hours)s."
        ),
        "in_grace": gettext_lazy(
            "News from us was due %(due)s. It is still in time until %(last)s, "
            "because no time has been counted since."
        ),
        "broken": gettext_lazy(
            "We owed you news by %(due)s, %(over)s ago. We are late, and we know it."
        ),
        "unanswered": gettext_lazy(
            "We owed you news by %(due)s. The ticket was solved on %(stopped)s without it, "
            "%(over)s late."
        ),
        "met": gettext_lazy("You heard from us on %(stopped)s, %(left)s before it was due."),
        "met_exactly": gettext_lazy("You heard from us on %(stopped)s, just in time."),
        "met_late": gettext_lazy(
            "You heard from us on %(stopped)s. That was %(over)s late; it was due %(due)s."
        ),
        "not_started": gettext_lazy(
            "After our first answer you hear from us at least every %(within)s, counted %(hours)s."
        ),
    },
    "solution": {
        "running": gettext_lazy("We solve it by %(due)s: %(within)s, counted %(hours)s."),
        "in_grace": gettext_lazy(
            "The solution was due %(due)s. It is still in time until %(last)s, "
            "because no time has been counted since."
        ),
        "broken": gettext_lazy(
            "We owed you a solution by %(due)s, %(over)s ago. We are late, and we know it."
        ),
        "unanswered": gettext_lazy(
            "We owed you a solution by %(due)s. It ended on %(stopped)s, %(over)s late."
        ),
        "met": gettext_lazy("It was solved on %(stopped)s, %(left)s before it was due."),
        "met_exactly": gettext_lazy("It was solved on %(stopped)s, just in time."),
        "met_late": gettext_lazy(
            "It was solved on %(stopped)s. That was %(over)s late; it was due %(due)s."
        ),
        "not_started": gettext_lazy("We solve it within %(within)s, counted %(hours)s."),
    },
    "total": {
        "running": gettext_lazy(
            "%(metric)s is used up on %(due)s: %(within)s in total, counted %(hours)s."
        ),
        "in_grace": gettext_lazy(
            "%(metric)s was used up on %(due)s. It is still in time until %(last)s, "
            "because no time has been counted since."
        ),
        "broken": gettext_lazy(
            "%(metric)s was used up on %(due)s, %(over)s ago. We are late, and we know it."
        ),
        "unanswered": gettext_lazy(
            "%(metric)s was used up on %(due)s. It ended on %(stopped)s, %(over)s late."
        ),
        "met": gettext_lazy(
            "%(metric)s ended on %(stopped)s, %(left)s before it would have been used up."
        ),
        "met_exactly": gettext_lazy("%(metric)s ended on %(stopped)s, just in time."),
        "met_late": gettext_lazy(
            "%(metric)s ended on %(stopped)s. That was %(over)s more than the %(within)s promised."
        ),
        "not_started": gettext_lazy(
            "%(metric)s: %(within)s in total, counted %(hours)s. It has not begun."
        ),
    },
}
PAUSED: Mapping[str, Words] = {
    "pending": gettext_lazy(
        "The time stands still since %(since)s while we wait for you; %(left)s are left."
    ),
    "on_hold": gettext_lazy(
        "The time stands still since %(since)s while we wait for a third party; %(left)s are left."
    ),
    "solved": gettext_lazy(
        "The time stands still since %(since)s because the ticket is solved; %(left)s are left."
    ),
    "closed": gettext_lazy(
        "The time stands still since %(since)s because the ticket is closed; %(left)s are left."
    ),
}
PAUSED_OTHERWISE = gettext_lazy("The time stands still since %(since)s; %(left)s are left.")
CANCELLED: Mapping[str, Words] = {
    "no_reply_needed": gettext_lazy(
        "No answer was needed to this message, so this promise ended on %(stopped)s."
    ),
    "merged": gettext_lazy(
        "The ticket was joined with another one on %(stopped)s; the promise goes on there."
    ),
    "status": gettext_lazy(
        "The ticket was solved on %(stopped)s before this was due; nothing was owed any more."
    ),
    "restart": gettext_lazy("On %(stopped)s a new promise began in its place."),
}
CANCELLED_OTHERWISE = gettext_lazy("Since %(stopped)s nothing is promised here any more.")
CANCELLED_SOMEHOW = gettext_lazy("Nothing is promised here any more.")


def sentence(one: ClockAccount) -> str:
    """Return the one sentence that says how a promise stands."""
    match one.status:
        case "paused":
            reason = PAUSED.get(one.paused_reason, PAUSED_OTHERWISE)
            return str(reason) % _parts(one)
        case "cancelled":
            return _cancelled(one)
    told = SENTENCES[ABOUT.get(one.metric, "total")]
    return str(told[_state(one)]) % _parts(one)


def notes(one: ClockAccount) -> list[str]:
    """Return what an honest account adds: still in time, broken before, other terms, contract."""
    return [
        *_two_instants(one),
        *_broken_before(one),
        *_counted_anew(one),
        *(_changed(change, one.now) for change in one.changes),
        *_promised_by(one),
    ]


def _state(one: ClockAccount) -> str:
    match one.status:
        case "running" if one.is_in_grace:
            return "in_grace"
        case "running" if one.due_at is None:
            return "not_started"
        case "breached":
            return "unanswered" if one.is_over else "broken"
        case "met" if one.remaining_seconds == 0:
            return "met_exactly"
    return one.status


def _parts(one: ClockAccount) -> dict[str, object]:
    hours = one.definition

    def moment(instant: datetime | None) -> str:
        return promised_words(instant, one.now) if instant else "–"

    return {
        "metric": metric_label(one.metric),
        "within": within_words(one.target_seconds, hours) if hours else "–",
        "hours": when_counted(hours) if hours else "–",
        "due": moment(one.due_at or one.breached_at),
        "last": moment(one.breaches_after),
        "stopped": moment(one.stopped_at),
        "since": moment(one.paused_since),
        "left": counted_words(max(0, one.remaining_seconds), hours),
        "over": counted_words(max(0, -one.remaining_seconds), hours),
    }


def _cancelled(one: ClockAccount) -> str:
    if one.stopped_at is None:
        return str(CANCELLED_SOMEHOW)
    code = one.stop.code if one.stop else ""
    key = "restart" if one.stop and one.stop.mode == "restart" else code.partition(":")[0]
    return str(CANCELLED.get(key, CANCELLED_OTHERWISE)) % _parts(one)


def _two_instants(one: ClockAccount) -> list[str]:
    """Say why a moment after the one that is promised may still be in time."""
    due, last = one.due_at, one.breaches_after
    if due is None or last is None or last <= due or one.is_in_grace:
        return []
    if one.status not in {"running", "met"}:
        return []
    if one.stopped_at is not None and one.stopped_at <= due:
        return []
    return [
        _(
            "No time is counted between %(due)s and %(last)s: until then it is still in time, "
            "even though we aim for the earlier moment."
        )
        % {"due": promised_words(due, one.now), "last": promised_words(last, one.now)}
    ]


def _broken_before(one: ClockAccount) -> list[str]:
    """Own up to a promise that was broken, also when a later one is kept."""
    if one.status in {"breached", "met_late"} and len(one.broken) == 1:
        at = one.broken[0].at
        if one.due_at is None or at - one.due_at < timedelta(minutes=1):
            return []
        words = {"at": promised_words(at, one.now)}
        return [_("It counts as broken since %(at)s, when time went on being counted.") % words]
    return [
        _("The promise of %(within)s was broken on %(at)s; that stays on record.")
        % {
            "within": counted_words(broken.target_seconds, one.definition),
            "at": promised_words(broken.at, one.now),
        }
        for broken in one.broken
    ]


def _counted_anew(one: ClockAccount) -> list[str]:
    return [
        _("On %(at)s everything was counted anew, as if this had been agreed from the start.")
        % {"at": promised_words(correction.at, one.now)}
        for correction in one.corrections
    ]


def _changed(change: Change, now: datetime) -> str:
    """Return since when something else is promised, and why."""
    at = promised_words(change.at, now)
    after, before = change.after, change.before
    if after is None:
        return _("Since %(at)s this was no longer promised.") % {"at": at}
    words: dict[str, object] = {
        "at": at,
        "after": _length(after),
        "before": _length(before) if before else "–",
        "tier": tier_label(after.tier),
        "level": severity_label(after.severity),
    }
    if before is None:
        return _("Since %(at)s %(after)s are promised; before, nothing was.") % words
    if change.cause.code.startswith("severity") or before.severity != after.severity:
        return (
            _(
                "Since %(at)s the severity is %(level)s, which is promised %(after)s; "
                "before it was %(before)s."
            )
            % words
        )
    if after.is_contract:
        return _("Since %(at)s your contract promises %(after)s; before it was %(before)s.") % words
    return _("Since %(at)s your plan promises %(after)s; before it was %(before)s.") % words


def _length(target: TargetFacts) -> str:
    return counted_words(target.seconds, target.hours)


def _promised_by(one: ClockAccount) -> list[str]:
    if one.target is None or not one.target.is_contract:
        return []
    return [_("Your contract promises this, instead of what comes with your plan.")]
