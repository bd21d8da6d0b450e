"""Write notices into the outbox, and deliver what is due."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from people.models import Notice, User
from portal.kit import clock
from portal.kit.claims import claim
from portal.kit.requests import current_request_id

log = structlog.get_logger("people.notices")

LEASE = timedelta(seconds=60)
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
GIVE_UP_AFTER = timedelta(hours=24)


class DeliveryError(Exception):
    """A transport could not deliver. ``permanent`` says that trying again is useless."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class Transport(Protocol):
    """Deliver one notice or raise DeliveryError."""

    def __call__(self, notice: Notice) -> None: ...


def queue_notice(
    *,
    kind: str,
    recipient: User | None,
    dedupe_key: str,
    subject: str,
    body_text: str,
    now: datetime,
    address: str = "",
    body_html: str = "",
    about: str = "",
    in_reply_to: str = "",
    is_secret: bool = False,
    transport: str = "mail",
) -> None:
    """Write one notice in the caller's transaction; the same key twice is one notice."""
    host = settings.BASE_URL.split("://", 1)[-1].split(":")[0]
    Notice.objects.bulk_create(
        [
            Notice(
                kind=kind,
                recipient=recipient,
                address=address or (recipient.email if recipient else ""),
                dedupe_key=dedupe_key,
                subject=" ".join(subject.split())[:200],
                body_text=body_text,
                body_html=body_html,
                about=about,
                in_reply_to=in_reply_to,
                is_secret=is_secret,
                transport=transport,
                message_id=f"<{dedupe_key.replace(':', '.').replace('@', '.at.')}@{host}>",
                request_id=current_request_id(),
                next_try_at=now,
            )
        ],
        ignore_conflicts=True,
    )


def retry_delay(attempts: int) -> timedelta:
    """Return how long to wait after this many failed attempts.

    Doubles from one minute to six hours, with up to 20 % added at random, so
    that notices that failed together do not come back together.
    """
    base = min(FIRST_RETRY * 2 ** max(attempts - 1, 0), LONGEST_RETRY)
    return base * (1 + random.random() * 0.2)  # noqa: S311  (jitter, not a secret)


def deliver_due_notices(*, now: datetime, limit: int = 100) -> int:
    """Deliver notices that are due; return how many went out.

    Claims under a lease, commits, sends outside any transaction, then marks. A
    crash between sending and marking sends again with the same Message-ID.
    """
    with transaction.atomic():
        due = Notice.objects.due(now).exclude(lease_until__gt=now)
        claimed = list(claim(due, limit))
        Notice.objects.filter(pk__in=[notice.pk for notice in claimed]).update(
            lease_until=now + LEASE
        )
    return sum(_deliver(notice) for notice in claimed)


def _deliver(notice: Notice) -> bool:
    with structlog.contextvars.bound_contextvars(
        request_id=notice.request_id, notice=notice.pk, kind=notice.kind
    ):
        try:
            _transport(notice.transport)(notice)
        except Exception as error:  # one bad row must not stop the others
            _mark_failed(notice, error)
            return False
        _mark_sent(notice)
        return True


def _transport(name: str) -> Callable[[Notice], None]:
    path = settings.NOTICE_TRANSPORTS.get(name)
    if path is None:
        raise DeliveryError(f"no transport is called {name!r}", permanent=True)
    found: Callable[[Notice], None] = import_string(path)
    return found


def _mark_sent(notice: Notice) -> None:
    changes: dict[str, object] = {"sent_at": clock.now(), "lease_until": None, "last_error": ""}
    if notice.is_secret:
        changes |= {"body_text": "", "body_html": ""}
    Notice.objects.filter(pk=notice.pk).update(**changes)
    log.info("notice sent")


def _mark_failed(notice: Notice, error: Exception) -> None:
    now = clock.now()
    attempts = notice.attempts + 1
    permanent = isinstance(error, DeliveryError) and error.permanent
    give_up = permanent or now - notice.created_at >= GIVE_UP_AFTER
    Notice.objects.filter(pk=notice.pk).update(
        attempts=attempts,
        last_error=str(error)[:1000],
        lease_until=None,
        next_try_at=now + retry_delay(attempts),
        dead_at=now if give_up else None,
    )
    log.warning("notice not delivered", error=str(error), attempts=attempts, given_up=give_up)
