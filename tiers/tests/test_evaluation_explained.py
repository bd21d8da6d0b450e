"""Why an account has its tier: trace, sentences, counterfactuals, and the answer as JSON."""

import json
from datetime import date, timedelta

import pytest

from tiers.rules.evaluation import (
    Decision,
    InputError,
    Inputs,
    Override,
    Rule,
    decide,
    replay,
)

from .evaluation_kit import TODAY, ask, criterion, shipped

DAY = timedelta(days=1)


def texts(decision: Decision) -> list[str]:
    return [reason.text for reason in decision.reasons]


# Trace


def test_the_trace_shows_every_rule_with_the_threshold_that_counted():
    decision = ask("23500", "enterprise", observed=TODAY - 3 * DAY)

    first, second = decision.trace.rules
    assert (first.tier, first.outcome, first.decisive) == ("enterprise", "satisfied", True)
    assert (second.tier, second.outcome, second.decisive) == ("professional", "satisfied", False)
    criterion = first.criteria[0]
    assert (criterion.threshold, criterion.band) == (23000, "exit")
    assert (criterion.actual, criterion.outcome) == (23500 - 0, "pass")
    assert (criterion.source, criterion.age_days) == ("crm", 3)
    assert (second.criteria[0].threshold, second.criteria[0].band) == (5000, "entry")


def test_the_trace_tells_missing_from_stale():
    missing = ask(None, "enterprise").trace.rules[0].criteria[0]
    stale = ask("1", "enterprise", observed=TODAY - 20 * DAY).trace.rules[0].criteria[0]

    assert (missing.outcome, missing.actual, missing.age_days) == ("missing", None, None)
    assert (stale.outcome, stale.age_days) == ("stale", 20)


@pytest.mark.parametrize(
    ("acv", "held", "below", "floor"),
    [
        ("24999.99", "professional", None, None),
        ("1000", "enterprise", date(2025, 10, 1), None),
        (None, "enterprise", date(2025, 10, 1), "professional"),
        ("1000", None, None, "gold"),
    ],
)
def test_a_stored_trace_gives_its_own_result_again(acv, held, below, floor):
    lent = [Override("professional", TODAY, TODAY + DAY)]
    decision = ask(acv, held, below, floor=floor, overrides=lent)
    stored = json.loads(json.dumps(decision.to_json()))

    again = decide(shipped(), Inputs.from_json(stored["trace"]["inputs"]))

    assert again.to_json() == stored
    assert replay(shipped(), decision.trace) == decision


def test_a_trace_is_not_replayed_with_another_policy():
    with pytest.raises(InputError, match="not the one"):
        replay(shipped(demote_grace_days=30), ask("1").trace)


def test_the_name_of_a_version_is_not_part_of_its_fingerprint():
    assert shipped(key="v1").fingerprint == shipped(key="v2").fingerprint
    assert shipped().fingerprint != shipped(stale_days=15).fingerprint


# Sentences


def test_the_sentences_say_what_counted_in_plain_english():
    assert texts(ask("23500", "enterprise")) == [
        "ACV is 23,500; keeping Enterprise needs at least 23,000."
    ]
    assert texts(ask("22999", "enterprise")) == [
        (
            "Below Enterprise since 2026-01-05: the facts call for Professional. "
            "Enterprise is kept until 2026-03-06."
        ),
        "ACV is 22,999; keeping Enterprise needs at least 23,000.",
        "ACV is 22,999; Professional needs at least 5,000.",
    ]
    assert texts(ask("1000", "enterprise", date(2025, 10, 1)))[:2] == [
        (
            "Below Enterprise since 2025-10-01 and the grace of 60 days is over: lowered to "
            "Professional."
        ),
        "The facts call for Starter, but a tier falls by at most 1 at a time.",
    ]
    assert texts(ask(None, "enterprise"))[:2] == [
        "Enterprise is held: no tier is lowered for lack of facts.",
        "ACV is not known, so Enterprise cannot be checked.",
    ]


def test_a_stale_fact_says_since_when():
    sentence = texts(ask("1", "enterprise", observed=date(2025, 12, 1)))[1]

    assert sentence == (
        "ACV was last seen on 2025-12-01, 35 days ago, and counts for 14 days, so Enterprise "
        "cannot be checked."
    )


def test_an_override_says_its_end_and_what_it_changes():
    lent = [Override("enterprise", TODAY, date(2026, 2, 1))]

    assert texts(ask("6000", overrides=lent))[:2] == [
        "An override sets Enterprise; it ends on 2026-02-01.",
        "Without the override it would be Professional.",
    ]
    assert "It would be Enterprise without the override as well." in texts(
        ask("26000", overrides=lent)
    )


def test_every_comparison_has_a_sentence_for_entry_and_exit():
    values = {"in": ["EU", "US"], "between": [5, 9], "eq": "EU", "changed_within": 30}
    actual = {"in": "EU", "between": 6, "eq": "EU"}
    for op in ("gte", "gt", "lte", "lt", "eq", "in", "between", "changed_within"):
        value = values.get(op, 6)
        fact = actual.get(op, {"gt": 7, "lt": 5}.get(op, 6))
        rule = Rule("enterprise", 1, (criterion("fact", op, value, value),))
        for held in (None, "enterprise"):
            decision = ask(None, held, policy=shipped(rules=(rule,)), more={"fact": fact})
            assert decision.tier == "enterprise", op
            assert "Enterprise" in decision.sentence


def test_a_reason_carries_codes_and_plain_values_for_translation():
    reason = ask("22999", "enterprise").reasons[0]

    assert reason.code == "in_grace"
    assert reason.params == {
        "goal": "professional",
        "since": "2026-01-05",
        "tier": "enterprise",
        "until": "2026-03-06",
    }
    assert json.loads(json.dumps(reason.to_json()))["text"] == reason.text
    assert "{tier}" in reason.template


# Counterfactuals


def told(decision: Decision) -> list[tuple[str, str, str]]:
    return [(one.effect, one.tier, one.reason.text) for one in decision.counterfactuals]


def test_the_counterfactuals_name_the_nearest_values_that_move_the_account():
    critical = Rule("enterprise", 0, (criterion("usage_criticality", "gte", 4),))
    decision = ask("20000", "professional", policy=shipped(critical))

    assert told(decision) == [
        ("promote", "enterprise", "ACV of at least 25,000 would make it Enterprise."),
        ("promote", "enterprise", "Usage criticality of at least 4 would make it Enterprise."),
    ], "with criticality unknown nothing falls, so no fall is foretold"


def test_a_fall_is_foretold_with_its_day():
    decision = ask("24999", "professional")

    assert told(decision)[-1] == (
        "demote",
        "starter",
        "ACV below 4,500 would lower it to Starter from 2026-03-06.",
    )


def test_in_grace_the_way_back_is_told_and_after_a_step_too():
    grace = ask("22999", "enterprise")
    assert ("keep", "enterprise", "ACV of at least 23,000 keeps it Enterprise.") in told(grace)

    fallen = ask("1000", "enterprise", date(2025, 10, 1))
    assert told(fallen) == [
        ("promote", "enterprise", "ACV of at least 25,000 would make it Enterprise."),
        ("keep", "professional", "ACV of at least 4,500 keeps it Professional."),
    ]


def test_what_is_missing_is_told_by_what_it_would_have_to_be():
    assert told(ask(None)) == [
        ("promote", "professional", "ACV of at least 5,000 would make it Professional."),
        ("promote", "enterprise", "ACV of at least 25,000 would make it Enterprise."),
    ]
    assert told(ask(None, "enterprise")) == [
        ("keep", "enterprise", "ACV of at least 23,000 keeps it Enterprise."),
    ]
    stale = ask("30000", "enterprise", observed=date(2025, 1, 1))
    assert told(stale) == told(ask(None, "enterprise"))


def test_other_comparisons_have_counterfactuals_too():
    policy = shipped(
        rules=(
            Rule("enterprise", 1, (criterion("strategic", "eq", True),)),
            Rule("professional", 2, (criterion("tickets_90d", "lt", 10),)),
        )
    )

    decision = ask(None, "starter", policy=policy, more={"strategic": False, "tickets_90d": 12})

    assert told(decision) == [
        ("promote", "professional", "Tickets in 90 days below 10 would make it Professional."),
        ("promote", "enterprise", "Strategic yes would make it Enterprise."),
    ]


def test_under_an_override_no_fact_moves_the_account():
    lent = [Override("professional", TODAY, TODAY + DAY)]

    assert ask("1000", overrides=lent).counterfactuals == ()


def test_a_contract_leaves_only_the_way_up():
    assert [one.tier for one in ask("1000", floor="professional").counterfactuals] == ["enterprise"]
