"""Judge a batch of accounts in a fixed number of statements, on PostgreSQL.

Only accounts whose answer changes are touched. What is kept of each is what a single evaluation
keeps (the snapshot, the answer and its memory), but for the trace: it follows from the snapshot
and the version, and ``tiers.kept_decisions`` makes it again whenever somebody asks why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from people.models import Organization
from portal.kit.claims import claim
from tiers.known_facts import OBSERVING_SOURCES
from tiers.models import (
    AccountFact,
    AccountStanding,
    TierAssignment,
    TierEvaluation,
    TierOverride,
    TierPolicy,
)
from tiers.preview.asking import FOR_ALL_ACCOUNTS
from tiers.preview.deciding_sql import CRITERIA, SOURCES, Decided, decided
from tiers.rules import evaluation
from tiers.rules.standings import FACT_COLUMNS

STANDINGS, FACTS = AccountStanding._meta.db_table, AccountFact._meta.db_table
ASSIGNMENTS, EVALUATIONS = TierAssignment._meta.db_table, TierEvaluation._meta.db_table
OVERRIDES = TierOverride._meta.db_table
SETTLED = ("criteria", "promote", "demote")


@dataclass(frozen=True, slots=True)
class Judged:
    """What a batch did. ``moves``: tier before, tier after, accounts. ``held``: left for later."""

    changed: int
    moves: Sequence[tuple[str, str, int]]
    held: Sequence[int]


def judge_in_sql(
    *, policy: TierPolicy, rules: evaluation.Policy, after: int, upto: int, now: datetime
) -> Judged:
    """Keep the answers that change among the accounts with ids in ``(after, upto]``.

    Called in the transaction of the batch. Accounts that somebody holds are left out and
    returned; the others are decided about again once they are locked.
    """
    values = _values(policy, now)
    with connection.cursor() as cursor:
        cursor.execute(FOR_ALL_ACCOUNTS)
        span = "s.organization_id > %(after)s AND s.organization_id <= %(upto)s"
        changing = _changing(rules, now, where=span)
        cursor.execute(
            f"SELECT d.organization_id FROM ({changing.sql}) d",  # noqa: S608  (our own words)
            _with(changing, {"after": after, "upto": upto}),
        )
        wanted = sorted(pk for (pk,) in cursor.fetchall())
        if not wanted:
            return Judged(0, (), ())
        rows = Organization.objects.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [wanted]))
        free = list(claim(rows.order_by("pk"), len(wanted)).values_list("pk", flat=True))
        # Decided about again: what was committed while the locks were waited for counts.
        changing = _changing(rules, now, where="s.organization_id = ANY(%(free)s)")
        cursor.execute(
            f"CREATE TEMPORARY TABLE tiers_judged ON COMMIT DROP AS {snapshots_of(changing.sql)}",
            _with(changing, {**values, "free": free}),
        )
        cursor.execute("ANALYZE tiers_judged (organization_id)")
        for statement in (HISTORY, NOTE):
            cursor.execute(statement, values)
        cursor.execute("SELECT tier, to_tier, count(*) FROM tiers_judged GROUP BY 1, 2")
        counts = cursor.fetchall()
        cursor.execute("DROP TABLE tiers_judged")
    return Judged(
        changed=sum(accounts for _, _, accounts in counts),
        moves=[(old, new, accounts) for old, new, accounts in counts if old != new],
        held=sorted(set(wanted) - set(free)),
    )


# What a standing says of the day on which each fact changed, for the snapshot.
_CHANGE_DAYS = tuple(column.changed for column in FACT_COLUMNS.values())


def _changing(rules: evaluation.Policy, now: datetime, *, where: str) -> Decided:
    """Return the statement for the accounts whose answer changes."""
    beside = ("tier", "source", "held", "below_since", "contract_floor", *_CHANGE_DAYS)
    found = decided(rules, now.date(), beside=beside, where=where)
    tiers = ", ".join(f"%(tier{rank})s" for rank in range(len(rules.order)))
    sources = ", ".join(f"'{source}'" for source in SOURCES)
    # Who was promoted last time now simply meets the criteria: that is the same standing.
    settled = ", ".join(f"'{source}'" for source in SETTLED)
    same = f"(d.source = d.to_source_name OR d.source IN ({settled}) AND d.to_source = {CRITERIA})"
    sql = f"""
        SELECT * FROM (
            SELECT d.*, (ARRAY[{tiers}])[to_rank + 1] AS to_tier,
                (ARRAY[{tiers}])[to_held + 1] AS to_held_tier,
                (ARRAY[{sources}])[to_source + 1] AS to_source_name
            FROM ({found.sql}) d
        ) d
        WHERE d.tier <> d.to_tier OR d.held <> d.to_held_tier OR NOT {same}
            OR d.below_since IS DISTINCT FROM d.to_below
    """  # noqa: S608  (names of ours; values are parameters)
    names = {f"tier{rank}": tier for rank, tier in enumerate(rules.order)}
    return Decided(sql, {**found.values, **names})


def _with(statement: Decided, more: dict[str, Any]) -> dict[str, Any]:
    return {**statement.values, **more}


def _values(policy: TierPolicy, now: datetime) -> dict[str, Any]:
    return {
        "policy": policy.pk,
        "now": now,
        "today": now.date(),
        "observing": sorted(OBSERVING_SOURCES),
        "floor": AccountFact.Name.CONTRACT_FLOOR.value,
    }


_CHANGED = " ".join(
    f"WHEN '{column.fact}' THEN j.{column.changed}" for column in FACT_COLUMNS.values()
)


def snapshots_of(changing: str) -> str:
    """Return the statement for those accounts with what each was judged by.

    As a single evaluation keeps it: the newest row of each fact, the memory, the overrides,
    the floor and the day. One statement with the deciding, which saves writing and reading
    a table in between.
    """
    return f"""
SELECT j.organization_id, j.tier, j.to_tier, j.to_held_tier, j.to_source_name, j.to_below,
    j.grace_until, jsonb_build_object(
    'facts', COALESCE(known.facts, '{{}}'), 'today', %(today)s::date,
    'previous', jsonb_build_object('tier', j.held, 'below_since', j.below_since),
    'overrides', COALESCE(lent.overrides, '[]'),
    'contract_floor', NULLIF(j.contract_floor, '')) AS snapshot
FROM ({changing}) j
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(f.fact, jsonb_build_object(
        'value', CASE WHEN lower(f.value) IN ('true', 'false')
            THEN to_jsonb(lower(f.value) = 'true') ELSE to_jsonb(f.value) END,
        'observed_on', CASE WHEN f.source = ANY(%(observing)s)
            THEN (GREATEST(f.observed_at, f.seen_again_at) AT TIME ZONE 'UTC')::date
            ELSE %(today)s::date END,
        'source', f.source,
        'changed_on', CASE f.fact {_CHANGED} END)) AS facts
    FROM (
        SELECT DISTINCT ON (a.fact) a.fact, a.value, a.source, a.observed_at, a.seen_again_at
        FROM {FACTS} a WHERE a.organization_id = j.organization_id
        ORDER BY a.fact, a.observed_at DESC, a.id DESC
    ) f
    WHERE f.value <> '' AND f.fact <> %(floor)s
) known
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('tier', o.tier, 'starts', o.starts, 'expires', o.expires)
        ORDER BY o.starts DESC) AS overrides
    FROM {OVERRIDES} o WHERE o.organization_id = j.organization_id AND o.withdrawn_at IS NULL
) lent ON TRUE
"""  # noqa: S608


# One statement for the history: the open row ends, the answer is kept, the next row begins at the
# instant at which the one before ended. That lies later than this batch when the account was
# placed by somebody whose clock is ahead.
HISTORY = f"""
WITH closed AS (
    UPDATE {ASSIGNMENTS} a SET valid_to = GREATEST(%(now)s, a.valid_from)
    FROM tiers_judged j WHERE a.organization_id = j.organization_id AND a.valid_to IS NULL
    RETURNING a.organization_id, a.valid_to
), kept AS (
    INSERT INTO {EVALUATIONS} (organization_id, policy_id, evaluated_at, snapshot, decision)
    SELECT j.organization_id, %(policy)s, %(now)s, j.snapshot, jsonb_build_object(
        'tier', j.to_tier, 'source', j.to_source_name, 'below_since', j.to_below,
        'grace_until', j.grace_until,
        'state', jsonb_build_object('tier', j.to_held_tier, 'below_since', j.to_below))
    FROM tiers_judged j ORDER BY j.organization_id
    RETURNING id, organization_id
)
INSERT INTO {ASSIGNMENTS}
    (organization_id, tier, source, policy_id, evaluation_id, below_since, valid_from)
SELECT j.organization_id, j.to_tier, j.to_source_name, %(policy)s, kept.id, j.to_below,
    GREATEST(%(now)s, COALESCE(closed.valid_to, (
        SELECT max(a.valid_to) FROM {ASSIGNMENTS} a WHERE a.organization_id = j.organization_id
    )))
FROM tiers_judged j
JOIN kept ON kept.organization_id = j.organization_id
LEFT JOIN closed ON closed.organization_id = j.organization_id
"""  # noqa: S608

NOTE = f"""
UPDATE {STANDINGS} s SET tier = j.to_tier, source = j.to_source_name, held = j.to_held_tier,
    below_since = j.to_below, judged_policy_id = %(policy)s, judged_at = %(now)s
FROM tiers_judged j WHERE s.organization_id = j.organization_id
"""  # noqa: S608
