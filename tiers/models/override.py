"""Overrides: a tier lent by decision for a time, asked for by one person, approved by another."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Organization, User


class TierOverrideQuerySet(models.QuerySet["TierOverride"]):
    """Questions about overrides."""

    def not_withdrawn(self) -> "TierOverrideQuerySet":
        """Return overrides that nobody took back."""
        return self.filter(withdrawn_at=None)

    def in_force_on(self, day: date) -> "TierOverrideQuerySet":
        """Return overrides that count on a day; the end day does not."""
        return self.not_withdrawn().filter(starts__lte=day, expires__gt=day)

    def not_over_on(self, day: date) -> "TierOverrideQuerySet":
        """Return overrides that count on a day or will count later."""
        return self.not_withdrawn().filter(expires__gt=day)

    def to_remind_of(self, day: date) -> "TierOverrideQuerySet":
        """Return overrides that end soon and of which nobody was reminded yet."""
        return self.not_over_on(day).filter(reminded_at=None, reminder_on__lte=day)

    def to_lapse(self, day: date) -> "TierOverrideQuerySet":
        """Return overrides whose end has come and was not dealt with yet."""
        return self.not_withdrawn().filter(lapsed_at=None, expires__lte=day)


class TierOverride(models.Model):
    """A tier given by decision: reason, approver and expiry are mandatory.

    Days are UTC days. ``reminder_on``: the day on which people are reminded of the end,
    ``reminded_at`` when they were. ``lapsed_at``: when its end was dealt with and told.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="tier_overrides"
    )
    tier = models.CharField(_("tier"), max_length=30)
    reason = models.CharField(_("reason"), max_length=300)
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("approved by")
    )
    starts = models.DateField(_("from"))
    expires = models.DateField(_("until (not included)"))
    reminder_on = models.DateField(_("reminder"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lapsed_at = models.DateTimeField(_("lapsed"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TierOverrideQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier override")
        verbose_name_plural = _("tier overrides")
        ordering = ["-starts"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires__gt=models.F("starts")),
                name="tiers_override_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~models.Q(requested_by=models.F("approved_by")),
                name="tiers_override_four_eyes",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="tiers_override_has_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires"],
                condition=models.Q(withdrawn_at=None, lapsed_at=None),
                name="tiers_override_to_lapse",
            ),
            models.Index(
                fields=["reminder_on"],
                condition=models.Q(withdrawn_at=None, reminded_at=None),
                name="tiers_override_to_remind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.tier}"


class OverrideRequestQuerySet(models.QuerySet["OverrideRequest"]):
    """Questions about requests."""

    def pending(self) -> "OverrideRequestQuerySet":
        """Return requests that wait for a decision."""
        return self.filter(status=OverrideRequest.Status.PENDING)

    def with_people(self) -> "OverrideRequestQuerySet":
        """Fetch along whom a list names."""
        return self.select_related("organization", "requested_by", "decided_by", "override")


class OverrideRequest(models.Model):
    """Somebody asks for an override, somebody else decides. One waits per organization.

    ``extends`` names the override whose end is asked to be put off. ``override`` is what an
    approval gave. ``decided_by`` is None when nobody decided in time.
    """

    class Status(models.TextChoices):
        """Where a request stands; every one but the first is final."""

        PENDING = "pending", _("waits for a decision")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("not decided in time")

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="override_requests"
    )
    extends = models.ForeignKey(
        TierOverride, on_delete=models.CASCADE, null=True, blank=True, related_name="extensions"
    )
    tier = models.CharField(_("tier"), max_length=30)
    reason = models.CharField(_("reason"), max_length=300)
    starts = models.DateField(_("from"))
    expires = models.DateField(_("until (not included)"))
    reminder_on = models.DateField(_("reminder"))
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    requested_at = models.DateTimeField(_("asked"))
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.PENDING
    )
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision_note = models.CharField(_("why"), max_length=300, blank=True)
    override = models.OneToOneField(
        TierOverride, on_delete=models.CASCADE, null=True, blank=True, related_name="request"
    )

    objects = OverrideRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request for an override")
        verbose_name_plural = _("requests for overrides")
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=models.Q(status="pending"),
                name="tiers_override_request_one_pending",
            ),
            models.CheckConstraint(
                condition=models.Q(expires__gt=models.F("starts")),
                name="tiers_override_request_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(reminder_on__gte=models.F("starts"))
                & models.Q(reminder_on__lt=models.F("expires")),
                name="tiers_override_request_reminds_within",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="tiers_override_request_has_reason"
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=["approved", "refused"])
                | (
                    models.Q(decided_by__isnull=False)
                    & ~models.Q(decided_by=models.F("requested_by"))
                ),
                name="tiers_override_request_four_eyes",
            ),
            models.CheckConstraint(
                condition=models.Q(status="pending", decided_at=None)
                | (~models.Q(status="pending") & models.Q(decided_at__isnull=False)),
                name="tiers_override_request_decided_when",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="refused", decision_note=""),
                name="tiers_override_request_refused_why",
            ),
            models.CheckConstraint(
                condition=models.Q(status="approved", override__isnull=False)
                | (~models.Q(status="approved") & models.Q(override=None)),
                name="tiers_override_request_gives",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-requested_at"], name="tiers_override_request_of")
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.tier}?"

    @property
    def is_pending(self) -> bool:
        """Whether somebody still has to decide."""
        return self.status == self.Status.PENDING
