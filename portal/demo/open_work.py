"""The work that is open now: computed backwards from when something is due.

Where a calendar is closed at the moment, "due in 20 minutes" means 20 minutes
after it opens, and "broken for 10 minutes" 10 minutes before it closed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from people.models import User
from portal.demo import logins
from portal.demo.accounts import ACCOUNTS, ENTERPRISE, PROFESSIONAL, STARTER, Account
from portal.demo.casting import Case, Casting
from portal.demo.history import NO_FATE
from portal.demo.shapes import Scene
from portal.demo.stories import STORIES, Story
from portal.demo.timeline import HOUR, MINUTE
from portal.demo.wording import INTERIMS
from portal.kit.clock import to_epoch
from tickets.actions import PastTicket
from tiers.program import PromisedTarget
from tiers.rules.business_time import BusinessCalendar

TIERS = {"enterprise": ENTERPRISE, "professional": PROFESSIONAL, "starter": STARTER}
# stage -> tier -> (severity, minutes). Minutes until something is due (negative: broken since),
# or, for what waits and what is solved, minutes since then.
OPEN_WORK: dict[str, dict[str, tuple[tuple[int, int], ...]]] = {
    "unanswered": {
        "enterprise": ((1, 6), (2, 14), (2, 47), (3, 22), (3, 75), (4, 150), (2, -4)),
        "professional": ((2, 11), (2, 34), (3, 25), (3, 58), (3, 130), (3, 300), (4, 420), (3, -9)),
        "starter": (
            (2, 40), (3, 18), (3, 50), (3, 160), (3, 420), (4, 95), (4, 600), (4, 1200),
            (3, -16), (4, -70),
        ),
    },
    "awaiting": {
        "enterprise": ((2, 9), (2, 31), (3, 20), (3, 180)),
        "professional": ((2, 16), (3, 44), (3, 90), (3, 240), (4, 500), (3, -35)),
        "starter": ((3, 28), (3, 65), (3, 300), (4, 120), (4, 900), (3, -25)),
    },
    "in_work": {
        "enterprise": ((1, 55), (2, 200), (3, 260), (4, 1500)),
        "professional": ((2, 45), (3, 600), (3, 1100), (4, 2200), (3, -120)),
        "starter": ((2, 900), (3, 150), (3, 2000), (4, 3000), (3, -40)),
    },
    "pending": {
        "enterprise": ((2, 130), (3, 1500), (3, 3900)),
        "professional": ((3, 240), (3, 1900), (4, 4200), (3, 7000)),
        "starter": ((3, 90), (3, 1300), (4, 2700), (3, 4400), (4, 6100), (3, 8800)),
    },
    "on_hold": {
        "enterprise": ((2, 190), (3, 1400)),
        "professional": ((3, 700), (3, 2600)),
        "starter": ((3, 1600), (3, 4000)),
    },
    "solved": {
        "enterprise": ((3, 5),),
        "professional": ((3, 11),),
        "starter": ((4, 4),),
    },
}  # fmt: skip
# What the people of the demo logins find under "my tickets".
MINE: dict[str, tuple[tuple[str, int, int], ...]] = {
    logins.ENTERPRISE_MANAGER: (("in_work", 2, 320), ("pending", 3, 1100), ("solved", 3, 3)),
    logins.ENTERPRISE_COLLEAGUE: (("awaiting", 3, 40), ("pending", 3, 400)),
    logins.PROFESSIONAL: (
        ("unanswered", 2, 27),
        ("in_work", 3, 500),
        ("pending", 3, 1000),
        ("solved", 3, 2),
    ),
    logins.STARTER: (("unanswered", 3, 26), ("awaiting", 3, 110), ("pending", 3, 700)),
}


def moment(calendar: BusinessCalendar, now: int, minutes: int) -> int:
    """Return the instant so many business minutes ahead, or back when negative."""
    if minutes < 0:
        return calendar.subtract(now, -minutes * MINUTE)
    return calendar.due(now, minutes * MINUTE)


@dataclass(frozen=True, slots=True)
class Position:
    """What is promised to a customer for a severity, seen from now."""

    casting: Casting
    account: Account
    severity: int
    rng: Random

    @property
    def now(self) -> int:
        """The present, in epoch seconds."""
        return to_epoch(self.casting.now)

    def target(self, metric: str) -> PromisedTarget:
        """Return how soon, as promised today."""
        terms = self.casting.books[self.account.key].at(self.casting.now)
        return terms.target(self.severity, metric)

    def calendar(self, metric: str) -> BusinessCalendar:
        """Return the calendar that a metric counts in."""
        return self.casting.calendars[self.target(metric).calendar]

    def begins_before(self, metric: str, due: int) -> int:
        """Return when a clock must have begun to be due at an instant."""
        return self.calendar(metric).subtract(due, self.target(metric).seconds)

    def open_moment(self, before: int) -> int:
        """Return a moment at which the office was open, not long before an instant."""
        return self.calendar("first_reply").subtract(before, self.rng.randint(1, 90 * MINUTE))

    def opened_before(self, reply: int) -> int:
        """Return when a ticket was opened that was answered in time at an instant."""
        seconds = int(self.target("first_reply").seconds * self.rng.uniform(0.1, 0.7))
        return self.calendar("first_reply").subtract(reply, max(seconds, MINUTE))


# Each stage says when the ticket was opened, and what happened since.
Plot = tuple[int, Callable[[Scene], None]]


def unanswered(place: Position, minutes: int) -> Plot:
    """Nobody has written yet; the first answer is due."""
    due = moment(place.calendar("first_reply"), place.now, minutes)
    return place.begins_before("first_reply", due), lambda scene: None


def awaiting(place: Position, minutes: int) -> Plot:
    """The customer has answered our question; the next answer is due."""
    due = moment(place.calendar("next_reply"), place.now, minutes)
    written = place.begins_before("next_reply", due)
    asked = place.open_moment(written - place.rng.randint(1, 20) * HOUR)

    def play(scene: Scene) -> None:
        scene.reply(asked, scene.story.ask, status="pending", minutes=6)
        scene.timeline.customer_writes(written, scene.wording.from_customer(scene.story.detail))

    return place.opened_before(asked), play


def in_work(place: Position, minutes: int) -> Plot:
    """Answered and being worked on; the solution is due."""
    due = moment(place.calendar("resolution"), place.now, minutes)

    def play(scene: Scene) -> None:
        replied = scene.timeline.within("first_reply", place.rng.uniform(0.1, 0.6))
        scene.reply(min(replied, place.now), place.rng.choice(INTERIMS), minutes=5)
        if scene.story.note and scene.timeline.at + 15 * MINUTE < place.now:
            scene.note(0.8)

    return place.begins_before("resolution", due), play


def pending(place: Position, minutes: int) -> Plot:
    """We have asked; the customer's turn."""
    asked = place.open_moment(place.now - minutes * MINUTE)
    return place.opened_before(asked), lambda scene: scene.reply(
        asked, scene.story.ask, status="pending", minutes=6
    )


def on_hold(place: Position, minutes: int) -> Plot:
    """A third party's turn."""
    replied = place.open_moment(place.now - minutes * MINUTE)
    return place.opened_before(replied), lambda scene: scene.reply(
        replied, scene.story.hold, status="on_hold", minutes=8
    )


def solved(place: Position, minutes: int) -> Plot:
    """Solved so long ago; nobody was asked for a rating yet."""
    at = place.now - minutes * MINUTE
    return place.opened_before(at), lambda scene: scene.reply(
        at, scene.story.answers[1], status="solved", minutes=10
    )


STAGES: dict[str, Callable[[Position, int], Plot]] = {
    "unanswered": unanswered,
    "awaiting": awaiting,
    "in_work": in_work,
    "pending": pending,
    "on_hold": on_hold,
    "solved": solved,
}
ASKS = frozenset({"awaiting", "pending"})


def open_tickets(casting: Casting, rng: Random) -> list[PastTicket]:
    """Return the tickets that are open now, and some solved in the last minutes."""
    stories = Stories(rng)
    found = []
    for account, requester, stage, severity, minutes in _wanted(casting, rng):
        place = Position(casting, account, severity, rng)
        opened_at, play = STAGES[stage](place, minutes)
        case = Case(
            account, stories.one_for(account, stage, severity), 0 if stage in ASKS else 1, severity,
            opened_at, requester,
        )  # fmt: skip
        scene = casting.scene(case, NO_FATE, rng)
        play(scene)
        found.append(casting.past(case, scene))
    return sorted(found, key=lambda past: past.events[0].at)


def _wanted(casting: Casting, rng: Random) -> Iterator[tuple[Account, User, str, int, int]]:
    """Yield whose ticket stands where: the logins' own first, then all others in turn."""
    by_domain = {account.domain: account for account in ACCOUNTS}
    for email, tickets in MINE.items():
        for stage, severity, minutes in tickets:
            account = by_domain[email.partition("@")[2]]
            yield account, casting.company.people[email], stage, severity, minutes
    for stage, tiers in OPEN_WORK.items():
        for tier, places in tiers.items():
            turns = rng.sample(TIERS[tier], len(TIERS[tier]))
            for place, (severity, minutes) in enumerate(places):
                account = turns[place % len(turns)]
                yield account, casting.requester(account, rng), stage, severity, minutes


class Stories:
    """Hands out stories so that the same one comes as seldom as possible."""

    def __init__(self, rng: Random) -> None:
        self.left = rng.sample(STORIES, len(STORIES))

    def one_for(self, account: Account, stage: str, severity: int) -> Story:
        """Return the story told longest ago that can be so bad and stand there."""
        for story in self.left:
            if (
                severity in story.severities
                and account.seats >= story.least_seats
                and (stage != "on_hold" or story.hold)
            ):
                self.left.remove(story)
                self.left.append(story)
                return story
        raise LookupError(f"No story of severity {severity} can be {stage}.")
