"""Account facts: what is known about a customer, append-only, with source and time."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Organization, User


class AccountFactQuerySet(models.QuerySet["AccountFact"]):
    """Questions about facts."""

    def current(self) -> "AccountFactQuerySet":
        """Return the newest row of each fact and organization.

        Newest by the instant of observation, then by the order of recording: a
        late delivery of an old observation never hides a newer one.
        """
        newer = AccountFact.objects.filter(
            organization=models.OuterRef("organization"), fact=models.OuterRef("fact")
        ).filter(
            models.Q(observed_at__gt=models.OuterRef("observed_at"))
            | models.Q(observed_at=models.OuterRef("observed_at"), id__gt=models.OuterRef("id"))
        )
        return self.filter(~models.Exists(newer))

    def last_seen_before(self, instant: datetime) -> "AccountFactQuerySet":
        """Return the rows that their source has not confirmed since this instant."""
        return self.filter(observed_at__lt=instant).filter(
            models.Q(seen_again_at=None) | models.Q(seen_again_at__lt=instant)
        )

    def known_at(self, instant: datetime) -> "AccountFactQuerySet":
        """Return the rows that were recorded by this instant."""
        return self.filter(recorded_at__lte=instant)


class AccountFact(models.Model):
    """One observed value of one fact about one organization; what it says is never updated.

    Only ``seen_again_at`` moves: a source that looks again and finds the same confirms the row
    (``tiers.actions.confirm_facts``) instead of adding one each time. ``value`` is text in a
    canonical form per fact (decimal, whole number, true/false, date, word). An empty value says
    that the source no longer knows it, which is not zero.
    """

    class Name(models.TextChoices):
        """The facts that criteria may use."""

        ACV = "acv", _("Annual contract value")
        SEATS = "seats", _("Seats")
        USAGE_CRITICALITY = "usage_criticality", _("Usage criticality (1-5)")
        STRATEGIC = "strategic", _("Strategic account")
        REGION = "region", _("Region")
        CONTRACT_START = "contract_start", _("Contract start")
        CONTRACT_RENEWAL = "contract_renewal", _("Contract renewal")
        CONTRACT_FLOOR = "contract_floor", _("Tier fixed by contract")
        SEVERITY_MIX_90D = "severity_mix_90d", _("Share of critical and high tickets, 90 days")
        HEALTH = "health", _("Health score")

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="facts")
    fact = models.CharField(_("fact"), max_length=30, choices=Name.choices)
    value = models.CharField(_("value"), max_length=80, blank=True)
    # ISO 4217; only money has one. The policy's thresholds are in the same currency.
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    source = models.CharField(_("source"), max_length=40)
    observed_at = models.DateTimeField(_("observed"))
    # When its source last said the same; None when it was not seen again.
    seen_again_at = models.DateTimeField(_("seen again"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))
    recorded_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = AccountFactQuerySet.as_manager()

    class Meta:
        verbose_name = _("account fact")
        verbose_name_plural = _("account facts")
        indexes = [
            models.Index(
                fields=["organization", "fact", "-observed_at", "-id"], name="tiers_fact_newest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.fact}={self.value or '?'}"

    @property
    def last_seen_at(self) -> datetime:
        """The instant at which the source last said this: what makes it fresh or stale."""
        return max(self.observed_at, self.seen_again_at or self.observed_at)
