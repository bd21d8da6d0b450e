"""Preview and apply a version over very many accounts: ``python -m bench.tiering ACCOUNTS``.

The accounts are made set-based: 2 % Enterprise, 13 % Professional, 85 % Starter, each with four
facts of a CRM and of people, judged by the version that ships, one in a hundred with an override,
and a tenth as many open tickets. The candidate lets accounts into Professional from 4,200 on and
into Enterprise by criticality, and asks more of Enterprise by value.
"""

import os
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import django

TICKETS_PER_ACCOUNT = 10
RUNS = 7
# Tier, and of each criterion the fact, the least to enter, and to stay.
CANDIDATE = (
    ("enterprise", (("acv", "30000", "27000"),)),
    ("enterprise", (("usage_criticality", "5", None), ("acv", "5000", "4500"))),
    ("professional", (("acv", "4200", "3800"),)),
)
# The least that any answer over all accounts has to do: read them, and group them.
FLOOR = "SELECT tier, held, count(*), sum(acv) FROM tiers_accountstanding GROUP BY 1, 2"

ORGANIZATIONS = """
INSERT INTO people_organization
    (public_id, name, external_id, joins_by_domain, is_suspended, created_at)
SELECT lpad(to_hex(n), 12, '0'), 'Account ' || n, 'crm-' || n, false, false, %(now)s
FROM generate_series(2, %(accounts)s) n
"""
# What each account is: value on a logarithmic scale within its tier.
MADE = """
CREATE UNLOGGED TABLE bench_account AS
SELECT o.id AS organization_id,
    CASE WHEN bench_u(o.id, 1) < 0.02 THEN 25000 * power(10, bench_u(o.id, 2))
         WHEN bench_u(o.id, 1) < 0.15 THEN 5000 * power(4.9, bench_u(o.id, 2))
         ELSE 100 * power(49.9, bench_u(o.id, 2)) END::numeric(14, 2) AS acv,
    floor(power(bench_u(o.id, 3), 3) * 900)::int + 1 AS seats,
    floor(1 + power(bench_u(o.id, 4), 3) * 5)::int AS criticality,
    (ARRAY['EU', 'US', 'APAC', 'LATAM'])[1 + floor(bench_u(o.id, 5) * 4)::int] AS region
FROM people_organization o
"""
FACTS = """
INSERT INTO tiers_accountfact
    (organization_id, fact, value, currency, source, observed_at, recorded_at, note)
SELECT organization_id, fact, value, CASE fact WHEN 'acv' THEN 'USD' ELSE '' END, source,
    %(now)s::timestamptz - interval '1 day', %(now)s::timestamptz - interval '1 day', ''
FROM bench_account CROSS JOIN LATERAL (VALUES
    ('acv', trim_scale(acv)::text, 'hubspot'), ('seats', seats::text, 'hubspot'),
    ('usage_criticality', criticality::text, 'reports'), ('region', region, 'ops')
) known (fact, value, source)
"""
STANDINGS = """
INSERT INTO tiers_accountstanding
    (organization_id, tier, source, held, below_since, judged_policy_id, judged_at,
     contract_floor, acv, seats, usage_criticality, region, acv_seen, seats_seen,
     usage_criticality_seen, acv_changed, seats_changed, usage_criticality_changed,
     region_changed)
SELECT organization_id, tier, 'criteria', tier, NULL, %(policy)s, %(now)s, '',
    (acv * 100)::bigint, seats, criticality, 'w:' || lower(region), day, day, day,
    day, day, day, day
FROM (
    SELECT *, (%(now)s::timestamptz - interval '1 day')::date AS day,
        CASE WHEN acv >= 25000 THEN 'enterprise' WHEN acv >= 5000 THEN 'professional'
             ELSE 'starter' END AS tier
    FROM bench_account
) placed
"""
EVALUATIONS = """
INSERT INTO tiers_tierevaluation (organization_id, policy_id, evaluated_at, snapshot, decision)
SELECT organization_id, judged_policy_id, %(now)s, '{}', jsonb_build_object(
    'tier', tier, 'source', 'criteria',
    'state', jsonb_build_object('tier', tier, 'below_since', NULL))
FROM tiers_accountstanding
"""
ASSIGNMENTS = """
INSERT INTO tiers_tierassignment
    (organization_id, tier, source, policy_id, evaluation_id, below_since, valid_from, valid_to)
SELECT organization_id, decision ->> 'tier', 'criteria', policy_id, id, NULL, evaluated_at, NULL
FROM tiers_tierevaluation
"""
OVERRIDES = """
INSERT INTO tiers_tieroverride (organization_id, tier, reason, requested_by_id, approved_by_id,
    starts, expires, created_at)
SELECT organization_id, 'professional', 'agreed', %(asker)s, %(approver)s,
    %(now)s::timestamptz::date - 10, %(now)s::timestamptz::date + 80, %(now)s
FROM tiers_accountstanding WHERE tier = 'starter' AND bench_u(organization_id, 9) < 0.01
"""
LENT = """
UPDATE tiers_accountstanding SET tier = 'professional', source = 'override'
WHERE organization_id IN (SELECT organization_id FROM tiers_tieroverride)
"""
TICKETS = """
INSERT INTO tickets_ticket
    (organization_id, requester_id, subject, status, severity, channel, category, tags, tier,
     tier_at_opening, queue_id, terms_id, rank_at, rank_metric, last_event_seq, last_event_at,
     created_at, updated_at)
SELECT organization_id, %(requester)s, 'The scanner does not answer', 'open', 3, 'web', '', '[]',
    tier, tier, %(queue)s, %(terms)s, %(now)s, 'resolution', 1, %(now)s, %(now)s, %(now)s
FROM tiers_accountstanding WHERE bench_u(organization_id, 6) < 1.0 / %(per)s
"""


def load(accounts: int) -> None:
    """Fill the empty database."""
    from django.core.management import call_command
    from django.db import connection

    from bench.generate import FUNCTIONS
    from people.actions import create_organization, create_user
    from portal.kit import clock
    from tickets.actions.clocks import keep_terms
    from tickets.models import Queue
    from tiers.actions import record_facts
    from tiers.models import TierPolicy
    from tiers.promises import promise_for

    call_command("migrate", verbosity=0)
    now = clock.now() - timedelta(hours=1)
    one = create_organization(name="Terms")
    record_facts(organization=one, values={"acv": "100"}, source="ops", now=now)
    terms = keep_terms(promise_for(one, now)).pk
    asker, approver = (
        create_user(email=f"{name}@bench.example", name=name, staff_role="ops")
        for name in ("ops", "approver")
    )
    values: dict[str, Any] = {
        "accounts": accounts, "now": now, "policy": TierPolicy.objects.live().get().pk,
        "asker": asker.pk, "approver": approver.pk, "requester": asker.pk, "terms": terms,
        "queue": Queue.objects.order_by("pk")[0].pk, "per": TICKETS_PER_ACCOUNT,
    }  # fmt: skip
    one.tier_assignments.all().delete()
    one.tier_evaluations.all().delete()
    one.facts.all().delete()
    one.standing.delete()
    with connection.cursor() as cursor:
        cursor.execute(FUNCTIONS)
        for statement in (
            ORGANIZATIONS,
            MADE,
            FACTS,
            STANDINGS,
            EVALUATIONS,
            ASSIGNMENTS,
            OVERRIDES,
            LENT,
            TICKETS,
        ):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")


def candidate() -> Any:
    """Draft the candidate; return the draft."""
    from people.models import User
    from portal.kit import clock
    from tiers.actions import draft_from_live
    from tiers.models import Criterion, TierRule

    draft = draft_from_live(author=User.objects.get(email="ops@bench.example"), now=clock.now())
    TierRule.objects.filter(policy=draft).delete()
    for place, (tier, criteria) in enumerate(CANDIDATE, start=1):
        rule = TierRule.objects.create(policy=draft, tier=tier, precedence=place)
        for fact, value, leaving in criteria:
            Criterion.objects.create(
                rule=rule, fact=fact, op="gte", value=value, exit_value=leaving
            )
    return draft


def preview(draft: Any, accounts: int) -> Iterator[dict[str, Any]]:
    """Ask for the matrix several times; beside it the floor, a plain sum over the same rows."""
    from django.db import connection

    from bench.result import measure, milliseconds
    from portal.kit import clock
    from tickets.moves import open_work
    from tiers.preview import mover_matrix
    from tiers.preview.asking import fetched
    from tiers.program import rules_of

    rules, now = rules_of(draft), clock.now()
    matrix = mover_matrix(rules, now, open_work())
    moved = matrix.total(moved=True).accounts
    took = milliseconds(lambda: mover_matrix(rules, now, open_work()), RUNS)
    floor = milliseconds(lambda: fetched(FLOOR, {}), RUNS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tickets_ticket")
        tickets = cursor.fetchone()[0]
    yield measure(
        "preview: mover matrix with value and open tickets", took, accounts=accounts,
        moved=moved, moved_percent=round(moved * 100 / accounts, 1), open_tickets=tickets,
        floor_ms=round(statistics.median(floor), 1), load=os.getloadavg()[0],
    )  # fmt: skip


def apply(draft: Any, accounts: int) -> Iterator[dict[str, Any]]:
    """Publish the candidate and let one worker judge everybody."""
    from people.models import User
    from portal.kit import clock
    from tiers.actions import ask_for_review, continue_applying, publish_policy, sign_off
    from tiers.models import PolicyRun, TierPolicy

    ops = User.objects.get(email="ops@bench.example")
    approver = User.objects.get(email="approver@bench.example")
    now = clock.now()
    asked = ask_for_review(policy=draft, change_note="Bench", by=ops, now=now)
    sign_off(policy=asked, seen=asked.content_hash, by=approver, now=now)
    publish_policy(
        policy=TierPolicy.objects.get(pk=draft.pk), treatment="next_ticket", published_by=ops,
        now=now,
    )  # fmt: skip
    started = time.perf_counter()
    while not PolicyRun.objects.filter(policy=draft).exclude(finished_at=None).exists():
        continue_applying(now=clock.now(), budget_seconds=3600)
    took = time.perf_counter() - started
    run = PolicyRun.objects.get(policy=draft)
    if (run.done, run.failed) != (accounts, 0):
        sys.exit(f"wrong: {run.done=} {run.failed=}")
    yield {
        "name": "apply: everybody judged, history of those who change",
        "value": round(took, 2),
        "unit": "s",
        "runs": 1,
        "accounts": accounts,
        "moved": run.moved,
        "moved_percent": round(run.moved * 100 / accounts, 1),
        "changed": run.changed,
        "load": os.getloadavg()[0],
    }


def main() -> None:
    """Load, preview, apply; print the lines."""
    accounts = int(sys.argv[1])
    django.setup()
    from bench.result import report

    load(accounts)
    draft = candidate()
    for line in (*preview(draft, accounts), *apply(draft, accounts)):
        report(line)


if __name__ == "__main__":
    main()
