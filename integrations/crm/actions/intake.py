"""Take in webhooks: store the verified body at once, read it later."""

import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F

from integrations.crm.models import CrmConnection, CrmEvent, DirtyRecord, WebhookDelivery
from integrations.crm.registry import vendor_of
from integrations.crm.rules.waiting import row_delay
from integrations.crm.vendor import Hint, HintKind, Unreadable, storable
from portal.kit.claims import claim, lock
from portal.kit.requests import current_request_id
from portal.kit.webhooks import body_digest

log = structlog.get_logger("integrations.crm")

BATCH = 50
# Reading a body takes milliseconds; a worker that is silent for so long is dead.
LEASE = timedelta(seconds=60)
TEXT = 300
ID = 80
Status = WebhookDelivery.Status


def store_delivery(
    *,
    connection: CrmConnection,
    body: bytes,
    headers: Mapping[str, str],
    verified_by: str,
    now: datetime,
) -> bool:
    """Store a verified body, due at once; False when the very same one is there already."""
    digest = body_digest(body)
    try:
        with transaction.atomic():
            WebhookDelivery.objects.create(
                source=connection.vendor,
                connection=connection,
                received_at=now,
                http_headers_subset=dict(headers),
                raw_body=body,
                body_sha256=digest,
                dedupe_key=f"{connection.pk}:{digest}",
                verified_by=verified_by,
                next_attempt_at=now,
                request_id=current_request_id(),
            )
    except IntegrityError:
        return False
    return True


def read_deliveries(*, now: datetime, limit: int = BATCH) -> int:
    """Turn stored bodies into ledger rows and records to read again; return how many were read.

    Bodies of a paused connection wait. One that cannot be read is given up at once and shown;
    one at which something of ours broke is tried again. Neither stops the others.
    """
    due = WebhookDelivery.objects.due(now).exclude(connection__state=CrmConnection.State.PAUSED)
    if not due.exists():
        return 0  # without taking SQLite's one writer every second
    with transaction.atomic():
        claimed = list(claim(due, limit))
        WebhookDelivery.objects.filter(pk__in=[row.pk for row in claimed]).update(
            status=Status.PROCESSING, next_attempt_at=now + LEASE, attempts=F("attempts") + 1
        )
    for row in claimed:
        with_log = {"delivery": row.pk, "request_id": row.request_id}
        try:
            _read(row.pk, now)
        except Unreadable as error:
            log.warning("crm webhook unreadable", error=str(error), **with_log)
            _settle(row.pk, Status.DEAD, now, error=str(error) or "The body cannot be read.")
        except Exception as error:
            log.exception("crm webhook failed", **with_log)
            _put_off(row, error, now)
    return len(claimed)


@transaction.atomic
def _read(delivery_id: int, now: datetime) -> None:
    delivery: WebhookDelivery = lock(
        WebhookDelivery.objects.filter(pk=delivery_id).select_related("connection")
    ).get()
    if delivery.status != Status.PROCESSING:
        return  # whoever took it over when our lease ended was faster
    connection = delivery.connection
    hints = vendor_of(connection.vendor).hints(bytes(delivery.raw_body), connection.vendor_settings)
    if not hints:
        _settle(delivery_id, Status.IGNORED, now, error="Nothing in it is about companies.")
        return
    CrmEvent.objects.bulk_create(
        # In one order everywhere: two workers with the same events then wait instead of
        # waiting for each other.
        sorted(
            (_event(hint, delivery, now) for hint in hints), key=lambda row: str(row.dedupe_key)
        ),
        ignore_conflicts=True,
    )
    fresh = dict(CrmEvent.objects.filter(delivery=delivery).values_list("dedupe_key", "pk"))
    if not fresh:
        _settle(delivery_id, Status.IGNORED, now, error="All of its events came before.")
        return
    told = [
        hint
        for hint in hints
        if hint.dedupe_key[:100] in fresh and hint.kind is not HintKind.IGNORED
    ]
    if not told:
        _settle(delivery_id, Status.IGNORED, now, error="Nothing in it is about companies.")
        return
    survivors = {
        loser[:ID]: hint.object_id[:ID]
        for hint in told
        if hint.kind is HintKind.MERGED
        for loser in hint.merged_ids
        if loser != hint.object_id
    }
    mark_dirty(
        connection=connection,
        external_ids={hint.object_id[:ID] for hint in told} | set(survivors),
        last_event_id=max(fresh.values()),
        survivors=survivors,
        now=now,
    )
    _settle(delivery_id, Status.DONE, now)


def _event(hint: Hint, delivery: WebhookDelivery, now: datetime) -> CrmEvent:
    is_idle = hint.kind is HintKind.IGNORED
    return CrmEvent(
        connection=delivery.connection,
        origin=CrmEvent.Origin.WEBHOOK,
        kind=str(hint.kind),
        outcome=CrmEvent.Outcome.IGNORED if is_idle else CrmEvent.Outcome.RECEIVED,
        reason="not_about_companies" if is_idle else "",
        settled_at=now if is_idle else None,
        detail={"merged": list(hint.merged_ids)} if hint.merged_ids else {},
        external_id=hint.object_id[:ID],
        delivery=delivery,
        dedupe_key=hint.dedupe_key[:100],
        field=storable(hint.field)[:100],
        summary=" ".join(storable(hint.summary).split())[:TEXT],
        occurred_at=hint.occurred_at or delivery.received_at,
        recorded_at=now,
    )


@transaction.atomic
def mark_dirty(
    *,
    connection: CrmConnection,
    external_ids: Iterable[str],
    now: datetime,
    last_event_id: int = 0,
    survivors: Mapping[str, str] | None = None,
) -> None:
    """Have these records read again: one row each, however often they are named."""
    ids = sorted(set(external_ids))
    while True:
        DirtyRecord.objects.bulk_create(
            [
                DirtyRecord(
                    connection=connection, external_id=name, first_seen_at=now, next_attempt_at=now
                )
                for name in ids
            ],
            ignore_conflicts=True,
        )
        rows = DirtyRecord.objects.filter(connection=connection, external_id__in=ids)
        held = list(lock(rows.order_by("external_id")))
        if len(held) == len(ids):
            break
        # A worker finished with one between the two statements: it has to stand there again.
    DirtyRecord.objects.filter(pk__in=[row.pk for row in held]).update(
        hints=F("hints") + 1, next_attempt_at=now, attempts=0
    )
    if last_event_id:
        rows.filter(last_event_id__lt=last_event_id).update(last_event_id=last_event_id)
    for loser, survivor in (survivors or {}).items():
        rows.filter(external_id=loser).update(merged_into=survivor)


def _settle(delivery_id: int, status: str, now: datetime, error: str = "") -> None:
    WebhookDelivery.objects.filter(pk=delivery_id).update(
        status=status, settled_at=now, last_error=error[:1000]
    )


def _put_off(row: WebhookDelivery, error: Exception, now: datetime) -> None:
    delay = row_delay(row.attempts + 1, random.random())  # noqa: S311  (jitter)
    told = f"{type(error).__name__}: {error}"
    if delay is None:
        _settle(row.pk, Status.DEAD, now, error=told)
        return
    WebhookDelivery.objects.filter(pk=row.pk, status=Status.PROCESSING).update(
        status=Status.RECEIVED, next_attempt_at=now + delay, last_error=told[:1000]
    )
