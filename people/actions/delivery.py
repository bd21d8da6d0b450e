"""Deliver what is due in the outbox."""

import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from people.models import Notice
from people.rules.delivery import is_given_up, next_try
from portal.kit import clock
from portal.kit.claims import claim

log = structlog.get_logger("people.notices")

# Longer than the worst single delivery (some socket time-outs of EMAIL_TIMEOUT each).
LEASE = timedelta(minutes=3)
BATCH = 20


class DeliveryError(Exception):
    """A transport could not deliver.

    ``permanent`` says that trying again is useless; ``is_outage`` that nothing
    goes out through this transport now, whoever it is for.
    """

    def __init__(self, message: str, *, permanent: bool = False, is_outage: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.is_outage = is_outage


class Transport(Protocol):
    """Deliver one notice or raise DeliveryError."""

    def __call__(self, notice: Notice) -> None:
        """Deliver the notice."""
        ...


def deliver_due_notices(*, now: datetime, limit: int = BATCH) -> int:
    """Deliver notices that are due; return how many went out.

    Claims under a lease, commits, sends outside any transaction, then marks. A
    crash between sending and marking sends again with the same Message-ID,
    once the lease is over. A transport that is down is left alone until the
    next call; what it was to carry stays due.
    """
    with transaction.atomic():
        due = Notice.objects.due(now).exclude(lease_until__gt=now)
        claimed = list(claim(due, limit))
        for notice in claimed:
            notice.lease_until = now + LEASE
        Notice.objects.filter(pk__in=[notice.pk for notice in claimed]).update(
            lease_until=now + LEASE
        )
    sent, broken = 0, set()
    for notice in claimed:
        if notice.transport in broken:
            continue
        failure = _deliver(notice)
        sent += failure is None
        if isinstance(failure, DeliveryError) and failure.is_outage:
            broken.add(notice.transport)
    _give_back(notice for notice in claimed if notice.transport in broken)
    return sent


def _deliver(notice: Notice) -> Exception | None:
    """Send one notice and mark the outcome; return what went wrong, if anything."""
    with structlog.contextvars.bound_contextvars(
        request_id=notice.request_id, notice=notice.pk, kind=notice.kind
    ):
        if not _renew_lease(notice):
            return TimeoutError("The lease is over; another worker has the notice.")
        try:
            _transport(notice.transport)(notice)
        except Exception as error:  # one bad row must not stop the others
            _mark_failed(notice, error)
            return error
        _mark_sent(notice)
        return None


def _renew_lease(notice: Notice) -> bool:
    """Start the lease anew, if nobody else took the notice while others were being sent.

    The wall clock, not the batch's ``now``: sending takes time, and the lease
    has to outlast it.
    """
    renewed = clock.now() + LEASE
    mine = Notice.objects.filter(pk=notice.pk, lease_until=notice.lease_until, sent_at=None)
    if not mine.update(lease_until=renewed):
        return False
    notice.lease_until = renewed
    return True


def _give_back(notices: Iterable[Notice]) -> None:
    """Let go of notices that were claimed and not tried."""
    for notice in notices:
        Notice.objects.filter(pk=notice.pk, lease_until=notice.lease_until).update(lease_until=None)


def _transport(name: str) -> Callable[[Notice], None]:
    path = settings.NOTICE_TRANSPORTS.get(name)
    if path is None:
        raise DeliveryError(f"no transport is called {name!r}", permanent=True)
    found: Callable[[Notice], None] = import_string(path)
    return found


def _mark_sent(notice: Notice) -> None:
    changes: dict[str, object] = {"sent_at": clock.now(), "lease_until": None, "last_error": ""}
    Notice.objects.filter(pk=notice.pk).update(**changes, **_wiped(notice))
    log.info("notice sent")


def _mark_failed(notice: Notice, error: Exception) -> None:
    now = clock.now()
    attempts = notice.attempts + 1
    given_up = is_given_up(
        attempts=attempts,
        age=now - notice.created_at,
        is_permanent=isinstance(error, DeliveryError) and error.permanent,
    )
    chance = random.random()  # noqa: S311  (jitter, not a secret)
    Notice.objects.filter(pk=notice.pk, sent_at=None).update(
        attempts=attempts,
        last_error=str(error)[:1000],
        lease_until=None,
        next_try_at=next_try(now=now, written=notice.created_at, attempts=attempts, chance=chance),
        dead_at=now if given_up else None,
        **(_wiped(notice) if given_up else {}),
    )
    log.warning("notice not delivered", error=str(error), attempts=attempts, given_up=given_up)


def _wiped(notice: Notice) -> dict[str, str]:
    """Codes and links must not stay readable once nobody needs the row to send them."""
    return {"body_text": "", "body_html": ""} if notice.is_secret else {}
