"""The words people read for what the machine calls by a slug.

One place for the labels of tiers, statuses, severities and promise metrics, so that
a customer's page, the desk, a mail and a report never call one thing by two names.
"""

from dataclasses import dataclass
from typing import TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Words: TypeAlias = str | Promise


@dataclass(frozen=True, slots=True)
class Severity:
    """How bad a problem is for the customer: a word for lists and a sentence to choose by."""

    level: int
    label: Words
    description: Words


@dataclass(frozen=True, slots=True)
class Metric:
    """A promise metric: the plain word for customers and the exact one for the desk."""

    slug: str
    label: Words
    desk_label: Words
    sentence: Words


TIERS: dict[str, Words] = {
    "enterprise": _("Enterprise"),
    "professional": _("Professional"),
    "starter": _("Starter"),
}

STATUSES: dict[str, Words] = {
    "new": _("New"),
    "open": _("Open"),
    "pending": _("Pending"),
    "on_hold": _("On hold"),
    "solved": _("Solved"),
    "closed": _("Closed"),
}

# What the status means for the customer: whose turn it is.
CUSTOMER_STATUSES: dict[str, Words] = {
    "new": _("Received"),
    "open": _("We are on it"),
    "pending": _("Waiting for you"),
    "on_hold": _("Waiting for a third party"),
    "solved": _("Solved"),
    "closed": _("Closed"),
}

SEVERITIES: dict[int, Severity] = {
    1: Severity(1, _("Critical"), _("Production is down, or data is lost or at risk.")),
    2: Severity(
        2, _("High"), _("An important part does not work, and there is no good way around.")
    ),
    3: Severity(
        3, _("Normal"), _("Something does not work as it should, but we can go on working.")
    ),
    4: Severity(4, _("Low"), _("A question, a small flaw or a wish.")),
}

METRICS: dict[str, Metric] = {
    "first_reply": Metric(
        "first_reply", _("First answer"), _("First reply"), _("until our first answer")
    ),
    "next_reply": Metric(
        "next_reply", _("Next answer"), _("Next reply"), _("until our next answer")
    ),
    "periodic_update": Metric(
        "periodic_update", _("Next update"), _("Periodic update"), _("until our next update")
    ),
    "requester_wait": Metric(
        "requester_wait", _("Your waiting time"), _("Requester wait"), _("of waiting in total")
    ),
    "agent_work": Metric(
        "agent_work", _("Our working time"), _("Agent work"), _("of work on our side in total")
    ),
    "resolution": Metric("resolution", _("Solved by"), _("Resolution"), _("until it is solved")),
    "first_resolution": Metric(
        "first_resolution",
        _("First solved by"),
        _("First resolution"),
        _("until it is solved for the first time"),
    ),
}

CHANNELS: dict[str, Words] = {
    "web": _("Web"),
    "email": _("E-mail"),
    "api": _("API"),
    "slack": _("Slack"),
    "assistant": _("Assistant"),
    "monitoring": _("Monitoring"),
    "community": _("Community"),
}

# The calendars that ship; ops name those they add, and may rename these.
CALENDARS: dict[str, Words] = {
    "around-the-clock": _("around the clock"),
    "business-hours": _("business hours"),
}

# Why a clock stands still, by the status that stopped it.
PAUSE_REASONS: dict[str, Words] = {
    "pending": _("waiting for the customer"),
    "on_hold": _("waiting for a third party"),
    "solved": _("solved"),
    "closed": _("closed"),
}
CUSTOMER_PAUSE_REASONS: dict[str, Words] = PAUSE_REASONS | {"pending": _("waiting for your reply")}

# Times and clocks in words; {0} and {1} are numbers or one of the amounts below. The
# browser gets the same words, so that a page and its countdown speak one language.
TIME_WORDS: dict[str, Words] = {
    "minutes": _("{0} min"),
    "hours": _("{0} h"),
    "hours_minutes": _("{0} h {1} min"),
    "days": _("{0} days"),
    "moments": _("less than a minute"),
    "just_now": _("just now"),
    "ago": _("{0} ago"),
    "in": _("in {0}"),
    "left": _("{0} left"),
    "due_now": _("due now"),
    "late": _("{0} late"),
    "paused": _("paused"),
    "kept": _("kept"),
    "kept_late": _("kept late"),
    "not_started": _("not started"),
    "cancelled": _("no longer needed"),
    "yesterday": _("yesterday {0}"),
    "tomorrow": _("tomorrow {0}"),
    "on_day": _("{0} {1}"),
}

# Short names of time zones that other languages write differently; all others stay as they are.
ZONE_MARKS: dict[str, Words] = {"CET": _("CET"), "CEST": _("CEST"), "UTC": _("UTC")}

# The state of a clock in one word, for screen readers and legends.
CLOCK_STATES: dict[str, Words] = {
    "fine": _("fine"),
    "soon": _("due soon"),
    "now": _("due now"),
    "broken": _("broken"),
    "paused": _("paused"),
    "kept": _("kept"),
    "late": _("kept late"),
    "idle": _("not running"),
}

# What a page says when an answer of the server does not arrive as it should.
FAILURES: dict[str, Words] = {
    "network": _("We could not reach the server. Your text is still here; please try again."),
    "server": _("That did not work. Please try again; if it goes on, tell us."),
}


def quoted(text: object) -> str:
    """Return what somebody wrote or named, in the quotation marks of the reader's language."""
    return gettext("“%(text)s”") % {"text": text}


def tier_label(slug: str) -> Words:
    """Return the name of a tier; one that ops added later is shown by its slug in words."""
    # Not "or": asking a lazy text whether it is empty translates it.
    known = TIERS.get(slug)
    return slug.replace("_", " ").replace("-", " ").title() if known is None else known


def status_label(status: str, *, for_customer: bool = False) -> Words:
    """Return the word for a ticket status."""
    return (CUSTOMER_STATUSES if for_customer else STATUSES).get(status, status)


def severity_label(level: int) -> Words:
    """Return the word for a severity from 1 (Critical) to 4 (Low)."""
    return SEVERITIES[level].label if level in SEVERITIES else str(level)


def metric_label(metric: str, *, for_customer: bool = True) -> Words:
    """Return the word for a promise metric, plain for customers, exact for the desk."""
    known = METRICS.get(metric)
    if known is None:
        return metric
    return known.label if for_customer else known.desk_label


def calendar_label(key: str) -> Words:
    """Return in which hours a promise counts; a calendar that ops added by its key in words.

    The key may be pinned to a version ("business-hours@3"), which is not said.
    """
    key = key.partition("@")[0]
    return CALENDARS.get(key) or key.replace("-", " ")


def pause_reason(status: str, *, for_customer: bool = False) -> Words:
    """Return why a clock is paused; a reason that is no status is already in words."""
    return (CUSTOMER_PAUSE_REASONS if for_customer else PAUSE_REASONS).get(status, status)
