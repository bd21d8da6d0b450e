"""The one place where the databases differ: PostgreSQL decides in SQL, elsewhere Python does."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.db import connection, transaction

from tiers.models import AccountStanding, TierOverride
from tiers.rules import evaluation
from tiers.rules.standings import FACT_NAMES, facts_of

FOR_ALL_ACCOUNTS = """
    SET LOCAL jit = off;
    SET LOCAL work_mem = '64MB';
    SET LOCAL parallel_tuple_cost = 0.001;
    SET LOCAL max_parallel_workers_per_gather = 4;
"""


def decides_in_sql() -> bool:
    """Whether the database runs the compiled evaluator."""
    return connection.vendor == "postgresql"


def fetched(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement of ours over all accounts.

    Compiling such a statement to machine code takes longer than running it, what it groups
    fits into memory, and PostgreSQL expects a hundred thousand groups where there are a
    few: it would leave the other cores idle.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FOR_ALL_ACCOUNTS)
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def inputs_by_account(
    today: date, **where: object
) -> Iterator[tuple[AccountStanding, evaluation.Inputs]]:
    """Return the standings that match, by id, with what the evaluator is asked about each.

    One statement for the standings and one for the overrides, however many there are.
    """
    standings = AccountStanding.objects.filter(**where)
    lent: dict[int, list[evaluation.Override]] = defaultdict(list)
    overrides = TierOverride.objects.in_force_on(today).filter(
        organization__in=standings.values("organization_id")
    )
    for row in overrides:
        lent[row.organization_id].append(evaluation.Override(row.tier, row.starts, row.expires))
    for standing in standings.order_by("organization_id").iterator(chunk_size=2000):
        columns = {name: getattr(standing, name) for name in FACT_NAMES}
        yield (
            standing,
            evaluation.Inputs(
                facts=dict(facts_of(columns, today)),
                today=today,
                previous=evaluation.PreviousState(standing.held, standing.below_since),
                overrides=tuple(lent.get(standing.organization_id, ())),
                contract_floor=standing.contract_floor or None,
            ),
        )
