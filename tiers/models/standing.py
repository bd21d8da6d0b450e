"""Where every account stands now: one narrow row each, for questions about all of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Organization
from tiers.models.assignment import TierAssignment
from tiers.models.policy import TierPolicy


class AccountStanding(models.Model):
    """The present of one account in typed columns; derived, and never a source of anything.

    Facts, assignments and overrides remain the truth. Only
    ``tiers.actions.standings`` writes here, in the transaction of the evaluation that
    changed something, and a nightly check compares. Per fact: its value, the day on
    which an observing source said so (``_seen``; null when a person did, which does not
    age) and the day of its last change (``_changed``). ``tiers.rules.standings`` says
    how each is kept.
    """

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="standing"
    )
    # The tier in force and why, as the open assignment says it.
    tier = models.CharField(_("tier"), max_length=30)
    source = models.CharField(_("decided by"), max_length=10, choices=TierAssignment.Source.choices)
    # The evaluator's memory: the tier held by right, without any override.
    held = models.CharField(_("held by right"), max_length=30)
    below_since = models.DateField(_("below since"), null=True, blank=True)
    # The version under which it was last judged; the assignment's own version stays the one
    # that gave it its tier.
    # No column that a judgement changes has an index, so that the row can stay on its page.
    judged_policy = models.ForeignKey(
        TierPolicy, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    judged_at = models.DateTimeField(_("judged"))
    contract_floor = models.CharField(_("tier fixed by contract"), max_length=80, blank=True)

    acv = models.BigIntegerField(_("annual contract value in cents"), null=True, blank=True)
    seats = models.IntegerField(null=True, blank=True)
    usage_criticality = models.SmallIntegerField(null=True, blank=True)
    strategic = models.BooleanField(null=True, blank=True)
    region = models.CharField(max_length=82, null=True, blank=True)
    contract_start = models.DateField(null=True, blank=True)
    contract_renewal = models.DateField(null=True, blank=True)
    severity_mix_90d = models.IntegerField(null=True, blank=True)
    health = models.SmallIntegerField(null=True, blank=True)

    acv_seen = models.DateField(null=True, blank=True)
    seats_seen = models.DateField(null=True, blank=True)
    usage_criticality_seen = models.DateField(null=True, blank=True)
    strategic_seen = models.DateField(null=True, blank=True)
    region_seen = models.DateField(null=True, blank=True)
    contract_start_seen = models.DateField(null=True, blank=True)
    contract_renewal_seen = models.DateField(null=True, blank=True)
    severity_mix_90d_seen = models.DateField(null=True, blank=True)
    health_seen = models.DateField(null=True, blank=True)

    acv_changed = models.DateField(null=True, blank=True)
    seats_changed = models.DateField(null=True, blank=True)
    usage_criticality_changed = models.DateField(null=True, blank=True)
    strategic_changed = models.DateField(null=True, blank=True)
    region_changed = models.DateField(null=True, blank=True)
    contract_start_changed = models.DateField(null=True, blank=True)
    contract_renewal_changed = models.DateField(null=True, blank=True)
    severity_mix_90d_changed = models.DateField(null=True, blank=True)
    health_changed = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("account standing")
        verbose_name_plural = _("account standings")

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.tier}"
