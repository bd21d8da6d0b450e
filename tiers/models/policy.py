"""Tier policies: one version of the whole support program.

A policy holds the ordered criteria per tier and what each tier is promised.
Immutable once out of draft; exactly one is live.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from people.models import User
from portal.kit.refused import Refused
from tiers.models.calendar import Calendar


class Tier(models.TextChoices):
    """The tiers that ship, from the lowest to the highest."""

    STARTER = "starter", _("Starter")
    PROFESSIONAL = "professional", _("Professional")
    ENTERPRISE = "enterprise", _("Enterprise")


class OpenTickets(models.TextChoices):
    """What publishing does to tickets that are open: the editor chooses, nothing is silent."""

    KEEP = "keep", _("Running clocks keep their promise; clocks that start later get the new one")
    RETARGET = "retarget", _("Running clocks get the new promise and keep the time they counted")
    NEXT_TICKET = "next_ticket", _("Only tickets opened from now on get the new promise")


def usual_recipients() -> dict[str, list[str]]:
    """Return who is told at which step of the warning ladder unless a target says otherwise."""
    return {
        "75": ["assignee"],
        "90": ["assignee", "lead"],
        "100": ["assignee", "lead", "account_team"],
    }


class TierPolicyQuerySet(models.QuerySet["TierPolicy"]):
    """Questions about policies."""

    def live(self) -> "TierPolicyQuerySet":
        """Return the one policy in force (none on an empty installation)."""
        return self.filter(status=TierPolicy.Status.LIVE)

    def drafts(self) -> "TierPolicyQuerySet":
        """Return the versions that may still be changed."""
        return self.filter(status=TierPolicy.Status.DRAFT)

    def out_of_draft(self) -> "TierPolicyQuerySet":
        """Return the versions whose content can not be changed as they stand."""
        return self.exclude(status=TierPolicy.Status.DRAFT)

    def kept(self) -> "TierPolicyQuerySet":
        """Return the versions that nobody threw away."""
        return self.exclude(status=TierPolicy.Status.DISCARDED)

    def discarded(self) -> "TierPolicyQuerySet":
        """Return the drafts that were thrown away."""
        return self.filter(status=TierPolicy.Status.DISCARDED)

    def underway(self) -> "TierPolicyQuerySet":
        """Return the versions that are on their way to be published."""
        return self.filter(status__in=UNDERWAY)

    def with_everything(self) -> "TierPolicyQuerySet":
        """Fetch rules, criteria and promises along, in their order."""
        return self.prefetch_related(
            models.Prefetch("rules", TierRule.objects.order_by("precedence")),
            "rules__criteria",
            "promises",
            models.Prefetch("targets", PromiseTarget.objects.select_related("calendar")),
        )


class TierPolicy(models.Model):
    """One version of the support program. Periods are in whole days."""

    class Status(models.TextChoices):
        """Where the version stands; ``tiers.rules.governance`` says what follows what."""

        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Signed off")
        LIVE = "live", _("Live")
        RETIRED = "retired", _("Retired")
        # Kept, so that its number and what was typed into it are never lost.
        DISCARDED = "discarded", _("Discarded")

    version = models.PositiveIntegerField(_("version"), unique=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    author = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    name = models.CharField(_("name"), max_length=120)
    # The tiers of the program from the lowest to the highest: a list of slugs.
    tier_order = models.JSONField(_("tiers, lowest first"))
    default_tier = models.CharField(_("tier without a matching rule"), max_length=30)
    currency = models.CharField(_("currency of money thresholds"), max_length=3, default="USD")
    demote_grace_days = models.PositiveSmallIntegerField(_("grace before a step down"), default=60)
    max_step_down = models.PositiveSmallIntegerField(_("most steps down at once"), default=1)
    stale_days = models.PositiveSmallIntegerField(_("a fact is stale after"), default=14)
    effective_from = models.DateTimeField(_("live since"), null=True, blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)
    change_note = models.CharField(_("what changed and why"), max_length=300, blank=True)
    published_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    treatment = models.CharField(
        _("open tickets"), max_length=12, choices=OpenTickets.choices, blank=True
    )
    created_at = models.DateTimeField(_("written"), auto_now_add=True)
    # The print of what it says, taken when a review was asked for: what is signed off.
    content_hash = models.CharField(_("print of its content"), max_length=64, blank=True)
    asked_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField(_("review asked for"), null=True, blank=True)
    discarded_at = models.DateTimeField(_("discarded"), null=True, blank=True)
    discarded_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = TierPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier policy")
        verbose_name_plural = _("tier policies")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["status"],
                condition=models.Q(status="live"),
                name="tiers_policy_one_live",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="live") | models.Q(effective_from__isnull=False),
                name="tiers_policy_live_since",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=["in_review", "approved"])
                | ~models.Q(content_hash=""),
                name="tiers_policy_reviewed_by_print",
            ),
            # Only what ships follows nothing: everything else is published by two people.
            models.CheckConstraint(
                condition=models.Q(parent__isnull=False) | models.Q(version=1),
                name="tiers_policy_follows_another",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version} · {self.name}"

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete a draft; refused for a version that ever counted."""
        check_drafts([self.pk])
        return super().delete(*args, **kwargs)

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.status == self.Status.DRAFT

    @property
    def is_in_review(self) -> bool:
        """Whether somebody is asked to sign it off."""
        return self.status == self.Status.IN_REVIEW

    @property
    def is_approved(self) -> bool:
        """Whether it is signed off and may be published."""
        return self.status == self.Status.APPROVED

    @property
    def is_discarded(self) -> bool:
        """Whether somebody threw it away."""
        return self.status == self.Status.DISCARDED

    @property
    def is_underway(self) -> bool:
        """Whether it may still go live."""
        return self.status in UNDERWAY

    @property
    def is_live(self) -> bool:
        """Whether it is the version in force."""
        return self.status == self.Status.LIVE


UNDERWAY = (TierPolicy.Status.DRAFT, TierPolicy.Status.IN_REVIEW, TierPolicy.Status.APPROVED)


def check_drafts(policy_ids: Iterable[int]) -> None:
    """Refuse unless all these policies are drafts: what was published is never changed."""
    if TierPolicy.objects.filter(pk__in=set(policy_ids)).out_of_draft().exists():
        raise Refused(
            "policy_published",
            gettext("A version that is out of draft is never changed. Make a new draft of it."),
        )


class PolicyPartQuerySet(models.QuerySet[Any]):
    """Rows of policies; those of a version that is out of draft can only be read."""

    def update(self, **values: Any) -> int:
        """Change rows of drafts; refused where one belongs to a published version."""
        self._check_drafts()
        check_drafts(_of_policies(values))
        return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete rows of drafts; refused where one belongs to a published version."""
        self._check_drafts()
        return super().delete()

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Add rows to drafts; refused where one would belong to a published version."""
        rows = list(objs)
        check_drafts(row.of_policy for row in rows)
        return super().bulk_create(rows, *args, **kwargs)

    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        """Change rows of drafts; refused where one belongs to a published version."""
        rows = list(objs)
        check_drafts(row.of_policy for row in rows)
        return super().bulk_update(rows, fields, batch_size)

    def _check_drafts(self) -> None:
        check_drafts(self.order_by().values_list(self.model.POLICY, flat=True))


def _of_policies(values: Mapping[str, Any]) -> Iterator[int]:
    """Yield the policies into which an update would bring rows."""
    for name, value in values.items():
        match name.removesuffix("_id"), value:
            case "policy", models.Model():
                yield value.pk
            case "policy", _key:
                yield int(value)
            case "rule", TierRule():
                yield value.policy_id
            case "rule", _key:
                yield from TierRule.objects.filter(pk=value).values_list("policy", flat=True)


class PolicyPart(models.Model):
    """A row of one policy version: free in a draft, fixed for good once that is published."""

    # The way from the row to its policy.
    POLICY = "policy_id"

    objects = PolicyPartQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the row; refused once its version is out of draft."""
        check_drafts([self.of_policy])
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row; refused once its version is out of draft."""
        check_drafts([self.of_policy])
        return super().delete(*args, **kwargs)

    @property
    def of_policy(self) -> int:
        """The id of the policy that the row belongs to."""
        found: int = self.policy_id  # type: ignore[attr-defined]  # each part has its own column
        return found


class TierRule(PolicyPart):
    """One rule of a policy: which tier an account gets when its criteria hold."""

    class Match(models.TextChoices):
        """How criteria combine."""

        ALL = "all", _("all of them")
        ANY = "any", _("any of them")

    class Missing(models.TextChoices):
        """What a missing or stale fact does."""

        HOLD = "hold", _("hold the present tier")
        FAIL = "fail", _("count as not met")

    policy = models.ForeignKey(TierPolicy, on_delete=models.CASCADE, related_name="rules")
    tier = models.CharField(_("tier"), max_length=30)
    precedence = models.PositiveSmallIntegerField(_("order"))
    match = models.CharField(_("needs"), max_length=3, choices=Match.choices, default=Match.ALL)
    missing = models.CharField(
        _("when a fact is missing"), max_length=4, choices=Missing.choices, default=Missing.HOLD
    )

    class Meta:
        verbose_name = _("tier rule")
        verbose_name_plural = _("tier rules")
        ordering = ["policy", "precedence"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "precedence"], name="tiers_rule_precedence_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.precedence}. {self.tier}"


class Criterion(PolicyPart):
    """One comparison of a rule. ``exit_value`` counts while the tier is held."""

    POLICY = "rule__policy_id"

    rule = models.ForeignKey(TierRule, on_delete=models.CASCADE, related_name="criteria")
    fact = models.CharField(_("fact"), max_length=30)
    op = models.CharField(_("comparison"), max_length=20)
    value = models.JSONField(_("value"))
    exit_value = models.JSONField(_("value to stay"), null=True, blank=True)

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.fact} {self.op} {self.value}"

    @property
    def of_policy(self) -> int:
        """The id of the policy that the row belongs to."""
        return self.rule.policy_id


class TierPromise(PolicyPart):
    """What a tier gets besides targets: channels, team, self-service, reviews."""

    policy = models.ForeignKey(TierPolicy, on_delete=models.CASCADE, related_name="promises")
    tier = models.CharField(_("tier"), max_length=30)
    queue_key = models.SlugField(_("queue"), max_length=40)
    channels = models.JSONField(_("channels"))
    account_team = models.JSONField(_("named people"), default=list)
    self_service = models.JSONField(_("self-service"), default=list)
    review_cadence_days = models.PositiveSmallIntegerField(
        _("days between account reviews"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("tier promise")
        verbose_name_plural = _("tier promises")
        constraints = [
            models.UniqueConstraint(fields=["policy", "tier"], name="tiers_promise_once")
        ]

    def __str__(self) -> str:
        return self.tier


class PromiseTarget(PolicyPart):
    """How soon, for one tier, severity and metric. Times in business seconds.

    ``floor_seconds`` is the time after which a ticket past its target is pulled
    ahead of tickets still in time, so that no promise is broken without end.
    ``warn_at`` holds the steps of the warning ladder: percent of the target, or,
    negative, business minutes before its end. ``tell`` says which roles are told
    at a step ("100" is the breach): assignee, lead, queue, account_team.
    """

    policy = models.ForeignKey(TierPolicy, on_delete=models.CASCADE, related_name="targets")
    tier = models.CharField(_("tier"), max_length=30)
    severity = models.PositiveSmallIntegerField(_("severity"))
    metric = models.CharField(_("metric"), max_length=20)
    target_seconds = models.PositiveIntegerField(_("target"))
    floor_seconds = models.PositiveIntegerField(_("floor"))
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="+")
    pause_on = models.JSONField(_("pauses while"), default=list)
    warn_at = models.JSONField(_("warns at"), default=list)
    tell: "models.JSONField[Any, Any]" = models.JSONField(_("tells"), default=usual_recipients)

    class Meta:
        verbose_name = _("promise target")
        verbose_name_plural = _("promise targets")
        ordering = ["policy", "tier", "severity", "metric"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "tier", "severity", "metric"], name="tiers_target_once"
            ),
            models.CheckConstraint(
                condition=models.Q(severity__gte=1, severity__lte=4),
                name="tiers_target_severity_1_to_4",
            ),
            models.CheckConstraint(
                condition=models.Q(floor_seconds__gt=models.F("target_seconds")),
                name="tiers_target_floor_after_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tier} S{self.severity} {self.metric}"
