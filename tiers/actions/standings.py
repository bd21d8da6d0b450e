"""Keep the one row per account that questions about all accounts read."""

from collections.abc import Collection, Mapping
from datetime import datetime

import structlog
from django.db import transaction

from people.models import Organization
from portal.kit.bulk import update_all
from portal.kit.claims import lock
from tiers.kept_decisions import memory_of
from tiers.known_facts import Known, known_facts
from tiers.models import AccountFact, AccountStanding, TierAssignment, TierPolicy
from tiers.rules import evaluation
from tiers.rules.standings import FACT_NAMES, columns_of

log = structlog.get_logger("tiers.standings")

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


def check_standings(*, chunk: int = 500) -> int:
    """Compare every standing with what it is made from; repair and log those that differ.

    Returns how many differed. Each chunk is a transaction of its own in which its
    organizations are locked, so that no evaluation comes between.
    """
    differing, last = 0, 0
    while True:
        with transaction.atomic():
            organizations = lock(Organization.objects.filter(pk__gt=last).order_by("pk"))
            ids = list(organizations.values_list("pk", flat=True)[:chunk])
            if not ids:
                return differing
            differing += _check(ids)
        last = ids[-1]


def _check(ids: Collection[int]) -> int:
    known = known_facts(ids)
    held = TierAssignment.objects.open().filter(organization__in=ids).select_related("evaluation")
    found = AccountStanding.objects.in_bulk(ids)
    wrong = []
    for row in held:
        kept = found.get(row.organization_id)
        right = standing_of(
            row.organization_id,
            known[row.organization_id],
            row,
            memory_of(row.evaluation),
            kept.judged_policy_id if kept else row.policy_id,
            kept.judged_at if kept else row.valid_from,
        )
        differs = [name for name in COLUMNS if kept is None or _of(kept, name) != _of(right, name)]
        if differs:
            log.error("standing differs", organization=row.organization_id, columns=differs)
            wrong.append(right)
    AccountStanding.objects.bulk_create(
        wrong, update_conflicts=True, unique_fields=["organization"], update_fields=COLUMNS
    )
    return len(wrong)


def _of(row: AccountStanding, name: str) -> object:
    return row.judged_policy_id if name == "judged_policy" else getattr(row, name)
