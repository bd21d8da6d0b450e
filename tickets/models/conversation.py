"""What people write on a ticket, and the files they add."""

import secrets

from django.core.files.storage import Storage, storages
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User
from portal.kit.viewer import Viewer
from tickets.models.ticket import Ticket, TicketFollower


def attachments_storage() -> Storage:
    """Return the private storage; it gives no addresses."""
    return storages["attachments"]


def new_attachment_id() -> str:
    """Return a random id for an attachment's address."""
    return secrets.token_urlsafe(16)


class MessageQuerySet(models.QuerySet["Message"]):
    """Questions about messages."""

    def visible_to(self, viewer: Viewer) -> "MessageQuerySet":
        """Return what this viewer may read: internal notes are for staff alone.

        Whom a merge made a follower reads what was said since.
        """
        messages = self.filter(ticket__in=Ticket.objects.visible_to(viewer))
        if viewer.is_staff:
            return messages
        came_later = TicketFollower.objects.filter(
            ticket=models.OuterRef("ticket"),
            user=viewer.user_id,
            reads_since__gt=models.OuterRef("created_at"),
        )
        reads_all = models.Q(ticket__requester_id=viewer.user_id) | models.Q(
            ticket__organization_id__in=viewer.managed_organization_ids
        )
        return messages.filter(reads_all | ~models.Exists(came_later), is_public=True)

    def of_conversation(self, ticket: Ticket) -> "MessageQuerySet":
        """Return what was said on a ticket and on those merged into it."""
        return self.filter(models.Q(ticket=ticket) | models.Q(ticket__merged_into=ticket))


class Message(models.Model):
    """A public reply or an internal note. ``body`` is as typed; ``body_html`` is safe."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    by = models.CharField(max_length=10)
    is_public = models.BooleanField(default=True)
    is_automatic = models.BooleanField(default=False)
    body = models.TextField(_("text"))
    body_html = models.TextField()
    created_at = models.DateTimeField(_("written"))

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["ticket", "created_at", "id"], name="tickets_message_order")
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.body[:40]}"


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Questions about attachments."""

    def visible_to(self, viewer: Viewer) -> "AttachmentQuerySet":
        """Return the files of the messages this viewer may read."""
        return self.filter(message__in=Message.objects.visible_to(viewer))


class Attachment(models.Model):
    """A file on a message. The stored name is random; ``name`` is what people see."""

    public_id = models.CharField(
        max_length=24, unique=True, default=new_attachment_id, editable=False
    )
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    file = models.FileField(storage=attachments_storage, max_length=200)
    name = models.CharField(_("name"), max_length=150)
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("added"))

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
