"""What a version says as plain data: to compare, to merge, to print and to sign."""

import hashlib
import json
from typing import Any

from tiers.models import PromiseTarget, TierPolicy, TierPromise, TierRule
from tiers.rules.prints import print_of

# What a new version takes over from the one that it is made of, besides its rows.
SETTINGS = (
    "name", "tier_order", "default_tier", "currency", "demote_grace_days", "max_step_down",
    "stale_days",
)  # fmt: skip
# (kind, where) -> what it says. A promise's key is its place.
Key = tuple[str | int, ...]
Content = dict[Key, Any]


def read_content(policy: TierPolicy) -> Content:
    """Return everything that a version says, as it is stored now."""
    content: Content = {("setting", name): getattr(policy, name) for name in SETTINGS}
    content["rules",] = [
        (
            content_of(rule, {"policy"}),
            [content_of(criterion, {"rule"}) for criterion in rule.criteria.all()],
        )
        for rule in TierRule.objects.filter(policy=policy)
        .order_by("precedence")
        .prefetch_related("criteria")
    ]
    for promise in TierPromise.objects.filter(policy=policy):
        content["promise", promise.tier] = content_of(promise, {"policy"})
    for row in PromiseTarget.objects.filter(policy=policy):
        content["target", row.tier, row.severity, row.metric] = content_of(row, {"policy"})
    return content


def content_of(row: Any, besides: set[str]) -> dict[str, Any]:
    """Return what a row says: every column but its own key and the row it hangs on."""
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key and field.name not in besides
    }


def content_fingerprint(policy: TierPolicy) -> str:
    """Return the SHA-256 of everything that a version says, its name too."""
    content = read_content(policy)
    said = sorted((json.dumps(key), value) for key, value in content.items())
    return hashlib.sha256(
        json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def criteria_fingerprint(policy: TierPolicy) -> str:
    """Return a short print of the tiers and criteria alone: what the criteria editor shows."""
    content = read_content(policy)
    said = [content["rules",], *(content["setting", name] for name in SETTINGS if name != "name")]
    return print_of(said)
