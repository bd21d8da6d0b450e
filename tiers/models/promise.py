"""Custom SLAs: where a contract promises one organization something else."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Organization, User
from tiers.models.calendar import Calendar


class OrganizationTargetQuerySet(models.QuerySet["OrganizationTarget"]):
    """Questions about custom SLAs."""

    def in_force_at(self, instant: datetime) -> "OrganizationTargetQuerySet":
        """Return the custom targets that count at an instant."""
        return self.filter(valid_from__lte=instant).filter(
            models.Q(valid_to=None) | models.Q(valid_to__gt=instant)
        )


class OrganizationTarget(models.Model):
    """A target of one organization that replaces its tier's. Times in business seconds."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="custom_targets"
    )
    severity = models.PositiveSmallIntegerField(_("severity"))
    metric = models.CharField(_("metric"), max_length=20)
    target_seconds = models.PositiveIntegerField(_("target"))
    floor_seconds = models.PositiveIntegerField(_("floor"))
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="+")
    # Null: the ladder of the tier's own target.
    warn_at = models.JSONField(_("warns at"), null=True, blank=True)
    tell: "models.JSONField[Any, Any]" = models.JSONField(_("tells"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateTimeField(_("from"))
    valid_to = models.DateTimeField(_("until"), null=True, blank=True)
    # Who set the present end, and when, if it was not agreed from the start.
    ended_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = OrganizationTargetQuerySet.as_manager()

    class Meta:
        verbose_name = _("custom target")
        verbose_name_plural = _("custom targets")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "severity", "metric"],
                condition=models.Q(valid_to=None),
                name="tiers_custom_target_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(severity__gte=1, severity__lte=4),
                name="tiers_custom_target_severity",
            ),
            models.CheckConstraint(
                condition=models.Q(floor_seconds__gt=models.F("target_seconds")),
                name="tiers_custom_target_floor",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} S{self.severity} {self.metric}"
