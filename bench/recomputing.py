"""Publish a calendar under very many open tickets: ``python -m bench.recomputing TICKETS``.

A thousand tickets with a history of their own are brought in by the product's import and then
copied, rows and all. Then a draft of the calendar gets one more holiday and is published, with
the open tickets retargeted, and one worker goes over them as in production: batch by batch, each
a transaction. The stages are timed around the product's own functions:

    choose    which tickets are concerned, and by which terms they go on
    read      their events
    evaluate  every clock of every ticket
    write     an event, the clocks, steps reached, the ticket
    rest      claiming, locking, committing

Afterwards the nightly check compares all of them, which must find nothing. The floor is what the
database needs to write as much in three statements, without anybody computing it.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import django

COPIED = 1_000
HOUR = timedelta(hours=1)
SEQUENCE = "SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id) FROM {table}))"

FLOOR = (
    """
    INSERT INTO tickets_ticketevent (ticket_id, seq, at, kind, by, is_public, is_automatic, old,
        new, reason, detail, terms_id)
    SELECT id, last_event_seq + 1, now(), 'terms', 'system', true, false, '', '', '', '{}', terms_id
    FROM tickets_ticket
    """,
    """
    UPDATE tickets_clock SET due_at = due_at, breaches_after = breaches_after, ladder = ladder,
        next_check_at = next_check_at, elapsed_seconds = elapsed_seconds, terms_id = terms_id
    """,
    """
    UPDATE tickets_ticket SET last_event_seq = last_event_seq, terms_id = terms_id,
        rank_at = rank_at, updated_at = updated_at
    """,
)


def main() -> None:
    """Load, publish, go over the tickets, check; print the lines."""
    tickets = int(sys.argv[1])
    django.setup()
    from django.core.management import call_command

    from portal.kit import clock

    call_command("migrate", verbosity=0)
    now = clock.now()
    ops = load(tickets, now)
    floor = in_seconds(write_floor)
    publish(ops)
    report(gone_over("calendar edit recomputed", tickets, floor_s=round(floor, 2)))
    start_check()
    report(gone_over("nightly check", tickets))


def load(tickets: int, now: datetime) -> Any:
    """Fill the database; return the person of operations."""
    from bench.steady import found_company
    from people.actions import create_user
    from tickets.actions.importing import PastEvent, PastTicket, import_tickets

    company = found_company()
    pasts = []
    for n in range(COPIED):
        tier = ("enterprise", "starter")[n % 2]
        agent = company.agents[n % len(company.agents)]
        customer = company.customers[n % len(company.customers)]
        opened = now - timedelta(days=10) * ((n + 1) / COPIED)
        step = (now - opened) / 8
        told = [
            PastEvent(at=opened, actor=customer, body="The scanner does not answer."),
            PastEvent(at=opened + step, actor=agent, body="Which one?", status="pending"),
            PastEvent(at=opened + step * 3, actor=customer, body="The one at the gate."),
            PastEvent(at=opened + step * 4, actor=agent, severity=2, reason="It is the only one."),
            PastEvent(at=opened + step * 5, actor=agent, body="We look at it.", status="open"),
            PastEvent(at=opened + step * 6, actor=customer, body="Any news?"),
        ]
        pasts.append(
            PastTicket(
                organization=company.organizations[tier], requester=customer,
                subject="The scanner does not answer", severity=3, terms=company.terms[tier],
                queue=company.queue, events=told, assignee=agent,
            )
        )  # fmt: skip
    import_tickets(pasts=pasts, now=now)
    copy(tickets // COPIED - 1)
    return create_user(email="ops@bench.example", name="Ops", staff_role="ops")


def copy(times: int) -> None:
    """Copy tickets with all their rows; the ids of a copy lie a whole block further on."""
    from django.db import connection

    from tickets.models import Clock, ClockEvent, Message, Ticket, TicketEvent

    models: list[Any] = [Ticket, Message, TicketEvent, Clock, ClockEvent]
    block: dict[Any, int] = {}
    with connection.cursor() as cursor:
        for model in models:
            table = model._meta.db_table
            cursor.execute(f"SELECT max(id) FROM {table}")  # noqa: S608  (our own table)
            block[model] = cursor.fetchone()[0] or 0
        for model in models:
            table = model._meta.db_table
            columns, values = [], []
            for column in model._meta.concrete_fields:
                moved = block.get(model if column.primary_key else column.related_model)
                columns.append(f'"{column.column}"')
                values.append(f'"{column.column}"' + (f" + {moved} * k" if moved else ""))
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"  # noqa: S608
                f" FROM {table} CROSS JOIN generate_series(1, %s) k",
                [times],
            )
            cursor.execute(SEQUENCE.format(table=table), [table])
        cursor.execute("VACUUM ANALYZE")


def write_floor() -> None:
    """Write as many rows as the edit will, and take it back."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for statement in FLOOR:
            cursor.execute(statement)
        transaction.set_rollback(True)


def publish(ops: Any) -> None:
    """Add a holiday three days from now to the business hours, retargeting open tickets."""
    from portal.kit import clock
    from tickets.actions.publishing import publish_calendar_version
    from tiers.actions import draft_calendar_version, save_calendar_draft
    from tiers.models import Calendar

    now = clock.now()
    calendar = Calendar.objects.get(key="business-hours")
    draft = draft_calendar_version(calendar=calendar, by=ops, now=now)
    day = (now + timedelta(days=3)).date().isoformat()
    definition = {**draft.definition, "holidays": sorted({*draft.definition["holidays"], day})}
    draft = save_calendar_draft(
        version=draft, definition=definition, holiday_names=draft.holiday_names, valid_from=None,
        reason="A day of rest", revision=draft.revision, by=ops, now=now,
    )  # fmt: skip
    publish_calendar_version(
        version=draft, treatment="retarget", reason="A day of rest", published_by=ops, now=now
    )


def start_check() -> None:
    """Ask for the nightly check of all tickets."""
    from portal.kit import clock
    from tickets.actions.recomputing import start_run

    start_run(kind="check", now=clock.now())


def gone_over(name: str, tickets: int, **beside: Any) -> dict[str, Any]:
    """Let one worker go over the tickets; return the line, with the seconds of each stage."""
    from portal.kit import clock
    from tickets.actions import continue_runs
    from tickets.models import RecomputeRun

    with timed_stages() as spent:
        started = time.perf_counter()
        while RecomputeRun.objects.unfinished().exists():
            continue_runs(now=clock.now())
        took = time.perf_counter() - started
    run = RecomputeRun.objects.latest("id")
    expected = tickets if run.kind != "check" else 0
    if (run.done, run.failed) != (tickets, 0) or run.changed != expected:
        sys.exit(f"wrong: {run.done=} {run.changed=} {run.failed=}")
    stages = {stage: round(seconds, 2) for stage, seconds in spent.items()}
    return {
        "name": f"{name}, open tickets per second",
        "value": round(tickets / took, 1),
        "unit": "tickets/s",
        "runs": 1,
        "tickets": tickets,
        "total_s": round(took, 2),
        "stages_s": {**stages, "rest": round(took - sum(spent.values()), 2)},
        **beside,
    }


@contextmanager
def timed_stages() -> Iterator[dict[str, float]]:
    """Put stopwatches around the functions of the product that make up the stages."""
    from tickets import terms
    from tickets.actions import checking, giving_terms

    spent: dict[str, float] = defaultdict(float)
    places: list[tuple[str, Any, str]] = [
        ("choose", terms.CountedIn, "of"),
        ("choose", giving_terms, "_behind"),
        ("read", giving_terms, "histories_of"),
        ("evaluate", giving_terms, "_with"),
        ("write", giving_terms, "keep_contents"),
        ("write", giving_terms, "store_clocks"),
        ("write", giving_terms, "insert_all"),
        ("write", giving_terms, "update_all"),
        ("read", checking, "histories_of"),
        ("read", checking, "_stored"),
        ("evaluate", checking, "evaluated"),
        ("compare", checking, "clock_rows"),
        ("compare", checking, "reached_events"),
        ("compare", checking, "differences"),
    ]
    before = [(owner, name, vars(owner).get(name)) for _, owner, name in places]
    for stage, owner, name in places:
        work = vars(owner)[name] if isinstance(owner, type) else getattr(owner, name)
        setattr(owner, name, timed(work, stage, spent))
    try:
        yield spent
    finally:
        for owner, name, known in before:
            if known is None:
                delattr(owner, name)
            else:
                setattr(owner, name, known)


def timed(work: Callable[..., Any], stage: str, spent: dict[str, float]) -> Callable[..., Any]:
    """Return the function with its time added to a stage."""

    def watched(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return work(*args, **kwargs)
        finally:
            spent[stage] += time.perf_counter() - started

    return watched


def in_seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def report(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
