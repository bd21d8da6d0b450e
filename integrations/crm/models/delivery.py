"""What webhooks brought, and which records are to be read again because of it."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.crm.models.connection import CrmConnection


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    """Questions about deliveries."""

    def due(self, now: datetime) -> "WebhookDeliveryQuerySet":
        """Return deliveries to be read now, the longest due first.

        One that a worker took and never finished is due again when its lease is over.
        """
        return self.filter(
            status__in=[WebhookDelivery.Status.RECEIVED, WebhookDelivery.Status.PROCESSING],
            next_attempt_at__lte=now,
        ).order_by("next_attempt_at", "pk")

    def backlog(self) -> "WebhookDeliveryQuerySet":
        """Return deliveries that are stored and not yet dealt with."""
        return self.filter(
            status__in=[WebhookDelivery.Status.RECEIVED, WebhookDelivery.Status.PROCESSING]
        )

    def dead(self) -> "WebhookDeliveryQuerySet":
        """Return deliveries that were given up."""
        return self.filter(status=WebhookDelivery.Status.DEAD)


class WebhookDelivery(models.Model):
    """One verified webhook body as it arrived, kept before anything is done with it.

    The body is forgotten after ``CRM_KEEP_BODIES_DAYS``; its hash and outcome stay.
    """

    class Status(models.TextChoices):
        """How far it is."""

        RECEIVED = "received", _("received")
        PROCESSING = "processing", _("being read")
        DONE = "done", _("done")
        IGNORED = "ignored", _("ignored")
        DEAD = "dead", _("given up")

    source = models.CharField(_("CRM"), max_length=20)
    connection = models.ForeignKey(
        CrmConnection, on_delete=models.CASCADE, related_name="deliveries"
    )
    received_at = models.DateTimeField(_("received"))
    http_headers_subset = models.JSONField(default=dict, blank=True)
    raw_body = models.BinaryField(default=bytes, blank=True)
    body_sha256 = models.CharField(max_length=64)
    dedupe_key = models.CharField(max_length=120, unique=True)
    verified_by = models.CharField(max_length=40)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.RECEIVED
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is tried next; while it is being read, when the lease of its worker ends.
    next_attempt_at = models.DateTimeField()
    last_error = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=models.Q(status__in=["received", "processing"]),
                name="crm_delivery_due",
            ),
            models.Index(
                fields=["received_at"],
                condition=~models.Q(raw_body=b""),
                name="crm_delivery_has_body",
            ),
            models.Index(
                fields=["connection"],
                condition=models.Q(status="dead"),
                name="crm_delivery_dead",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.pk}"


class DirtyRecordQuerySet(models.QuerySet["DirtyRecord"]):
    """Questions about records to be read again."""

    def due(self, now: datetime) -> "DirtyRecordQuerySet":
        """Return records to be read now that no worker has, the longest waiting first."""
        free = self.filter(models.Q(lease_until=None) | models.Q(lease_until__lte=now))
        return free.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")

    def parked(self) -> "DirtyRecordQuerySet":
        """Return records that are not tried any more before somebody says so."""
        return self.filter(next_attempt_at=None)


class DirtyRecord(models.Model):
    """A record of the CRM that something happened to: read it again.

    Any number of hints about one record are one row and one reading. A worker takes rows under
    a lease and removes them when what it read is applied;
    ``hints`` then says whether another hint came in between, which leaves the row for the next
    reading.
    """

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="dirty")
    external_id = models.CharField(max_length=80)
    first_seen_at = models.DateTimeField()
    hints = models.PositiveIntegerField(default=0)
    # The newest ledger row among the hints.
    last_event_id = models.BigIntegerField(default=0)
    # What a merge hint said, for CRMs that do not say it of the record itself.
    merged_into = models.CharField(max_length=80, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # None: set aside after too many failures.
    next_attempt_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    objects = DirtyRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("record to read again")
        verbose_name_plural = _("records to read again")
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="crm_dirty_once"),
        ]
        indexes = [
            models.Index(fields=["connection", "next_attempt_at", "id"], name="crm_dirty_due"),
        ]

    def __str__(self) -> str:
        return self.external_id
