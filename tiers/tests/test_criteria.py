"""The criteria of a draft: saved whole, kept as history, never over somebody else's unseen."""

from dataclasses import replace
from typing import Any

import pytest

from conftest import TUESDAY
from people.models import User
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.actions import (
    discard_draft,
    draft_from_live,
    evaluate_organization,
    publish_policy,
    save_criteria,
    set_promise,
)
from tiers.actions.promises import Included, included_in
from tiers.criteria_reading import ops_for, read_threshold, threshold_problem, typed_form
from tiers.models import Calendar, PolicyEdit, PromiseTarget, TierPolicy, TierPromise
from tiers.policy_checks import faults_of
from tiers.policy_content import criteria_fingerprint
from tiers.policy_history import history_of
from tiers.program import read_program
from tiers.rules.evaluation import Criterion, Policy, Rule
from tiers.tests.review_kit import signed_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(oscar: User) -> TierPolicy:
    """A draft of the program that ships."""
    return draft_from_live(author=oscar, now=TUESDAY)


def stored(policy: TierPolicy) -> Policy:
    """Return the criteria of a version as they are stored."""
    return read_program(policy.pk).rules


def save(policy: TierPolicy, by: User, **changes: Any) -> TierPolicy:
    """Save the criteria as they are, but for these changes."""
    values: dict[str, Any] = {
        "seen": criteria_fingerprint(policy), "now": TUESDAY, "begin_like": {},
    }  # fmt: skip
    values |= {name: changes.pop(name) for name in list(changes) if name in values}
    criteria = changes.pop("criteria", None) or replace(stored(policy), **changes)
    return save_criteria(policy=policy, criteria=criteria, by=by, **values)


def asks(fact: str, op: str, value: object, exit_value: object = None) -> Criterion:
    """Return a criterion in one line."""
    return Criterion(fact, op, value, exit_value)  # type: ignore[arg-type]


def rule(tier: str, *criteria: Criterion, **more: Any) -> Rule:
    """Return a rule in one line; its place is where it stands."""
    return Rule(tier=tier, precedence=9, criteria=criteria, **more)


def test_rules_of_every_kind_are_kept_as_they_were_typed(draft: TierPolicy, oscar: User) -> None:
    rules = (
        rule(
            "enterprise",
            asks("acv", "gte", "25000", "23000"),
            asks("strategic", "eq", "true"),
            asks("usage_criticality", "gte", "4"),
            match="any",
            missing="fail",
        ),
        rule(
            "professional",
            asks("region", "in", ["EMEA", "DACH"]),
            asks("seats", "between", ["10", "500"], ["5", "600"]),
            asks("contract_renewal", "gt", "2026-01-01"),
            asks("severity_mix_90d", "lte", "0.3"),
            asks("health", "changed_within", "30"),
        ),
    )
    save(draft, oscar, rules=rules, demote_grace_days=30, max_step_down=2, stale_days=7)
    found = stored(draft)
    assert [one.precedence for one in found.rules] == [1, 2]
    assert found.rules[0].criteria == rules[0].criteria
    assert found.rules[1].criteria == rules[1].criteria
    assert (found.rules[0].match, found.rules[0].missing) == ("any", "fail")
    assert (found.demote_grace_days, found.max_step_down, found.stale_days) == (30, 2, 7)


def test_they_decide_once_the_version_is_published(
    draft: TierPolicy, oscar: User, professional: Any
) -> None:
    rules = (rule("enterprise", asks("acv", "gte", "10000", "9000")), *stored(draft).rules)
    save(draft, oscar, rules=rules)
    signed_off(draft, by=oscar, now=TUESDAY)
    publish_policy(policy=draft, treatment="keep", published_by=oscar, now=TUESDAY)
    evaluate_organization(organization=professional, now=TUESDAY)
    assert professional.tier_assignments.get(valid_to=None).tier == "enterprise"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"default_tier": "gold"}, "default_tier"),
        ({"demote_grace_days": 99_999}, "demote_grace_days"),
        ({"max_step_down": 99}, "max_step_down"),
        ({"stale_days": 0}, "stale_days"),
        ({"order": ("starter", "professional", "enterprise", "Über")}, "order"),
        ({"order": ("starter", *(f"t{n}" for n in range(12)))}, "order"),
        ({"rules": (rule("gold"),)}, "rules[0].tier"),
        ({"rules": (rule("starter", asks("shoes", "eq", "1")),)}, "rules[0].criteria[0].fact"),
        ({"rules": (rule("starter", asks("acv", "gte", "-5")),)}, "rules[0].criteria[0].value"),
        (
            {"rules": (rule("starter", asks("usage_criticality", "gte", "7")),)},
            "rules[0].criteria[0].value",
        ),
        (
            {"rules": (rule("starter", asks("strategic", "gte", "1")),)},
            "rules[0].criteria[0].value",
        ),
        (
            {"rules": (rule("starter", asks("seats", "gte", "5", "2026-01-01")),)},
            "rules[0].criteria[0].exit_value",
        ),
        ({"rules": tuple(rule("starter") for _ in range(51))}, "rules"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_kept(
    draft: TierPolicy, oscar: User, changes: dict[str, Any], field: str
) -> None:
    before = stored(draft)
    with pytest.raises(InvalidInput) as refused:
        save(draft, oscar, **changes)
    assert field in refused.value.fields
    assert stored(draft) == before
    assert not PolicyEdit.objects.filter(what="criteria").exists()


def test_saving_the_same_writes_no_history(draft: TierPolicy, oscar: User) -> None:
    save(draft, oscar)
    assert not PolicyEdit.objects.filter(what="criteria").exists()


def test_somebody_elses_newer_criteria_are_not_written_over_unseen(
    draft: TierPolicy, oscar: User, root: User
) -> None:
    seen = criteria_fingerprint(draft)
    save(draft, oscar, demote_grace_days=30)
    with pytest.raises(Refused) as refused:
        save(draft, root, seen=seen, demote_grace_days=45)
    assert refused.value.code == "criteria_changed"
    assert stored(draft).demote_grace_days == 30
    save(draft, root, seen=seen, demote_grace_days=30)  # the same is no conflict


def test_only_ops_and_only_a_draft(draft: TierPolicy, oscar: User, agnes: User) -> None:
    with pytest.raises(NotPermitted):
        save(draft, agnes, demote_grace_days=1)
    with pytest.raises(Refused) as refused:
        save(TierPolicy.objects.live().get(), oscar, demote_grace_days=1)
    assert refused.value.code == "not_a_draft"
    discard_draft(policy=draft, by=oscar, now=TUESDAY)
    with pytest.raises(Refused) as refused:
        save(draft, oscar, demote_grace_days=1)
    assert refused.value.code == "draft_discarded"


def test_a_new_tier_begins_with_the_promises_of_another(draft: TierPolicy, oscar: User) -> None:
    order = ("starter", "professional", "gold", "enterprise")
    rules = (rule("gold", asks("acv", "between", ["15000", "25000"])), *stored(draft).rules)
    save(draft, oscar, order=order, rules=rules, begin_like={"gold": "professional"})
    assert draft.targets.filter(tier="gold").count() == 12
    assert TierPromise.objects.get(policy=draft, tier="gold").queue_key == "professional"
    draft.refresh_from_db()
    assert draft.tier_order == list(order)
    assert not [fault for fault in faults_of(draft) if "Gold" in fault]
    kept = PolicyEdit.objects.filter(policy=draft, what="target", place__0="gold")
    assert kept.count() == 12


def test_a_tier_without_a_promise_keeps_the_version_from_going_live(
    draft: TierPolicy, oscar: User
) -> None:
    save(draft, oscar, order=("starter", "professional", "gold", "enterprise"))
    draft.refresh_from_db()
    assert "Gold has no queue and no channels yet." in faults_of(draft)
    assert "Gold is promised nothing. Promise it at least one answer." in faults_of(draft)


def test_a_tier_that_is_taken_out_goes_with_its_promises_and_history_keeps_them(
    draft: TierPolicy, oscar: User
) -> None:
    rules = tuple(one for one in stored(draft).rules if one.tier != "professional")
    save(draft, oscar, order=("starter", "enterprise"), rules=rules)
    assert not PromiseTarget.objects.filter(policy=draft, tier="professional").exists()
    assert not TierPromise.objects.filter(policy=draft, tier="professional").exists()
    names = dict(Calendar.objects.values_list("key", "name"))
    draft.refresh_from_db()
    lines = history_of(draft, names)
    said = [change for line in lines for change in line.changes]
    assert any("8 h, Business hours (Berlin); floor 16 h" in change.old for change in said)
    assert any(change.what == "Queue" and change.old == "professional" for change in said)
    assert faults_of(draft) == []


def test_history_says_in_words_what_an_edit_changed(draft: TierPolicy, oscar: User) -> None:
    rules = (rule("enterprise", asks("acv", "gte", "30000", "27000")), stored(draft).rules[1])
    save(draft, oscar, rules=rules, demote_grace_days=30)
    [line] = [one for one in history_of(draft, {}) if one.kind == "criteria"]
    assert [(one.what, one.old, one.new) for one in line.changes] == [
        ("Days of grace before a step down", "60", "30"),
        (
            "Enterprise: Rule: Annual contract value",
            "at least USD 25,000, kept with at least USD 23,000",
            "at least USD 30,000, kept with at least USD 27,000",
        ),
    ]
    assert (line.by, line.at) == (oscar, TUESDAY)


@pytest.mark.parametrize(
    ("fact", "op", "typed", "kept"),
    [
        ("acv", "gte", ("25,000.50", ""), "25000.5"),
        ("severity_mix_90d", "lte", ("30 %", ""), "0.3"),
        ("severity_mix_90d", "lte", ("0.3", ""), "0.3"),
        ("region", "in", ("EMEA, DACH\nEMEA", ""), ["EMEA", "DACH"]),
        ("seats", "between", ("10", "20"), ["10", "20"]),
        ("health", "changed_within", ("30", ""), "30"),
        ("strategic", "eq", ("yes", ""), "true"),
        ("contract_start", "gte", ("2026-01-31", ""), "2026-01-31"),
    ],
)
def test_a_threshold_is_read_as_its_fact_is(
    fact: str, op: str, typed: tuple[str, str], kept: object
) -> None:
    assert op in ops_for(fact)
    assert read_threshold(fact, op, *typed) == kept
    again = typed_form(fact, op, Criterion(fact, op, kept).value)  # type: ignore[arg-type]
    assert read_threshold(fact, op, *again) == kept
    assert threshold_problem(fact, op, Criterion(fact, op, kept).value) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fact", "op", "typed"),
    [
        ("acv", "gte", ("lots", "")),
        ("acv", "gte", ("", "")),
        ("seats", "between", ("10", "")),
        ("region", "in", (" , ", "")),
        ("severity_mix_90d", "lte", ("x %", "")),
        ("severity_mix_90d", "lte", ("300 %", "")),
        ("severity_mix_90d", "lte", ("1e9999999 %", "")),
        ("severity_mix_90d", "lte", ("-1 %", "")),
        ("health", "changed_within", ("0", "")),
        ("contract_start", "gte", ("tomorrow", "")),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    fact: str, op: str, typed: tuple[str, str]
) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        read_threshold(fact, op, *typed)


# What a tier includes besides targets.


def included(policy: TierPolicy, tier: str = "starter") -> Included:
    """Return what a tier includes now."""
    return included_in(TierPromise.objects.get(policy=policy, tier=tier))


def test_what_a_tier_includes_is_changed_and_kept_as_history(
    draft: TierPolicy, oscar: User
) -> None:
    before = included(draft)
    after = replace(before, channels=["web"], account_team=["tam"], review_cadence_days=91)
    for _again in range(2):
        set_promise(
            policy=draft, tier="starter", included=after, seen=before.fingerprint, by=oscar,
            now=TUESDAY,
        )  # fmt: skip
    assert included(draft) == after
    [line] = [one for one in history_of(draft, {}) if one.kind == "promise"]
    assert ("Channels", "Web, E-mail, API", "Web") in [
        (one.what, one.old, one.new) for one in line.changes
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"queue_key": ""}, "queue_key"),
        ({"queue_key": "a queue"}, "queue_key"),
        ({"channels": []}, "channels"),
        ({"channels": ["pigeon"]}, "channels"),
        ({"account_team": ["butler"]}, "account_team"),
        ({"self_service": ["mirror"]}, "self_service"),
        ({"review_cadence_days": 0}, "review_cadence_days"),
    ],
)
def test_what_no_tier_can_include_is_named(
    draft: TierPolicy, oscar: User, changes: dict[str, Any], field: str
) -> None:
    before = included(draft)
    with pytest.raises(InvalidInput) as refused:
        set_promise(
            policy=draft, tier="starter", included=replace(before, **changes),
            seen=before.fingerprint, by=oscar, now=TUESDAY,
        )  # fmt: skip
    assert set(refused.value.fields) == {field}
    assert included(draft) == before


def test_of_two_who_change_what_a_tier_includes_the_later_is_told(
    draft: TierPolicy, oscar: User, root: User
) -> None:
    before = included(draft)
    for person, days in ((oscar, 91), (root, 182)):
        change = replace(before, review_cadence_days=days)
        values: dict[str, Any] = {
            "policy": draft, "tier": "starter", "seen": before.fingerprint, "now": TUESDAY,
        }  # fmt: skip
        if person == oscar:
            set_promise(included=change, by=person, **values)
            continue
        with pytest.raises(Refused) as refused:
            set_promise(included=change, by=person, **values)
        assert refused.value.code == "promise_changed"
    assert included(draft).review_cadence_days == 91
