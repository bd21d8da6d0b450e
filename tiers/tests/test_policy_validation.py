"""What can be said against a policy before anybody depends on it."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiers.rules.evaluation import Criterion, Inputs, Policy, Rule, decide, validate

from .evaluation_kit import TODAY, acv_rule, ask, criterion, fact, shipped


def found(policy: Policy, **options: Any) -> list[tuple[str, str, str]]:
    return [(one.level, one.path, one.reason.code) for one in validate(policy, **options)]


def one_rule(*criteria: Criterion, **options: Any) -> Rule:
    return Rule("enterprise", 1, criteria, **options)


def test_nothing_is_wrong_with_the_policy_that_ships():
    assert validate(shipped(), known_facts={"acv"}) == ()


def test_an_unknown_tier_and_an_unknown_default_are_errors():
    policy = shipped(acv_rule("gold", 3, 90000), default_tier="basic")

    assert found(policy) == [
        ("error", "default_tier", "unknown_default_tier"),
        ("error", "rules[2].tier", "unknown_tier"),
        ("warning", "rules", "no_way_in"),
    ]
    assert validate(policy)[1].reason.text == "Rule gold-3 leads to “gold”, which is not a tier."


def test_a_fact_that_nobody_delivers_is_an_error():
    assert found(shipped(), known_facts={"seats"})[0] == (
        "error",
        "rules[0].criteria[0].fact",
        "unknown_fact",
    )


def test_a_tier_to_which_no_rule_leads_is_told():
    assert found(shipped(rules=(acv_rule("enterprise", 1, 25000),))) == [
        ("warning", "rules", "no_way_in")
    ]


def test_a_rule_without_criteria_is_told():
    everybody = Rule("professional", 3, ())
    nobody = Rule("professional", 4, (), match="any")

    codes = [code for _, _, code in found(shipped(everybody, nobody))]

    assert {"holds_for_everybody", "holds_for_nobody"} <= set(codes)


@pytest.mark.parametrize(
    ("op", "entry", "leave", "code"),
    [
        ("gte", 25000, 26000, "exit_tighter"),
        ("gte", 25000, 25000, "exit_same"),
        ("gt", 5, 6, "exit_tighter"),
        ("lte", 5, 4, "exit_tighter"),
        ("lt", 5, 5, "exit_same"),
        ("eq", "EU", "US", "exit_tighter"),
        ("in", ["EU", "US"], ["EU"], "exit_tighter"),
        ("in", ["EU", "US"], ["us", "eu"], "exit_same"),
        ("between", [5, 9], [6, 10], "exit_tighter"),
        ("changed_within", 30, 20, "exit_tighter"),
        ("gte", "2026-02-01", "2026-03-01", "exit_tighter"),
    ],
)
def test_leaving_must_be_harder_than_entering_is(op, entry, leave, code):
    policy = shipped(rules=(one_rule(criterion("fact", op, entry, leave)),))

    assert code in [finding.reason.code for finding in validate(policy)]
    assert validate(policy)[0].path == "rules[0].criteria[0].exit_value" or code == "exit_same"


@pytest.mark.parametrize(
    ("op", "entry", "leave"),
    [
        ("gte", 25000, 23000),
        ("lte", 5, 6),
        ("in", ["EU"], ["EU", "US"]),
        ("between", [5, 9], [4, 10]),
        ("changed_within", 30, 40),
    ],
)
def test_a_looser_exit_is_fine(op, entry, leave):
    policy = shipped(rules=(one_rule(criterion("fact", op, entry, leave)),))

    assert not {"exit_tighter", "exit_same"} & {code for _, _, code in found(policy)}


def test_the_words_name_both_thresholds():
    rule = one_rule(criterion("acv", "gte", 25000, 26000), key="big")

    assert validate(shipped(rules=(rule,)))[0].reason.text == (
        "Rule big: keeping the tier must be easier than getting it, but ACV has the stricter "
        "exit value 26,000 beside the entry value 25,000."
    )


@pytest.mark.parametrize(
    "rule",
    [
        one_rule(criterion("acv", "gte", 10), criterion("acv", "lt", 5)),
        one_rule(criterion("region", "eq", "EU"), criterion("region", "in", ["US", "UK"])),
        one_rule(criterion("acv", "between", [5, 9]), criterion("acv", "eq", 9)),
        one_rule(criterion("acv", "eq", "much"), criterion("acv", "gt", 1)),
        one_rule(criterion("strategic", "eq", True), criterion("strategic", "eq", False)),
    ],
)
def test_a_rule_that_contradicts_itself_is_an_error(rule):
    assert ("error", "rules[0]", "never_satisfied") in found(shipped(rules=(rule,)))


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ([criterion("acv", "gte", 5000)], [criterion("acv", "gte", 25000)]),
        ([criterion("acv", "gt", 5)], [criterion("acv", "between", [6, 9])]),
        ([criterion("acv", "gte", 5)], [criterion("acv", "gte", 9), criterion("seats", "gt", 1)]),
        ([criterion("region", "in", ["EU", "US"])], [criterion("region", "eq", "us")]),
        ([criterion("acv", "changed_within", 30)], [criterion("acv", "changed_within", 7)]),
        ([], [criterion("acv", "gte", 9)]),
    ],
)
def test_a_rule_whose_accounts_are_all_taken_before_is_never_reached(earlier, later):
    policy = shipped(
        rules=(Rule("professional", 1, tuple(earlier)), Rule("enterprise", 2, tuple(later)))
    )

    assert ("warning", "rules[1]", "unreachable") in found(policy)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ([criterion("acv", "gte", 25000)], [criterion("acv", "gte", 5000)]),
        ([criterion("acv", "gte", 5), criterion("seats", "gt", 1)], [criterion("acv", "gte", 9)]),
        ([criterion("acv", "gte", 5)], [criterion("seats", "gte", 9)]),
        ([criterion("acv", "gte", 5)], [criterion("acv", "eq", "much")]),
        ([criterion("acv", "changed_within", 7)], [criterion("acv", "changed_within", 30)]),
    ],
)
def test_a_rule_that_some_account_can_reach_is_not_called_unreachable(earlier, later):
    policy = shipped(
        rules=(Rule("professional", 1, tuple(earlier)), Rule("enterprise", 2, tuple(later)))
    )

    assert "unreachable" not in [code for _, _, code in found(policy)]


def test_an_exit_band_can_make_a_rule_reachable():
    rules = (
        acv_rule("professional", 1, 20000),
        acv_rule("enterprise", 2, 25000, 15000),
    )

    assert "unreachable" not in [code for _, _, code in found(shipped(rules=rules))]
    assert ask("16000", "enterprise", policy=shipped(rules=rules)).tier == "enterprise"


def test_a_lower_tier_that_is_asked_first_is_told():
    late = Rule("enterprise", 3, (criterion("usage_criticality", "gte", 4),))

    finding = validate(shipped(late))[0]

    assert (finding.level, finding.reason.code) == ("warning", "lower_first")
    assert finding.reason.text.endswith("whoever satisfies both gets only Professional.")


def test_rules_of_one_precedence_or_one_name_are_told():
    rules = (
        Rule("enterprise", 1, (criterion("acv", "gte", 9),), key="big"),
        Rule("professional", 1, (criterion("seats", "gte", 9),), key="big"),
    )

    codes = found(shipped(rules=rules))

    assert ("error", "rules[1].key", "same_key") in codes
    assert ("warning", "rules[1].precedence", "same_precedence") in codes


def test_a_gap_is_where_more_means_less():
    rules = (
        Rule("enterprise", 1, (criterion("acv", "gte", 25000),)),
        Rule("professional", 2, (criterion("acv", "between", [5000, 20000]),)),
    )

    finding = validate(shipped(rules=rules))[0]

    assert finding.reason.text == (
        "A gap: ACV of 20,000 gives Starter, although 5,000 gives Professional."
    )


@pytest.mark.parametrize(
    ("rules", "gap"),
    [
        ([("professional", "between", [5, 9])], True),
        ([("professional", "between", [5, 9]), ("enterprise", "gte", 9)], False),
        (
            [("starter", "lt", 5), ("professional", "between", [5, 8]), ("enterprise", "gte", 9)],
            True,
        ),
        ([("enterprise", "lte", 2), ("professional", "between", [3, 6])], True),
        ([("enterprise", "lte", 2), ("professional", "lte", 6)], False),
        ([("professional", "in", ["EU", "US"])], False),
        ([("professional", "eq", 5)], False),
    ],
)
def test_gaps_are_told_in_both_directions_and_only_there(rules, gap):
    policy = shipped(
        rules=tuple(
            Rule(tier, place, (criterion("fact", op, value),))
            for place, (tier, op, value) in enumerate(rules)
        )
    )

    assert ("gap" in [code for _, _, code in found(policy)]) is gap


numbers = st.integers(0, 6)
some_criteria = st.one_of(
    st.builds(
        criterion, st.sampled_from("ab"), st.sampled_from(["gte", "gt", "lte", "lt"]), numbers
    ),
    st.builds(criterion, st.sampled_from("ab"), st.just("in"), st.lists(numbers, min_size=1)),
)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(st.lists(some_criteria, min_size=1, max_size=3), st.sampled_from(["all", "any"])),
        min_size=2,
        max_size=3,
    )
)
def test_no_account_ever_reaches_a_rule_that_is_called_unreachable(drawn):
    rules = tuple(
        Rule("enterprise", place, tuple(criteria), match=match, key=f"r{place}")
        for place, (criteria, match) in enumerate(drawn)
    )
    policy = shipped(rules=rules)
    dead = {
        finding.reason.params["rule"]
        for finding in validate(policy)
        if finding.reason.code in {"unreachable", "never_satisfied"}
    }

    for a, b in product(range(-1, 8), repeat=2):
        facts = {"a": fact(a, TODAY), "b": fact(b, TODAY)}
        asked = decide(policy, Inputs(facts, TODAY), with_counterfactuals=False).trace.rules
        assert not {rule.key for rule in asked if rule.decisive} & dead
