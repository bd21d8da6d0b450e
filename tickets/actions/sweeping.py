"""The sweep: record warnings and breaches of clocks that nobody touched.

Time alone moves these clocks, and every instant at which something happens was
computed when the ticket last changed (``Clock.ladder``). So a sweep only has
to write down what has been reached: claim, insert, update, three statements
for a whole batch. Any number may run at once, on any number of machines.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import connection, transaction

from portal.kit import clock
from portal.kit.claims import claim
from tickets.models import Clock, ClockEvent

log = structlog.get_logger("tickets.sweep")

BATCH = 1000
BREACH_STEP = 100
# clock id, ladder as JSON, next check, breach
Change = tuple[int, str, datetime | None, datetime | None]


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
        rows = list(
            claim(
                Clock.objects.due(now).only("id", "ticket_id", "terms_id", "ladder"), limit
            )
        )
        if not rows:
            return 0
        events: list[ClockEvent] = []
        changes: list[Change] = []
        for row in rows:
            try:
                change = _advance(row, now, events)
            except (TypeError, ValueError, IndexError) as error:
                # A row that cannot be read steps aside, so that it starves nobody.
                log.error("clock set aside", clock=row.pk, error=str(error))
                Clock.objects.filter(pk=row.pk).update(next_check_at=None, fault=str(error)[:300])
                continue
            changes.append(change)
        ClockEvent.objects.bulk_create(events, ignore_conflicts=True, batch_size=2000)
        _store(changes)
    return len(rows)


def _advance(
    row: Clock, now: datetime, events: list[ClockEvent]
) -> Change:
    at = now.timestamp()
    steps = [(int(step), int(instant)) for step, instant in row.ladder]
    reached = [(step, instant) for step, instant in steps if instant <= at]
    ahead = [[step, instant] for step, instant in steps if instant > at]
    breached_at = None
    for step, instant in reached:
        true_instant = clock.from_epoch(instant)
        if step == BREACH_STEP:
            breached_at = true_instant
        events.append(
            ClockEvent(
                clock_id=row.pk,
                ticket_id=row.ticket_id,
                terms_id=row.terms_id,
                kind=ClockEvent.Kind.BREACH
                if step == BREACH_STEP
                else ClockEvent.Kind.WARNING,
                step=step,
                at=true_instant,
                recorded_at=now,
            )
        )
    next_check_at = clock.from_epoch(ahead[0][1]) if ahead else None
    return row.pk, str(ahead).replace(" ", ""), next_check_at, breached_at


def _store(changes: Sequence[Change]) -> None:
    """Write all changes of a batch in one statement that both databases understand."""
    if not changes:
        return
    convert = connection.ops.adapt_datetimefield_value
    instant, json = ("timestamptz", "jsonb") if connection.vendor == "postgresql" else ("text",) * 2
    values = ",".join(["(%s,%s,%s,%s)"] * len(changes))
    parameters: list[object] = []
    for pk, ladder, next_check_at, breached_at in changes:
        parameters += [
            pk,
            ladder,
            None if next_check_at is None else convert(next_check_at),
            None if breached_at is None else convert(breached_at),
        ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH change (id, ladder, next_check_at, breached_at) AS (VALUES {values})
            UPDATE tickets_clock
            SET ladder = CAST(change.ladder AS {json}),
                next_check_at = CAST(change.next_check_at AS {instant}),
                breached_at = COALESCE(
                    tickets_clock.breached_at, CAST(change.breached_at AS {instant})
                ),
                status = CASE
                    WHEN change.breached_at IS NULL THEN tickets_clock.status
                    ELSE '{Clock.Status.BREACHED}'
                END
            FROM change
            WHERE tickets_clock.id = change.id
            """,  # noqa: S608  (only constants and placeholders are put in)
            parameters,
        )
