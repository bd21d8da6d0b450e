"""Contracts that a version would break, in words: they keep it from going live."""

from collections.abc import Iterator

from django.utils.translation import ngettext

from people.models import Organization
from portal.kit.words import tier_label
from tiers.models import TierPolicy
from tiers.preview.checking import broken_contracts
from tiers.program import rules_of
from tiers.rules.evaluation.values import InputError

# Accounts that a sentence names; the others are counted.
NAMED = 3


def contract_faults(policy: TierPolicy) -> Iterator[str]:
    """Yield a sentence for each tier that is signed and that the version drops."""
    live = TierPolicy.objects.with_everything().live().first()
    if live is None or live.pk == policy.pk:
        return
    try:
        broken = broken_contracts(tuple(policy.tier_order), rules_of(live).order)
    except InputError:  # what counts today cannot be read; said elsewhere
        return
    for one in broken:
        names = Organization.objects.filter(pk__in=one.organization_ids[:NAMED]).order_by("name")
        yield ngettext(
            "%(count)s contract signs %(tier)s, which this version does not have: %(names)s. Keep "
            "the tier, or change the contract first.",
            "%(count)s contracts sign %(tier)s, which this version does not have, among them "
            "%(names)s. Keep the tier, or change the contracts first.",
            len(one.organization_ids),
        ) % {
            "count": len(one.organization_ids),
            "tier": tier_label(one.tier),
            "names": ", ".join(organization.name for organization in names),
        }
