"""Assignments: which tier an organization had, has, and why. Temporal rows."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Organization
from tiers.models.policy import TierPolicy


class TierEvaluation(models.Model):
    """One answer of the evaluator with everything it saw; never updated."""

    # No index of its own: the one below begins with it.
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="tier_evaluations", db_index=False
    )
    # Neither here nor below is there an index over versions: nobody asks for all rows of one, and
    # a published version writes a row for each account that changes.
    policy = models.ForeignKey(
        TierPolicy, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    evaluated_at = models.DateTimeField()
    # The inputs, so that the answer can be recomputed: facts, previous, overrides, today.
    snapshot = models.JSONField()
    decision = models.JSONField()

    class Meta:
        verbose_name = _("tier evaluation")
        verbose_name_plural = _("tier evaluations")
        indexes = [
            models.Index(fields=["organization", "-evaluated_at"], name="tiers_evaluation_latest")
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.evaluated_at:%Y-%m-%d}"


class TierAssignmentQuerySet(models.QuerySet["TierAssignment"]):
    """Questions about assignments."""

    def open(self) -> "TierAssignmentQuerySet":
        """Return the rows in force now."""
        return self.filter(valid_to=None)

    def in_force_at(self, instant: datetime) -> "TierAssignmentQuerySet":
        """Return the rows that were in force at an instant."""
        return self.filter(valid_from__lte=instant).filter(
            models.Q(valid_to=None) | models.Q(valid_to__gt=instant)
        )

    def unfollowed(self, now: datetime) -> "TierAssignmentQuerySet":
        """Return the rows in force that nobody has acted upon yet, the oldest first."""
        return self.filter(followed_at=None, valid_to=None, valid_from__lte=now).order_by(
            "valid_from", "id"
        )


class TierAssignment(models.Model):
    """The tier of an organization over a period; a change closes one and opens the next.

    ``below_since`` is the evaluator's memory: the day since which the account
    no longer meets its tier. It changes by a new row too.

    ``followed_at`` is null from the start, whoever writes the row: open work has
    still to follow it (``tickets.actions.following_tiers``). A row that was closed
    before that is never followed; the one that replaced it is.
    """

    class Source(models.TextChoices):
        """Which step of the evaluation decided."""

        CRITERIA = "criteria", _("criteria")
        PROMOTE = "promote", _("promotion")
        GRACE = "grace", _("grace period")
        DEMOTE = "demote", _("step down")
        HOLD = "hold", _("held for lack of data")
        OVERRIDE = "override", _("override")
        CONTRACT = "contract", _("contract")

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="tier_assignments"
    )
    tier = models.CharField(_("tier"), max_length=30)
    source = models.CharField(_("decided by"), max_length=10, choices=Source.choices)
    policy = models.ForeignKey(
        TierPolicy, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    evaluation = models.ForeignKey(
        TierEvaluation, on_delete=models.PROTECT, related_name="assignments"
    )
    below_since = models.DateField(_("below since"), null=True, blank=True)
    valid_from = models.DateTimeField(_("from"))
    valid_to = models.DateTimeField(_("until"), null=True, blank=True)
    followed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TierAssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier assignment")
        verbose_name_plural = _("tier assignments")
        ordering = ["organization", "-valid_from", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=models.Q(valid_to=None),
                name="tiers_assignment_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gte=models.F("valid_from")),
                name="tiers_assignment_ends_after_start",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tier"],
                condition=models.Q(valid_to=None),
                name="tiers_assignment_open_tier",
            ),
            models.Index(
                fields=["below_since"],
                condition=models.Q(valid_to=None, below_since__isnull=False),
                name="tiers_assignment_in_grace",
            ),
            models.Index(
                fields=["valid_from", "id"],
                condition=models.Q(valid_to=None, followed_at=None),
                name="tiers_assignment_unfollowed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.tier}"
