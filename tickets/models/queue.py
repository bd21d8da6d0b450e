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

    def in_use(self) -> "QueueQuerySet":
        """Return the queues into which tickets may still come."""
        return self.filter(archived_at=None)


class Queue(models.Model):
    """A place where tickets wait for the agents who serve it.

    An archived queue takes no tickets any more; active ones that are found in it
    go on to ``moves_to``. ``revision`` counts the changes of name, tier and members,
    so that saving over a newer change is noticed.
    """

    key = models.SlugField(_("key"), unique=True, max_length=40)
    name = models.CharField(_("name"), max_length=80)
    tier = models.CharField(_("made for tier"), max_length=30, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    agents = models.ManyToManyField(User, through="QueueMember", related_name="queues")
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    moves_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("its tickets go to"),
    )  # fmt: skip
    revision = models.PositiveIntegerField(default=1, db_default=1)

    objects = QueueQuerySet.as_manager()

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(moves_to=None) | models.Q(archived_at__isnull=False),
                name="tickets_queue_only_archived_moves_on",
            ),
            models.CheckConstraint(
                condition=~models.Q(moves_to=models.F("id")), name="tickets_queue_not_to_itself"
            ),
        ]

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
    ``tickets.rules.triggers``. The order is total and explicit. ``revision``
    counts the changes of what it asks and does.
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
    revision = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        verbose_name = _("trigger")
        verbose_name_plural = _("triggers")
        ordering = ["event", "position"]
        constraints = [
            models.UniqueConstraint(fields=["event", "position"], name="tickets_trigger_order")
        ]

    def __str__(self) -> str:
        return self.name
