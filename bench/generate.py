"""Fill the bench's database: seeded, set-based, the same rows every time.

Sizes count tickets; organizations are a tenth, clocks three per ticket. Tiers
of organizations: 2 % Enterprise, 13 % Professional, 85 % Starter; tickets per
organization are skewed, so that Enterprise makes about 30 % of the tickets. A
fifth of the tickets is open, opened within the last 14 days. Pseudo-random
numbers are hashes of the row number: no seed to forget.
"""

import time
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection

from people.actions import create_organization, create_user
from people.models import User
from portal.kit import clock
from tickets.actions.clocks import keep_terms
from tickets.models import Queue, QueueMember
from tiers.actions import record_facts
from tiers.promises import promise_for

AGENTS = 60
CONTACTS = 1000
OPEN_SHARE = 20  # percent
TABLES = (
    "people_organization, people_user, tickets_ticket, tickets_promiseterms, tickets_queue, "
    "tickets_trigger, tiers_calendar, tiers_tierpolicy"
)

# u(n, salt): a number in [0, 1) that depends on nothing but its arguments.
FUNCTIONS = """
CREATE OR REPLACE FUNCTION bench_u(n bigint, salt int) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (hashint8extended(n, salt) & 1048575)::float8 / 1048576 $$;
"""

ORGANIZATIONS = """
INSERT INTO people_organization
    (public_id, name, external_id, joins_by_domain, is_suspended, created_at)
SELECT lpad(to_hex(n), 12, '0'), 'Organization ' || n, 'crm-' || n, false, false, now()
FROM generate_series(1, %(organizations)s) n
"""

TICKETS = """
INSERT INTO tickets_ticket
    (organization_id, requester_id, subject, status, severity, channel, category, tags, tier,
     tier_at_opening, queue_id, assignee_id, terms_id, rank_at, rank_metric, last_event_seq,
     last_event_at, created_at, updated_at, first_replied_at, solved_at, closed_at)
SELECT %(first_organization)s + CASE tier
           WHEN 'enterprise' THEN floor(power(bench_u(n, 2), 2) * %(organizations)s * 0.02)
           WHEN 'professional'
               THEN floor((0.02 + power(bench_u(n, 2), 2) * 0.13) * %(organizations)s)
           ELSE floor((0.15 + bench_u(n, 2) * 0.85) * %(organizations)s) END,
       %(first_contact)s + floor(bench_u(n, 3) * %(contacts)s),
       'Ticket ' || n || ' about the ' || (ARRAY['scanner', 'import', 'label', 'login', 'report'])
           [1 + floor(bench_u(n, 4) * 5)::int],
       status,
       1 + floor(power(bench_u(n, 5), 0.5) * 4), 'web', '', '[]', tier, tier,
       (%(queues)s::jsonb ->> tier)::bigint,
       CASE WHEN bench_u(n, 6) < 0.7 THEN %(first_agent)s + floor(bench_u(n, 7) * %(agents)s) END,
       (%(terms)s::jsonb ->> tier)::bigint,
       CASE WHEN status IN ('new', 'open')
            THEN %(now)s::timestamptz + (bench_u(n, 8) * 72 - 6) * interval '1 hour'
            ELSE '9999-01-01 00:00:00+00' END,
       CASE status WHEN 'new' THEN 'first_reply' WHEN 'open' THEN 'resolution' ELSE '' END,
       4, opened, opened, opened,
       CASE WHEN status <> 'new' THEN opened + interval '1 hour' END,
       CASE WHEN status IN ('solved', 'closed') THEN opened + interval '1 day' END,
       CASE WHEN status = 'closed' THEN opened + interval '15 days' END
FROM (
    SELECT n,
        CASE WHEN bench_u(n, 1) < 0.30 THEN 'enterprise'
             WHEN bench_u(n, 1) < 0.60 THEN 'professional' ELSE 'starter' END AS tier,
        CASE WHEN n %% 100 >= %(open_share)s THEN 'closed'
             WHEN n %% 10 < 3 THEN 'new' WHEN n %% 10 < 8 THEN 'open'
             WHEN n %% 10 < 9 THEN 'pending' ELSE 'on_hold' END AS status,
        %(now)s::timestamptz - CASE WHEN n %% 100 >= %(open_share)s
            THEN (15 + bench_u(n, 9) * 350) ELSE bench_u(n, 9) * 14 END * interval '1 day' AS opened
    FROM generate_series(1, %(tickets)s) n
) made
"""

CLOCKS = """
INSERT INTO tickets_clock
    (ticket_id, metric, cycle, status, tier, severity, terms_id, calendar, target_seconds,
     elapsed_seconds, started_at, due_at, breaches_after, breached_at, stopped_at, paused_reason,
     ladder, next_check_at, fault)
SELECT ticket.id, metric, 1,
       CASE WHEN NOT live THEN 'met' WHEN ticket.status IN ('pending', 'on_hold') THEN 'paused'
            ELSE 'running' END,
       ticket.tier, ticket.severity, ticket.terms_id, 'business-hours@1', 14400, 3600,
       ticket.created_at,
       CASE WHEN running THEN due END, CASE WHEN running THEN due END, NULL,
       CASE WHEN NOT live THEN ticket.created_at + interval '1 hour' END, '',
       CASE WHEN running
            THEN jsonb_build_array(jsonb_build_array(100, floor(extract(epoch FROM due))))
            ELSE '[]'::jsonb END,
       CASE WHEN running THEN date_trunc('second', due) END, ''
FROM tickets_ticket ticket
CROSS JOIN LATERAL (
    SELECT metric,
           ticket.status NOT IN ('solved', 'closed')
               AND NOT (metric = 'first_reply' AND ticket.status <> 'new')
               AND NOT (metric = 'next_reply' AND ticket.status = 'new') AS live,
           %(now)s::timestamptz + (1 + bench_u(ticket.id, place) * 71) * interval '1 hour' AS due
    FROM (VALUES ('first_reply', 11), ('next_reply', 12), ('resolution', 13)) one (metric, place)
) clock
CROSS JOIN LATERAL (SELECT live AND ticket.status IN ('new', 'open') AS running) state
"""


def load(tickets: int) -> dict[str, Any]:
    """Fill the database with that many tickets, or keep what is there; say how long it took."""
    started = time.perf_counter()
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(last_event_at) FROM tickets_ticket")
        held, newest = cursor.fetchone()
        fresh = newest is not None and clock.now() - newest < timedelta(hours=12)
        if held != tickets or not fresh:
            _fill(cursor, tickets)
        cursor.execute("SELECT count(*) FROM tickets_clock")
        clocks = cursor.fetchone()[0]
    return {
        "name": "load",
        "value": round(time.perf_counter() - started, 1),
        "unit": "s",
        "runs": 1,
        "tickets": tickets,
        "clocks": clocks,
    }


def _fill(cursor: Any, tickets: int) -> None:
    cursor.execute(FUNCTIONS)
    cursor.execute(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE")
    from django.apps import apps

    from tickets import default_queues
    from tiers import default_program, program

    default_program.install(apps)
    default_queues.install(apps)
    program._read.cache_clear()
    agents = _staff()
    contacts = [
        User(email=f"contact{n}@bench.example", name=f"Contact {n}", password="!")  # noqa: S106  (unusable)
        for n in range(CONTACTS)
    ]
    User.objects.bulk_create(contacts)
    terms = _terms()
    organizations = max(tickets // 10, 100)
    cursor.execute(ORGANIZATIONS, {"organizations": organizations})
    cursor.execute("SELECT max(id) - %s + 1 FROM people_organization", [organizations])
    import json

    values = {
        "tickets": tickets,
        "organizations": organizations,
        "first_organization": cursor.fetchone()[0],
        "first_contact": contacts[0].pk,
        "contacts": CONTACTS,
        "first_agent": agents[0].pk,
        "agents": AGENTS,
        "open_share": OPEN_SHARE,
        "now": clock.now(),
        "queues": json.dumps({queue.tier: queue.pk for queue in Queue.objects.all() if queue.tier}),
        "terms": json.dumps(terms),
    }
    cursor.execute(TICKETS, values)
    cursor.execute(CLOCKS, values)
    # What autovacuum would have done to a table that has been there for a minute.
    cursor.execute("VACUUM ANALYZE")


def _staff() -> list[User]:
    queues = list(Queue.objects.all())
    staff = []
    for number in range(AGENTS):
        agent = create_user(
            email=f"agent{number}@bench.example", name=f"Agent {number}", staff_role="agent"
        )
        for queue in queues[: 1 + number % len(queues)]:
            QueueMember.objects.create(queue=queue, agent=agent)
        staff.append(agent)
    create_user(email="lead@bench.example", name="Lead", staff_role="lead")
    return staff


def _terms() -> dict[str, int]:
    """Return the stored promise per tier, made by the product's own code."""
    now = clock.now()
    found = {}
    for tier, acv in (("enterprise", "50000"), ("professional", "10000"), ("starter", "100")):
        organization = create_organization(name=f"Terms of {tier}")
        record_facts(organization=organization, values={"acv": acv}, source="ops", now=now)
        found[tier] = keep_terms(promise_for(organization, now)).pk
    return found
