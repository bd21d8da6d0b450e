"""The texts of the demo: complete, filled in, and written like people write."""

import random
from datetime import UTC, datetime

import pytest

from people.models import User
from portal.demo.accounts import ACCOUNTS, Contact
from portal.demo.stories import STORIES, prose
from portal.demo.timeline import in_the_day_of
from portal.demo.wording import (
    COMEBACK_ANSWERS,
    COMEBACKS,
    INTERIMS,
    RELEASED,
    THANKS,
    Wording,
    slots_of,
)
from tickets.categories import CATEGORIES

TUESDAY = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def wording(story=STORIES[0], account=ACCOUNTS[0], seed=1):
    rng = random.Random(seed)
    return Wording(slots_of(account, story, TUESDAY, "Clara Baumann", rng), "Solveig Moe", rng)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_every_story_can_be_told_both_ways(story):
    assert (len(story.subjects), len(story.questions), len(story.answers)) == (3, 2, 2)
    assert story.category in CATEGORIES
    assert set(story.severities) <= {1, 2, 3, 4}
    assert bool(story.again) == bool(story.fix)
    voice = wording(story)
    for way in (0, 1):
        assert 5 < len(voice.subject(story, way)) < 100
    for text in (
        *story.questions, *story.answers, story.ask, story.detail, story.note, story.hold,
        story.again, story.fix,
    ):  # fmt: skip
        filled = voice.fill(text)
        assert "{" not in filled
        assert "\n  " not in filled
    assert "{" not in story.praise + story.blame


def test_the_other_texts_can_be_filled_as_well():
    for text in (*INTERIMS, *RELEASED, *THANKS, *COMEBACKS, *COMEBACK_ANSWERS):
        assert "{" not in wording().fill(text)


def test_stories_are_many_and_their_keys_are_one_each():
    assert len({story.key for story in STORIES}) == len(STORIES) >= 40
    assert len({story.area for story in STORIES}) >= 11


def test_wrapped_lines_become_paragraphs_and_lists_stay_lists():
    text = """One line
        and the same paragraph.

        - a point that
          goes on
        - another

        ```
        code stays
          as it is
        ```"""
    assert prose(text) == (
        "One line and the same paragraph.\n\n- a point that goes on\n- another\n\n"
        "```\ncode stays\n  as it is\n```"
    )


def test_an_agent_greets_by_name_and_signs_with_the_first_name():
    voice = wording()
    text = voice.from_agent("Done.", "Aisha Rahman", is_first=True)
    assert "Solveig" in text.splitlines()[0]
    assert text.endswith("\nAisha")


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Solveig Halvorsen", "solveig.halvorsen@x.example"),
        ("Emil Sørensen", "emil.sorensen@x.example"),
        ("Katharina Weiß", "katharina.weiss@x.example"),
        ("Mehmet Yıldız", "mehmet.yildiz@x.example"),
        ("Amina El Idrissi", "amina.idrissi@x.example"),
        ("Piotr Zieliński", "piotr.zielinski@x.example"),
        ("Siobhán O'Hara", "siobhan.ohara@x.example"),
    ],
)
def test_addresses_are_made_of_plain_letters(name, address):
    assert Contact(name, "Boss").email("x.example") == address


@pytest.mark.parametrize(
    ("written", "as_it_is"),
    [
        (datetime(2026, 3, 10, 2, 0, tzinfo=UTC), True),  # 11:00 in Tokyo
        (datetime(2026, 3, 10, 9, 0, tzinfo=UTC), False),  # 18:00, gone home
        (datetime(2026, 3, 9, 20, 0, tzinfo=UTC), False),  # 5:00, still asleep
        (datetime(2026, 3, 13, 20, 0, tzinfo=UTC), False),  # Saturday
    ],
)
def test_customers_write_in_their_own_day(written, as_it_is):
    tokyo = User(email="yui@sakura.example", time_zone="Asia/Tokyo")
    at = int(written.timestamp())
    found = in_the_day_of(tokyo, at, random.Random(1))
    assert (found == at) is as_it_is
    assert found >= at
    local = datetime.fromtimestamp(found, tokyo.zone)
    assert local.weekday() < 5
    assert 8 <= local.hour < 18
