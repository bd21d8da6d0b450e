"""What can be said against a trigger, and against a set of them."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.rules.triggers import (
    TicketFacts,
    Trigger,
    actions_from_json,
    conditions_from_json,
    fire,
    validate_actions,
    validate_conditions,
    warnings,
)
from tiers.rules.evaluation import InputError

from .test_triggers import trigger

TIERS = ("starter", "professional", "enterprise")


def one(field: Any, op: Any, value: Any = "x") -> dict[str, Any]:
    return {"all": [{"field": field, "op": op, "value": value}]}


def words(problems: Any) -> list[str]:
    return [problem.text for problem in problems]


# One trigger


def test_conditions_and_actions_survive_json_unchanged():
    conditions = {
        "all": [{"field": "tier", "op": "in", "value": ["starter", "enterprise"]}],
        "any": [{"field": "severity", "op": "at_least", "value": 2}],
    }
    actions = [{"do": "set_queue", "value": "q"}, {"do": "set_severity", "value": 1}]

    assert conditions_from_json(conditions).to_json() == conditions
    assert [action.to_json() for action in actions_from_json(actions)] == actions
    assert conditions_from_json({}).to_json() == {"all": [], "any": []}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ([], "Conditions must be an object."),
        ({"none": []}, "None is not known; known are all, any."),
        ({"all": {}}, "All must be a list."),
        ({"all": ["x"]}, "All[0] must be an object."),
        (
            one("planet", "is"),
            "All[0]: “planet” is not something to ask; known are tier, severity,",
        ),
        (one(["tier"], "is"), "All[0]: “['tier']” is not something to ask;"),
        (one("tier", "contains"), "All[0]: tier cannot be compared with “contains”; it has is,"),
        (one("subject", "matches"), "All[0]: subject cannot be compared with “matches”;"),
        (one("subject", []), "All[0]: subject cannot be compared with “[]”;"),
        (one("tier", "is", ""), "All[0]: give a value."),
        (one("subject", "contains", "  "), "All[0]: give a value."),
        (one("tier", "is", None), "All[0]: give a value."),
        (one("tier", "in", "starter"), "All[0]: give a list of at least one value."),
        (one("tier", "in", []), "All[0]: give a list of at least one value."),
        (one("tier", "is", ["starter"]), "All[0]: give one value, not a list."),
        (one("tier", "is", 3), "All[0]: tier is a text."),
        (one("severity", "is", "2"), "All[0]: severity is a whole number."),
        (one("severity", "is", True), "All[0]: severity is a whole number."),
        (one("severity", "is", 5), "All[0]: severity goes from 1 (Critical) to 4 (Low), not 5."),
        (
            one("step", "is", 0),
            "All[0]: a step is a percentage from 1 to 100 or minutes before the end, not 0.",
        ),
        (
            one("step", "at_least", -30),
            "All[0]: “at least” and “at most” compare percentages;",
        ),
        (
            {"all": [{"field": "tier", "op": "is", "value": "x", "no": 1}]},
            "All[0].no is not known;",
        ),
    ],
)
def test_bad_conditions_are_told_in_plain_words(data, problem):
    told = words(validate_conditions(data))

    assert any(text.startswith(problem) for text in told), told
    with pytest.raises(InputError):
        conditions_from_json(data)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({}, "Actions must be a list."),
        ([], "It does nothing: give at least one action."),
        (["x"], "Actions[0] must be an object."),
        ([{"do": "explode"}], "Actions[0]: “explode” is not something to do; known are set_queue,"),
        ([{"do": "set_queue"}], "Actions[0]: give a value."),
        ([{"do": "set_severity", "value": 9}], "Actions[0]: severity goes from 1"),
        ([{"do": "notify", "value": "boss"}], "Actions[0]: “boss” is not known; known are account"),
        ([{"do": "add_tag", "value": 3}], "Actions[0]: tag is a text."),
        (
            [{"do": "assign", "value": "a"}, {"do": "assign", "value": "b"}],
            "Actions[1]: it sets the same field twice; the first one counts.",
        ),
    ],
)
def test_bad_actions_are_told_in_plain_words(data, problem):
    told = words(validate_actions(data))

    assert any(text.startswith(problem) for text in told), told
    with pytest.raises(InputError):
        actions_from_json(data)


def test_values_are_checked_where_the_known_ones_are_given():
    choices = {"tier": TIERS, "queue": ["general"], "tag": ["vip"]}

    assert words(validate_conditions(one("tier", "in", ["Starter", "gold"]), choices)) == [
        "All[0]: “gold” is not known; known are enterprise, professional, starter."
    ]
    assert validate_conditions(one("tier", "is", "gold")) == ()
    assert len(validate_actions([{"do": "set_queue", "value": "vip"}], choices)) == 1
    assert validate_actions([{"do": "add_tag", "value": "invented"}], choices) == ()


def test_all_problems_are_told_at_once():
    data = {"all": [{"field": "tier", "op": "is", "value": 1}, "x"], "some": []}

    assert len(validate_conditions(data)) == 3


# A set of triggers


def warned(*triggers: Trigger, tiers: tuple[str, ...] = TIERS) -> list[tuple[str, str]]:
    return [(one.trigger.key, one.reason.code) for one in warnings(triggers, tiers)]


def test_special_cases_before_a_general_rule_raise_no_warning():
    assert (
        warned(
            trigger("enterprise", ("tier", "is", "enterprise"), at=1),
            trigger("professional", ("tier", "is", "professional"), at=2),
            trigger("general", at=3),
        )
        == []
    )


@pytest.mark.parametrize(
    "conditions",
    [
        [("tier", "is", "starter"), ("tier", "is", "enterprise")],
        [("tier", "is", "starter"), ("tier", "is_not", "Starter")],
        [("tier", "in", ["starter"]), ("tier", "at_least", "professional")],
        [("severity", "at_least", 2), ("severity", "in", [3, 4])],
        [("severity", "not_in", [1, 2, 3, 4])],
        [("subject", "contains", "abc"), ("subject", "not_contains", "B")],
        [("subject", "is", "abc"), ("subject", "contains", "d")],
        [("tag", "is", "vip"), ("tag", "not_in", ["VIP", "x"])],
        [("status", "not_in", ["new", "open", "pending", "on_hold", "solved", "closed"])],
    ],
)
def test_conditions_that_contradict_each_other_never_fire(conditions):
    assert warned(trigger("t", *conditions)) == [("t", "never_true")]


@pytest.mark.parametrize(
    "conditions",
    [
        [("tier", "is_not", "starter"), ("tier", "at_least", "professional")],
        [("tier", "not_in", list(TIERS))],
        [("subject", "contains", "a"), ("subject", "contains", "b"), ("subject", "is_not", "a b")],
        [("subject", "contains", "a"), ("subject", "not_contains", "ab")],
        [("tag", "is", "a"), ("tag", "is", "b"), ("tag", "is_not", "c")],
        [("category", "is_not", "a"), ("category", "is_not", "b")],
    ],
)
def test_conditions_that_some_ticket_meets_are_not_called_contradictory(conditions):
    assert warned(trigger("t", *conditions)) == []


def test_without_the_order_of_tiers_nothing_is_claimed_about_it():
    impossible = [("tier", "at_least", "enterprise"), ("tier", "is", "starter")]

    assert warned(trigger("t", *impossible)) == [("t", "never_true")]
    assert warned(trigger("t", *impossible), tiers=()) == []


def test_a_clock_is_asked_for_in_vain_when_a_ticket_is_opened():
    found = warnings([trigger("t", ("step", "at_least", 75))])

    assert found[0].reason.text == (
        "It asks for step, which only exists when a promise is at risk or broken, so it never "
        "fires on ticket_created."
    )
    assert warned(trigger("t", ("step", "at_least", 75), event="sla_warning")) == []
    assert warned(trigger("t", ("metric", "is_not", "x"))) == []


def test_a_time_before_the_end_is_neither_more_nor_less_than_a_percentage():
    half_hour = ("step", "is", -30)
    assert warned(trigger("t", half_hour, event="sla_warning")) == []
    both = trigger("t", half_hour, ("step", "at_least", 1), event="sla_warning")
    assert warned(both) == [("t", "never_true")]


def test_a_trigger_behind_one_that_always_takes_its_field_changes_nothing():
    found = warned(
        trigger("general", at=1),
        trigger("enterprise", ("tier", "is", "enterprise"), at=2),
    )

    assert found == [("enterprise", "changes_nothing")]


def test_an_action_that_never_counts_is_told_when_another_does():
    found = warnings(
        [
            trigger("urgent", ("severity", "at_least", 2), at=1),
            trigger("vip", ("severity", "is", 1), do=(("set_queue", "v"), ("add_tag", "v")), at=2),
        ]
    )

    assert [one.reason.text for one in found] == [
        "Its “set_queue” never counts: whenever it fires, “urgent” has set that field before."
    ]
    assert found[0].other is not None
    assert found[0].other.key == "urgent"


def test_alternatives_are_looked_through():
    either = (("tag", "is", "a"), ("tag", "is", "b"))

    assert warned(
        trigger("both", either=either, at=1), trigger("one", ("tag", "is", "a"), at=2)
    ) == [("one", "changes_nothing")]
    assert (
        warned(trigger("one", ("tag", "is", "a"), at=1), trigger("both", either=either, at=2)) == []
    )


def test_two_triggers_that_can_both_fire_and_disagree_are_told():
    found = warnings(
        [
            trigger("mail", ("channel", "is", "mail"), at=1),
            trigger("urgent", ("severity", "is", 1), at=2),
        ]
    )

    assert [one.reason.text for one in found] == [
        (
            "It and “mail” can fire for the same ticket and want “set_queue” differently; “mail” "
            "wins because it goes first."
        )
    ]


def test_triggers_that_agree_or_exclude_each_other_do_not_compete():
    same = (("set_queue", "q"),)

    assert (
        warned(
            trigger("a", ("channel", "is", "mail"), do=same, at=1),
            trigger("b", ("severity", "is", 1), do=same, at=2),
        )
        == []
    )
    assert (
        warned(
            trigger("a", ("channel", "is", "mail"), at=1),
            trigger("b", ("channel", "is", "web"), at=2),
        )
        == []
    )


def test_triggers_that_are_off_or_listen_elsewhere_do_not_compete():
    general = trigger("general", at=1, enabled=False)
    breach = trigger("breach", at=1, event="sla_breach")

    assert warned(general, breach, trigger("t", ("severity", "is", 1), at=2)) == []


def test_a_trigger_that_never_fires_takes_nothing():
    never = trigger("never", ("severity", "is", 1), ("severity", "is", 2), at=1)

    assert warned(never, trigger("t", at=2)) == [("never", "never_true")]


def test_two_triggers_in_one_place_are_told():
    assert ("b", "same_position") in warned(
        trigger("a", ("severity", "is", 1), at=1), trigger("b", ("severity", "is", 2), at=1)
    )


conditions = st.one_of(
    st.tuples(
        st.just("severity"),
        st.sampled_from(["is", "is_not", "at_least", "at_most"]),
        st.integers(1, 4),
    ),
    st.tuples(st.just("tier"), st.sampled_from(["is", "is_not"]), st.sampled_from(TIERS)),
    st.tuples(st.just("tier"), st.sampled_from(["at_least", "at_most"]), st.sampled_from(TIERS)),
    st.tuples(
        st.just("tag"),
        st.sampled_from(["in", "not_in"]),
        st.lists(st.sampled_from(["a", "b"]), min_size=1),
    ),
    st.tuples(
        st.just("subject"),
        st.sampled_from(["contains", "not_contains", "is", "is_not"]),
        st.sampled_from(["a", "ab", "b"]),
    ),
)
TICKETS = [
    TicketFacts("ticket_created", severity, tier, tags=tags, subject=text, tier_order=TIERS)
    for severity, tier, tags, text in product(
        (1, 2, 3, 4),
        (None, "gone", *TIERS),
        (frozenset[str](), frozenset({"a"}), frozenset({"b"}), frozenset({"a", "b"})),
        ("", "a", "b", "ab", "b a", "xa", "xb", "xab"),
    )
]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.lists(conditions, max_size=3), st.lists(conditions, max_size=2)),
        min_size=2,
        max_size=2,
    )
)
def test_no_ticket_ever_contradicts_a_warning(drawn):
    triggers = [
        trigger(f"t{place}", *every, either=either, at=place)
        for place, (every, either) in enumerate(drawn)
    ]
    told = {(one.trigger.key, one.reason.code) for one in warnings(triggers, TIERS)}
    fired, applied, together = set(), set(), False
    for ticket in TICKETS:
        outcome = fire(triggers, ticket)
        fired |= {trace.trigger.key for trace in outcome.fired}
        applied |= {trace.trigger.key for trace in outcome.fired if trace.actions[0].applied}
        together = together or len(outcome.fired) == 2

    for key in ("t0", "t1"):
        assert ((key, "never_true") in told) == (key not in fired)
    assert (("t1", "changes_nothing") in told) == ("t1" in fired and "t1" not in applied)
    assert together or ("t1", "overlap") not in told
