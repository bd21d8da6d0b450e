"""Files of facts that ops bring in: what was uploaded, what it would change, what it changed."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Organization, User
from tiers.models.policy import TierPolicy


class FactImportQuerySet(models.QuerySet["FactImport"]):
    """Questions about imports."""

    def with_work(self) -> "FactImportQuerySet":
        """Return the imports that a worker goes on with, the oldest first."""
        return self.filter(status__in=FactImport.WORKING).order_by("id")

    def free(self, now: datetime) -> "FactImportQuerySet":
        """Return the imports with work that no worker holds at the moment."""
        free = models.Q(lease_until=None) | models.Q(lease_until__lte=now)
        return self.with_work().filter(free)

    def abandoned(self, before: datetime) -> "FactImportQuerySet":
        """Return the imports that wait for a person since before an instant."""
        waiting = (FactImport.Status.UPLOADED, FactImport.Status.READY)
        return self.filter(status__in=waiting, created_at__lt=before)


class FactImport(models.Model):
    """One uploaded file on its way: columns chosen, checked by a worker, looked at, applied.

    ``fingerprint`` is a print of every line of the preview; who applies says it, so that
    exactly what was looked at is applied. ``checked_until`` and ``applied_until`` are line
    numbers: a batch is one transaction that also moves them.
    """

    class Status(models.TextChoices):
        """Where an import is."""

        UPLOADED = "uploaded", _("columns to choose")
        CHECKING = "checking", _("being checked")
        READY = "ready", _("to be looked at")
        APPLYING = "applying", _("being applied")
        DONE = "done", _("applied")
        CANCELLED = "cancelled", _("cancelled")
        FAILED = "failed", _("could not be read")

    WORKING = (Status.CHECKING, Status.APPLYING)

    uploaded_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("uploaded"))
    file_name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(_("bytes"))
    # How it is read: csv or xlsx, its characters, what stands between columns, which sheet.
    kind = models.CharField(max_length=4)
    encoding = models.CharField(max_length=20, blank=True)
    separator = models.CharField(max_length=1, blank=True)
    sheet = models.CharField(max_length=80, blank=True)
    headings: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    # The first lines as text, so that the page of columns need not open the file.
    samples: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    # What each column is: a fact, an identifier, "currency", or "" for none.
    columns: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    decimal_sign = models.CharField(max_length=1, default=".")
    creates = models.BooleanField(_("unknown organizations are created"), default=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.UPLOADED)
    # Which check this is: choosing columns again begins another.
    round = models.PositiveIntegerField(default=0)
    policy = models.ForeignKey(
        TierPolicy, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    checked_until = models.PositiveIntegerField(default=0)
    # How many lines there seem to be, then how many there are.
    lines_count = models.PositiveIntegerField(default=0)
    fingerprint = models.CharField(max_length=64, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    applied_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)
    applied_until = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = FactImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of facts")
        verbose_name_plural = _("imports of facts")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(status__in=["checking", "applying"]),
                name="tiers_fact_import_working",
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class FactImportFile(models.Model):
    """The bytes of an upload, in the database, where every worker finds them; gone when done."""

    fact_import = models.OneToOneField(FactImport, on_delete=models.CASCADE, related_name="file")
    content = models.BinaryField()

    class Meta:
        verbose_name = _("uploaded file of facts")
        verbose_name_plural = _("uploaded files of facts")

    def __str__(self) -> str:
        return str(self.fact_import_id)


class FactImportLineQuerySet(models.QuerySet["FactImportLine"]):
    """Questions about lines."""

    def to_apply(self) -> "FactImportLineQuerySet":
        """Return the lines that change something, in the order of the file."""
        return self.filter(outcome__in=FactImportLine.CHANGING).order_by("number")

    def moving(self) -> "FactImportLineQuerySet":
        """Return the lines that change a tier; one that places a new organization does not."""
        return (
            self.filter(outcome=FactImportLine.Outcome.CHANGE)
            .exclude(tier_before=models.F("tier_after"))
            .exclude(tier_before="")
        )


class FactImportLine(models.Model):
    """One line of the file: what it would do, and what it did."""

    class Outcome(models.TextChoices):
        """What the check found."""

        CHANGE = "change", _("changes")
        CREATE = "create", _("new organization")
        SAME = "same", _("nothing changes")
        WRONG = "wrong", _("cannot be used")

    class Result(models.TextChoices):
        """What applying did."""

        WAITING = "", _("not applied")
        APPLIED = "applied", _("applied")
        PARTLY = "partly", _("applied in part")
        SKIPPED = "skipped", _("left out")
        FAILED = "failed", _("failed")

    CHANGING = (Outcome.CHANGE, Outcome.CREATE)

    fact_import = models.ForeignKey(FactImport, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    cells: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    outcome = models.CharField(max_length=6, choices=Outcome.choices)
    organization = models.ForeignKey(
        Organization, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Of an organization that is to be created.
    name = models.CharField(max_length=160, blank=True)
    external_id = models.CharField(max_length=80, blank=True)
    # fact -> {"old", "new", "row"}: the value it replaces, and the id of the row that says it.
    changes: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    tier_before = models.CharField(max_length=30, blank=True)
    tier_after = models.CharField(max_length=30, blank=True)
    source_after = models.CharField(max_length=10, blank=True)
    # What is wrong, each {"column", "value", "say"}.
    problems: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    result = models.CharField(max_length=8, choices=Result.choices, blank=True, default="")
    # What was left out when it was applied, as sentences.
    said: "models.JSONField[Any, Any]" = models.JSONField(default=list)

    objects = FactImportLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of an import")
        verbose_name_plural = _("lines of imports")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["fact_import", "number"], name="tiers_import_line_once"
            ),
            models.UniqueConstraint(
                fields=["fact_import", "organization"], name="tiers_import_organization_once"
            ),
            models.UniqueConstraint(
                fields=["fact_import", "external_id"],
                condition=models.Q(outcome="create") & ~models.Q(external_id=""),
                name="tiers_import_creates_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["fact_import", "outcome", "number"], name="tiers_import_by_outcome"
            )
        ]

    def __str__(self) -> str:
        return f"{self.fact_import_id}:{self.number}"
