"""SLA clocks: the row is the timer, Celery is only the alarm bell."""

from datetime import UTC, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User
from tickets.models.ticket import Ticket

# Sorts after every real promise, so that one index orders the whole queue.
NO_PROMISE_RUNNING = datetime(9999, 1, 1, tzinfo=UTC)


class PromiseTerms(models.Model):
    """The promise a ticket was given, kept word for word.

    Shared by all tickets that were given the same one: ``digest`` is the
    SHA-256 of the canonical JSON. Never updated.
    """

    digest = models.CharField(max_length=64, unique=True)
    content = models.JSONField()
    policy_version = models.PositiveIntegerField()
    tier = models.CharField(max_length=30)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("promise terms")
        verbose_name_plural = _("promise terms")

    def __str__(self) -> str:
        return f"{self.tier} v{self.policy_version}"


class ClockQuerySet(models.QuerySet["Clock"]):
    """Questions about clocks."""

    def due(self, now: datetime) -> "ClockQuerySet":
        """Return clocks with a warning or breach to record, the longest due first.

        The breach step lies one second after the last moment in which the target
        was still met, so that a target used up exactly is not recorded.
        """
        return self.filter(next_check_at__lte=now).order_by("next_check_at", "id")

    def shown(self) -> "ClockQuerySet":
        """Return the clocks a ticket page shows: the present cycle of each metric."""
        later = Clock.objects.filter(
            ticket=models.OuterRef("ticket"),
            metric=models.OuterRef("metric"),
            cycle__gt=models.OuterRef("cycle"),
        )
        return self.filter(~models.Exists(later))


class Clock(models.Model):
    """One cycle of one metric of one ticket, as computed from the ticket's events.

    A stored reading: deleting all rows and recomputing them gives the same.
    Times are UTC, durations business seconds of ``calendar``. ``due_at`` is
    shown to people, ``breaches_after`` decides. ``ladder`` holds the steps not
    yet recorded as ``[step, epoch seconds]``; the last step, 100, is the
    breach. ``next_check_at`` is the instant of the first of them, or null when
    nothing can happen by time alone.
    """

    class Status(models.TextChoices):
        """Where the clock stands."""

        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        MET = "met", _("kept")
        MET_LATE = "met_late", _("answered late")
        BREACHED = "breached", _("broken")
        CANCELLED = "cancelled", _("cancelled")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="clocks")
    metric = models.CharField(max_length=20)
    cycle = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=10, choices=Status.choices)
    # Broken under terms that other terms then replaced: counts as broken, whatever comes later,
    # and under the tier of those terms.
    is_lost = models.BooleanField(default=False, db_default=False)
    tier = models.CharField(max_length=30)
    severity = models.PositiveSmallIntegerField()
    terms = models.ForeignKey(PromiseTerms, on_delete=models.PROTECT, related_name="+")
    # The calendar as its terms knew it: "business-hours@3" (see tiers.calendars).
    calendar = models.CharField(max_length=52)
    target_seconds = models.PositiveIntegerField()
    elapsed_seconds = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    breaches_after = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.CharField(max_length=40, blank=True)
    ladder = models.JSONField(default=list, blank=True)
    next_check_at = models.DateTimeField(null=True, blank=True)
    # Why the sweep could not handle this row; it stepped aside and ops see it.
    fault = models.CharField(max_length=300, blank=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        ordering = ["ticket", "metric", "cycle"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "metric", "cycle"], name="tickets_clock_once"
            ),
            models.CheckConstraint(
                condition=models.Q(breaches_after=None)
                | models.Q(due_at__lte=models.F("breaches_after")),
                name="tickets_clock_due_before_breach",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at", "id"],
                condition=models.Q(next_check_at__isnull=False),
                name="tickets_clock_due",
            ),
            models.Index(
                fields=["tier", "metric", "stopped_at"],
                condition=models.Q(stopped_at__isnull=False),
                name="tickets_clock_finished",
            ),
            models.Index(fields=["id"], condition=~models.Q(fault=""), name="tickets_clock_faulty"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.metric}/{self.cycle} {self.status}"


class ClockEventQuerySet(models.QuerySet["ClockEvent"]):
    """Questions about warnings and breaches."""

    def unannounced(self) -> "ClockEventQuerySet":
        """Return the rows nobody was told of yet, oldest first."""
        return self.filter(announced_at=None).order_by("id")

    def pressing(self) -> "ClockEventQuerySet":
        """Return those that nobody has acknowledged and whose clock runs on under their terms."""
        return self.filter(
            acknowledged_at=None,
            clock__stopped_at=None,
            clock__status__in=[Clock.Status.RUNNING, Clock.Status.BREACHED],
            terms=models.F("clock__terms"),
        )


class ClockEvent(models.Model):
    """A warning step or a breach of one clock, recorded exactly once.

    History and outbox at once: the sweep writes it together with the clock,
    and the announcer then runs triggers and writes the notices. ``at`` is the
    true instant, never that of the sweep that found it.
    """

    class Kind(models.TextChoices):
        """What the step means."""

        WARNING = "warning", _("warning")
        BREACH = "breach", _("breach")

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="events")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="clock_events")
    terms = models.ForeignKey(PromiseTerms, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # Percent of the target; negative: business minutes before its end.
    step = models.SmallIntegerField(_("step"))
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    announced_at = models.DateTimeField(null=True, blank=True)
    # Somebody has seen it and takes care: nobody else is bothered with it any more.
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = ClockEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("clock event")
        verbose_name_plural = _("clock events")
        constraints = [
            models.UniqueConstraint(
                fields=["clock", "terms", "step"], name="tickets_clock_event_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(announced_at=None),
                name="tickets_clock_event_unheard",
            ),
            models.Index(fields=["kind", "at"], name="tickets_clock_event_when"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.step}% of {self.clock_id}"
