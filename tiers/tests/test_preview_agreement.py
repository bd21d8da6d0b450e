"""The evaluator in SQL answers what the evaluator answers, for whatever policy and account."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import TUESDAY
from people.models import Organization, User
from tiers.actions.facts import canonical_fact
from tiers.models import AccountStanding, TierOverride, TierPolicy
from tiers.preview import tier_counts
from tiers.preview.asking import fetched, inputs_by_account
from tiers.preview.deciding_sql import SOURCES, decided
from tiers.rules.evaluation import Criterion, Policy, Rule, decide
from tiers.rules.standings import FACT_COLUMNS

TODAY = TUESDAY.date()
DAY = timedelta(days=1)
TIERS = ("starter", "professional", "enterprise", "sovereign")
FACTS = tuple(FACT_COLUMNS)

near_days = st.integers(-3, 70).map(lambda days: TODAY - days * DAY)
words = st.sampled_from(
    ["EU", "eu", "US", "Straße", "12", "12.0", "12.50", "-0", "true", "2026-03-01", "2026-13-45",
     "d:x", "007"]
)  # fmt: skip
amounts = st.sampled_from(["0", "4999.99", "5000", "5000.01", "24999.99", "25000", "999999999999"])
readings = {
    "acv": amounts,
    "seats": st.integers(0, 30).map(str),
    "usage_criticality": st.integers(1, 5).map(str),
    "strategic": st.sampled_from(["yes", "no"]),
    "region": words,
    "contract_start": near_days.map(date.isoformat),
    "contract_renewal": near_days.map(date.isoformat),
    "severity_mix_90d": st.sampled_from(["0", "0.1", "0.1234", "0.5", "1"]),
    "health": st.integers(0, 100).map(str),
}
# Thresholds of every kind, also of a kind that the fact is not.
numbers = st.sampled_from(
    ["0", "1", "3", "12", "12.5", "50", "5000", "4999.995", "25000", "23000.5", "0.1234", "0.12345",
     "-1", "1" * 30]
).map(Decimal)  # fmt: skip
orderly = st.one_of(numbers, near_days)
anything = st.one_of(orderly, words, st.booleans())


@st.composite
def criteria(draw: st.DrawFn) -> Criterion:
    op: Any = draw(
        st.sampled_from(["gte", "gt", "lte", "lt", "eq", "in", "between", "changed_within"])
    )
    fact = draw(st.sampled_from((*FACTS, "unheard_of")))

    def threshold() -> Any:
        if op == "in":
            return tuple(draw(st.lists(anything, min_size=1, max_size=3)))
        if op == "between":
            kind: Any = draw(st.sampled_from([numbers, near_days]))
            pair: Any = sorted(draw(st.lists(kind, min_size=2, max_size=2, unique=True)))
            return tuple(pair)
        if op == "changed_within":
            return Decimal(draw(st.sampled_from([0, 1, 5, 30, 10**9, 10**25])))
        return draw(anything if op == "eq" else orderly)

    return Criterion(fact, op, threshold(), threshold() if draw(st.booleans()) else None)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    order = TIERS[: draw(st.integers(1, 4))]
    return Policy(
        order=order,
        default_tier=draw(st.sampled_from(order)),
        rules=tuple(
            Rule(
                tier=draw(st.sampled_from((*order, order[-1], "abolished"))),
                precedence=draw(st.integers(1, 4)),
                criteria=tuple(draw(st.lists(criteria(), min_size=0, max_size=3))),
                match=draw(st.sampled_from(["all", "any"])),
                missing=draw(st.sampled_from(["hold", "fail"])),
                key=str(place),
            )
            for place in range(draw(st.integers(0, 5)))
        ),
        demote_grace_days=draw(st.sampled_from([0, 1, 10, 60, 10**9])),
        max_step_down=draw(st.integers(1, 3)),
        stale_days=draw(st.sampled_from([0, 14, 40, 10**6])),
        fact_stale_days=draw(
            st.dictionaries(st.sampled_from(FACTS), st.integers(0, 60), max_size=2)
        ),
    )


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for fact, column in FACT_COLUMNS.items():
        kept = None
        if draw(st.integers(0, 3)):
            kept = column.kept(canonical_fact(fact, draw(readings[fact])))
        columns[fact] = kept
        columns[column.seen] = None if kept is None else draw(st.none() | near_days)
        columns[column.changed] = None if kept is None else draw(near_days)
    return {
        **columns,
        "tier": draw(st.sampled_from(TIERS)),
        "source": "criteria",
        "held": draw(st.sampled_from((*TIERS, "abolished"))),
        "below_since": draw(st.none() | near_days),
        "contract_floor": draw(st.sampled_from(("", "", *TIERS, "abolished"))),
    }


overrides = st.lists(
    st.tuples(st.sampled_from((*TIERS, "abolished")), near_days, st.integers(1, 90), st.booleans()),
    max_size=3,
)


@pytest.mark.django_db
@settings(
    derandomize=True, deadline=None, max_examples=250,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(policies(), st.lists(st.tuples(accounts(), overrides), min_size=1, max_size=8))
def test_sql_answers_what_the_evaluator_answers(lena, oscar, policy, drawn):
    if connection.vendor != "postgresql":
        pytest.skip("Only PostgreSQL decides in SQL.")
    _put_in_place([columns for columns, _ in drawn], [lent for _, lent in drawn], lena, oscar)
    found = decided(policy, TODAY)

    columns = "organization_id, to_rank, to_source, to_held, to_below, grace_until"
    asked = f"SELECT {columns} FROM ({found.sql}) d"  # noqa: S608
    answers = {
        pk: (policy.order[rank], SOURCES[source], policy.order[held], below, until)
        for pk, rank, source, held, below, until in fetched(asked, found.values)
    }

    for standing, inputs in inputs_by_account(TODAY):
        decision = decide(policy, inputs, with_counterfactuals=False)
        until = decision.grace_until if decision.source == "grace" else None
        assert answers[standing.organization_id] == (
            decision.tier, decision.source, decision.state.tier, decision.state.below_since, until
        ), inputs  # fmt: skip
    assert len(answers) == len(drawn)


def _put_in_place(
    drawn: list[dict[str, Any]], lent: list[list[Any]], asker: User, approver: User
) -> None:
    AccountStanding.objects.all().delete()
    TierOverride.objects.all().delete()
    live = TierPolicy.objects.live().get()
    missing = len(drawn) - Organization.objects.count()
    Organization.objects.bulk_create(
        Organization(name=f"Account {missing} {n}") for n in range(missing)
    )
    for pk, columns, given_overrides in zip(
        Organization.objects.order_by("pk").values_list("pk", flat=True), drawn, lent, strict=False
    ):
        AccountStanding.objects.create(
            organization_id=pk, judged_policy=live, judged_at=TUESDAY, **columns
        )
        TierOverride.objects.bulk_create(
            TierOverride(
                organization_id=pk, tier=tier, reason="agreed", requested_by=asker,
                approved_by=approver, starts=starts, expires=starts + days * DAY,
                withdrawn_at=TUESDAY if is_withdrawn else None,
            )
            for tier, starts, days, is_withdrawn in given_overrides
        )  # fmt: skip


@pytest.mark.django_db
def test_every_tier_is_counted_as_the_live_program_gives_it(ada, paul, stella):
    from tiers.program import program_of

    counts = tier_counts(program_of(TierPolicy.objects.live().get()).rules, TUESDAY)

    held = AccountStanding.objects.values_list("tier", flat=True)
    assert counts == {
        tier: list(held).count(tier) for tier in ("starter", "professional", "enterprise")
    }
    assert counts["enterprise"] == 1
