"""Which tier an account gets: the acceptance vectors and the hard cases."""

from datetime import date, timedelta

import pytest

from tiers.rules.evaluation import (
    InputError,
    Rule,
    evaluate,
)

from .evaluation_kit import ORDER, TODAY, acv_rule, ask, codes, criterion, fact, shipped

DAY = timedelta(days=1)
ENTERED = date(2025, 10, 1)
SEATS = Rule(tier="enterprise", precedence=3, criteria=(criterion("seats", "gte", 100),))


@pytest.mark.parametrize(
    ("acv", "held", "below", "tier", "source"),
    [
        ("24999.99", "professional", None, "professional", "criteria"),
        ("25000", "professional", None, "enterprise", "promote"),
        ("23500", "enterprise", None, "enterprise", "criteria"),
        ("22999", "enterprise", None, "enterprise", "grace"),
        (None, "enterprise", None, "enterprise", "hold"),
        ("1000", "enterprise", ENTERED, "professional", "demote"),
        ("4999", None, None, "starter", "criteria"),
    ],
)
def test_the_acceptance_vectors_of_the_reference_hold(acv, held, below, tier, source):
    decision = ask(acv, held, below)

    assert (decision.tier, decision.source) == (tier, source)


def test_the_grace_of_the_reference_lasts_until_the_sixth_of_march():
    decision = ask("22999", "enterprise")

    assert decision.below_since == TODAY
    assert decision.grace_until == date(2026, 3, 6)


@pytest.mark.parametrize(
    ("days", "source", "tier"),
    [(59, "grace", "enterprise"), (60, "demote", "professional"), (61, "demote", "professional")],
)
def test_the_last_day_of_grace_is_the_day_before_its_end(days, source, tier):
    decision = ask("22999", "enterprise", TODAY - days * DAY)

    assert (decision.source, decision.tier) == (source, tier)


def test_money_is_compared_to_the_last_cent():
    assert ask("24999.9999999999999999999999999999", "starter").tier == "professional"
    assert ask("25000.00", "starter").tier == "enterprise"


def test_a_new_account_gets_its_tier_at_once_in_either_direction():
    assert ask("30000").tier == "enterprise"
    assert ask("30000").source == "criteria"
    assert ask("4800").tier == "starter", "exit thresholds count only for those who are in"


# Missing, stale, unreadable, from the future


def test_a_new_account_without_facts_gets_the_default_tier_for_the_time_being():
    decision = ask(None)

    assert (decision.tier, decision.source) == ("starter", "hold")
    assert decision.reasons[0].code == "held_new"


@pytest.mark.parametrize("held", ORDER)
def test_nobody_falls_because_a_fact_is_missing(held):
    decision = ask(None, held)

    assert (decision.tier, decision.source) == (held, "hold")


@pytest.mark.parametrize(
    ("age", "source"), [(0, "grace"), (14, "grace"), (15, "hold"), (400, "hold")]
)
def test_a_fact_counts_for_fourteen_days_and_then_holds(age, source):
    decision = ask("1000", "enterprise", observed=TODAY - age * DAY)

    assert (decision.tier, decision.source) == ("enterprise", source)


def test_a_stale_fact_raises_nobody():
    decision = ask("90000", "starter", observed=TODAY - 15 * DAY)

    assert (decision.tier, decision.source) == ("starter", "hold")


def test_single_facts_may_age_at_their_own_pace():
    policy = shipped(fact_stale_days={"acv": 30})

    assert ask("1000", "enterprise", observed=TODAY - 30 * DAY, policy=policy).source == "grace"
    assert ask("1000", "enterprise", observed=TODAY - 31 * DAY, policy=policy).source == "hold"


def test_what_a_person_recorded_does_not_go_stale():
    facts = {"acv": fact("30000", TODAY - 900 * DAY, lasting=True)}

    assert evaluate(shipped(), facts, None, (), TODAY).tier == "enterprise"


@pytest.mark.parametrize("acv", ["90000", "1000"])
def test_a_fact_from_the_future_is_not_known_yet(acv):
    decision = ask(acv, "professional", observed=TODAY + DAY)

    assert (decision.tier, decision.source) == ("professional", "hold")
    assert "fact_observed_later" in codes(decision)


@pytest.mark.parametrize("acv", ["about 30k", "25,000", True, date(2026, 1, 1)])
def test_a_value_that_cannot_be_compared_holds_instead_of_failing(acv):
    decision = ask(acv, "enterprise")

    assert (decision.tier, decision.source) == ("enterprise", "hold")
    assert "fact_unreadable" in codes(decision)


def test_a_blank_value_is_missing_and_not_zero():
    assert ask("  ", "enterprise").source == "hold"
    assert ask("0", "enterprise").source == "grace"


def test_an_any_rule_with_one_missing_fact_is_satisfied_by_the_other():
    either = Rule(
        tier="enterprise",
        precedence=1,
        match="any",
        criteria=(criterion("seats", "gte", 100), criterion("strategic", "eq", True)),
    )
    policy = shipped(rules=(either,))

    assert ask(None, more={"strategic": True}, policy=policy).tier == "enterprise"
    undecided = ask(None, "enterprise", more={"strategic": False}, policy=policy)
    assert undecided.source == "hold"


def test_an_all_rule_with_one_missing_fact_fails_when_a_known_one_fails():
    both = Rule(
        tier="enterprise",
        precedence=1,
        criteria=(criterion("acv", "gte", 25000), criterion("seats", "gte", 100)),
    )
    policy = shipped(rules=(both,))

    assert ask("1000", "enterprise", policy=policy).source == "grace"
    assert ask("30000", "enterprise", policy=policy).source == "hold"


def test_an_unanswered_rule_does_not_keep_a_lower_rule_from_raising():
    policy = shipped(Rule("enterprise", 0, (criterion("seats", "gte", 100),)))

    decision = ask("6000", "starter", policy=policy)

    assert (decision.tier, decision.source) == ("professional", "promote")
    assert "fact_missing" in codes(decision), "the reader learns what could not be asked"


def test_an_unanswered_rule_after_the_deciding_one_is_of_no_consequence():
    decision = ask("30000", "enterprise", policy=shipped(SEATS))

    assert decision.source == "criteria"


def test_missing_may_count_as_failing_when_the_rule_says_so():
    criteria = (criterion("acv", "gte", 25000),)
    policy = shipped(rules=(Rule("enterprise", 1, criteria, missing="fail"),))

    assert ask(None, "enterprise", policy=policy).source == "grace"
    assert ask(None, policy=policy).source == "criteria"


def test_a_silent_source_never_counts_as_failing():
    criteria = (criterion("acv", "gte", 25000),)
    policy = shipped(rules=(Rule("enterprise", 1, criteria, missing="fail"),))

    assert ask("1", "enterprise", policy=policy, observed=TODAY - 15 * DAY).source == "hold"
    assert ask("1", "enterprise", policy=policy, observed=TODAY + DAY).source == "hold"
    assert ask("?", "enterprise", policy=policy).source == "hold"


def test_a_hold_keeps_the_day_on_which_the_grace_began():
    decision = ask(None, "enterprise", ENTERED)

    assert (decision.source, decision.below_since) == ("hold", ENTERED)
    assert decision.grace_until is None


# Grace, steps, recovery, promotion


def test_a_fall_of_two_tiers_takes_two_graces():
    first = ask("1000", "enterprise", TODAY - 60 * DAY)
    assert (first.tier, first.source) == ("professional", "demote")
    assert (first.below_since, first.grace_until) == (TODAY, TODAY + 60 * DAY)

    later = TODAY + 59 * DAY
    assert ask("1000", first.tier, first.below_since, today=later).source == "grace"

    second = ask("1000", first.tier, first.below_since, today=TODAY + 60 * DAY)
    assert (second.tier, second.source) == ("starter", "demote")
    assert second.below_since is None


def test_one_step_down_is_the_last_when_the_exit_band_of_the_next_tier_holds():
    decision = ask("4800", "enterprise", ENTERED)

    assert (decision.tier, decision.below_since) == ("professional", None)
    assert ask("4800", decision.tier, today=TODAY + DAY).source == "criteria"


def test_a_policy_may_let_accounts_fall_two_tiers_at_once():
    decision = ask("1000", "enterprise", ENTERED, policy=shipped(max_step_down=2))

    assert decision.tier == "starter"


def test_recovery_during_grace_forgets_the_day_it_began():
    decision = ask("23000", "enterprise", TODAY - 59 * DAY)

    assert (decision.source, decision.below_since) == ("criteria", None)
    assert "recovered" in codes(decision)
    assert ask("22999", "enterprise", decision.below_since, today=TODAY + DAY).source == "grace"


def test_a_promotion_ends_a_grace():
    decision = ask("25000", "professional", ENTERED)

    assert (decision.tier, decision.source, decision.below_since) == ("enterprise", "promote", None)


def test_without_grace_the_step_comes_at_once_but_only_one_a_day():
    policy = shipped(demote_grace_days=0)

    first = ask("1000", "enterprise", policy=policy)
    assert (first.tier, first.source) == ("professional", "demote")
    again = ask("1000", first.tier, first.below_since, policy=policy)
    assert again.tier == "professional"
    next_day = ask("1000", again.tier, again.below_since, policy=policy, today=TODAY + DAY)
    assert next_day.tier == "starter"


def test_a_grace_that_seems_to_begin_in_the_future_begins_today():
    decision = ask("1000", "enterprise", TODAY + 5 * DAY)

    assert (decision.source, decision.below_since) == ("grace", TODAY)


def test_a_tier_that_left_the_policy_places_the_account_afresh():
    decision = ask("6000", "platinum", ENTERED)

    assert (decision.tier, decision.source) == ("professional", "criteria")
    assert decision.below_since is None
    assert "previous_tier_gone" in codes(decision)


def test_precedence_decides_between_satisfied_rules():
    cap = Rule("starter", 0, (criterion("region", "in", ("trial", "Test")),))

    assert ask("90000", more={"region": "TEST"}, policy=shipped(cap)).tier == "starter"
    assert ask("90000", more={"region": "EU"}, policy=shipped(cap)).tier == "enterprise"


def test_a_rule_to_an_unknown_tier_is_passed_over():
    decision = ask("6000", policy=shipped(acv_rule("gold", 0, 1)))

    assert decision.tier == "professional"
    assert decision.trace.rules[0].outcome == "ignored"


def test_a_policy_whose_default_tier_is_unknown_cannot_be_asked():
    with pytest.raises(InputError, match="default_tier"):
        ask("1", policy=shipped(default_tier="gold"))


# Comparisons


@pytest.mark.parametrize(
    ("op", "value", "passes", "fails"),
    [
        ("gte", "5", ["5", "5.0", "6"], ["4.99"]),
        ("gt", "5", ["5.01"], ["5"]),
        ("lte", "5", ["5"], ["5.01"]),
        ("lt", "5", ["4.99"], ["5"]),
        ("eq", "5", ["5.00"], ["5.01", "five"]),
        ("eq", "EU", ["eu"], ["US", "5"]),
        ("eq", True, [True, "true"], [False, "false", "1"]),
        ("in", ["EU", "5"], ["eu", "5.0"], ["US"]),
        ("between", ["5", "9"], ["5", "8.99"], ["4.99", "9"]),
        ("gte", "2026-02-01", ["2026-02-01"], ["2026-01-31"]),
        ("between", ["2026-01-01", "2026-02-01"], ["2026-01-31"], ["2026-02-01"]),
    ],
)
def test_every_comparison_has_the_bounds_that_its_name_says(op, value, passes, fails):
    rule = Rule("enterprise", 1, (criterion("fact", op, value),))
    policy = shipped(rules=(rule,))

    for actual in passes:
        assert ask(None, more={"fact": actual}, policy=policy).tier == "enterprise", actual
    for actual in fails:
        assert ask(None, more={"fact": actual}, policy=policy).tier == "starter", actual


@pytest.mark.parametrize(("days", "tier"), [(0, "enterprise"), (30, "enterprise"), (31, "starter")])
def test_changed_within_counts_the_days_since_the_value_changed(days, tier):
    policy = shipped(rules=(Rule("enterprise", 1, (criterion("acv", "changed_within", 30),)),))
    facts = {"acv": fact("1", TODAY, changed_on=TODAY - days * DAY)}

    assert evaluate(policy, facts, None, (), TODAY).tier == tier


def test_a_source_that_does_not_tell_changed_the_value_when_it_was_observed():
    policy = shipped(rules=(Rule("enterprise", 1, (criterion("acv", "changed_within", 3),)),))

    assert ask("1", observed=TODAY - 3 * DAY, policy=policy).tier == "enterprise"
    assert ask("1", observed=TODAY - 4 * DAY, policy=policy).tier == "starter"
