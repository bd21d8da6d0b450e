"""What customers say about an answer, fitting how it went."""

from dataclasses import dataclass
from random import Random

from portal.demo.stories import Story

# Chances in percent of the scores 5 to 1, by how the ticket went.
SCORES = (5, 4, 3, 2, 1)
WENT_WELL = (60, 28, 8, 3, 1)
WAS_REOPENED = (28, 34, 20, 12, 6)
CAME_LATE = (14, 24, 26, 22, 14)

ANSWERED = {"enterprise": 0.40, "professional": 0.36, "starter": 0.32}
COMMENTED = 0.42

PRAISE = (
    "Fast and friendly as always.",
    "Very quick and competent answer.",
    "Thank you {agent}, that was great help!",
    "Solved on the first try.",
    "{agent} knew exactly what it was about.",
    "Clear steps, no jargon.",
    "I wish all our suppliers had such a support.",
    "Perfect.",
    "Good communication, we always knew what happens next.",
)
CONTENT = (
    "All good.",
    "Problem solved, thanks.",
    "Helpful, although it took two rounds.",
    "Good answer. A bit long.",
    "Works now, thank you.",
    "Would give five stars if I could do this in the settings myself.",
)
LUKEWARM = (
    "Solved, but I had expected it sooner.",
    "The answer was fine, the product should do this by itself.",
    "Okay.",
    "I had to explain it twice.",
)
UNHAPPY = (
    "This took too much of our time.",
    "The first answer did not help at all.",
    "We found a way around by ourselves before the answer came.",
    "Standard answers at first. The colleague who took over was good.",
)
LATE = (
    "The answer came too late for us.",
    "We waited much longer than you promise.",
    "Good answer, but a day late.",
    "Nobody told us that it would take longer.",
    "Our shift was over before anybody wrote.",
)
LATE_BUT_FINE = (
    "Took a while this time, but the answer was thorough.",
    "Later than usual, still very helpful.",
)
REOPENED = (
    "Had to reopen it because it was not really solved.",
    "Second try worked. Better to check before closing.",
    "Works now, after it had come back once.",
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """A score with a comment, which may be empty."""

    score: int
    comment: str


def opinion_of(
    story: Story, agent: str, *, was_late: bool, was_reopened: bool, rng: Random
) -> Opinion:
    """Return what a customer who answers says."""
    chances = CAME_LATE if was_late else WAS_REOPENED if was_reopened else WENT_WELL
    score = rng.choices(SCORES, chances)[0]
    if rng.random() >= COMMENTED:
        return Opinion(score, "")
    said = _sayings(story, score, was_late, was_reopened, rng)
    return Opinion(score, rng.choice(said).replace("{agent}", agent.split()[0]))


def _sayings(
    story: Story, score: int, was_late: bool, was_reopened: bool, rng: Random
) -> tuple[str, ...]:
    if score >= 4:
        if was_late:
            return LATE_BUT_FINE
        if was_reopened:
            return REOPENED[1:]
        # What only this story's customers would say is the better reading.
        if story.praise and score == 5 and rng.random() < 0.6:
            return (story.praise,)
        return PRAISE if score == 5 else CONTENT
    if was_late:
        return LATE
    if was_reopened:
        return REOPENED[:2]
    if score == 3:
        return LUKEWARM
    return (story.blame,) if story.blame and rng.random() < 0.6 else UNHAPPY
