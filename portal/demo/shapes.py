"""The shapes a ticket's life takes: asked back, held by a third party, reopened, and so on."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from people.models import User
from portal.demo.stories import Story
from portal.demo.timeline import HOUR, MINUTE, Timeline
from portal.demo.wording import (
    COMEBACK_ANSWERS,
    INTERIMS,
    RELEASED,
    THANKS,
    TRY_IT,
    Wording,
)

# What a promise that is kept uses up of its target, and one that is broken.
KEPT = (0.04, 0.34, 0.93)
BROKEN = (1.06, 1.25, 2.1)
RELABEL_REASONS = (
    "One workplace is affected, the others go on working",
    "There is a way around it, agreed with the customer",
    "Affects planning only, the floor goes on",
)


@dataclass(slots=True)
class Fate:
    """Which promises this ticket will break; the replies ask one after the other."""

    first_late: bool
    resolution_late: bool
    next_late: Callable[[], bool]


@dataclass(slots=True)
class Scene:
    """A ticket with everything that its shape needs."""

    timeline: Timeline
    story: Story
    wording: Wording
    agent: User
    fate: Fate
    rng: Random

    def pace(self, late: bool) -> float:
        """Return how much of a target an answer takes."""
        low, mode, high = BROKEN if late else KEPT
        return self.rng.triangular(low, high, mode)

    def first_reply_at(self) -> int:
        """Return when the first answer comes."""
        return self.timeline.within("first_reply", self.pace(self.fate.first_late))

    def next_reply_at(self) -> int:
        """Return when the customer's last message is answered."""
        at = self.timeline.within("next_reply", self.pace(self.fate.next_late()))
        if self.fate.resolution_late:
            return at
        # A next reply may be promised later than the whole has to be solved.
        return min(at, self.timeline.until_used(0.95))

    def solution_at(self) -> int:
        """Return when it is solved, with nothing owed to the customer before that."""
        if self.fate.resolution_late:
            return self.timeline.until_used(self.rng.triangular(1.04, 1.7, 1.15))
        used = self.timeline.used_share()
        low, high = used + 0.02, max(0.92, used + 0.03)
        mode = min(low + 0.12, high)
        return self.timeline.until_used(min(self.rng.triangular(low, high, mode), 0.95))

    def reply(self, at: int, text: str, **how: object) -> None:
        """Let the agent write, in the words of the ticket."""
        is_first = not any(
            event.actor == self.agent and event.body and event.is_public
            for event in self.timeline.events
        )
        solves = how.get("status") == "solved"
        body = self.wording.from_agent(text, self.agent.name, is_first=is_first, invites=solves)
        self.timeline.agent_writes(at, self.agent, body, **how)  # type: ignore[arg-type]

    def note(self, chance: float) -> None:
        """Leave a note for colleagues between now and the next thing to happen."""
        if self.story.note and self.rng.random() < chance:
            at = self.timeline.at + self.rng.randint(3 * MINUTE, 14 * MINUTE)
            self.timeline.agent_notes(at, self.agent, self.wording.fill(self.story.note))


def direct(scene: Scene) -> None:
    """Answered and solved at once."""
    scene.reply(scene.first_reply_at(), scene.story.answers[1], status="solved", minutes=11)


def asked(scene: Scene) -> None:
    """The agent has a question, the customer answers, the agent solves it."""
    _ask(scene)
    _tell(scene, usual_hours=3.5)
    scene.note(0.45)
    scene.reply(scene.next_reply_at(), scene.story.answers[0], status="solved", minutes=12)


def looked_into(scene: Scene) -> None:
    """First a sign of life, the solution later."""
    interim = scene.rng.choice(INTERIMS)
    scene.reply(scene.first_reply_at(), interim, minutes=5, **_relabelled(scene))
    scene.note(0.6)
    scene.reply(scene.solution_at(), scene.story.answers[1], status="solved", minutes=14)


def asked_and_looked_into(scene: Scene) -> None:
    """A question, an answer, a sign of life, and then the solution."""
    _ask(scene)
    _tell(scene, usual_hours=3)
    scene.reply(scene.next_reply_at(), scene.rng.choice(INTERIMS), minutes=5)
    scene.note(0.7)
    scene.reply(scene.solution_at(), scene.story.answers[0], status="solved", minutes=13)


def held(scene: Scene) -> None:
    """A third party has to do something first."""
    scene.reply(scene.first_reply_at(), scene.story.hold, status="on_hold", minutes=9)
    scene.note(0.3)
    scene.reply(scene.solution_at(), scene.rng.choice(RELEASED), status="solved", minutes=6)


def reopened(scene: Scene) -> None:
    """Solved, but not quite."""
    asked(scene)
    body = scene.wording.from_customer(scene.story.again)
    scene.timeline.customer_writes(scene.timeline.customer_returns(9), body)
    scene.note(0.3)
    scene.reply(scene.next_reply_at(), scene.story.fix, status="solved", minutes=13)


def thanked(scene: Scene) -> None:
    """The agent waits whether it works; the customer says so and closes the matter."""
    _ask(scene)
    _tell(scene, usual_hours=3)
    answer = f"{scene.story.answers[0].strip()}\n\n{TRY_IT}"
    scene.reply(scene.next_reply_at(), answer, status="pending", minutes=11)
    body = scene.wording.from_customer(scene.rng.choice(THANKS))
    scene.timeline.customer_writes(scene.timeline.customer_returns(4), body, status="solved")


def come_back(scene: Scene) -> None:
    """The follow-up of a closed ticket."""
    scene.reply(scene.first_reply_at(), scene.rng.choice(INTERIMS), minutes=4)
    answer = scene.rng.choice(COMEBACK_ANSWERS)
    scene.reply(scene.solution_at(), answer, status="solved", minutes=12)


def _ask(scene: Scene) -> None:
    scene.reply(
        scene.first_reply_at(), scene.story.ask, status="pending", minutes=6, **_relabelled(scene)
    )


def _tell(scene: Scene, usual_hours: float) -> None:
    body = scene.wording.from_customer(scene.story.detail)
    scene.timeline.customer_writes(scene.timeline.customer_returns(usual_hours), body)


def _relabelled(scene: Scene) -> dict[str, object]:
    """Now and then an agent finds that it is less bad than it looked, and says why."""
    severity = scene.timeline.severity
    if severity > 2 or scene.rng.random() > 0.12:
        return {}
    return {"severity": severity + 1, "reason": scene.rng.choice(RELABEL_REASONS)}


@dataclass(frozen=True, slots=True)
class Shape:
    """A course with its share among tickets, and which way through the story it takes."""

    course: Callable[[Scene], None]
    share: int
    way: int
    needs: str = ""


SHAPES = (
    Shape(direct, 36, way=1),
    Shape(asked, 26, way=0),
    Shape(looked_into, 13, way=1),
    Shape(asked_and_looked_into, 7, way=0),
    Shape(held, 9, way=1, needs="hold"),
    Shape(reopened, 11, way=0, needs="again"),
    Shape(thanked, 8, way=0),
)
# The courses in which the solution may come late although every answer came in time.
LONG = (looked_into, asked_and_looked_into, held)


def shape_for(story: Story, fate: Fate, rng: Random) -> Shape:
    """Choose a shape that the story has texts for and that lets the fate happen."""
    possible = [
        shape
        for shape in SHAPES
        if (not shape.needs or getattr(story, shape.needs))
        and (not fate.resolution_late or shape.course in LONG)
    ]
    return rng.choices(possible, [shape.share for shape in possible])[0]


def takes_before_reply(scene: Scene) -> None:
    """Some agents take a ticket first and answer later."""
    if scene.rng.random() < 0.3:
        at = scene.timeline.at + scene.rng.randint(2 * MINUTE, HOUR // 2)
        if at < scene.timeline.within("first_reply", 0.04):
            scene.timeline.agent_takes(at, scene.agent)
