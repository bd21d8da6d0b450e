"""How a connection fares: what its CRM answered last, and when it may be called again."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from integrations.crm.models import CrmConnection
from integrations.crm.rules.waiting import FAILING_AFTER, call_delay
from integrations.crm.vendor import CrmError, LimitReached, MissingScope, Revoked
from portal.kit.claims import lock
from tiers.actions.telling import tell_ops

log = structlog.get_logger("integrations.crm")

# Writing down every answer would be a row version per call.
NOTED_EVERY = timedelta(seconds=20)
ALERT_AFTER = timedelta(hours=24)
State = CrmConnection.State


def note_answer(*, connection: CrmConnection, now: datetime) -> None:
    """Note that the CRM answered; whatever was wrong with reaching it is over.

    Leaves a paused or revoked connection as it is: only ops bring those back.
    """
    rows = CrmConnection.objects.filter(pk=connection.pk)
    rows.filter(state=State.FAILING).update(state=State.ACTIVE)
    rows.filter(
        Q(last_success_at=None)
        | Q(last_success_at__lt=now - NOTED_EVERY)
        | Q(failures__gt=0)
        | Q(stale_since__isnull=False)
    ).exclude(state=State.REVOKED).update(
        last_success_at=now, failures=0, blocked_until=None, stale_since=None, alerted_at=None
    )


@transaction.atomic
def note_failure(*, connection: CrmConnection, error: CrmError, now: datetime) -> CrmConnection:
    """Note that a call failed, decide when the next one may be made, and return the connection.

    Nothing is concluded about any account: what the CRM said last goes on to count, and staleness
    holds tiers where they are. Ops are told once that access was revoked.
    """
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    if not row.is_working:
        return row
    row.failures = min(row.failures + 1, 1000)
    chance = random.random()  # noqa: S311  (jitter, not a secret)
    # What the CRM asks for is no failure of its: its answer counts alone, or a short pause.
    tries = 1 if isinstance(error, LimitReached) else row.failures
    row.blocked_until = now + call_delay(tries, chance, error.retry_after)
    row.last_error, row.last_error_at = error.message[:1000], now
    if not isinstance(error, LimitReached):
        row.stale_since = row.stale_since or row.last_success_at or now
    if isinstance(error, MissingScope) and error.scope not in row.missing_scopes:
        row.missing_scopes = [*row.missing_scopes, error.scope] if error.scope else []
    if isinstance(error, Revoked):
        row.state = State.REVOKED
        _tell(row, "crm_revoked", now)
    elif isinstance(error, MissingScope) or (
        row.failures >= FAILING_AFTER and not isinstance(error, LimitReached)
    ):
        row.state = State.FAILING
    row.save()
    log.warning(
        "crm call failed",
        connection=row.pk,
        error=type(error).__name__,
        state=row.state,
        until=row.blocked_until.isoformat(),
    )
    return row


def alert_of_long_silence(*, now: datetime) -> int:
    """Tell ops once about each connection that was not reached for a day; return how many."""
    silent = CrmConnection.objects.filter(
        state=State.FAILING, stale_since__lte=now - ALERT_AFTER, alerted_at=None
    )
    if not silent.exists():
        return 0
    with transaction.atomic():
        rows = list(lock(silent.order_by("pk")))
        for row in rows:
            _tell(row, "crm_silent", now)
            row.alerted_at = now
            row.save(update_fields=["alerted_at"])
    return len(rows)


def _tell(connection: CrmConnection, kind: str, now: datetime) -> None:
    since = connection.stale_since or now
    tell_ops(
        kind=kind,
        once=f"{connection.pk}:{since.isoformat()}",
        page=("ops_crm_connection", [connection.public_id]),
        now=now,
        connection=connection,
        since=since,
    )


def in_words(secrets: Mapping[str, str], text: str) -> str:
    """Return a text without any of the secrets, should a CRM repeat them in an error."""
    # Several may stand in one, a line each.
    lines = [line.strip() for value in secrets.values() for line in value.splitlines()]
    for secret in sorted(lines, key=len, reverse=True):
        if len(secret) >= 6:
            text = text.replace(secret, "***")
    return text
