"""Two at once: first that it goes wrong without the lock, then that it does not with it."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

from conftest import TUESDAY
from people.viewers import viewer_of
from portal.kit import clock
from tickets import actions
from tickets.actions import changing, sweeping
from tickets.models import Clock, ClockEvent, Ticket

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "postgres" not in settings.DATABASES["default"]["ENGINE"],
        reason="SQLite has one writer at a time: there is no race to show",
    ),
]

AFTER = TUESDAY + timedelta(hours=2)
CELERY = ("-m", "celery", "-A", "portal")


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run all at once, each with a database connection of its own."""

    def one(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(one, work) for work in works]]


def meet_after_reading(monkeypatch: pytest.MonkeyPatch, module: Any, *, locked: bool) -> None:
    """Make both hold what they claimed until the other has claimed too."""
    barrier = Barrier(2)
    real = module.claim

    def claim(rows: Any, limit: int) -> Any:
        found = real(rows, limit) if locked else rows[:limit]
        list(found)
        barrier.wait(timeout=20)
        return found

    monkeypatch.setattr(module, "claim", claim)


@pytest.mark.parametrize(("locked", "handled"), [(False, 8), (True, 4)])
def test_two_sweeps_share_the_work_with_the_lock_and_double_it_without(
    ada, open_for, monkeypatch, locked, handled
):
    for _number in range(4):
        open_for(ada, severity=1)
    meet_after_reading(monkeypatch, sweeping, locked=locked)
    sweep = lambda: actions.sweep_batch(now=AFTER)  # noqa: E731
    assert sum(together(sweep, sweep)) == handled
    # The unique key is the second wall: even without the lock no event is doubled.
    assert ClockEvent.objects.filter(kind="breach").count() == 4


@pytest.mark.parametrize(("locked", "different"), [(False, 1), (True, 2)])
def test_two_agents_who_take_the_next_ticket_get_different_ones_with_the_lock(
    ada, lena, root, open_for, monkeypatch, locked, different
):
    open_for(ada), open_for(ada)
    meet_after_reading(monkeypatch, changing, locked=locked)

    def take(agent):
        return lambda: actions.take_next(agent=agent, viewer=viewer_of(agent), now=AFTER)

    taken = together(take(lena), take(root))
    assert len({ticket.pk for ticket in taken if ticket}) == different


def test_replies_and_sweeps_at_once_neither_wait_for_each_other_nor_lose_an_event(
    ada, lena, open_for
):
    tickets = [open_for(ada, severity=1) for _number in range(12)]

    def reply() -> None:
        for ticket in tickets:
            actions.reply_as_agent(ticket=ticket, author=lena, body="Here", now=AFTER)

    def sweep() -> None:
        for _round in range(30):
            actions.sweep_batch(now=AFTER, limit=3)

    together(reply, sweep, sweep)
    assert ClockEvent.objects.filter(kind="breach", clock__metric="first_reply").count() == 12
    assert set(Clock.objects.filter(metric="first_reply").values_list("status", flat=True)) == {
        "met_late"
    }


@pytest.fixture
def celery_environment(tmp_path: Path) -> dict[str, str]:
    """Let Celery processes work on the test database with a broker of their own."""
    database = connection.settings_dict
    url = (
        f"postgres://{database['USER']}:{database['PASSWORD']}@"
        f"{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}/{database['NAME']}"
    )
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": url,
        "DATA_DIR": str(tmp_path / "celery"),
        "BROKER_URL": "filesystem://",
        "REDIS_URL": "",
        "SECRET_KEY": "a-key-for-tests-that-nobody-uses-in-earnest",
        "LOG_LEVEL": "ERROR",
        "MAILBOX_DIR": str(tmp_path / "mailbox"),
    }


@pytest.fixture
def processes() -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Collect what a test starts, and leave nothing running."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.slow
def test_two_workers_two_beats_and_the_loop_under_kill_record_every_breach_exactly_once(
    ada, open_for, celery_environment, processes
):
    for _number in range(5):
        open_for(ada, severity=1)
    template = Clock.objects.filter(metric="first_reply")[0]
    rows: list[Clock] = []
    soon = clock.to_epoch(clock.now()) + 8
    tickets = list(Ticket.objects.values_list("pk", flat=True))
    for number in range(2000):
        copy = Clock.objects.get(pk=template.pk) if number == 0 else rows[0]
        rows.append(
            Clock(
                **{
                    field.attname: getattr(copy, field.attname)
                    for field in Clock._meta.concrete_fields
                    if field.attname not in {"id", "ticket_id", "cycle", "ladder", "next_check_at"}
                },
                ticket_id=tickets[number % 5],
                cycle=2 + number // 5,
                ladder=[[100, soon + number % 6]],
                next_check_at=clock.from_epoch(soon + number % 6),
            )
        )
    Clock.objects.all().update(next_check_at=None)
    Clock.objects.bulk_create(rows)

    def start(*arguments: str, program: tuple[str, ...] = CELERY) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            env=celery_environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        processes.append(process)
        return process

    def worker() -> "subprocess.Popen[bytes]":
        return start("worker", "--pool", "threads", "-c", "2", "-Q", "sla,mail_out,default",
                     "--without-gossip", "--without-mingle")  # fmt: skip

    def loop() -> "subprocess.Popen[bytes]":
        return start("--loop", "--every", "0.5", program=("manage.py", "sweep"))

    starting = [worker, worker, loop]
    workers = [one() for one in starting]
    beats = [start("beat"), start("beat")]
    assert len(beats) == 2
    chance = random.Random(7)
    deadline = time.monotonic() + 90
    kills = 0
    while time.monotonic() < deadline:
        time.sleep(chance.uniform(1.0, 3.0))
        waiting = Clock.objects.filter(next_check_at__isnull=False).count()
        if not waiting:
            break
        if clock.now() > clock.from_epoch(soon) and kills < 6:
            victim = chance.randrange(3)
            os.killpg(workers[victim].pid, signal.SIGKILL)
            workers[victim].wait()
            workers[victim] = starting[victim]()
            kills += 1
    events = ClockEvent.objects.filter(clock__cycle__gt=1)
    assert events.count() == 2000
    assert events.values("clock_id").distinct().count() == 2000
    assert set(events.values_list("kind", flat=True)) == {"breach"}
