"""Celery tasks of the CRM sync: thin, safe to repeat, harmless side by side."""

import time
from collections.abc import Callable

import structlog
from celery import shared_task

from integrations.crm.actions import (
    alert_of_long_silence,
    compare,
    forget_old_bodies,
    forget_old_runs,
    poll,
    queue_tier_writes,
    read_deliveries,
    refresh_dirty,
    write_tiers,
)
from integrations.crm.models import CrmConnection
from integrations.crm.standing import announce_trouble
from portal.kit import clock
from portal.kit.tasks import LoneTask

log = structlog.get_logger("integrations.crm")

# One call of a task goes on while there is work, and ends well before the worker's time limit.
SECONDS = 45
# Comparing a big CRM takes its time; each page renews the run's lease.
LONG = 4 * 3600


@shared_task(base=LoneTask)
def follow_crms(**kwargs: object) -> int:
    """Read what webhooks brought, then the records they name; go on while there is any."""
    started, done = time.monotonic(), 0
    while time.monotonic() - started < SECONDS:
        worked = read_deliveries(now=clock.now())
        for connection in CrmConnection.objects.callable_at(clock.now()).order_by("pk"):
            worked += _guarded(refresh_dirty, connection)
        if not worked:
            break
        done += worked
    return done


@shared_task(base=LoneTask)
def write_tiers_back(**kwargs: object) -> int:
    """Write changed tiers into CRMs that want them."""
    done = 0
    wanted = CrmConnection.objects.callable_at(clock.now()).exclude(tier_field="")
    for connection in wanted.order_by("pk"):
        _guarded(queue_tier_writes, connection)
        done += _guarded(write_tiers, connection)
    return done


@shared_task(base=LoneTask, time_limit=LONG, soft_time_limit=LONG - 60)
def poll_crms(**kwargs: object) -> int:
    """Ask every CRM that is due what changed; say which ones are silent."""
    runs = 0
    for connection in CrmConnection.objects.due_for_polling(clock.now()):
        runs += poll(connection=connection, now=clock.now()) is not None
    alert_of_long_silence(now=clock.now())
    announce_trouble()
    return runs


@shared_task(base=LoneTask, time_limit=LONG, soft_time_limit=LONG - 60)
def compare_crms(**kwargs: object) -> int:
    """Compare all records of every CRM that is due with ours."""
    runs = 0
    for connection in CrmConnection.objects.due_for_reconciling(clock.now()):
        runs += compare(connection=connection, now=clock.now()) is not None
    return runs


@shared_task(base=LoneTask)
def forget_crm_history(**kwargs: object) -> int:
    """Forget old bodies of webhooks and old runs, a batch at a time."""
    done = 0
    while count := forget_old_bodies(now=clock.now()) + forget_old_runs(now=clock.now()):
        done += count
    return done


def _guarded(act: Callable[..., int], connection: CrmConnection) -> int:
    """Run an act on one connection; what breaks there does not stop the others."""
    try:
        return act(connection=connection, now=clock.now())
    except Exception:
        log.exception("crm work failed", connection=connection.pk, act=act.__name__)
        return 0
