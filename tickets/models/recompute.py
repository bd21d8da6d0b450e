"""Recomputing clocks in bulk: the runs, and what a check found wrong."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User
from tickets.models.ticket import Ticket


class RecomputeRunQuerySet(models.QuerySet["RecomputeRun"]):
    """Questions about runs."""

    def unfinished(self) -> "RecomputeRunQuerySet":
        """Return runs that still have tickets before them, the oldest first."""
        return self.filter(finished_at=None).order_by("id")

    def free(self, now: datetime) -> "RecomputeRunQuerySet":
        """Return unfinished runs that no worker holds at the moment."""
        free = models.Q(lease_until=None) | models.Q(lease_until__lte=now)
        return self.unfinished().filter(free)


class RecomputeRun(models.Model):
    """Going over the clocks of many tickets, in batches, resumable.

    A batch is one transaction that also moves ``last_ticket_id``, so a run that
    is killed goes on where it was and does nothing twice. ``check`` runs compare
    and change nothing; the others append a ``terms`` event to each open ticket
    that the new promise or calendar reaches, and recompute its clocks.
    """

    class Kind(models.TextChoices):
        """What the run is for."""

        CHECK = "check", _("nightly check: nothing may change")
        PROMISES = "promises", _("new promises")
        CALENDAR = "calendar", _("new calendar version")
        CUSTOM = "custom", _("custom SLA of one organization")
        REPAIR = "repair", _("repair by ops")

    class Mode(models.TextChoices):
        """What a new promise does to clocks; the words of the engine."""

        KEEP = "keep", _("running clocks keep their promise")
        RETARGET = "retarget", _("same start, new target")
        RESTART = "restart", _("clocks begin anew")
        CORRECT = "correct", _("counted anew from their start")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    mode = models.CharField(max_length=10, choices=Mode.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    # What is gone over: {} is every open ticket; {"organization": 7}; for a check
    # {"changed_since": "2026-..."}. "held": tickets somebody held, still to be done.
    scope: "models.JSONField[Any, Any]" = models.JSONField(default=dict, blank=True)
    # What made it, for the pages: "policy:3", "calendar:business-hours@4", "organization:7".
    source = models.CharField(max_length=80, blank=True)
    started_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_ticket_id = models.BigIntegerField(default=0)
    until_ticket_id = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    objects = RecomputeRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("recompute run")
        verbose_name_plural = _("recompute runs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(kind="check", finished_at=None),
                name="tickets_recompute_one_check_at_a_time",
            )
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(finished_at=None),
                name="tickets_recompute_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.done}/{self.total}"


class ClockDiscrepancyQuerySet(models.QuerySet["ClockDiscrepancy"]):
    """Questions about what was found."""

    def unsettled(self) -> "ClockDiscrepancyQuerySet":
        """Return what nobody has dealt with, the latest first."""
        return self.filter(settled_at=None).order_by("-id")


class ClockDiscrepancy(models.Model):
    """A stored clock that differed from what its events say, or a ticket that failed.

    Found by a run; shown to ops until somebody settles it.
    """

    run = models.ForeignKey(RecomputeRun, on_delete=models.CASCADE, related_name="discrepancies")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    metric = models.CharField(max_length=20, blank=True)
    cycle = models.PositiveSmallIntegerField(default=0)
    # Field -> [stored, computed]; {"error": "..."} for a ticket that cannot be computed.
    difference: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = ClockDiscrepancyQuerySet.as_manager()

    class Meta:
        verbose_name = _("clock discrepancy")
        verbose_name_plural = _("clock discrepancies")
        constraints = [
            models.UniqueConstraint(
                fields=["run", "ticket", "metric", "cycle"], name="tickets_discrepancy_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(settled_at=None),
                name="tickets_discrepancy_unsettled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.metric}/{self.cycle}"

    @property
    def lines(self) -> list[str]:
        """What differs, a line per field, for people: "due_at: stored, computed"."""
        return [
            f"{name}: {value}" if isinstance(value, str) else f"{name}: {value[0]} → {value[1]}"
            for name, value in sorted(self.difference.items())
        ]
