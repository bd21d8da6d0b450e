"""Which accounts of a preview somebody wants to see: of a cell, in grace, near a threshold."""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tiers.models import AccountStanding
from tiers.preview.criteria_sql import FAR
from tiers.rules.evaluation import Criterion, Decision, Policy, Threshold
from tiers.rules.standings import FACT_COLUMNS, FactColumn

# Of a threshold, in percent: who is nearer is shown.
NEAR = 5


@dataclass(frozen=True, slots=True)
class Selection:
    """A question about accounts, once for each way of asking.

    ``where`` is SQL over the standing ``s``, ``having`` SQL over the answer ``d``, both
    ours, with ``values`` as their parameters; ``holds`` asks the same in Python.
    """

    where: str
    having: str
    holds: Callable[[AccountStanding, Decision], bool]
    values: Mapping[str, object] = field(default_factory=dict)


def in_cell(policy: Policy, before: str, after: str) -> Selection:
    """Accounts with one tier now and another (or the same) then."""
    rank = policy.ranks.get(after, -1)
    return Selection(
        where="s.tier = %(before)s",
        having=f"d.to_rank = {rank}",
        holds=lambda standing, decision: (standing.tier, decision.tier) == (before, after),
        values={"before": before},
    )


def that_move(policy: Policy) -> Selection:
    """Accounts that get another tier."""
    ranks = " ".join(f"WHEN %(tier{rank})s THEN {rank}" for rank in policy.ranks.values())
    return Selection(
        where="TRUE",
        having=f"d.to_rank IS DISTINCT FROM CASE d.tier {ranks} END",
        holds=lambda standing, decision: standing.tier != decision.tier,
        values={f"tier{rank}": tier for tier, rank in policy.ranks.items()},
    )


def new_in_grace() -> Selection:
    """Accounts that are safe today and would keep their tier for the grace period only."""
    return Selection(
        where="s.below_since IS NULL",
        having="d.grace_until IS NOT NULL",
        holds=lambda standing, decision: (
            standing.below_since is None and decision.source == "grace"
        ),
    )


@dataclass(frozen=True, slots=True)
class Edge:
    """A threshold and the span that is near it, in units of the fact's column.

    ``leaving``: counts for accounts that hold ``tier`` (True), for the others (False), or
    for all (None).
    """

    column: FactColumn
    tier: str
    leaving: bool | None
    at: Decimal
    low: int
    high: int

    def is_near(self, standing: AccountStanding) -> bool:
        """Whether an account's fact is near this threshold, and the threshold is its."""
        value = getattr(standing, self.column.fact)
        counts = self.leaving is None or self.leaving == (standing.held == self.tier)
        return counts and value is not None and self.low <= value <= self.high

    def distance(self, standing: AccountStanding) -> Decimal:
        """How far the fact is from the threshold, as a share of it; below is negative."""
        value = Decimal(getattr(standing, self.column.fact))
        return (value - self.at) / self.at


def edges_of(policy: Policy) -> tuple[Edge, ...]:
    """Return the numeric thresholds of a policy.

    Left out are those of which five percent is less than one step of the fact: nobody is
    near "criticality 4" without being at it.
    """
    edges = []
    for rule in policy.rules_in_turn:
        for criterion in rule.criteria if rule.tier in policy.ranks else ():
            column = FACT_COLUMNS.get(criterion.fact)
            if column is None or column.kind != "number" or criterion.op not in _ORDERLY:
                continue
            for threshold, leaving in _bands(criterion):
                bounds = threshold if isinstance(threshold, tuple) else (threshold,)
                edges += [
                    _edge(column, rule.tier, leaving, at * column.scale)
                    for at in bounds
                    if isinstance(at, Decimal)
                ]
    return tuple(edge for edge in edges if edge.high - edge.low >= 2)


_ORDERLY = frozenset({"gte", "gt", "lte", "lt", "between"})


def _bands(criterion: Criterion) -> list[tuple[Threshold, bool | None]]:
    if criterion.exit_value is None:
        return [(criterion.value, None)]
    return [(criterion.value, False), (criterion.exit_value, True)]


def _edge(column: FactColumn, tier: str, leaving: bool | None, at: Decimal) -> Edge:
    span = abs(at) * NEAR / 100
    low, high = math.ceil(at - span), math.floor(at + span)
    return Edge(column, tier, leaving, at, max(low, -FAR), min(high, FAR))


def near_a_threshold(policy: Policy) -> Selection:
    """Accounts within five percent of a threshold, by the band that counts for them."""
    edges = edges_of(policy)
    values = {f"near{place}": edge.tier for place, edge in enumerate(edges)}
    parts = []
    for place, edge in enumerate(edges):
        holds = {None: "TRUE", True: f"s.held = %(near{place})s"}.get(
            edge.leaving, f"s.held <> %(near{place})s"
        )
        parts.append(
            f"({holds} AND s.{edge.column.fact} BETWEEN {edge.low}::bigint AND {edge.high}::bigint)"
        )
    return Selection(
        where=f"({' OR '.join(parts) or 'FALSE'})",
        having="TRUE",
        holds=lambda standing, _decision: any(edge.is_near(standing) for edge in edges),
        values=values,
    )


def among(organization_ids: Collection[int]) -> Selection:
    """These accounts."""
    wanted = frozenset(organization_ids)
    return Selection(
        where="s.organization_id = ANY(%(wanted)s)",
        having="TRUE",
        holds=lambda standing, _decision: standing.organization_id in wanted,
        values={"wanted": sorted(wanted)},
    )
