"""Alerts: who is to be told of a warning or breach, and whether it may wait."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User
from tickets.models.clock import ClockEvent


class ClockAlertQuerySet(models.QuerySet["ClockAlert"]):
    """Questions about alerts."""

    def due(self, now: datetime) -> "ClockAlertQuerySet":
        """Return alerts that may be sent now, the oldest first."""
        return self.filter(settled_at=None, hold_until__lte=now).order_by("hold_until", "id")

    def rung(self, recipient: User, since: datetime) -> "ClockAlertQuerySet":
        """Return what rang alone at a person since an instant, because it was critical."""
        return self.filter(
            recipient=recipient,
            is_critical=True,
            outcome=ClockAlert.Outcome.TOLD,
            settled_at__gt=since,
        )


class ClockAlert(models.Model):
    """One person is to be told of one warning or breach, at most once.

    Written when the event is announced. ``hold_until`` is when it may be sent:
    at once, when others have gathered, or when the person's quiet hours end. Sending
    decides with ``tickets.rules.alerts`` what becomes of all that one person has
    waiting. ``settled_at`` says when it was dealt with and
    ``outcome`` how.
    """

    class Role(models.TextChoices):
        """Why this person is told."""

        ASSIGNEE = "assignee", _("assignee")
        LEAD = "lead", _("queue lead")
        QUEUE = "queue", _("everybody who serves the queue")
        ACCOUNT_TEAM = "account_team", _("account team")

    class Outcome(models.TextChoices):
        """What became of it."""

        TOLD = "told", _("told")
        IN_DIGEST = "in_digest", _("told in a digest")
        NOT_NEEDED = (
            "not_needed",
            _("no longer needed when it was due"),
        )
        NOT_WANTED = "not_wanted", _("switched off by the person")

    event = models.ForeignKey(ClockEvent, on_delete=models.CASCADE, related_name="alerts")
    recipient = models.ForeignKey(User, on_delete=models.CASCADE, related_name="clock_alerts")
    role = models.CharField(max_length=12, choices=Role.choices)
    is_critical = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    hold_until = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)

    objects = ClockAlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("clock alert")
        verbose_name_plural = _("clock alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "recipient"], name="tickets_alert_once_per_person"
            )
        ]
        indexes = [
            models.Index(
                fields=["hold_until", "id"],
                condition=models.Q(settled_at=None),
                name="tickets_alert_due",
            ),
            models.Index(fields=["recipient", "settled_at"], name="tickets_alert_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} · {self.event}"
