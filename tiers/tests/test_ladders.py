"""The warning ladder as editors type it, and everything that can be wrong with one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiers.ladder_words import say, steps_words
from tiers.models import usual_recipients
from tiers.rules.evaluation import Params
from tiers.rules.ladders import (
    MOST_MINUTES,
    LadderError,
    LadderReason,
    in_order,
    ladder_problems,
    parse_steps,
    steps_text,
)

HOUR = 3600
BROKEN = {"100": ["lead"]}


@pytest.mark.parametrize(
    ("typed", "steps"),
    [
        ("50 %, 75 %, 30 min before", (50, 75, -30)),
        ("50%;75;-30", (50, 75, -30)),
        ("90 %\n1 h 30 min before the end", (90, -90)),
        ("2 hours before, 15 minutes left", (-120, -15)),
        ("1 Std. 5 Min. vor dem Ende, 10 min vorher", (-65, -10)),
        ("−45 min", (-45,)),
        ("75 %, 75 %", (75,)),
        ("75 %, 100 %", (75,)),
        ("  ", ()),
    ],
)
def test_steps_are_read_as_people_write_them(typed, steps):
    assert parse_steps(typed) == steps


@pytest.mark.parametrize("typed", ["soon", "30 min after", "0", "0 min before", "%", "7 5", "-"])
def test_what_is_no_step_is_named(typed):
    with pytest.raises(LadderError) as refused:
        parse_steps(f"50 %, {typed}")
    (reason,) = refused.value.reasons
    assert reason.code == "not_a_step"
    assert f"“{typed}”" in reason.text


steps = st.one_of(
    st.integers(min_value=1, max_value=99), st.integers(min_value=-MOST_MINUTES, max_value=-1)
)


@given(st.lists(steps, unique=True, max_size=8))
def test_what_is_shown_can_be_typed_back(many):
    assert parse_steps(steps_text(many)) == tuple(many)
    assert parse_steps(steps_words(many)) == tuple(many)


def test_steps_stand_in_the_order_in_which_they_come():
    assert in_order([90, -30, 50, -60], 4 * HOUR) == (50, -60, -30, 90)


def test_the_ladder_that_ships_has_nothing_wrong_with_it():
    assert ladder_problems([50, 75, 90], usual_recipients(), HOUR) == ()


@pytest.mark.parametrize(
    ("warn_at", "tell", "seconds", "codes"),
    [
        ([100], BROKEN, HOUR, ["step_range"]),
        ([-90], BROKEN, HOUR, ["too_early"]),
        ([-60], BROKEN, HOUR, ["too_early"]),
        ([-59], BROKEN, HOUR, []),
        ([-30_001], BROKEN, HOUR, ["too_long"]),
        ([50, -30], BROKEN, HOUR, ["same_moment"]),
        (range(10, 19), BROKEN, HOUR, ["too_many"]),
        ([50], {"75": ["lead"], **BROKEN}, HOUR, ["tell_without_step"]),
        ([50], {"75": [], **BROKEN}, HOUR, []),
        ([50], {"soon": ["lead"], **BROKEN}, HOUR, ["tell_without_step"]),
        ([50], {"50": ["boss"], **BROKEN}, HOUR, ["unknown_role"]),
        ([50], {"50": ["lead"]}, HOUR, ["breach_unheard"]),
        ([], BROKEN, HOUR, []),
    ],
)
def test_everything_wrong_with_a_ladder_is_said(warn_at, tell, seconds, codes):
    assert [reason.code for reason in ladder_problems(warn_at, tell, seconds)] == codes


def test_a_problem_is_said_in_the_editors_words():
    (reason,) = ladder_problems([-90], BROKEN, HOUR)
    assert say(reason) == (
        "1 h 30 min before the end lies before the start: the whole promise is 1 h. "
        "Choose a later step."
    )
    assert reason.text.startswith("1 h 30 min before lies before the start")


@pytest.mark.parametrize("code", sorted(LadderReason.TEMPLATES))
def test_every_sentence_can_be_said(code):
    params: Params = {
        "text": "boss", "step": -30, "other": 50, "target": HOUR, "count": 9, "most": 8,
        "known": ("assignee", "lead"),
    }  # fmt: skip
    reason = LadderReason(code, params)
    assert reason.text
    assert "{" not in say(reason)
