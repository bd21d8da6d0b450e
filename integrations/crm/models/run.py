"""Runs over a CRM's records, what they found different, and tiers to be written back."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.crm.models.connection import CrmConnection
from integrations.crm.models.record import CrmRecord
from people.models import Organization
from tiers.models import TierAssignment


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    """Questions about runs."""

    def unfinished(self) -> "SyncRunQuerySet":
        """Return runs that go on, or whose worker died."""
        return self.filter(finished_at=None)

    def full(self) -> "SyncRunQuerySet":
        """Return runs that looked at every record."""
        return self.filter(kind__in=[SyncRun.Kind.RECONCILE, SyncRun.Kind.BACKFILL])

    def latest_report(self, connection: CrmConnection) -> "SyncRun | None":
        """Return the last comparison that went through, with its drift."""
        done = self.full().filter(connection=connection, outcome=SyncRun.Outcome.DONE)
        return done.order_by("-pk").first()


class SyncRun(models.Model):
    """One look at a CRM: at what changed, or at everything.

    ``counts``: ``seen`` records, of them ``new``, ``changed``, ``unreadable``, ``gone`` and
    ``failed``; ``drift`` is how many records differed although webhooks and polls should have
    brought it, which is how well those work.
    """

    class Kind(models.TextChoices):
        """What was looked at."""

        POLL = "poll", _("changes")
        RECONCILE = "reconcile", _("everything, compared")
        BACKFILL = "backfill", _("everything, for the first time")

    class Outcome(models.TextChoices):
        """How it ended."""

        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices)
    outcome = models.CharField(
        _("outcome"), max_length=7, choices=Outcome.choices, default=Outcome.RUNNING
    )
    started_at = models.DateTimeField(_("started"))
    # Renewed page by page; a run whose lease is over belongs to nobody.
    lease_until = models.DateTimeField()
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    drift = models.PositiveIntegerField(default=0)
    error = models.TextField(_("error"), blank=True)

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind"],
                condition=models.Q(finished_at=None),
                name="crm_run_one_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "kind", "-id"], name="crm_run_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.started_at:%Y-%m-%d %H:%M}"

    def is_abandoned(self, now: datetime) -> bool:
        """Whether its worker died without a word."""
        return self.finished_at is None and self.lease_until <= now


class SyncDifference(models.Model):
    """One line of a drift report: what differed between the CRM and us."""

    class Kind(models.TextChoices):
        """What became of it."""

        MISSED = "missed", _("no event had told us; taken over now")
        KEPT = "kept", _("another source said something else later; kept")
        UNREADABLE = "unreadable", _("cannot be read; the old fact stands")
        GONE = "gone", _("not in the CRM any more")

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="differences")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    record = models.ForeignKey(CrmRecord, on_delete=models.CASCADE, related_name="+")
    organization = models.ForeignKey(
        Organization, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    fact = models.CharField(_("fact"), max_length=30, blank=True)
    ours = models.CharField(_("here"), max_length=300, blank=True)
    theirs = models.CharField(_("in the CRM"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.fact}"


class TierWriteQuerySet(models.QuerySet["TierWrite"]):
    """Questions about tiers to be written."""

    def due(self, now: datetime) -> "TierWriteQuerySet":
        """Return what is to be written now."""
        return self.filter(settled_at=None, next_attempt_at__lte=now).order_by(
            "next_attempt_at", "pk"
        )

    def waiting(self) -> "TierWriteQuerySet":
        """Return what is not written yet."""
        return self.filter(settled_at=None)


class TierWrite(models.Model):
    """The outbox of the write-back: this record's tier field is to hold this value."""

    class Outcome(models.TextChoices):
        """What became of it."""

        WAITING = "", _("waiting")
        WRITTEN = "written", _("written")
        SAME = "same", _("was there already")
        DEAD = "dead", _("given up")

    record = models.ForeignKey(CrmRecord, on_delete=models.CASCADE, related_name="tier_writes")
    assignment = models.ForeignKey(
        TierAssignment, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    value = models.CharField(_("value"), max_length=100)
    queued_at = models.DateTimeField(_("queued"))
    # When it is tried next; while it is being written, when the lease of its worker ends.
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(
        max_length=7, choices=Outcome.choices, blank=True, default=Outcome.WAITING
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    objects = TierWriteQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier to write")
        verbose_name_plural = _("tiers to write")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["record"],
                condition=models.Q(settled_at=None),
                name="crm_write_one_waiting",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=models.Q(settled_at=None),
                name="crm_write_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_id}: {self.value}"
