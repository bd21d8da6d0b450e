"""How many accounts each tier would have."""

from collections import Counter
from datetime import datetime

from tiers.preview.asking import decides_in_sql, fetched, inputs_by_account
from tiers.preview.deciding_sql import decided_in_groups
from tiers.rules import evaluation


def tier_counts(policy: evaluation.Policy, now: datetime) -> dict[str, int]:
    """Return how many accounts each tier would have now if this policy counted, lowest first.

    The tier that counts in the end, overrides included. Accounts that were never judged are
    left out. Raises InputError when the policy's default tier is none of its tiers.
    """
    today = now.date()
    counts: Counter[str] = Counter()
    if decides_in_sql():
        found = decided_in_groups(policy, today, by=())
        counting = f"SELECT to_rank, sum(accounts) FROM ({found.sql}) d GROUP BY 1"  # noqa: S608
        for rank, accounts in fetched(counting, found.values):
            counts[policy.order[rank]] = int(accounts)
    else:
        for _standing, inputs in inputs_by_account(today):
            counts[evaluation.decide(policy, inputs, with_counterfactuals=False).tier] += 1
    return {tier: counts[tier] for tier in policy.order}
