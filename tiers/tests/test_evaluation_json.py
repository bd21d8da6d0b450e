"""Cases, policies and answers as JSON; bad input names its field."""

import json
from datetime import date

import pytest

from tiers.rules.evaluation import Case, InputError, Policy, Rule

from .evaluation_kit import criterion, shipped

LINE = {
    "id": "c-1",
    "policy": shipped().to_json(),
    "facts": {"acv": {"value": "24999.99", "observed_on": "2026-01-05"}},
    "previous": {"tier": "professional", "below_since": None},
    "overrides": [{"tier": "enterprise", "starts": "2026-02-01", "expires": "2026-03-01"}],
    "contract_floor": None,
    "today": "2026-01-05",
}


def test_a_case_answers_in_one_line():
    answer = Case.from_line(json.dumps(LINE)).answer()

    assert json.loads(json.dumps(answer)) == {
        "id": "c-1",
        "tier": "professional",
        "source": "criteria",
        "below_since": None,
        "reasons": ["ACV is 24,999.99; keeping Professional needs at least 4,500."],
        "counterfactuals": [
            {
                "fact": "acv",
                "op": "at_least",
                "value": "25000",
                "tier": "enterprise",
                "effect": "promote",
                "current": "24999.99",
                "on": None,
                "text": "ACV of at least 25,000 would make it Enterprise.",
            },
            {
                "fact": "acv",
                "op": "below",
                "value": "4500",
                "tier": "starter",
                "effect": "demote",
                "current": "24999.99",
                "on": "2026-03-06",
                "text": "ACV below 4,500 would lower it to Starter from 2026-03-06.",
            },
        ],
    }


def test_a_case_without_a_policy_uses_the_live_one():
    line = {name: part for name, part in LINE.items() if name != "policy"}

    assert Case.from_json(line, live=shipped()).decide().tier == "professional"
    with pytest.raises(InputError, match=r"^policy: is missing"):
        Case.from_json(line)


def test_the_optional_parts_of_a_case_may_be_absent():
    case = Case.from_json({"facts": {}, "today": "2026-01-05"}, live=shipped())

    assert case.answer()["tier"] == "starter"


def test_numbers_in_json_are_read_exactly():
    line = json.dumps(LINE).replace('"24999.99"', "24999.9999999999999999999")

    assert Case.from_line(line).decide().tier == "professional"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"today": "05.01.2026"}, "today"),
        ({"today": None}, "today"),
        ({"facts": []}, "facts"),
        ({"facts": {"acv": {"value": "1"}}}, "facts.acv.observed_on"),
        ({"facts": {"acv": {"value": [], "observed_on": "2026-01-05"}}}, "facts.acv.value"),
        ({"facts": {"acv": {"value": 1, "observed_on": "2026-02-30"}}}, "facts.acv.observed_on"),
        ({"facts": {"acv": {"value": 1, "seen": "x"}}}, "facts.acv.seen"),
        ({"previous": {"tier": ""}}, "previous.tier"),
        ({"previous": {"tier": "starter", "below_since": 5}}, "previous.below_since"),
        (
            {"overrides": [{"tier": "gold", "starts": "2026-01-01", "expires": "2026-02-01"}]},
            "overrides[0].tier",
        ),
        ({"overrides": [{"tier": "starter", "starts": "2026-01-01"}]}, "overrides[0].expires"),
        (
            {"overrides": [{"tier": "starter", "starts": "2026-02-01", "expires": "2026-01-01"}]},
            "overrides[0].expires",
        ),
        ({"contract_floor": "gold"}, "contract_floor"),
        ({"polcy": {}}, "polcy"),
        ({"policy": {}}, "policy.order"),
    ],
)
def test_bad_input_names_its_field(change, field):
    with pytest.raises(InputError) as caught:
        Case.from_json({**LINE, **change})

    assert caught.value.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"order": []}, "policy.order"),
        ({"order": ["a", "a"]}, "policy.order"),
        ({"default_tier": "gold"}, "policy.default_tier"),
        ({"stale_days": -1}, "policy.stale_days"),
        ({"max_step_down": 0}, "policy.max_step_down"),
        ({"demote_grace_days": "60"}, "policy.demote_grace_days"),
        ({"fact_stale_days": {"acv": 1.5}}, "policy.fact_stale_days.acv"),
        ({"rules": [{}]}, "policy.rules[0].criteria"),
        ({"rules": [{"criteria": [], "tier": "gold", "precedence": 1}]}, "policy.rules[0].tier"),
        ({"rules": [{"criteria": [], "tier": "starter"}]}, "policy.rules[0].precedence"),
        (
            {"rules": [{"criteria": [], "tier": "starter", "precedence": 1, "match": "some"}]},
            "policy.rules[0].match",
        ),
        (
            {"rules": [{"criteria": [], "tier": "starter", "precedence": 1, "missing": "?"}]},
            "policy.rules[0].missing",
        ),
    ],
)
def test_a_bad_policy_names_its_field(change, field):
    with pytest.raises(InputError) as caught:
        Case.from_json({**LINE, "policy": {**shipped().to_json(), **change}})

    assert caught.value.field == field


@pytest.mark.parametrize(
    ("criterion", "field"),
    [
        ({"fact": "acv", "op": "is", "value": 1}, "op"),
        ({"fact": "", "op": "eq", "value": 1}, "fact"),
        ({"fact": "acv", "op": "gte", "value": "much"}, "value"),
        ({"fact": "acv", "op": "gte", "value": None}, "value"),
        ({"fact": "acv", "op": "gte", "value": 1, "exit_value": [1]}, "exit_value"),
        ({"fact": "acv", "op": "gte", "value": 1, "exit_value": "x"}, "exit_value"),
        ({"fact": "acv", "op": "in", "value": []}, "value"),
        ({"fact": "acv", "op": "in", "value": "EU"}, "value"),
        ({"fact": "acv", "op": "between", "value": [1]}, "value"),
        ({"fact": "acv", "op": "between", "value": [2, 1]}, "value"),
        ({"fact": "acv", "op": "between", "value": [1, "2026-01-01"]}, "value"),
        ({"fact": "acv", "op": "changed_within", "value": 1.5}, "value"),
        ({"fact": "acv", "op": "gte", "value": "1e9999999"}, "value"),
        ({"fact": "acv", "op": "gte", "value": float("nan")}, "value"),
    ],
)
def test_a_bad_criterion_names_its_field(criterion, field):
    rule = {"tier": "starter", "precedence": 1, "criteria": [criterion]}
    with pytest.raises(InputError) as caught:
        Policy.from_json({**shipped().to_json(), "rules": [rule]})

    assert caught.value.field == f"policy.rules[0].criteria[0].{field}"


@pytest.mark.parametrize("line", ["", "{", "[1]", '{"today": NaN}', "7"])
def test_a_line_that_is_no_case_is_refused(line):
    with pytest.raises(InputError):
        Case.from_line(line, live=shipped())


def test_a_policy_survives_json_unchanged():
    policy = shipped(
        Rule(
            "enterprise",
            7,
            (
                criterion("region", "in", ("EU", "US"), ("EU", "US", "UK")),
                criterion("acv", "between", ("1000.50", 2000), (900, 2100), unit="EUR"),
                criterion("contract_end", "gte", date(2026, 1, 1)),
                criterion("strategic", "eq", True),
                criterion("acv", "changed_within", 30),
            ),
            match="any",
            missing="fail",
            key="rescue",
        ),
        fact_stale_days={"acv": 3},
        key="v7",
    )

    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy
