"""One ticket of the past as it unfolds: who did what when, against what was promised.

Instants are epoch seconds, UTC, as in the clocks; fractions are of a target.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import exp
from random import Random
from zoneinfo import ZoneInfo

from people.models import User
from portal.demo.terms import Terms
from portal.kit.clock import from_epoch
from tickets.actions import PastEvent
from tiers.rules.business_time import BusinessCalendar

MINUTE, HOUR, DAY = 60, 3600, 86400
FIRST_HOUR, LAST_HOUR = 8, 18
HANDLE_MOST = 3 * HOUR
# How much longer the same answer takes for a large installation.
EFFORT = {"enterprise": 1.35, "professional": 1.0, "starter": 0.8}
NOT_COUNTING = frozenset({"pending", "solved", "closed"})


@dataclass(slots=True)
class Timeline:
    """The events so far, since when the customer waits, and how much of the target is used up."""

    terms: Terms
    calendars: Mapping[str, BusinessCalendar]
    severity: int
    requester: User
    rng: Random
    at: int
    events: list[PastEvent]
    waits_since: int
    status: str = "new"
    used: int = 0

    @classmethod
    def opened(
        cls,
        terms: Terms,
        calendars: Mapping[str, BusinessCalendar],
        severity: int,
        requester: User,
        rng: Random,
        at: int,
        body: str,
    ) -> "Timeline":
        """Return the timeline of a ticket that its requester opens."""
        event = PastEvent(at=from_epoch(at), actor=requester, body=body)
        return cls(terms, calendars, severity, requester, rng, at, [event], waits_since=at)

    def calendar(self, metric: str) -> BusinessCalendar:
        """Return the calendar in which a metric counts."""
        return self.calendars[self.terms.target(self.severity, metric).calendar]

    def within(self, metric: str, fraction: float) -> int:
        """Return the instant at which so much of a reply target has gone."""
        target = self.terms.target(self.severity, metric)
        seconds = max(int(target.seconds * fraction), MINUTE)
        return self.calendars[target.calendar].due(self.waits_since, seconds)

    def until_used(self, fraction: float) -> int:
        """Return when so much of the resolution target will be used up; soon, when it is."""
        target = self.terms.target(self.severity, "resolution")
        rest = max(int(target.seconds * fraction) - self.used, 9 * MINUTE)
        return self.calendars[target.calendar].due(self.at, rest)

    def used_share(self) -> float:
        """Return how much of the resolution target is used up."""
        return self.used / self.terms.target(self.severity, "resolution").seconds

    def customer_returns(self, usual_hours: float) -> int:
        """Return when the customer comes back, in the customer's own day."""
        if self.severity == 1:
            return self.at + self.rng.randint(4 * MINUTE, 25 * MINUTE)
        delay = usual_hours * HOUR * exp(self.rng.gauss(0, 0.8))
        return in_the_day_of(self.requester, self.at + int(delay), self.rng)

    def agent_writes(
        self,
        at: int,
        agent: User,
        body: str,
        *,
        status: str = "open",
        severity: int = 0,
        reason: str = "",
        minutes: float = 8,
    ) -> None:
        """Add a public reply; the ticket is the agent's from then on."""
        self._add(
            at, agent, status, body=body, assigned_to=agent, severity=severity, reason=reason,
            handle_seconds=self._effort(minutes),
        )  # fmt: skip
        self.severity = severity or self.severity

    def agent_notes(self, at: int, agent: User, body: str, minutes: float = 3) -> None:
        """Add an internal note."""
        self._add(
            at, agent, self.status, body=body, is_public=False,
            handle_seconds=self._effort(minutes),
        )  # fmt: skip

    def agent_takes(self, at: int, agent: User) -> None:
        """Let an agent take the ticket without a word."""
        self._add(at, agent, self.status, assigned_to=agent)

    def customer_writes(self, at: int, body: str, *, status: str = "") -> None:
        """Add the customer's message, which brings a waiting ticket back."""
        back = "open" if self.status in {"pending", "solved"} else self.status
        self._add(at, self.requester, status or back, body=body)
        self.waits_since = self.at

    def closes(self, at: int) -> None:
        """Let the system close the solved ticket."""
        self._add(at, None, "closed")

    def _effort(self, minutes: float) -> int:
        hard = 1.5 if self.severity == 1 else 1.0
        scale = EFFORT.get(self.terms.promise.tier, 1.0) * hard * exp(self.rng.gauss(0, 0.5))
        return min(int(minutes * MINUTE * scale), HANDLE_MOST)

    def _add(
        self,
        at: int,
        actor: User | None,
        status: str,
        *,
        body: str = "",
        is_public: bool = True,
        assigned_to: User | None = None,
        severity: int = 0,
        reason: str = "",
        handle_seconds: int = 0,
    ) -> None:
        at = max(at, self.at + 1)
        if self.status not in NOT_COUNTING:
            self.used += self.calendar("resolution").elapsed(self.at, at)
        self.events.append(
            PastEvent(
                at=from_epoch(at), actor=actor, body=body, is_public=is_public, status=status,
                severity=severity, assigned_to=assigned_to, reason=reason,
                handle_seconds=handle_seconds,
            )
        )  # fmt: skip
        self.at, self.status = at, status


def in_the_day_of(user: User, at: int, rng: Random) -> int:
    """Return the instant itself, or one in the next morning when the person is at home then."""
    zone = ZoneInfo(user.time_zone)
    local = datetime.fromtimestamp(at, zone)
    if local.weekday() < 5 and FIRST_HOUR <= local.hour < LAST_HOUR:
        return at
    days = 0 if local.hour < FIRST_HOUR and local.weekday() < 5 else 1
    morning = local.replace(hour=FIRST_HOUR, minute=0, second=0).toordinal() + days
    while datetime.fromordinal(morning).weekday() >= 5:
        morning += 1
    day = datetime.fromordinal(morning).replace(tzinfo=zone)
    minutes = int(rng.triangular(5, 300, 50))
    found = day.replace(hour=FIRST_HOUR + minutes // 60, minute=minutes % 60)
    return int(found.timestamp()) + rng.randint(0, 59)
