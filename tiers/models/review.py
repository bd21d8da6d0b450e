"""How a version of the program came about: every edit, the review, who signed, when it is due.

Rows are only ever added; a sign-off may be voided and a schedule ended, nothing else changes.
The database itself refuses the sign-off of somebody who wrote the version, and a version that
goes live without one (``tiers.guards``).

Wagtail's workflows, revisions and scheduled publishing were tried and not used for this: an
approver there needs the permission to publish and can approve their own work, a superuser
publishes past a running workflow, a pending schedule swallows a request for review, and a
revision is one blob of JSON that no constraint can look into. Its admin is used: frame, menu,
home panels, hooks.
"""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User
from tiers.models.policy import OpenTickets, TierPolicy

COMMENT_LENGTH = 2000


class PolicyEdit(models.Model):
    """One change of a draft: who, when, what it said before and after.

    ``place`` says where, in the words of ``what``: [] for the criteria and the name,
    [tier] for what a tier includes, [tier, severity, metric] for a target, [version] for
    what was taken over from another version. Whoever stands here wrote the version.
    """

    class What(models.TextChoices):
        """What was changed."""

        BEGUN = "begun", _("Draft begun")
        TAKEN_OVER = "taken_over", _("Content of an unpublished version taken over")
        CRITERIA = "criteria", _("Tiers and criteria")
        PROMISE = "promise", _("What a tier includes")
        TARGET = "target", _("Promise")
        NAME = "name", _("Name")
        REBASE = "rebase", _("Brought up to date")

    policy = models.ForeignKey(TierPolicy, on_delete=models.CASCADE, related_name="edits")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("when"))
    what = models.CharField(_("what"), max_length=12, choices=What.choices)
    place: "models.JSONField[Any, Any]" = models.JSONField(_("where"), default=list)
    before: "models.JSONField[Any, Any]" = models.JSONField(_("before"), null=True)
    after: "models.JSONField[Any, Any]" = models.JSONField(_("after"), null=True)

    class Meta:
        verbose_name = _("edit of a draft")
        verbose_name_plural = _("edits of drafts")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.policy_id}: {self.what}"


class PolicySignOffQuerySet(models.QuerySet["PolicySignOff"]):
    """Questions about sign-offs."""

    def standing(self) -> "PolicySignOffQuerySet":
        """Return those that nothing has voided."""
        return self.filter(voided_at=None)


class PolicySignOff(models.Model):
    """A second person says that exactly this content may be published."""

    policy = models.ForeignKey(TierPolicy, on_delete=models.CASCADE, related_name="sign_offs")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("when"))
    fingerprint = models.CharField(_("print of what was signed"), max_length=64)
    comment = models.CharField(_("comment"), max_length=COMMENT_LENGTH, blank=True)
    voided_at = models.DateTimeField(_("void since"), null=True, blank=True)

    objects = PolicySignOffQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-off")
        verbose_name_plural = _("sign-offs")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy"],
                condition=models.Q(voided_at=None),
                name="tiers_signoff_one_standing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy_id}: {self.by}"


class PolicyEvent(models.Model):
    """One step of a version's way: asked, answered, signed, scheduled, published, retired."""

    class Kind(models.TextChoices):
        """What happened."""

        ASKED = "asked", _("Review asked for")
        COMMENTED = "commented", _("Comment")
        CHANGES_ASKED = "changes_asked", _("Changes asked for")
        WITHDRAWN = "withdrawn", _("Taken back to draft")
        SIGNED_OFF = "signed_off", _("Signed off")
        SCHEDULED = "scheduled", _("Publishing scheduled")
        UNSCHEDULED = "unscheduled", _("Schedule cancelled")
        NOT_PUBLISHED = "not_published", _("Could not be published as scheduled")
        PUBLISHED = "published", _("Published")
        RETIRED = "retired", _("Retired")
        DISCARDED = "discarded", _("Discarded")

    policy = models.ForeignKey(TierPolicy, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(_("what"), max_length=14, choices=Kind.choices)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("when"))
    note = models.CharField(_("words"), max_length=COMMENT_LENGTH, blank=True)
    fingerprint = models.CharField(_("print of its content"), max_length=64, blank=True)
    # For a schedule the instant it was meant for; for what was retired, the version that came.
    meant_for = models.DateTimeField(_("meant for"), null=True, blank=True)
    replaced_by = models.ForeignKey(
        TierPolicy, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("event of a version")
        verbose_name_plural = _("events of versions")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.policy_id}: {self.kind}"


class PolicyScheduleQuerySet(models.QuerySet["PolicySchedule"]):
    """Questions about schedules."""

    def waiting(self) -> "PolicyScheduleQuerySet":
        """Return those whose time is still to come, or is now."""
        return self.filter(state=PolicySchedule.State.WAITING)


class PolicySchedule(models.Model):
    """When a version that is signed off shall be published, and what with open tickets."""

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", _("waiting")
        DONE = "done", _("published")
        CANCELLED = "cancelled", _("cancelled")
        REFUSED = "refused", _("could not be published")

    policy = models.ForeignKey(TierPolicy, on_delete=models.CASCADE, related_name="schedules")
    publish_at = models.DateTimeField(_("publish at"))
    treatment = models.CharField(_("open tickets"), max_length=12, choices=OpenTickets.choices)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("scheduled"))
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.WAITING)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = PolicyScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("schedule of a version")
        verbose_name_plural = _("schedules of versions")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy"],
                condition=models.Q(state="waiting"),
                name="tiers_schedule_one_waiting",
            )
        ]
        indexes = [
            models.Index(
                fields=["publish_at"],
                condition=models.Q(state="waiting"),
                name="tiers_schedule_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy_id}: {self.publish_at.isoformat()}"
