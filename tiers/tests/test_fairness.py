"""Promises that sit oddly beside each other are said; nothing is forbidden."""

import pytest

from tiers.rules.fairness import WEEK_SECONDS, Offer, fairness

HOUR = 3600
ORDER = ("starter", "professional")


def offer(hours: float, calendar: str = "business-hours", **changes) -> Offer:
    open_seconds = WEEK_SECONDS if calendar == "around-the-clock" else 40 * HOUR
    values = {
        "seconds": int(hours * HOUR),
        "floor_seconds": int(2 * hours * HOUR),
        "calendar": calendar,
        "open_seconds": open_seconds,
        **changes,
    }
    return Offer(**values)


def codes(offers: dict) -> list[str]:
    return [reason.code for reason in fairness(ORDER, offers)]


def test_a_program_in_which_everything_fits_has_nothing_to_say() -> None:
    offers = {}
    for tier, factor in (("starter", 2), ("professional", 1)):
        for severity in (1, 2, 3, 4):
            offers[tier, severity, "first_reply"] = offer(severity * factor)
            offers[tier, severity, "next_reply"] = offer(2 * severity * factor)
            offers[tier, severity, "resolution"] = offer(8 * severity * factor)
    assert codes(offers) == []


@pytest.mark.parametrize(
    ("higher", "lower", "code"),
    [
        (offer(4), offer(2), ["lower_tier_sooner"]),
        (offer(2), offer(2), []),
        # 4 hours of a 40-hour week are 16.8 on the wall.
        (offer(4), offer(16, "around-the-clock"), ["lower_tier_sooner"]),
        (offer(4), offer(17, "around-the-clock"), []),
        (offer(9, "around-the-clock"), offer(2), ["lower_tier_sooner"]),
        (None, offer(2), ["higher_tier_without"]),
        (offer(2), None, []),
    ],
)
def test_a_lower_tier_is_not_served_better(higher, lower, code) -> None:
    offers = {("professional", 1, "first_reply"): higher, ("starter", 1, "first_reply"): lower}
    assert codes({key: one for key, one in offers.items() if one}) == code


@pytest.mark.parametrize(
    ("worse", "milder", "code"),
    [
        (offer(4), offer(2), ["milder_sooner"]),
        (offer(2), offer(2), []),
        (None, offer(2), ["milder_alone"]),
        (offer(2), None, []),
    ],
)
def test_what_is_worse_is_not_slower(worse, milder, code) -> None:
    offers = {("starter", 1, "agent_work"): worse, ("starter", 2, "agent_work"): milder}
    found = fairness(("starter",), {key: one for key, one in offers.items() if one})
    assert [reason.code for reason in found] == code


@pytest.mark.parametrize("metric", ["first_reply", "next_reply", "periodic_update"])
def test_an_answer_is_not_due_after_the_solution(metric: str) -> None:
    offers = {("starter", 1, metric): offer(9), ("starter", 1, "resolution"): offer(8)}
    assert codes(offers | {("professional", 1, m): offer(1) for _, _, m in offers}) == [
        "reply_after_solution"
    ]


def test_work_and_waiting_may_be_longer_than_the_way_to_the_solution() -> None:
    offers = {
        ("professional", 1, "agent_work"): offer(9),
        ("professional", 1, "resolution"): offer(8),
    }
    assert codes(offers) == []


@pytest.mark.parametrize(("floor", "code"), [(4.9, ["close_floor"]), (5, [])])
def test_between_target_and_floor_there_is_time(floor, code) -> None:
    one = offer(4, floor_seconds=int(floor * HOUR))
    assert codes({("professional", 1, "first_reply"): one}) == code


def test_a_promise_of_which_nobody_hears_before_it_is_broken_is_said() -> None:
    assert codes({("professional", 1, "first_reply"): offer(4, warns=False)}) == ["unwarned"]


def test_each_sentence_can_be_said() -> None:
    offers = {
        ("starter", 1, "first_reply"): offer(1),
        ("professional", 1, "first_reply"): offer(2),
    }
    [reason] = fairness(ORDER, offers)
    assert "lower tier" in reason.text
