"""Forget what has served its time: bodies of webhooks, and runs that found nothing."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from integrations.crm.models import SyncRun, TierWrite, WebhookDelivery

BATCH = 1000
RUNS_KEPT = timedelta(days=30)
WRITES_KEPT = timedelta(days=90)


@transaction.atomic
def forget_old_bodies(*, now: datetime, limit: int = BATCH) -> int:
    """Empty the bodies of old settled deliveries; their hash and outcome stay."""
    old = WebhookDelivery.objects.exclude(raw_body=b"").filter(
        received_at__lt=now - timedelta(days=settings.CRM_KEEP_BODIES_DAYS)
    )
    settled = old.exclude(pk__in=WebhookDelivery.objects.backlog().values("pk"))
    ids = list(settled.order_by("pk").values_list("pk", flat=True)[:limit])
    return WebhookDelivery.objects.filter(pk__in=ids).update(raw_body=b"")


@transaction.atomic
def forget_old_runs(*, now: datetime, limit: int = BATCH) -> int:
    """Remove old runs with their differences; ledger rows stay and forget which run it was."""
    old = SyncRun.objects.filter(finished_at__lt=now - RUNS_KEPT).order_by("pk")
    ids = list(old.values_list("pk", flat=True)[:limit])
    SyncRun.objects.filter(pk__in=ids).delete()
    writes = TierWrite.objects.filter(settled_at__lt=now - WRITES_KEPT).order_by("pk")
    TierWrite.objects.filter(pk__in=list(writes.values_list("pk", flat=True)[:limit])).delete()
    return len(ids)
