"""Queues and triggers: where a ticket waits and what puts it there."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User
from portal.kit.viewer import Viewer


class QueueQuerySet(models.QuerySet["Queue"]):
    """Questions about queues."""

    def visible_to(self, viewer: Viewer) -> "QueueQuerySet":
        """Return the queues this viewer serves or oversees."""
        if viewer.sees_every_queue:
            return self.all()
        if viewer.is_staff:
            return self.filter(members__agent_id=viewer.user_id)
        return self.none()


class Queue(models.Model):
    """A place where tickets wait for the agents who serve it."""

    key = models.SlugField(_("key"), unique=True, max_length=40)
    name = models.CharField(_("name"), max_length=80)
    tier = models.CharField(_("made for tier"), max_length=30, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    agents = models.ManyToManyField(User, through="QueueMember", related_name="queues")

    objects = QueueQuerySet.as_manager()

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class QueueMember(models.Model):
    """An agent who serves a queue."""

    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, related_name="members")
    agent = models.ForeignKey(User, on_delete=models.CASCADE, related_name="queue_memberships")

    class Meta:
        verbose_name = _("queue member")
        verbose_name_plural = _("queue members")
        constraints = [
            models.UniqueConstraint(fields=["queue", "agent"], name="tickets_queue_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.agent} · {self.queue}"


class Trigger(models.Model):
    """An ordered rule: on an event, under conditions, do something to the ticket.

    The shapes of ``conditions`` and ``actions`` are those of
    ``tickets.rules.triggers``. The order is total and explicit.
    """

    class Event(models.TextChoices):
        """What a trigger listens to."""

        CREATED = "ticket_created", _("ticket opened")
        UPDATED = "ticket_updated", _("ticket changed")
        WARNING = "sla_warning", _("promise at risk")
        BREACH = "sla_breach", _("promise broken")

    name = models.CharField(_("name"), max_length=120)
    event = models.CharField(_("on"), max_length=20, choices=Event.choices)
    position = models.PositiveSmallIntegerField(_("order"))
    conditions = models.JSONField(_("when"), default=dict)
    actions = models.JSONField(_("then"), default=list)
    is_enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("trigger")
        verbose_name_plural = _("triggers")
        ordering = ["event", "position"]
        constraints = [
            models.UniqueConstraint(fields=["event", "position"], name="tickets_trigger_order")
        ]

    def __str__(self) -> str:
        return self.name
