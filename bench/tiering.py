"""Preview and apply a version of the program over very many accounts: ``python -m bench.tiering N``.

The accounts are made set-based: 2 % Enterprise, 13 % Professional, 85 % Starter, each with four
facts of a CRM and of people, judged by the version that ships, one in a hundred with an override,
and a tenth as many open tickets. The candidate lets accounts into Professional from 4,200 on and
into Enterprise by criticality, and asks more of Enterprise by value.
"""

import sys
import time
from datetime import timedelta

import django

TICKETS_PER_ACCOUNT = 10
RUNS = 7

ORGANIZATIONS = """
INSERT INTO people_organization
    (public_id, name, external_id, joins_by_domain, is_suspended, created_at)
SELECT lpad(to_hex(n), 12, '0'), 'Account ' || n, 'crm-' || n, false, false, %(now)s
FROM generate_series(1, %(accounts)s) n
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
    (acv * 100)::bigint, seats, criticality, 'w:' || lower(region), day, day, day, day, day, day, day
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
    values = {
        "accounts": accounts, "now": now, "policy": TierPolicy.objects.live().get().pk,
        "asker": asker.pk, "approver": approver.pk, "requester": asker.pk, "terms": terms,
        "queue": Queue.objects.order_by("pk").first().pk, "per": TICKETS_PER_ACCOUNT,
    }  # fmt: skip
    one.tier_assignments.all().delete()
    one.tier_evaluations.all().delete()
    one.facts.all().delete()
    one.standing.delete()
    with connection.cursor() as cursor:
        cursor.execute(FUNCTIONS)
        for statement in (
            ORGANIZATIONS, MADE, FACTS, STANDINGS, EVALUATIONS, ASSIGNMENTS, OVERRIDES, LENT, TICKETS,
        ):  # fmt: skip
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    django.setup()
    started = time.perf_counter()
    load(int(sys.argv[1]))
    print(time.perf_counter() - started)
