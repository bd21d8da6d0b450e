"""Which triggers fire for a ticket, what comes of it, and why not the others."""

from dataclasses import replace
from typing import Any

import pytest

from tickets.rules.triggers import (
    Effects,
    Outcome,
    TicketFacts,
    Trigger,
    TriggerTrace,
    actions_from_json,
    conditions_from_json,
    explain,
    fire,
)
from tickets.rules.triggers.words import TriggerReason

TICKET = TicketFacts(
    event="ticket_created",
    severity=2,
    tier="enterprise",
    channel="web",
    organization="acme",
    category=None,
    tags=frozenset({"VIP", "emea"}),
    subject="Scanner  OFFLINE in hall 3",
    body="All Straße scanners (beta.*) stopped",
    status="new",
    queue="general",
    tier_order=("starter", "professional", "enterprise"),
)


def trigger(name: str, *conditions: tuple[str, str, Any], **options: Any) -> Trigger:
    """A trigger of "all" conditions; `any`, `do`, `at`, `event` and `enabled` as needed."""
    either = options.get("either", ())
    data = {
        group: [{"field": field, "op": op, "value": value} for field, op, value in listed]
        for group, listed in (("all", conditions), ("any", either))
    }
    do = options.get("do", (("set_queue", name),))
    return Trigger(
        key=name,
        name=name,
        event=options.get("event", "ticket_created"),
        position=options.get("at", 1),
        conditions=conditions_from_json(data),
        actions=actions_from_json([{"do": what, "value": value} for what, value in do]),
        enabled=options.get("enabled", True),
    )


def asked(*conditions: tuple[str, str, Any], facts: TicketFacts = TICKET, **options: Any) -> bool:
    return fire([trigger("t", *conditions, **options)], facts).traces[0].fired


def texts(trace: TriggerTrace) -> list[str]:
    return [reason.text for reason in trace.reasons]


@pytest.mark.parametrize(
    ("field", "op", "value", "met"),
    [
        ("tier", "is", "Enterprise", True),
        ("tier", "is", "starter", False),
        ("tier", "is_not", "starter", True),
        ("tier", "in", ["starter", "enterprise"], True),
        ("tier", "not_in", ["starter", "professional"], True),
        ("tier", "at_least", "professional", True),
        ("tier", "at_most", "professional", False),
        ("tier", "at_least", "platinum", False),
        ("severity", "is", 2, True),
        ("severity", "in", [3, 4], False),
        ("channel", "is", "web", True),
        ("organization", "is", "ACME", True),
        ("tag", "is", "vip", True),
        ("tag", "is_not", "vip", False),
        ("tag", "in", ["apac", "EMEA"], True),
        ("tag", "not_in", ["apac", "amer"], True),
        ("tag", "contains", "emea", True),
        ("tag", "contains", "eme", False),
        ("tag", "not_contains", "apac", True),
        ("subject", "contains", "scanner offline", True),
        ("subject", "not_contains", "hall 4", True),
        ("subject", "is", "scanner offline in hall 3", True),
        ("body", "contains", "strasse", True),
        ("status", "is", "new", True),
        ("queue", "is_not", "general", False),
    ],
)
def test_every_comparison_ignores_case_and_means_its_name(field, op, value, met):
    assert asked((field, op, value)) is met


@pytest.mark.parametrize(("text", "met"), [("beta.*", True), ("b.*a", False), ("(", True)])
def test_text_is_never_a_pattern(text, met):
    assert asked(("body", "contains", text)) is met


@pytest.mark.parametrize(
    ("op", "value", "met"),
    [
        ("at_least", 1, False),
        ("at_least", 2, True),
        ("at_least", 3, True),
        ("at_most", 1, True),
        ("at_most", 2, True),
        ("at_most", 3, False),
    ],
)
def test_at_least_high_means_high_or_worse(op, value, met):
    assert asked(("severity", op, value)) is met


@pytest.mark.parametrize(
    ("op", "value", "met"),
    [("is", "x", False), ("is_not", "x", True), ("in", ["x"], False), ("not_in", ["x"], True)],
)
def test_a_field_without_a_value_meets_only_negative_questions(op, value, met):
    assert asked(("category", op, value)) is met
    assert asked(("category", op, value), facts=replace(TICKET, category="")) is met
    assert asked(("tag", op, value), facts=replace(TICKET, tags=frozenset())) is met


def test_metric_and_step_belong_to_the_clock_events():
    facts = replace(TICKET, event="sla_warning", metric="first_reply", step=75)
    conditions = (("metric", "is", "first_reply"), ("step", "at_least", 75))

    assert asked(*conditions, facts=facts, event="sla_warning")
    assert not asked(*conditions, facts=replace(facts, step=50), event="sla_warning")
    before = replace(facts, step=-30)
    assert asked(("step", "in", (90, -30)), facts=before, event="sla_warning")
    for op in ("at_least", "at_most"):
        assert not asked(("step", op, 75), facts=before, event="sla_warning")


def test_all_conditions_and_one_alternative_are_needed():
    either = (("channel", "is", "mail"), ("tag", "is", "vip"))

    assert asked(("severity", "is", 2), either=either)
    assert not asked(("severity", "is", 1), either=either)
    assert not asked(("severity", "is", 2), either=either[:1])


def test_no_conditions_at_all_always_fire():
    assert asked()


# What comes of it


def test_the_first_trigger_that_sets_a_field_wins_it():
    outcome = fire(
        [
            trigger("general", at=9),
            trigger("enterprise", ("tier", "is", "enterprise"), at=1),
        ],
        TICKET,
    )

    assert outcome.effects == Effects(queue="enterprise")
    first, second = outcome.traces
    assert [trace.fired for trace in outcome.traces] == [True, True]
    assert first.actions[0].applied
    assert not second.actions[0].applied
    assert second.actions[0].reason is not None
    assert second.actions[0].reason.text == "“enterprise” came first and set queue already."


def test_fields_are_won_one_by_one_and_tags_and_notices_add_up():
    outcome = fire(
        [
            trigger("a", do=(("set_queue", "a"), ("add_tag", "x"), ("notify", "lead")), at=1),
            trigger(
                "b",
                do=(
                    ("set_queue", "b"),
                    ("set_severity", 1),
                    ("assign", "agnes"),
                    ("add_tag", "y"),
                    ("add_tag", "x"),
                    ("notify", "lead"),
                    ("notify", "queue"),
                ),
                at=2,
            ),
        ],
        TICKET,
    )

    assert outcome.effects == Effects(
        queue="a", severity=1, assignee="agnes", tags=("x", "y"), notify=("lead", "queue")
    )
    assert [trace.applied for trace in outcome.traces[1].actions] == [
        False,
        True,
        True,
        True,
        False,
        False,
        True,
    ]


def test_triggers_see_the_ticket_as_it_was_and_not_what_others_made_of_it():
    outcome = fire(
        [
            trigger("a", do=(("set_queue", "enterprise"),), at=1),
            trigger("b", ("queue", "is", "enterprise"), do=(("add_tag", "chained"),), at=2),
        ],
        TICKET,
    )

    assert outcome.effects == Effects(queue="enterprise")


def test_nothing_fired_is_nothing_to_do():
    outcome = fire([trigger("t", ("tier", "is", "starter"))], TICKET)

    assert not outcome.effects
    assert outcome.fired == ()
    assert fire([], TICKET) == Outcome(Effects(), ())


# Why, and why not


def test_every_failed_condition_is_named_with_what_was_found():
    either = (("channel", "in", ["mail", "slack"]), ("category", "is", "billing"))
    trace = explain(
        [trigger("t", ("tier", "is", "starter"), ("severity", "at_least", 1), either=either)],
        TICKET,
    )[0]

    assert (trace.verdict, len(trace.failed)) == ("not_met", 4)
    assert texts(trace) == [
        "These conditions are not met:",
        "Tier is enterprise; asked for starter",
        "Severity is 2; asked for 1 or worse",
        "None of these alternatives is met:",
        "Channel is web; asked for one of mail, slack",
        "Category is empty; asked for billing",
    ]


def test_a_missed_alternative_is_no_failure_when_another_is_met():
    either = (("channel", "is", "mail"), ("tag", "is", "vip"))
    trace = explain([trigger("t", ("tier", "is", "starter"), either=either)], TICKET)[0]

    assert [failed.condition.field for failed in trace.failed] == ["tier"]


def test_what_made_it_fire_is_told_too():
    either = (("channel", "is", "mail"), ("tag", "is", "vip"))

    assert texts(explain([trigger("t")], TICKET)[0]) == [
        "It has no conditions, so it always fires."
    ]
    assert texts(explain([trigger("t", ("severity", "is", 2))], TICKET)[0]) == [
        "Every condition is met."
    ]
    assert texts(explain([trigger("t", either=either)], TICKET)[0]) == [
        "Every condition is met, and this alternative:",
        "Tag is VIP, emea; asked for vip",
    ]
    fired = explain([trigger("t", ("severity", "is", 2))], TICKET)[0]
    assert fired.failed == ()


def test_a_trigger_that_is_off_or_listens_elsewhere_does_not_fire_and_says_so():
    off, elsewhere = explain(
        [trigger("a", enabled=False), trigger("b", event="sla_breach")], TICKET
    )

    assert (off.verdict, texts(off)) == ("disabled", ["It is switched off."])
    assert elsewhere.verdict == "other_event"
    assert texts(elsewhere) == ["It listens to sla_breach, and this is ticket_created."]
    assert off.actions == elsewhere.actions == ()


def test_every_trigger_is_explained_in_the_order_of_asking():
    triggers = [trigger("c", at=3), trigger("a", at=1), trigger("b", at=2)]

    assert [trace.trigger.key for trace in explain(triggers, TICKET)] == ["a", "b", "c"]


def test_every_comparison_has_words():
    for op in ("is", "is_not", "in", "not_in", "contains", "not_contains", "at_least", "at_most"):
        assert op in TriggerReason.TEMPLATES
    for code, template in TriggerReason.TEMPLATES.items():
        assert template, code
