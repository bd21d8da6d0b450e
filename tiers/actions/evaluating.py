"""Evaluate an organization and keep the answer as history."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from people.models import Organization
from portal.kit.claims import lock
from tiers.models import AccountFact, TierAssignment, TierEvaluation, TierOverride
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
        observed = row.observed_at.date() if row.source in OBSERVING_SOURCES else today
        facts[row.fact] = evaluation.FactValue(
            value=row.value, observed_on=observed, source=row.source
        )
    held = TierAssignment.objects.open().filter(organization=organization).first()
    return evaluation.Inputs(
        facts=facts,
        today=today,
        previous=held and evaluation.PreviousState(tier=held.tier, below_since=held.below_since),
        overrides=tuple(
            evaluation.Override(tier=row.tier, starts=row.starts, expires=row.expires)
            for row in TierOverride.objects.not_withdrawn().filter(organization=organization)
        ),
        contract_floor=contract_floor,
    )


@transaction.atomic
def evaluate_organization(*, organization: Organization, now: datetime) -> TierAssignment:
    """Evaluate one organization; return the assignment in force afterwards.

    A change of tier, source, memory or policy closes the open row and opens the
    next one; an answer that changes nothing writes nothing. The organization's
    row is locked, so that two evaluations at once are one after the other.
    """
    lock(Organization.objects.filter(pk=organization.pk)).get()
    policy = live_policy_at(now)
    inputs = inputs_of(organization, now)
    decision = evaluation.decide(program_of(policy).rules, inputs)
    held = TierAssignment.objects.open().filter(organization=organization).first()
    if held is not None and (
        (held.tier, held.below_since, held.policy_id)
        == (decision.tier, decision.state.below_since, policy.pk)
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
    ended, and those judged under another policy.
    """
    today = now.date()
    policy = live_policy_at(now)
    open_rows = TierAssignment.objects.open()
    never = Organization.objects.exclude(
        pk__in=open_rows.values("organization_id")
    ).values_list("pk", flat=True)
    moved = open_rows.filter(
        Q(below_since__isnull=False)
        | ~Q(policy=policy)
        | Q(source=TierAssignment.Source.OVERRIDE)
        | Q(
            organization__tier_overrides__withdrawn_at=None,
            organization__tier_overrides__starts__lte=today,
            organization__tier_overrides__expires__gt=today,
        )
    ).values_list(F("organization_id"), flat=True)
    return sorted({*never, *moved})
