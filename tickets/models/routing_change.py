"""The history of triggers and queues: every change as a row, also of what is gone."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User


class RoutingChangeQuerySet(models.QuerySet["RoutingChange"]):
    """Questions about the history of routing."""

    def of(self, subject: str, subject_id: int) -> "RoutingChangeQuerySet":
        """Return the changes of one trigger or queue, the latest first."""
        return self.filter(subject=subject, subject_id=subject_id).order_by("-id")


class RoutingChange(models.Model):
    """One change of a trigger or a queue; never updated, and it outlives its subject.

    ``before`` and ``after`` are whole states (see ``tickets.routing_states``); null
    before it was there, and after it was deleted. ``restored_from`` is the change
    whose state was brought back.
    """

    class Subject(models.TextChoices):
        """What was changed."""

        TRIGGER = "trigger", _("trigger")
        QUEUE = "queue", _("queue")

    class Kind(models.TextChoices):
        """What was done to it."""

        ADDED = "added", _("added")
        CHANGED = "changed", _("changed")
        SWITCHED = "switched", _("switched")
        MOVED = "moved", _("moved in the order")
        MEMBERS = "members", _("people changed")
        ARCHIVED = "archived", _("archived")
        REVIVED = "revived", _("brought back")
        RESTORED = "restored", _("restored")
        REMOVED = "removed", _("deleted")

    subject = models.CharField(max_length=10, choices=Subject.choices)
    subject_id = models.BigIntegerField()
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    before: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    after: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    restored_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("when"))

    objects = RoutingChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of routing")
        verbose_name_plural = _("changes of routing")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["subject", "subject_id", "-id"], name="tickets_routing_change_subject"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.name}: {self.kind}"
