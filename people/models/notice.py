"""The outbox: somebody must be told, and a worker will do it."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models.user import User


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Questions about notices."""

    def due(self, now: datetime) -> "NoticeQuerySet":
        """Return notices to be tried now, the longest due first."""
        return self.filter(sent_at=None, dead_at=None, next_try_at__lte=now).order_by(
            "next_try_at", "id"
        )

    def waiting(self) -> "NoticeQuerySet":
        """Return notices neither sent nor given up."""
        return self.filter(sent_at=None, dead_at=None)

    def dead(self) -> "NoticeQuerySet":
        """Return notices that were given up: people who were not told."""
        return self.filter(dead_at__isnull=False)


class Notice(models.Model):
    """One thing that one person must be told, written in the action's transaction.

    Delivered at least once by ``people.tasks.deliver_notices`` through the
    transport named here. ``dedupe_key`` makes writing it twice harmless;
    ``message_id`` is stable over retries, so that a receiver can drop the copy
    of a mail that was sent just before a crash.
    """

    transport = models.CharField(max_length=20, default="mail")
    kind = models.CharField(max_length=40)
    recipient = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="notices"
    )
    address = models.EmailField(max_length=254)
    dedupe_key = models.CharField(max_length=200, unique=True)
    subject = models.CharField(max_length=200)
    body_text = models.TextField()
    body_html = models.TextField(blank=True)
    # What it is about, for the thread and for the badge on a ticket: "ticket:123".
    about = models.CharField(max_length=60, blank=True)
    message_id = models.CharField(max_length=200)
    in_reply_to = models.CharField(max_length=200, blank=True)
    # Codes and links must not stay readable in the outbox once they are sent.
    is_secret = models.BooleanField(default=False)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("written"), auto_now_add=True)
    next_try_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    dead_at = models.DateTimeField(_("given up"), null=True, blank=True)
    last_error = models.TextField(blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            models.Index(
                fields=["next_try_at", "id"],
                condition=models.Q(sent_at=None, dead_at=None),
                name="people_notice_due",
            ),
            models.Index(
                fields=["about"],
                condition=models.Q(dead_at__isnull=False),
                name="people_notice_dead_about",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.address}"
