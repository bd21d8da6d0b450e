"""Evaluate an organization and keep the answer as history."""

from datetime import UTC, datetime, time, timedelta

from django.db import transaction
from django.db.models import F, Q

from people.models import Organization
from portal.kit.claims import lock
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

# Sources that look again by themselves. What a person recorded stands until a
# person changes it: nobody re-observes it, so its age says nothing.
OBSERVING_SOURCES = frozenset({"hubspot", "salesforce", "reports"})


def inputs_of(organization: Organization, now: datetime) -> evaluation.Inputs:
    """Read everything the evaluator looks at."""
    facts: dict[str, evaluation.FactValue] = {}
    contract_floor = None
    today = now.date()
    for row in AccountFact.objects.filter(organization=organization).current():
        if not row.value:
            continue
        if row.fact == AccountFact.Name.CONTRACT_FLOOR:
            contract_floor = row.value
            continue
        observed = row.last_seen_at.date() if row.source in OBSERVING_SOURCES else today
        facts[row.fact] = evaluation.FactValue(
            value=row.value, observed_on=observed, source=row.source
        )
    return evaluation.Inputs(
        facts=facts,
        today=today,
        previous=state_of(open_assignment(organization)),
        overrides=tuple(
            evaluation.Override(tier=row.tier, starts=row.starts, expires=row.expires)
            for row in TierOverride.objects.not_withdrawn().filter(organization=organization)
        ),
        contract_floor=contract_floor,
    )


def open_assignment(organization: Organization) -> TierAssignment | None:
    """Return the assignment in force with its evaluation, or None before the first one."""
    return (
        TierAssignment.objects.open()
        .filter(organization=organization)
        .select_related("evaluation")
        .first()
    )


def state_of(held: TierAssignment | None) -> evaluation.PreviousState | None:
    """Return the evaluator's memory: what the account holds by right, without any override."""
    if held is None:
        return None
    return evaluation.PreviousState.from_json(held.evaluation.decision["state"])


@transaction.atomic
def evaluate_organization(*, organization: Organization, now: datetime) -> TierAssignment:
    """Evaluate one organization; return the assignment in force afterwards.

    A change of tier, source, memory or policy closes the open row and opens the
    next one; an answer that changes nothing writes nothing. Under an override
    the memory goes on by the facts, which is where its end returns to. The organization's
    row is locked, so that two evaluations at once are one after the other.
    """
    lock(Organization.objects.filter(pk=organization.pk)).get()
    policy = live_policy_at(now)
    inputs = inputs_of(organization, now)
    decision = evaluation.decide(program_of(policy).rules, inputs)
    held = open_assignment(organization)
    if (
        held is not None
        and (held.tier, held.policy_id) == (decision.tier, policy.pk)
        and state_of(held) == decision.state
        and _same_standing(held.source, decision.source)
    ):
        return held
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
    ended, those judged under another policy, and those whose facts went stale.
    """
    today = now.date()
    policy = live_policy_at(now)
    open_rows = TierAssignment.objects.open()
    never = Organization.objects.exclude(pk__in=open_rows.values("organization_id")).values_list(
        "pk", flat=True
    )
    moved = open_rows.filter(
        Q(below_since__isnull=False)
        | ~Q(policy=policy)
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
