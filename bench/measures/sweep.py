"""The SLA sweep: an idle tick, throughput, and workers killed in the middle."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from django.db import connection, connections

from bench.result import measure, milliseconds
from portal.kit import clock
from tickets.actions import sweep_clocks

BURST = 100_000
KILLED_BURST = 5_000
# Measured on django-helpdesk 2.6.1: escalate_tickets, per worker and second.
PEER_PER_SECOND = 102

# The raw floor: claim, update and insert in one statement, without the product around it.
FLOOR = """
WITH due AS (
    SELECT id, ticket_id, terms_id FROM tickets_clock
    WHERE next_check_at <= now() ORDER BY next_check_at, id
    LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
), moved AS (
    UPDATE tickets_clock SET next_check_at = NULL, status = 'breached', ladder = '[]',
        breached_at = now()
    FROM due WHERE tickets_clock.id = due.id RETURNING 1
)
INSERT INTO tickets_clockevent (clock_id, ticket_id, terms_id, kind, step, at, recorded_at)
SELECT id, ticket_id, terms_id, 'breach', 100, now(), now() FROM due
"""


def run(size: int) -> Iterator[dict[str, Any]]:
    """Yield the lines of all three."""
    yield idle_tick()
    yield from throughput(min(BURST, size // 10))
    yield killed_workers(min(KILLED_BURST, size // 10))
    make_due(0)


def make_due(count: int) -> int:
    """Bring back the clocks as generated, then let ``count`` of them be due a second ago."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tickets_clockevent")
        cursor.execute(
            """
            UPDATE tickets_clock SET status = 'running', breached_at = NULL,
                next_check_at = date_trunc('second', due_at),
                ladder = jsonb_build_array(
                    jsonb_build_array(100, floor(extract(epoch FROM due_at))))
            WHERE stopped_at IS NULL AND due_at IS NOT NULL
              AND (next_check_at IS NULL OR next_check_at < now())
            """
        )
        cursor.execute(
            """
            UPDATE tickets_clock SET next_check_at = date_trunc('second', now()) - interval '1 s',
                ladder = jsonb_build_array(
                    jsonb_build_array(100, floor(extract(epoch FROM now())) - 1))
            WHERE id IN (SELECT id FROM tickets_clock WHERE next_check_at IS NOT NULL
                         ORDER BY hashint8(id) LIMIT %s)
            """,
            [count],
        )
        made = int(cursor.rowcount)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE tickets_clock")
        cursor.execute("VACUUM ANALYZE tickets_clockevent")
    return made


def idle_tick() -> dict[str, Any]:
    """Measure a tick that finds nothing due."""
    make_due(0)

    def floor() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM tickets_clock WHERE next_check_at <= now() LIMIT 1")
            cursor.fetchall()

    floor_took = milliseconds(floor, 200)
    took = milliseconds(lambda: sweep_clocks(now=clock.now()), 200)
    return measure("sweep idle tick", took, target=3, floor=measure("select", floor_took)["value"])


def throughput(burst: int) -> Iterator[dict[str, Any]]:
    """Measure clocks per second with one worker, with two, and the raw statement."""
    floor, one, two = [], [], []
    for _round in range(3):
        due = make_due(burst)
        started = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(FLOOR)
            while cursor.rowcount:
                cursor.execute(FLOOR)
        floor.append(due / (time.perf_counter() - started))
        due = make_due(burst)
        started = time.perf_counter()
        handled = sweep_clocks(now=clock.now(), most=burst * 2)
        one.append(due / (time.perf_counter() - started))
        _check(due, handled)
        due = make_due(burst)
        two.append(_two_workers(due))
    yield measure(
        "sweep throughput, 1 worker", one, unit="clocks/s", target=10_000,
        floor=measure("statement", floor)["value"], peer=PEER_PER_SECOND, burst=burst,
    )  # fmt: skip
    yield measure("sweep throughput, 2 workers", two, unit="clocks/s", burst=burst)


def _two_workers(due: int) -> float:
    connections.close_all()
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(_ready, range(2)))
        started = time.perf_counter()
        handled = sum(pool.map(_sweep, range(2)))
        took = time.perf_counter() - started
    _check(due, handled)
    return due / took


def _ready(_number: int) -> None:
    connection.ensure_connection()
    time.sleep(0.2)


def _sweep(_number: int) -> int:
    handled: int = sweep_clocks(now=clock.now())
    return handled


def _check(due: int, handled: int) -> None:
    """Refuse a fast wrong answer: one event per due clock, no more and no fewer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT clock_id) FROM tickets_clockevent")
        events, distinct = cursor.fetchone()
    if not due == handled == events == distinct:
        raise SystemExit(f"wrong: {due=} {handled=} {events=} {distinct=}")


def killed_workers(burst: int) -> dict[str, Any]:
    """Kill two sweeping processes at random until everything is recorded, then count.

    The workers are forked, so that a new one sweeps within milliseconds, and
    take small batches, so that most kills hit the middle of a transaction.
    """
    due = make_due(burst)
    chance = random.Random(42)
    connections.close_all()
    fork = multiprocessing.get_context("fork")

    def start() -> Any:
        worker = fork.Process(target=_sweep_for_ever)
        worker.start()
        return worker

    workers = [start(), start()]
    kills, deadline = 0, time.monotonic() + 180
    while time.monotonic() < deadline:
        time.sleep(chance.uniform(0.02, 0.12))
        victim = chance.randrange(2)
        os.kill(workers[victim].pid, signal.SIGKILL)
        workers[victim].join()
        kills += 1
        left = _left()
        connections.close_all()
        if not left:
            break
        workers[victim] = start()
    for worker in workers:
        worker.kill()
        worker.join()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT clock_id) FROM tickets_clockevent")
        events, distinct = cursor.fetchone()
    return {
        "name": "sweep with killed workers",
        "value": events,
        "unit": "events",
        "runs": 1,
        "due": due,
        "kills": kills,
        "lost": due - distinct,
        "doubled": events - distinct,
    }


def _sweep_for_ever() -> None:
    while True:
        sweep_clocks(now=clock.now(), batch=5)


def _left() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tickets_clock WHERE next_check_at <= now()")
        return int(cursor.fetchone()[0])
