"""Evaluate an organization and keep the answer as history."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

from django.db import transaction
from django.db.models import F, Q

from people.models import Organization
from portal.kit.claims import lock
from tiers.actions.judging_policy import policy_judging
from tiers.actions.standings import keep_standing
from tiers.kept_decisions import memory_of
from tiers.known_facts import OBSERVING_SOURCES, Known, known_facts
from tiers.models import (
    AccountFact,
    Criterion,
    TierAssignment,
    TierEvaluation,
    TierOverride,
    TierPolicy,
)
from tiers.models.facts import AccountFactQuerySet
from tiers.program import live_policy_at, program_of
from tiers.rules import evaluation

__all__ = ["OBSERVING_SOURCES", "evaluate_organization", "inputs_of", "open_assignment"]


def inputs_of(organization: Organization, now: datetime) -> evaluation.Inputs:
    """Read everything the evaluator looks at."""
    known = known_facts([organization.pk])[organization.pk]
    return _inputs(organization, known, open_assignment(organization), now)


def _inputs(
    organization: Organization,
    known: Mapping[str, Known],
    held: TierAssignment | None,
    now: datetime,
) -> evaluation.Inputs:
    today = now.date()
    floor = known.get(AccountFact.Name.CONTRACT_FLOOR)
    return evaluation.Inputs(
        facts={
            name: evaluation.FactValue(
                value=fact.text,
                observed_on=fact.seen or today,
                source=fact.source,
                changed_on=fact.changed,
            )
            for name, fact in known.items()
            if name != AccountFact.Name.CONTRACT_FLOOR
        },
        today=today,
        previous=state_of(held),
        overrides=tuple(
            evaluation.Override(tier=row.tier, starts=row.starts, expires=row.expires)
            for row in TierOverride.objects.not_withdrawn().filter(organization=organization)
        ),
        contract_floor=floor.text if floor else None,
    )


def open_assignment(organization: Organization) -> TierAssignment | None:
    """Return the assignment in force with its evaluation, or None before the first one."""
    return (
        TierAssignment.objects.open()
        .filter(organization=organization)
        .select_related("evaluation__policy")
        .first()
    )


def state_of(held: TierAssignment | None) -> evaluation.PreviousState | None:
    """Return the evaluator's memory: what the account holds by right, without any override."""
    if held is None:
        return None
    return memory_of(held.evaluation)


@transaction.atomic
def evaluate_organization(*, organization: Organization, now: datetime) -> TierAssignment:
    """Evaluate one organization; return the assignment in force afterwards.

    A change of tier, source or memory closes the open row and opens the next one; an
    answer that changes nothing is only noted in the account's standing. Under an override
    the memory goes on by the facts, which is where its end returns to. The organization's
    row is locked, so that two evaluations at once are one after the other.
    """
    policy, now = policy_judging(now)
    lock(Organization.objects.filter(pk=organization.pk)).get()
    known = known_facts([organization.pk])[organization.pk]
    held = open_assignment(organization)
    inputs = _inputs(organization, known, held, now)
    decision = evaluation.decide(program_of(policy).rules, inputs)
    if not says_the_same(held, decision):
        held = _assign(organization, held, policy, inputs, decision, now)
    assert held is not None
    keep_standing(
        organization=organization, known=known, held=held, state=decision.state, policy=policy,
        now=now,
    )  # fmt: skip
    return held


def says_the_same(held: TierAssignment | None, decision: evaluation.Decision) -> bool:
    """Whether an answer changes nothing about the assignment in force, whatever version gave it."""
    return (
        held is not None
        and held.tier == decision.tier
        and state_of(held) == decision.state
        and _same_standing(held.source, decision.source)
    )


def _assign(
    organization: Organization,
    held: TierAssignment | None,
    policy: TierPolicy,
    inputs: evaluation.Inputs,
    decision: evaluation.Decision,
    now: datetime,
) -> TierAssignment:
    """Keep an answer with what it was made from; close the open row and open the next."""
    row = TierEvaluation.objects.create(
        organization=organization,
        policy=policy,
        evaluated_at=now,
        snapshot=inputs.to_json(),
        decision=decision.to_json(),
    )
    if held is not None:
        held.valid_to = max(now, held.valid_from)
        held.save(update_fields=["valid_to"])
    return TierAssignment.objects.create(
        organization=organization,
        tier=decision.tier,
        source=decision.source,
        policy=policy,
        evaluation=row,
        below_since=decision.state.below_since,
        valid_from=held.valid_to if held is not None and held.valid_to else now,
    )


def _same_standing(held: str, found: str) -> bool:
    """Whether two sources say the same: who was promoted now simply meets the criteria."""
    settled = {
        TierAssignment.Source.CRITERIA,
        TierAssignment.Source.PROMOTE,
        TierAssignment.Source.DEMOTE,
    }
    return held == found or (held in settled and found == TierAssignment.Source.CRITERIA)


def organizations_to_evaluate(now: datetime) -> list[int]:
    """Return the ids of organizations whose answer may differ today without a new fact.

    Those never evaluated, those in grace, those with an override that began or
    ended, and those whose facts went stale. A version that was published has a run of
    its own (``tiers.actions.applying``).
    """
    today = now.date()
    policy = live_policy_at(now)
    open_rows = TierAssignment.objects.open()
    never = Organization.objects.exclude(pk__in=open_rows.values("organization_id")).values_list(
        "pk", flat=True
    )
    moved = open_rows.filter(
        Q(below_since__isnull=False)
        | Q(source=TierAssignment.Source.OVERRIDE)
        | Q(
            organization__tier_overrides__withdrawn_at=None,
            organization__tier_overrides__starts__lte=today,
            organization__tier_overrides__expires__gt=today,
        )
        | (
            ~Q(source=TierAssignment.Source.HOLD)
            & Q(organization__in=_gone_stale(policy, now).values("organization_id"))
        )
    ).values_list(F("organization_id"), flat=True)
    return sorted({*never, *moved})


def _gone_stale(policy: TierPolicy, now: datetime) -> AccountFactQuerySet:
    """Return the observed facts that criteria ask for and that nobody confirmed in time."""
    oldest_day = now.date() - timedelta(days=policy.stale_days)
    asked = Criterion.objects.filter(rule__policy=policy).values("fact")
    facts = AccountFact.objects.current().filter(fact__in=asked, source__in=OBSERVING_SOURCES)
    return facts.last_seen_before(datetime.combine(oldest_day, time(), tzinfo=UTC))
