"""Runs: a published version of the program judges every account again."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from tiers.models.policy import TierPolicy


class PolicyRunQuerySet(models.QuerySet["PolicyRun"]):
    """Questions about runs."""

    def unfinished(self) -> "PolicyRunQuerySet":
        """Return runs that still have accounts to judge, the oldest first."""
        return self.filter(finished_at=None).order_by("pk")

    def that_judged(self, organization_id: int) -> "PolicyRunQuerySet":
        """Return runs whose batches have come past an account, with the instant of its batch,
        the latest first.

        It is annotated as ``judged_at``. Runs that could not judge somebody are left out: they
        do not say whom. Accounts that came later than their id's batch are in here too.
        """
        batches = PolicyRunBatch.objects.filter(
            run=models.OuterRef("pk"), upto_id__gte=organization_id
        )
        first = models.Subquery(batches.order_by("upto_id").values("at")[:1])
        judged = self.filter(failed=0).annotate(judged_at=first).exclude(judged_at=None)
        return judged.order_by("-judged_at", "-pk")

    def free(self, now: datetime) -> "PolicyRunQuerySet":
        """Return unfinished runs on which nobody works."""
        return self.unfinished().filter(models.Q(lease_until=None) | models.Q(lease_until__lte=now))


class PolicyRun(models.Model):
    """One version goes over all accounts, by their ids; the first in line is the live one.

    It is the history of those whose answer stays the same: they were judged at the instant
    of the batch that covers their id. Whoever's answer changes has an assignment of their
    own beside it.
    """

    policy = models.OneToOneField(TierPolicy, on_delete=models.PROTECT, related_name="run")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    total = models.PositiveIntegerField(default=0)
    last_organization_id = models.BigIntegerField(default=0)
    # Accounts that somebody else was judging when their batch came: they are done one by one.
    held: "models.JSONField[list[int], list[int]]" = models.JSONField(default=list)
    done = models.PositiveIntegerField(_("accounts judged"), default=0)
    changed = models.PositiveIntegerField(_("answers that changed"), default=0)
    # From tier, to tier, accounts.
    moves: "models.JSONField[list[list[object]], list[list[object]]]" = models.JSONField(
        default=list
    )
    failed = models.PositiveIntegerField(_("could not be judged"), default=0)

    objects = PolicyRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy run")
        verbose_name_plural = _("policy runs")
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(finished_at=None),
                name="tiers_policy_run_unfinished",
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy_id}: {self.done}/{self.total}"

    @property
    def moved(self) -> int:
        """How many accounts got another tier."""
        return sum(int(str(accounts)) for _before, _after, accounts in self.moves)

    @property
    def quiet(self) -> int:
        """How many answers changed that left the tier as it was."""
        return max(0, self.changed - self.moved)

    @property
    def percent(self) -> int:
        """How much is done; what is not finished is never all."""
        if self.finished_at is not None:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0


class PolicyRunBatch(models.Model):
    """One batch of a run: all accounts up to an id, from the batch before on, were judged then."""

    run = models.ForeignKey(PolicyRun, on_delete=models.CASCADE, related_name="batches")
    upto_id = models.BigIntegerField()
    at = models.DateTimeField()
    judged = models.PositiveIntegerField()
    changed = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("batch of a policy run")
        verbose_name_plural = _("batches of policy runs")
        constraints = [
            models.UniqueConstraint(fields=["run", "upto_id"], name="tiers_policy_run_batch_once")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.upto_id}"
