"""The sweep: record warnings and breaches of clocks that nobody touched.

Time alone moves these clocks, and every instant at which something happens was
computed when the ticket last changed (``Clock.ladder``). So a sweep only has
to write down what has been reached: claim, insert, update, three statements
for a whole batch. It need not evaluate the events again: whoever adds an event
computes the ladder in the same transaction, so no crash can come between the
two, and calendars and terms, which a ladder also rests on, never change. What
a mistake of ours or of a hand in the database would spoil is found by the
nightly check, which does evaluate every event (``checking``).

Any number may run at once, on any number of machines.
"""

import json
from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import connection, transaction

from portal.kit.claims import claim
from tickets.models import Clock, ClockEvent

log = structlog.get_logger("tickets.sweep")

BATCH = 1000
BREACH_STEP = 100

# A batch travels as one JSON parameter: binding thousands of single values costs
# more than the statements. The databases unpack it in words of their own; all
# instants are epoch seconds.
UNPACK = {
    "postgresql": {
        "events": """SELECT clock_id, ticket_id, terms_id, kind, step, to_timestamp(at) AS at
            FROM jsonb_to_recordset(%s::jsonb) AS event
            (clock_id bigint, ticket_id bigint, terms_id bigint, kind text, step int, at bigint)""",
        "changes": """SELECT id, ladder, to_timestamp(next_check_at) AS next_check_at,
                to_timestamp(breached_at) AS breached_at
            FROM jsonb_to_recordset(%s::jsonb) AS change
            (id bigint, ladder jsonb, next_check_at bigint, breached_at bigint)""",
    },
    "sqlite": {
        "events": """SELECT json_extract(value, '$.clock_id') AS clock_id,
                json_extract(value, '$.ticket_id') AS ticket_id,
                json_extract(value, '$.terms_id') AS terms_id,
                json_extract(value, '$.kind') AS kind, json_extract(value, '$.step') AS step,
                datetime(json_extract(value, '$.at'), 'unixepoch') AS at
            FROM json_each(%s)""",
        "changes": """SELECT json_extract(value, '$.id') AS id,
                json_extract(value, '$.ladder') AS ladder,
                datetime(json_extract(value, '$.next_check_at'), 'unixepoch') AS next_check_at,
                datetime(json_extract(value, '$.breached_at'), 'unixepoch') AS breached_at
            FROM json_each(%s)""",
    },
}


def sweep_clocks(*, now: datetime, batch: int = BATCH, most: int = 100_000) -> int:
    """Record everything that is due; return how many clocks were handled.

    Works in batches of one transaction each until nothing is due or ``most``
    clocks are done. The recorded instants are those computed, never ``now``.
    """
    done = 0
    while done < most:
        handled = sweep_batch(now=now, limit=min(batch, most - done))
        done += handled
        if handled < batch:
            break
    return done


def sweep_batch(*, now: datetime, limit: int = BATCH) -> int:
    """Handle at most ``limit`` due clocks in one transaction; return how many."""
    with transaction.atomic():
        due = Clock.objects.due(now).values_list("id", "ticket_id", "terms_id", "ladder")
        rows = list(claim(due, limit))
        events: list[dict[str, object]] = []
        changes: list[dict[str, object]] = []
        for clock_id, ticket_id, terms_id, ladder in rows:
            try:
                reached, change = advance(clock_id, ladder, now.timestamp())
            except (TypeError, ValueError) as error:
                set_aside(clock_id, error)
                continue
            changes.append(change)
            events += [
                {"clock_id": clock_id, "ticket_id": ticket_id, "terms_id": terms_id, **step}
                for step in reached
            ]
        if changes:
            _store(events, changes, now)
    return len(rows)


def advance(
    clock_id: int, ladder: Sequence[Sequence[int]], now: float
) -> tuple[list[dict[str, object]], dict[str, object]]:
    """Split a ladder at ``now``: the steps reached, and what the clock becomes.

    Raises ValueError or TypeError for a ladder that cannot be read, and for one
    that has nothing to say although its clock was due: that clock would come
    back with every sweep.
    """
    steps = sorted((int(instant), int(step)) for step, instant in ladder)
    reached: list[dict[str, object]] = [
        {
            "kind": ClockEvent.Kind.BREACH if step == BREACH_STEP else ClockEvent.Kind.WARNING,
            "step": step,
            "at": instant,
        }
        for instant, step in steps
        if instant <= now
    ]
    if not reached:
        raise ValueError("due, but no step of the ladder has been reached")
    ahead = [[step, instant] for instant, step in steps if instant > now]
    breaches = [instant for instant, step in steps if step == BREACH_STEP and instant <= now]
    return reached, {
        "id": clock_id,
        "ladder": ahead,
        "next_check_at": ahead[0][1] if ahead else None,
        "breached_at": breaches[0] if breaches else None,
    }


def set_aside(clock_id: int, error: Exception) -> None:
    """Take a clock that cannot be handled out of the sweep, where ops see it."""
    log.error("clock set aside", clock=clock_id, error=str(error))
    Clock.objects.filter(pk=clock_id).update(
        next_check_at=None, fault=(str(error) or type(error).__name__)[:300]
    )


def _store(
    events: list[dict[str, object]], changes: list[dict[str, object]], now: datetime
) -> None:
    unpack = UNPACK[connection.vendor]
    recorded_at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO tickets_clockevent
                (clock_id, ticket_id, terms_id, kind, step, at, recorded_at)
            SELECT clock_id, ticket_id, terms_id, kind, step, at, %s
            FROM ({unpack["events"]}) AS reached WHERE true
            ON CONFLICT DO NOTHING
            """,  # noqa: S608  (only constants of this module are put in)
            [recorded_at, json.dumps(events)],
        )
        cursor.execute(
            f"""
            UPDATE tickets_clock
            SET ladder = change.ladder, next_check_at = change.next_check_at,
                breached_at = COALESCE(tickets_clock.breached_at, change.breached_at),
                status = CASE WHEN change.breached_at IS NULL THEN tickets_clock.status
                              ELSE '{Clock.Status.BREACHED}' END
            FROM ({unpack["changes"]}) AS change
            WHERE tickets_clock.id = change.id
            """,  # noqa: S608
            [json.dumps(changes)],
        )
