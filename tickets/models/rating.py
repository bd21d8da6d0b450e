"""What the customer thought of the answer, and how long the work took."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User
from tickets.models.conversation import Message
from tickets.models.ticket import Ticket


class SatisfactionRating(models.Model):
    """One rating per ticket, 1 (bad) to 5 (good); asked after the first solve.

    ``score`` is null while nobody has answered. 4 and 5 count as satisfied.
    """

    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="rating")
    tier = models.CharField(max_length=30)
    requested_at = models.DateTimeField(_("asked"))
    score = models.PositiveSmallIntegerField(
        _("score"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    comment = models.TextField(_("comment"), blank=True, max_length=2000)
    rated_at = models.DateTimeField(_("first rated"), null=True, blank=True)
    changed_at = models.DateTimeField(_("last changed"), null=True, blank=True)
    rated_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("satisfaction rating")
        verbose_name_plural = _("satisfaction ratings")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(score=None) | models.Q(score__gte=1, score__lte=5),
                name="tickets_rating_1_to_5",
            ),
            models.CheckConstraint(
                condition=models.Q(score=None, rated_at=None)
                | models.Q(score__isnull=False, rated_at__isnull=False),
                name="tickets_rating_has_time",
            ),
        ]
        indexes = [models.Index(fields=["tier", "rated_at"], name="tickets_rating_by_tier")]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.score or '-'}"


class HandleTime(models.Model):
    """Seconds an agent was active on a ticket before one message. Wall seconds."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="handle_times")
    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, null=True, related_name="handle_time"
    )
    agent = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    seconds = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("handle time")
        verbose_name_plural = _("handle times")
        indexes = [models.Index(fields=["at"], name="tickets_handle_time_when")]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.seconds} s"
