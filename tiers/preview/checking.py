"""What a version would break, and what it would make superfluous."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tiers.models import AccountStanding, TierOverride
from tiers.preview.accounts import selected_accounts
from tiers.preview.selecting import among
from tiers.rules import evaluation


@dataclass(frozen=True, slots=True)
class BrokenContracts:
    """Contracts that sign a tier which the version no longer has."""

    tier: str
    organization_ids: tuple[int, ...]


def broken_contracts(order: Sequence[str], live: Sequence[str]) -> list[BrokenContracts]:
    """Return the contracts that would be broken if these tiers took the place of the live ones.

    The evaluator never goes below a tier that is signed, whatever facts, overrides and
    grace say; so a version breaks a contract in one way alone: it drops the tier that
    was signed. A floor that is unknown today too (a typing mistake, say) is no worse
    then, and counts for nothing here. Custom SLAs belong to the organization and replace
    whatever a version promises, so no version breaks them.
    """
    gone = set(live) - set(order)
    signed = AccountStanding.objects.filter(contract_floor__in=gone).order_by("pk")
    found: dict[str, list[int]] = {}
    for pk, floor in signed.values_list("pk", "contract_floor"):
        found.setdefault(floor, []).append(pk)
    return [BrokenContracts(tier, tuple(pks)) for tier, pks in sorted(found.items())]


def superfluous_overrides(policy: evaluation.Policy, now: datetime) -> Sequence[TierOverride]:
    """Return the overrides in force that would become superfluous, by account.

    An override becomes superfluous when the account would hold the tier that it lends by
    right, and does not today.
    """
    in_force = TierOverride.objects.in_force_on(now.date()).order_by("organization_id", "starts")
    lent = {row.organization_id: row for row in in_force.select_related("organization__standing")}
    found = []
    for answer in selected_accounts(policy, among(lent), now):
        row = lent.get(answer.organization_id)
        if row is None or row.tier != answer.held:
            continue
        if row.organization.standing.held != row.tier:
            found.append(row)
    return found
