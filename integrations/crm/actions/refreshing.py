"""Read records again that webhooks named, and apply them."""

import dataclasses
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from integrations.crm.actions.applying import Applied, apply_missing, apply_record
from integrations.crm.actions.batches import confirm_applied
from integrations.crm.actions.calling import as_crm_error, client_of
from integrations.crm.actions.health import note_answer, note_failure
from integrations.crm.actions.look import Look, look_at
from integrations.crm.actions.mapping import note_missing_fields
from integrations.crm.models import CrmConnection, CrmEvent, DirtyRecord
from integrations.crm.rules.waiting import row_delay
from integrations.crm.vendor import Client, CrmError, Record, Rejected, UnknownFields
from portal.kit.claims import claim

log = structlog.get_logger("integrations.crm")

BATCH = 100
# Longer than one reading of a batch can take with its time-outs.
LEASE = timedelta(seconds=90)


def refresh_dirty(*, connection: CrmConnection, now: datetime, limit: int = BATCH) -> int:
    """Read what is due of one connection and apply it; return how many records were dealt with.

    Rows are claimed under a lease, read outside any transaction, and each is removed in the
    transaction that applies it: a crash anywhere means that it is read again. A CRM that does not
    answer is left alone for a while and the rows stay due. One record that cannot be applied does
    not stop the others; after some tries it is set aside and shown.
    """
    if not DirtyRecord.objects.filter(connection=connection).due(now).exists():
        return 0
    look = look_at(connection, origin=CrmEvent.Origin.WEBHOOK, now=now)
    claimed = _claim(connection, now, limit)
    if not claimed:
        return 0
    try:
        with client_of(connection) as client:
            found, rejected, look = _read(client, list(claimed), look)
    except Exception as error:
        _release(claimed.values())
        note_failure(connection=connection, error=as_crm_error(error), now=now)
        return 0
    note_answer(connection=connection, now=now)
    read_again = []
    # Merged and deleted ones first: a survivor then finds the organization that comes to it.
    for external_id in sorted(claimed, key=lambda name: _is_live(found.get(name))):
        dirty = claimed[external_id]
        if external_id in rejected:
            _put_off(dirty, rejected[external_id], now)
            continue
        try:
            applied = _apply(look, external_id, found.get(external_id), dirty)
        except Exception as error:
            log.exception("crm record failed", connection=connection.pk, record=external_id)
            _put_off(dirty, error, now)
            continue
        if applied.row is not None and not applied.is_older:
            read_again.append(applied.row)
    confirm_applied(look=look, rows=read_again)
    return len(claimed)


@transaction.atomic
def _claim(connection: CrmConnection, now: datetime, limit: int) -> dict[str, DirtyRecord]:
    due = DirtyRecord.objects.filter(connection=connection).due(now)
    claimed = list(claim(due, limit))
    DirtyRecord.objects.filter(pk__in=[row.pk for row in claimed]).update(lease_until=now + LEASE)
    return {row.external_id: row for row in claimed}


def _read(
    client: Client, ids: Sequence[str], look: Look
) -> tuple[dict[str, Record], dict[str, CrmError], Look]:
    """Return records by id, and errors of ids that the CRM refuses to talk about."""
    try:
        found, rejected = _halving(client, ids, look)
    except UnknownFields as error:
        note_missing_fields(connection=look.connection, fields=error.names, now=look.now)
        look = look.without(error.names)
        found, rejected = _halving(client, ids, look)
    return found, rejected, look


def _halving(
    client: Client, ids: Sequence[str], look: Look
) -> tuple[dict[str, Record], dict[str, CrmError]]:
    """Read ids; of a batch that is refused, find the ones at fault and read the others."""
    try:
        return {record.id: record for record in client.read(ids, look.fields)}, {}
    except Rejected as error:
        if len(ids) == 1:
            return {}, {ids[0]: error}
    middle = len(ids) // 2
    found, rejected = _halving(client, ids[:middle], look)
    more, more_rejected = _halving(client, ids[middle:], look)
    return {**found, **more}, {**rejected, **more_rejected}


def _is_live(record: Record | None) -> bool:
    return record is not None and not record.archived and not record.merged_into


def _apply(look: Look, external_id: str, record: Record | None, dirty: DirtyRecord) -> Applied:
    if record is None:
        return apply_missing(look=look, external_id=external_id, dirty=dirty)
    if record.archived and not record.merged_into and dirty.merged_into:
        record = dataclasses.replace(record, merged_into=dirty.merged_into)
    return apply_record(look=look, record=record, dirty=dirty)


def _release(rows: Iterable[DirtyRecord]) -> None:
    """Give claimed rows back: the call failed, which says nothing about any of them."""
    DirtyRecord.objects.filter(pk__in=[row.pk for row in rows]).update(lease_until=None)


def _put_off(dirty: DirtyRecord, error: Exception, now: datetime) -> None:
    """Try one record again later, or set it aside; its hints go on waiting with it."""
    delay = row_delay(dirty.attempts + 1, random.random())  # noqa: S311  (jitter)
    told = error.message if isinstance(error, CrmError) else f"{type(error).__name__}: {error}"
    rows = DirtyRecord.objects.filter(pk=dirty.pk)
    rows.update(attempts=F("attempts") + 1, last_error=told[:1000], lease_until=None)
    # Another hint came in between: that is a reason to try at once.
    rows.filter(hints=dirty.hints).update(next_attempt_at=now + delay if delay else None)
