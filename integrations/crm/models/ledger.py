"""The ledger: every event of a CRM that was received, what came of it, and why."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.crm.models.connection import CrmConnection
from integrations.crm.models.delivery import WebhookDelivery
from integrations.crm.models.record import CrmRecord
from integrations.crm.models.run import SyncRun
from people.models import Organization
from tiers.models import AccountFact, TierAssignment


class CrmEventQuerySet(models.QuerySet["CrmEvent"]):
    """Questions about the ledger."""

    def waiting(self) -> "CrmEventQuerySet":
        """Return events that were received and are not settled."""
        return self.filter(outcome=CrmEvent.Outcome.RECEIVED)

    def of_organization(self, organization: Organization) -> "CrmEventQuerySet":
        """Return what happened to an organization's record, the newest first."""
        return self.filter(organization=organization).order_by("-pk")

    def with_everything(self) -> "CrmEventQuerySet":
        """Fetch what a page of the ledger shows of each row, in one statement."""
        return self.select_related(
            "connection", "organization", "record", "delivery", "run", "fact_row", "assignment"
        )


class CrmEvent(models.Model):
    """One event about one record: a hint of a webhook, or a change found by looking.

    ``outcome`` and ``reason`` say what came of it; ``words`` has the sentences. A row is settled
    once and then stays.
    """

    class Origin(models.TextChoices):
        """How we learned of it."""

        WEBHOOK = "webhook", _("webhook")
        POLL = "poll", _("regular look at changes")
        RECONCILE = "reconcile", _("nightly comparison")
        BACKFILL = "backfill", _("first reading")
        OPS = "ops", _("ops")
        WRITE_BACK = "write", _("tier written to the CRM")

    class Outcome(models.TextChoices):
        """What came of it."""

        RECEIVED = "received", _("received")
        APPLIED = "applied", _("applied")
        IGNORED = "ignored", _("ignored")
        FAILED = "failed", _("failed")

    class Kind(models.TextChoices):
        """What happened."""

        CHANGED = "changed", _("changed")
        CREATED = "created", _("created")
        DELETED = "deleted", _("deleted")
        RESTORED = "restored", _("restored")
        MERGED = "merged", _("merged")
        RENAMED = "renamed", _("renamed")
        LINKED = "linked", _("linked")
        UNLINKED = "unlinked", _("link removed")
        WRITTEN = "written", _("written")
        IGNORED = "ignored", _("nothing about companies")

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="events")
    origin = models.CharField(_("learned by"), max_length=9, choices=Origin.choices)
    kind = models.CharField(_("what"), max_length=9, choices=Kind.choices)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices)
    reason = models.CharField(_("why"), max_length=40, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    external_id = models.CharField(_("id in the CRM"), max_length=80)
    record = models.ForeignKey(
        CrmRecord, on_delete=models.SET_NULL, null=True, blank=True, related_name="events"
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.SET_NULL, null=True, blank=True, related_name="crm_events"
    )
    delivery = models.ForeignKey(
        WebhookDelivery, on_delete=models.SET_NULL, null=True, blank=True, related_name="events"
    )
    run = models.ForeignKey(
        SyncRun, on_delete=models.SET_NULL, null=True, blank=True, related_name="events"
    )
    # The vendor's name of the event; the same event is one row, however often it is delivered.
    dedupe_key = models.CharField(max_length=100, null=True, blank=True)
    field = models.CharField(_("CRM field"), max_length=100, blank=True)
    fact = models.CharField(_("fact"), max_length=30, blank=True)
    old = models.CharField(_("before"), max_length=300, blank=True)
    new = models.CharField(_("after"), max_length=300, blank=True)
    # What a hint claims; the record that is read afterwards counts.
    summary = models.CharField(max_length=300, blank=True)
    occurred_at = models.DateTimeField(_("happened"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    fact_row = models.ForeignKey(
        AccountFact, on_delete=models.SET_NULL, null=True, blank=True, related_name="crm_events"
    )
    # The assignment that this event led to, when it changed the tier or its standing.
    assignment = models.ForeignKey(
        TierAssignment, on_delete=models.SET_NULL, null=True, blank=True, related_name="crm_events"
    )

    objects = CrmEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("CRM event")
        verbose_name_plural = _("CRM events")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "dedupe_key"],
                condition=models.Q(dedupe_key__isnull=False),
                name="crm_event_once",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="received") | models.Q(settled_at__isnull=False),
                name="crm_event_settled_has_instant",
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "external_id"],
                condition=models.Q(outcome="received"),
                name="crm_event_waiting",
            ),
            models.Index(fields=["connection", "outcome", "-id"], name="crm_event_by_outcome"),
            models.Index(fields=["connection", "external_id", "-id"], name="crm_event_of_record"),
            models.Index(fields=["organization", "-id"], name="crm_event_of_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"
