"""Half a year of tickets: who wrote when about what, and how it went."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp
from random import Random
from zoneinfo import ZoneInfo

from portal.demo.accounts import ACCOUNTS, Account
from portal.demo.casting import Case, Casting
from portal.demo.ratings import ANSWERED, opinion_of
from portal.demo.shapes import (
    Fate,
    Scene,
    come_back,
    reopened,
    shape_for,
    takes_before_reply,
)
from portal.demo.stories import STORIES, Story
from portal.demo.timeline import DAY, HOUR, MINUTE
from portal.kit.clock import from_epoch, to_epoch
from tickets.actions import PastTicket
from tickets.rules.moves import CLOSE_AFTER_DAYS
from tiers.default_program import BUSINESS_HOURS, VENDOR_ZONE

HISTORY = timedelta(days=182)
# Tickets a week by today's tier, and how many of 100 promises are broken by the ticket's.
WEEKLY = {"enterprise": 3.3, "professional": 1.3, "starter": 0.62}
BROKEN = {"enterprise": 2, "professional": 5, "starter": 8}
# Monday to Sunday: after the weekend more has piled up.
WEEKDAYS = (1.42, 1.14, 1.06, 1.0, 0.9, 0.16, 0.1)
HOLIDAY = 0.25
# From 7 to 19 o'clock in the customer's day.
HOURS = (3, 7, 11, 12, 10, 7, 8, 10, 9, 7, 4, 2)
FOLLOW_UPS = 9
# What ended later than this ago is not history yet.
SETTLED = timedelta(minutes=10)
NO_FATE = Fate(first_late=False, resolution_late=False, next_late=lambda: False)


class Deck:
    """Draws yes so often in a hundred, evenly: shuffled packs instead of a coin."""

    def __init__(self, percent: int, rng: Random) -> None:
        self.percent = percent
        self.rng = rng
        self.cards: list[bool] = []

    def draw(self) -> bool:
        """Return the next card."""
        if not self.cards:
            self.cards = [place < self.percent for place in range(100)]
            self.rng.shuffle(self.cards)
        return self.cards.pop()


@dataclass(slots=True)
class Historian:
    """Writes the past of all customers up to now."""

    casting: Casting
    rng: Random
    decks: dict[tuple[str, str], Deck] = field(default_factory=dict)
    cases: dict[PastTicket, Case] = field(default_factory=dict)

    def write(self) -> list[PastTicket]:
        """Return the finished tickets of the last half year in the order of their opening."""
        found = [past for account in ACCOUNTS for past in self._of(account)]
        found += self._follow_ups(found)
        return sorted(found, key=lambda past: past.events[0].at)

    def _of(self, account: Account) -> Iterator[PastTicket]:
        rng = Random(f"{account.key} {self.rng.random()}")  # noqa: S311  (a demo, not a secret)
        stories: list[Story] = []
        for opened_at in self._openings(account, rng):
            # No story a second time before every other one was told.
            stories = stories or stories_of(account, rng)
            past = self._ticket(account, stories.pop(), opened_at, rng)
            if past is not None:
                yield past

    def _openings(self, account: Account, rng: Random) -> Iterator[int]:
        """Yield when somebody of the account wrote: their hours, the vendor's days."""
        now = self.casting.now
        tier = self.casting.books[account.key].at(now).promise.tier
        daily = WEEKLY[tier] * account.pace / sum(WEEKDAYS)
        zone, vendor = ZoneInfo(account.zone), ZoneInfo(VENDOR_ZONE)
        for ago in range(min(HISTORY.days, account.customer_for), -1, -1):
            day = (now - timedelta(days=ago)).astimezone(vendor)
            weight = WEEKDAYS[day.weekday()]
            if day.weekday() < 5 and not self._is_working_day(day):
                weight = HOLIDAY
            for _ in range(poisson(daily * weight, rng)):
                hour = rng.choices(range(7, 19), HOURS)[0]
                local = datetime(
                    day.year, day.month, day.day, hour, rng.randrange(60), rng.randrange(60),
                    tzinfo=zone,
                )  # fmt: skip
                yield to_epoch(local)

    def _is_working_day(self, day: datetime) -> bool:
        start = to_epoch(day.replace(hour=0, minute=0, second=0, microsecond=0))
        return bool(self.casting.calendars[BUSINESS_HOURS].elapsed(start, start + DAY))

    def _ticket(
        self, account: Account, story: Story, opened_at: int, rng: Random
    ) -> PastTicket | None:
        """Return one ticket, or None when it would not be over by now."""
        severity = rng.choice(story.severities)
        at = at_any_hour(opened_at, rng) if severity == 1 else opened_at
        if from_epoch(at) > self.casting.now:
            return None
        fate = self._fate(self.casting.books[account.key].at(from_epoch(at)).promise.tier)
        shape = shape_for(story, fate, rng)
        requester = self.casting.requester(account, rng)
        case = Case(account, story, shape.way, severity, at, requester)
        scene = self.casting.scene(case, fate, rng)
        takes_before_reply(scene)
        shape.course(scene)
        return self._finished(case, scene, was_reopened=shape.course is reopened)

    def _finished(
        self, case: Case, scene: Scene, *, was_reopened: bool = False
    ) -> PastTicket | None:
        now, timeline = self.casting.now, scene.timeline
        if from_epoch(timeline.at) > now - SETTLED:
            return None
        rating = self._rating(scene, was_reopened)
        closes = timeline.at + CLOSE_AFTER_DAYS * DAY + scene.rng.randint(20, 5 * MINUTE)
        if from_epoch(closes) < now:
            timeline.closes(closes)
        past = self.casting.past(case, scene, **rating)
        self.cases[past] = case
        return past

    def _rating(self, scene: Scene, was_reopened: bool) -> dict[str, object]:
        """Return when a rating was asked for, after the first solve, and what was answered."""
        rng, timeline = scene.rng, scene.timeline
        solved_at = next(event.at for event in timeline.events if event.status == "solved")
        asked_at = solved_at + timedelta(seconds=rng.randint(61, 80))
        rated_at = asked_at + timedelta(seconds=int(2.5 * HOUR * exp(rng.gauss(0, 1.3))))
        if rng.random() >= ANSWERED[timeline.terms.promise.tier] or rated_at > self.casting.now:
            return {"rating_asked_at": asked_at}
        opinion = opinion_of(
            scene.story, scene.agent.name, rng=rng, was_reopened=was_reopened,
            was_late=scene.fate.first_late or scene.fate.resolution_late,
        )  # fmt: skip
        return {
            "rating_asked_at": asked_at,
            "rated_at": rated_at,
            "score": opinion.score,
            "comment": opinion.comment,
        }

    def _fate(self, tier: str) -> Fate:
        return Fate(
            first_late=self._deck(tier, "first").draw(),
            resolution_late=self._deck(tier, "resolution").draw(),
            next_late=self._deck(tier, "next").draw,
        )

    def _deck(self, tier: str, metric: str) -> Deck:
        return self.decks.setdefault((tier, metric), Deck(BROKEN[tier], self.rng))

    def _follow_ups(self, pasts: list[PastTicket]) -> list[PastTicket]:
        """Return tickets of customers who come back after the first one was closed."""
        closed = [past for past in pasts if past.events[-1].status == "closed"]
        found: list[PastTicket] = []
        for earlier in self.rng.sample(closed, len(closed)):
            first = self.cases[earlier]
            last_at = max(earlier.events[-1].at, earlier.rated_at or earlier.events[-1].at)
            at = to_epoch(last_at) + self.rng.randint(DAY, 25 * DAY)
            if len(found) == FOLLOW_UPS or from_epoch(at) > self.casting.now:
                continue
            case = Case(
                first.account, first.story, first.way, first.severity, at, first.requester,
                follow_up_of=earlier,
            )  # fmt: skip
            scene = self.casting.scene(case, NO_FATE, self.rng)
            come_back(scene)
            past = self._finished(case, scene)
            if past is not None:
                found.append(past)
        return found


def stories_of(account: Account, rng: Random) -> list[Story]:
    """Return the stories that a customer of this size can live through, shuffled."""
    possible = [story for story in STORIES if account.seats >= story.least_seats]
    return rng.sample(possible, len(possible))


def at_any_hour(at: int, rng: Random) -> int:
    """Some of what is critical happens at night and on Sundays."""
    return at + rng.randint(-9 * HOUR, 9 * HOUR) if rng.random() < 0.4 else at


def poisson(mean: float, rng: Random) -> int:
    """Return how many happen when so many are usual (Knuth's way, for small means)."""
    limit, product, count = exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
