"""Write the tier back into a field of the CRM: through an outbox, and only what differs."""

import random
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from integrations.crm.actions.calling import as_crm_error, client_of
from integrations.crm.actions.health import note_answer, note_failure
from integrations.crm.models import CrmConnection, CrmEvent, CrmRecord, TierWrite
from integrations.crm.models.record import CrmRecordQuerySet
from integrations.crm.rules.waiting import row_delay
from integrations.crm.vendor import Client, Rejected, UnknownFields
from portal.kit.claims import claim, lock
from tiers.models import TierAssignment

log = structlog.get_logger("integrations.crm")

BATCH = 50
LOOKED_AT = 2000
# Numbers are given before a transaction ends: one that ended late may have a smaller number.
OVERLAP = 500
YOUNG = timedelta(minutes=2)
LEASE = timedelta(seconds=90)
Outcome = TierWrite.Outcome


def queue_tier_writes(*, connection: CrmConnection, now: datetime) -> int:
    """Queue the tier of every linked record whose organization changed tier; return how many.

    News from the tiers room are taken from its history, by number, so that nothing is missed
    when no worker ran; and with the record's own idea of the field, so that what is there
    already is not written, which is where the loop through the CRM's webhook ends.
    """
    if not connection.tier_field or not _is_there_news(connection, now):
        return 0
    return _queue_all(connection, now)


def _is_there_news(connection: CrmConnection, now: datetime) -> bool:
    """Whether it is worth taking the connection's row, and with SQLite the one writer."""
    since = connection.last_assignment_id
    young = TierAssignment.objects.filter(pk__gt=since - OVERLAP, valid_from__gte=now - YOUNG)
    return (
        TierAssignment.objects.filter(pk__gt=since).exists()
        or young.exists()
        or _blank(connection).exists()
    )


def _blank(connection: CrmConnection) -> CrmRecordQuerySet:
    """Return records without a tier in the CRM: newly linked ones, whose tier may be older."""
    linked = CrmRecord.objects.linked().filter(connection=connection, written_tier="")
    return linked.exclude(tier_writes__outcome__in=[Outcome.DEAD, Outcome.WAITING])


@transaction.atomic
def _queue_all(connection: CrmConnection, now: datetime) -> int:
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    if not row.tier_field or not row.is_working:
        return 0
    news = TierAssignment.objects.filter(pk__gt=row.last_assignment_id - OVERLAP).order_by("pk")
    found = list(news.values_list("pk", "organization_id")[:LOOKED_AT])
    linked = CrmRecord.objects.linked().filter(connection=row)
    blank = _blank(row).order_by("pk").values_list("organization_id", flat=True)
    ids = {organization for _pk, organization in found} | set(blank[:LOOKED_AT])
    records = linked.filter(organization_id__in=ids)
    open_rows = {
        assignment.organization_id: assignment
        for assignment in TierAssignment.objects.open().filter(
            organization_id__in=[record.organization_id for record in records]
        )
    }
    queued = 0
    for record in records.order_by("pk"):
        assignment = open_rows.get(record.organization_id or 0)
        if assignment is not None:
            queued += _queue(row, record, assignment, now)
    newest = max(found[-1][0] if found else 0, row.last_assignment_id)
    if newest != row.last_assignment_id:
        CrmConnection.objects.filter(pk=row.pk).update(last_assignment_id=newest)
    return queued


def _queue(
    connection: CrmConnection, record: CrmRecord, assignment: TierAssignment, now: datetime
) -> bool:
    value = value_of(connection, assignment.tier)
    waiting = lock(TierWrite.objects.waiting().filter(record=record)).first()
    if waiting is None:
        given_up = TierWrite.objects.filter(
            record=record, outcome=Outcome.DEAD, value=value, assignment=assignment
        )
        if record.written_tier == value or given_up.exists():
            return False
        TierWrite.objects.create(
            record=record, assignment=assignment, value=value, queued_at=now, next_attempt_at=now
        )
        return True
    if waiting.value == value:
        return False
    waiting.value, waiting.assignment = value, assignment
    waiting.attempts, waiting.next_attempt_at = 0, now
    waiting.save(update_fields=["value", "assignment", "attempts", "next_attempt_at"])
    return True


def value_of(connection: CrmConnection, tier: str) -> str:
    """Return what the CRM's field holds for a tier."""
    return str(connection.tier_values.get(tier) or tier)[:100]


def write_tiers(*, connection: CrmConnection, now: datetime, limit: int = BATCH) -> int:
    """Write what is due; return how many rows were settled.

    Claimed under a lease, written outside any transaction, then marked: after a crash in between
    the same value is written again, which changes nothing.
    """
    due = TierWrite.objects.filter(record__connection=connection).due(now)
    if not due.exists():
        return 0
    with transaction.atomic():
        claimed = list(claim(due.select_related("record"), limit))
        TierWrite.objects.filter(pk__in=[row.pk for row in claimed]).update(
            next_attempt_at=now + LEASE, attempts=F("attempts") + 1
        )
    if not claimed:
        return 0
    done = 0
    try:
        with client_of(connection) as client:
            for row in claimed:
                done += _write(client, connection, row, now)
    except Exception as error:
        ids = [row.pk for row in claimed]
        TierWrite.objects.waiting().filter(pk__in=ids, next_attempt_at=now + LEASE).update(
            next_attempt_at=now, attempts=F("attempts") - 1
        )
        note_failure(connection=connection, error=as_crm_error(error), now=now)
        return done
    note_answer(connection=connection, now=now)
    return done


def _write(client: Client, connection: CrmConnection, row: TierWrite, now: datetime) -> bool:
    record = row.record
    if record.state != CrmRecord.State.LINKED or not connection.tier_field:
        return _settle(row, Outcome.DEAD, now, "The company is not linked any more.")
    if record.written_tier == row.value:
        return _settle(row, Outcome.SAME, now)
    try:
        client.write(record.external_id, {connection.tier_field: row.value})
    except (Rejected, UnknownFields) as error:
        delay = row_delay(row.attempts + 1, random.random())  # noqa: S311  (jitter)
        if delay is None:
            return _settle(row, Outcome.DEAD, now, error.message)
        TierWrite.objects.filter(pk=row.pk, value=row.value).update(
            next_attempt_at=now + delay, last_error=error.message[:1000]
        )
        return False
    return _settle(row, Outcome.WRITTEN, now)


@transaction.atomic
def _settle(row: TierWrite, outcome: str, now: datetime, error: str = "") -> bool:
    mine = TierWrite.objects.waiting().filter(pk=row.pk)
    if outcome in {Outcome.WRITTEN, Outcome.SAME}:
        CrmRecord.objects.filter(pk=row.record_id).update(written_tier=row.value)
    if not mine.filter(value=row.value).update(
        outcome=outcome, settled_at=now, last_error=error[:1000]
    ):
        mine.update(next_attempt_at=now)  # another tier came meanwhile: that one is due now
        return False
    if outcome != Outcome.SAME:
        record = row.record
        CrmEvent.objects.create(
            connection_id=record.connection_id,
            origin=CrmEvent.Origin.WRITE_BACK,
            kind=CrmEvent.Kind.WRITTEN,
            outcome=CrmEvent.Outcome.APPLIED
            if outcome == Outcome.WRITTEN
            else CrmEvent.Outcome.FAILED,
            reason="written" if outcome == Outcome.WRITTEN else "not_written",
            detail={"error": error[:300]} if error else {},
            external_id=record.external_id,
            record=record,
            organization_id=record.organization_id,
            old=record.written_tier,
            new=row.value,
            recorded_at=now,
            settled_at=now,
            assignment=row.assignment,
        )
    return True
