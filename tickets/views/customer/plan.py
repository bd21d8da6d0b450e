"""The plan of an organization as its people see it: tier, what it includes, promises, hours."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy, ngettext

from people.models import Organization
from portal.kit.words import Words
from tickets.models import Ticket
from tickets.views.customer.opening_hours import OpeningHours, opening_hours
from tickets.views.customer.promise_words import SeverityPromise, promised_per_severity
from tiers.calendars import calendars_by_key
from tiers.promises import Promise, promise_for

CHANNELS: dict[str, tuple[str, Words]] = {
    "web": ("globe", gettext_lazy("Tickets here in the portal")),
    "mail": ("mail", gettext_lazy("Tickets by e-mail")),
    "api": ("terminal", gettext_lazy("Tickets through the API")),
    "slack": ("hash", gettext_lazy("A Slack channel of your own")),
    "monitoring": ("heart-pulse", gettext_lazy("We watch your systems and write first")),
}
TEAM: dict[str, Words] = {
    "tam": gettext_lazy("A Technical Account Manager by name"),
    "backup": gettext_lazy("A designated backup"),
    "success": gettext_lazy("A contact in customer success"),
}
SELF_SERVICE: dict[str, tuple[str, Words]] = {
    "knowledge_base": ("book-open", gettext_lazy("Knowledge base")),
    "community": ("messages-square", gettext_lazy("Community")),
    "assistant": ("bot", gettext_lazy("Assistant")),
}
# In the program, but without a door in this portal yet: a customer's plan names what works.
NOT_OPEN_YET = frozenset({"mail", "monitoring", "knowledge_base", "community", "assistant"})
REVIEW_CADENCES: dict[int, Words] = {
    30: gettext_lazy("An account review every month"),
    91: gettext_lazy("An account review every quarter"),
    182: gettext_lazy("An account review twice a year"),
    365: gettext_lazy("An account review every year"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What one organization is owed, in words. ``includes`` pairs an icon with a sentence."""

    organization: Organization
    tier: str
    severities: list[SeverityPromise]
    includes: list[tuple[str, Words]]
    names_people: bool
    hours: OpeningHours | None

    def of(self, severity: int) -> SeverityPromise:
        """Return the promise for one severity."""
        return next(row for row in self.severities if row.level == severity)


def plan_of(organization: Organization, now: datetime) -> Plan:
    """Return the plan of an organization as of now; a handful of queries, whatever its size."""
    promise = promise_for(organization, now)
    calendars = calendars_by_key({target.calendar for target in promise.targets.values()})
    usual = promise.target(Ticket.Severity.NORMAL, "first_reply")
    return Plan(
        organization=organization,
        tier=promise.tier,
        severities=promised_per_severity(promise, calendars, now),
        includes=_includes(promise),
        names_people=bool(promise.account_team),
        hours=opening_hours(calendars[usual.calendar], now) if usual else None,
    )


def _includes(promise: Promise) -> list[tuple[str, Words]]:
    team = [("user-check", TEAM.get(key, _plain(key))) for key in promise.account_team]
    help_yourself = [
        SELF_SERVICE.get(key, ("lightbulb", _plain(key)))
        for key in promise.self_service
        if key not in NOT_OPEN_YET
    ]
    channels = [
        CHANNELS.get(key, ("circle-check", _plain(key)))
        for key in promise.channels
        if key not in NOT_OPEN_YET
    ]
    review = _review(promise.review_cadence_days)
    return [*team, *channels, *([("calendar-clock", review)] if review else []), *help_yourself]


def _review(days: int | None) -> Words:
    if not days:
        return ""
    return REVIEW_CADENCES.get(days) or ngettext(
        "An account review every day", "An account review every %(n)s days", days
    ) % {"n": days}


def _plain(key: str) -> str:
    """Return what ops added later, as readable as its key allows."""
    return key.replace("_", " ").capitalize()
