"""What happened to an organization's tier, newest first, with what had changed each time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.db.models import Subquery
from django.db.models.functions import Coalesce

from people.models import Organization
from portal.kit.words import Words
from tiers.explaining import grace_end
from tiers.fact_words import fact_label, fact_value
from tiers.kept_decisions import decision_of
from tiers.models import AccountFact, TierAssignment
from tiers.reason_words import say_stored

STEPS = 30


@dataclass(frozen=True, slots=True)
class FactChange:
    """A fact that was another one at the assignment before."""

    label: Words
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Step:
    """One assignment: what it set, why, and which facts differed from the one before."""

    assignment: TierAssignment
    previous_tier: str
    sentence: str
    changes: tuple[FactChange, ...]
    grace_until: date | None

    @property
    def is_move(self) -> bool:
        """Whether the tier itself changed."""
        return self.previous_tier != self.assignment.tier

    @property
    def is_current(self) -> bool:
        """Whether this is what counts now."""
        return self.assignment.valid_to is None


def steps_of(
    organization: Organization, limit: int = STEPS, before: datetime | None = None
) -> list[Step]:
    """Return the latest assignments of an organization as a story, in one query.

    With ``before`` those that began earlier than that instant.
    """
    began = TierAssignment.objects.filter(organization=organization)
    if before is not None:
        began = began.filter(valid_from__lt=before)
    rows = list(
        began.select_related("evaluation__policy", "policy").order_by("-valid_from", "-id")[
            : limit + 1
        ]
    )
    told = [_step(newer, older) for newer, older in pairwise([*rows, None]) if newer is not None]
    return told[:limit]


def tier_since(organization: Organization, held: TierAssignment | None) -> datetime | None:
    """Return since when the tier in force has been held without a break."""
    if held is None:
        return None
    rows = TierAssignment.objects.filter(organization=organization)
    other = rows.exclude(tier=held.tier).order_by("-valid_from", "-id").values("id")[:1]
    same = rows.filter(id__gt=Coalesce(Subquery(other), 0)).order_by("valid_from", "id")
    return same.values_list("valid_from", flat=True).first()


def observations_of(organization: Organization, limit: int = 60) -> list[AccountFact]:
    """Return what was recorded about an organization, the latest first."""
    return list(
        AccountFact.objects.filter(organization=organization)
        .select_related("recorded_by")
        .order_by("-recorded_at", "-id")[:limit]
    )


def _step(newer: TierAssignment, older: TierAssignment | None) -> Step:
    currency = newer.policy.currency
    reasons = decision_of(newer.evaluation).get("reasons", [])
    return Step(
        assignment=newer,
        previous_tier=older.tier if older else "",
        sentence=say_stored(reasons[0], currency) if reasons else "",
        changes=tuple(_changes(newer, older, currency)) if older else (),
        grace_until=grace_end(newer) if newer.source == TierAssignment.Source.GRACE else None,
    )


def _changes(newer: TierAssignment, older: TierAssignment, currency: str) -> Iterator[FactChange]:
    before, after = _values(older.evaluation.snapshot), _values(newer.evaluation.snapshot)
    for fact in AccountFact.Name.values:
        old, new = before.get(fact), after.get(fact)
        if old != new:
            yield FactChange(
                fact_label(fact), fact_value(fact, old, currency), fact_value(fact, new, currency)
            )


def _values(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    values = {fact: found["value"] for fact, found in snapshot.get("facts", {}).items()}
    floor = snapshot.get("contract_floor")
    return values | ({AccountFact.Name.CONTRACT_FLOOR.value: floor} if floor else {})
