"""Celery tasks of the people room: thin, safe to lose, to repeat and to run twice at once."""

import time
from typing import Any

from celery import shared_task

from people.actions import deliver_due_notices, forget_expired_rows
from portal.kit import clock
from portal.kit.tasks import LoneTask

# Below the time limit of a task by more than the worst single delivery.
DELIVERY_SECONDS = 30
HOUSEKEEPING_ROUNDS = 50


@shared_task(name="people.tasks.deliver_notices", base=LoneTask)
def deliver_notices(**kwargs: Any) -> int:
    """Deliver due notices, batch after batch, until none is left or the time is used up."""
    started, sent = time.monotonic(), 0
    while time.monotonic() - started < DELIVERY_SECONDS:
        delivered = deliver_due_notices(now=clock.now())
        sent += delivered
        if not delivered:
            break
    return sent


@shared_task(name="people.tasks.forget_expired_rows", base=LoneTask)
def forget_expired(**kwargs: Any) -> int:
    """Remove expired rows, batch after batch, for a bounded number of rounds."""
    total = 0
    for _round in range(HOUSEKEEPING_ROUNDS):
        removed = sum(forget_expired_rows(now=clock.now()).values())
        total += removed
        if not removed:
            break
    return total
