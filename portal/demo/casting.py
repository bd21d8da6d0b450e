"""Set a scene: who asks, who answers, under which promise; and make a past ticket of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from people.models import User
from portal.demo.accounts import Account
from portal.demo.company import Company
from portal.demo.shapes import Fate, Scene
from portal.demo.stories import Story
from portal.demo.terms import TermsBook
from portal.demo.timeline import Timeline
from portal.demo.wording import COMEBACKS, Wording, slots_of
from portal.kit.clock import from_epoch
from tickets.actions import PastTicket
from tiers.rules.business_time import BusinessCalendar

CHANNELS = {
    "enterprise": (("web", 62), ("api", 14), ("mail", 24)),
    "professional": (("web", 70), ("api", 8), ("mail", 22)),
    "starter": (("web", 78), ("mail", 22)),
}


@dataclass(frozen=True, slots=True)
class Case:
    """What a ticket is about: ``way`` through the story, opened ``at`` (epoch seconds)."""

    account: Account
    story: Story
    way: int
    severity: int
    at: int
    requester: User
    follow_up_of: PastTicket | None = None


@dataclass(frozen=True, slots=True)
class Casting:
    """Everything that scenes are made of."""

    company: Company
    calendars: Mapping[str, BusinessCalendar]
    books: Mapping[str, TermsBook]
    now: datetime

    def scene(self, case: Case, fate: Fate, rng: Random, agent: User | None = None) -> Scene:
        """Return the scene right after the customer has opened the ticket."""
        account = case.account
        terms = self.books[account.key].at(from_epoch(case.at))
        agent = agent or self._agent(account, terms.promise.queue_key, rng)
        manager = self.company.account_team[account.key].get("success")
        slots = slots_of(
            account, case.story, from_epoch(case.at), manager.name if manager else "Clara", rng
        )
        wording = Wording(slots, case.requester.name, rng)
        question = case.story.questions[case.way]
        body = wording.from_customer(
            rng.choice(COMEBACKS) if case.follow_up_of else question, is_first=True
        )
        timeline = Timeline.opened(
            terms, self.calendars, case.severity, case.requester, rng, case.at, body
        )
        return Scene(timeline, case.story, wording, agent, fate, rng)

    def past(self, case: Case, scene: Scene, **rating: Any) -> PastTicket:
        """Return the ticket that the scene has become."""
        promise = scene.timeline.terms.promise
        names, shares = zip(*CHANNELS[promise.tier], strict=True)
        earlier = case.follow_up_of
        return PastTicket(
            organization=self.company.organizations[case.account.key],
            requester=case.requester,
            subject=earlier.subject if earlier else scene.wording.subject(case.story, case.way),
            severity=case.severity,
            terms=scene.timeline.terms.stored,
            queue=self.company.queues[promise.queue_key],
            events=scene.timeline.events,
            channel=scene.rng.choices(names, shares)[0],
            category=case.story.category,
            tags=[case.story.area],
            follow_up_of=earlier,
            **rating,
        )

    def requester(self, account: Account, rng: Random) -> User:
        """Return who writes: the same few people most of the time."""
        contacts = self.company.contacts(account)
        return rng.choices(contacts, [1 + 3 // (place + 1) for place in range(len(contacts))])[0]

    def _agent(self, account: Account, queue_key: str, rng: Random) -> User:
        """Return who answers: often somebody named to the customer, else who serves the queue."""
        serving = self.company.agents_of(queue_key)
        team = self.company.account_team[account.key]
        named = [user for user in team.values() if user in serving]
        if named and rng.random() < 0.6:
            return rng.choices(named, [3 // (place + 1) for place in range(len(named))])[0]
        return rng.choice(serving)
