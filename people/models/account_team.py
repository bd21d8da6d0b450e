"""The account team: the vendor's people who are named to a customer."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models.organization import Organization
from people.models.user import User


class AccountTeamQuerySet(models.QuerySet["AccountTeamMember"]):
    """Questions about account teams."""

    def serving_at(self, now: datetime) -> "AccountTeamQuerySet":
        """Return the people named at this instant."""
        return self.filter(valid_from__lte=now).filter(
            models.Q(valid_to=None) | models.Q(valid_to__gt=now)
        )


class AccountTeamMember(models.Model):
    """One of the vendor's people, named to an organization for a time."""

    class Duty(models.TextChoices):
        """What the person is to the customer."""

        TAM = "tam", _("Technical Account Manager")
        BACKUP = "backup", _("Backup")
        SUCCESS = "success", _("Customer success")

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="account_team"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="accounts_served")
    duty = models.CharField(_("duty"), max_length=10, choices=Duty.choices)
    valid_from = models.DateTimeField(_("from"))
    valid_to = models.DateTimeField(_("until"), null=True, blank=True)

    objects = AccountTeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("account team member")
        verbose_name_plural = _("account team")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "duty"],
                condition=models.Q(valid_to=None),
                name="people_account_team_one_open_per_duty",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gt=models.F("valid_from")),
                name="people_account_team_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_duty_display()}: {self.user}"
