"""Keep the one row per account that questions about all accounts read."""

from collections.abc import Collection, Mapping
from datetime import datetime

from people.models import Organization
from portal.kit.bulk import update_all
from tiers.known_facts import Known, known_facts
from tiers.models import AccountFact, AccountStanding, TierAssignment, TierPolicy
from tiers.rules import evaluation
from tiers.rules.standings import FACT_NAMES, columns_of

COLUMNS = [field.name for field in AccountStanding._meta.concrete_fields if not field.primary_key]


def keep_standing(
    *,
    organization: Organization,
    known: Mapping[str, Known],
    held: TierAssignment,
    state: evaluation.PreviousState,
    policy: TierPolicy,
    now: datetime,
) -> None:
    """Write where an account stands; its organization's row must be locked."""
    AccountStanding.objects.bulk_create(
        [standing_of(organization.pk, known, held, state, policy.pk, now)],
        update_conflicts=True,
        unique_fields=["organization"],
        update_fields=COLUMNS,
    )


def keep_facts(*, organization_ids: Collection[int]) -> None:
    """Bring the facts of accounts up to date, leaving the rest; their organizations are locked."""
    known = known_facts(organization_ids)
    rows = list(AccountStanding.objects.filter(pk__in=organization_ids))
    for row in rows:
        for name, value in columns_of(known[row.pk]).items():
            setattr(row, name, value)
    update_all(rows, FACT_NAMES)


def standing_of(
    organization_id: int,
    known: Mapping[str, Known],
    held: TierAssignment,
    state: evaluation.PreviousState,
    policy_id: int,
    judged_at: datetime,
) -> AccountStanding:
    """Return the row as it must be, not stored."""
    floor = known.get(AccountFact.Name.CONTRACT_FLOOR)
    return AccountStanding(
        organization_id=organization_id,
        tier=held.tier,
        source=held.source,
        held=state.tier,
        below_since=state.below_since,
        judged_policy_id=policy_id,
        judged_at=judged_at,
        contract_floor=floor.text if floor else "",
        **columns_of(known),
    )
