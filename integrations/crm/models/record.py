"""The companies of a CRM as we know them, and the organizations they stand for."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.crm.models.connection import CrmConnection
from people.models import Organization


class CrmRecordQuerySet(models.QuerySet["CrmRecord"]):
    """Questions about records."""

    def linked(self) -> "CrmRecordQuerySet":
        """Return records whose facts go to an organization."""
        return self.filter(state=CrmRecord.State.LINKED)

    def inbox(self) -> "CrmRecordQuerySet":
        """Return companies that wait for ops to link them or to put them aside."""
        return self.filter(state=CrmRecord.State.UNLINKED).order_by("name", "pk")

    def dismissed(self) -> "CrmRecordQuerySet":
        """Return companies that ops put aside."""
        return self.filter(state=CrmRecord.State.DISMISSED).order_by("name", "pk")

    def needing_attention(self) -> "CrmRecordQuerySet":
        """Return records of which ops should decide something: deleted, merged elsewhere."""
        return self.exclude(attention="").order_by("name", "pk")

    def with_problems(self) -> "CrmRecordQuerySet":
        """Return linked records that have a value that cannot be read."""
        return self.linked().filter(has_problems=True).order_by("name", "pk")


class CrmRecord(models.Model):
    """One company of a CRM: its last reading, and what it stands for.

    ``facts`` is what the CRM said last per fact, in canonical form: a fact is recorded only when
    this changes, so that what a person corrected stands until the CRM says something new.
    """

    class State(models.TextChoices):
        """What the record is to us."""

        LINKED = "linked", _("linked")
        UNLINKED = "unlinked", _("not linked")
        DISMISSED = "dismissed", _("put aside")
        ARCHIVED = "archived", _("deleted in the CRM")
        MERGED = "merged", _("merged into another")

    class Attention(models.TextChoices):
        """Why ops should look at it."""

        NONE = "", _("nothing to do")
        DELETED = "deleted", _("deleted in the CRM: its organization has no record any more")
        GONE = "gone", _("not found in the CRM any more, or not readable")
        MERGED_ELSEWHERE = (
            "merged",
            _("merged in the CRM into a company that is another organization here"),
        )
        TAKEN = "taken", _("back in the CRM, but its organization has another record now")

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="records")
    external_id = models.CharField(_("id in the CRM"), max_length=80)
    # Kept when the record is deleted or merged: what it stood for.
    organization = models.ForeignKey(
        Organization,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="crm_records",
    )
    state = models.CharField(
        _("state"), max_length=9, choices=State.choices, default=State.UNLINKED
    )
    attention = models.CharField(
        max_length=8, choices=Attention.choices, blank=True, default=Attention.NONE
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="aliases"
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    domain = models.CharField(_("domain"), max_length=253, blank=True)
    # The CRM's own instant of the last change that we read, and when that reading began.
    remote_version = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    # The last time any answer of the CRM contained it.
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    properties = models.JSONField(default=dict, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    # Per fact that cannot be read: {"code": ..., "value": ...}.
    problems = models.JSONField(default=dict, blank=True)
    has_problems = models.BooleanField(default=False)
    # The value that the CRM's tier field has, as far as we know.
    written_tier = models.CharField(max_length=100, blank=True)

    objects = CrmRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("CRM company")
        verbose_name_plural = _("CRM companies")
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="crm_record_once"),
            models.UniqueConstraint(
                fields=["connection", "organization"],
                condition=models.Q(state="linked"),
                name="crm_record_one_per_organization",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="linked") | models.Q(organization__isnull=False),
                name="crm_record_linked_to_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "state", "name"], name="crm_record_by_state"),
            models.Index(
                fields=["connection"],
                condition=~models.Q(attention=""),
                name="crm_record_attention",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id
