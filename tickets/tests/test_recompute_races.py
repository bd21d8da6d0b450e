"""Publishing while two sweeps run and agents reply, and while workers are killed."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from conftest import TUESDAY
from tickets import actions
from tickets.actions.nightly import check_now
from tickets.models import Clock, ClockDiscrepancy, ClockEvent, RecomputeRun, Ticket, TicketEvent
from tickets.tests.publishing_kit import halved, publish
from tickets.tests.test_sweep_races import together

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "postgres" not in settings.DATABASES["default"]["ENGINE"],
        reason="SQLite has one writer at a time: there is no race to show",
    ),
]
HOUR = timedelta(hours=1)


def checked(oscar, now):
    """Check every clock against its events; return what differs."""
    run = check_now(by=oscar, now=now)
    while actions.advance_run(run_id=run.pk, now=now) is not None:
        pass
    return list(ClockDiscrepancy.objects.values_list("ticket_id", "metric", "difference"))


@pytest.mark.parametrize(("factor", "treatment"), [(0.5, "retarget"), (3, "retarget"), (3, "keep")])
def test_publishing_between_sweeps_and_replies_neither_loses_nor_doubles_a_breach(
    ada, lena, oscar, open_for, factor, treatment
):
    """All read the clock for themselves, so that breaches fall between every two of them."""
    chance = random.Random(str((factor, treatment)))
    tickets = [
        open_for(ada, severity=1, now=TUESDAY - timedelta(seconds=chance.uniform(0, 60)))
        for _number in range(40)
    ]
    due = TUESDAY + HOUR
    run = publish(halved(oscar, by=factor), treatment, oscar, due - timedelta(seconds=60))
    begun = time.monotonic()

    def now():
        # Half a minute before and after the breaches goes by in two seconds.
        return due - timedelta(seconds=60) + 30 * timedelta(seconds=time.monotonic() - begun)

    def sweep():
        for _round in range(40):
            actions.sweep_batch(now=now(), limit=5)
            time.sleep(0.05)

    def reply():
        for ticket in chance.sample(tickets, 30):
            actions.reply_as_agent(ticket=ticket, author=lena, body="Here", now=now())
            time.sleep(0.02)

    def recompute():
        for _round in range(40):
            actions.advance_run(run_id=run.pk, now=now(), limit=3)
            time.sleep(0.02)

    together(sweep, sweep, reply, recompute, recompute)
    while actions.advance_run(run_id=run.pk, now=now(), limit=50) is not None:
        pass
    run.refresh_from_db()
    assert (run.done, run.changed, run.failed) == (40, 40, 0)
    terms = TicketEvent.objects.filter(kind="terms")
    assert terms.count() == terms.values("ticket").distinct().count() == 40
    later = due + 10 * HOUR
    actions.sweep_clocks(now=later)
    # Every clock, ladder and recorded event is what the events of its ticket say: none is
    # lost, and none is on record that did not happen.
    assert checked(oscar, later) == []
    breaches = ClockEvent.objects.filter(kind="breach")
    assert breaches.count() == breaches.values("clock", "terms").distinct().count()


@pytest.mark.slow
def test_a_run_whose_workers_are_killed_goes_on_where_it_was(ada, oscar, open_for):
    tickets = [open_for(ada) for _number in range(60)]
    run = publish(halved(oscar), "retarget", oscar)
    database = connection.settings_dict
    script = (
        "import django; django.setup()\n"
        "from datetime import timedelta\n"
        "from portal.kit import clock\n"
        "from tickets.actions import recomputing\n"
        "recomputing.LEASE = timedelta(seconds=0.2)\n"
        "while True: recomputing.continue_runs(now=clock.now(), batch=2)\n"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.tests.settings",
        "DATABASE_URL": (
            f"postgres://{database['USER']}:{database['PASSWORD']}@"
            f"{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}/{database['NAME']}"
        ),
    }
    chance = random.Random(5)
    deadline = time.monotonic() + 120
    kills = 0
    while time.monotonic() < deadline:
        worker = subprocess.Popen(
            [sys.executable, "-c", script], env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        seen = RecomputeRun.objects.get(pk=run.pk).done
        while RecomputeRun.objects.get(pk=run.pk).done == seen and time.monotonic() < deadline:
            time.sleep(0.05)
            if RecomputeRun.objects.get(pk=run.pk).finished_at:
                break
        time.sleep(chance.uniform(0, 0.1))
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        kills += 1
        if RecomputeRun.objects.get(pk=run.pk).finished_at:
            break
    run.refresh_from_db()
    assert run.finished_at is not None
    assert (run.done, run.changed, run.failed) == (60, 60, 0)
    for ticket in tickets:
        assert TicketEvent.objects.filter(ticket=ticket, kind="terms").count() == 1
    assert set(Ticket.objects.values_list("terms__policy_version", flat=True)) == {2}
    assert Clock.objects.exclude(terms__policy_version=2).count() == 0
    assert kills > 1
