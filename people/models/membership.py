"""Memberships and invitations: who belongs to which organization."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from people.models.organization import Organization
from people.models.user import User


class Role(models.TextChoices):
    """What a contact sees of the organization's tickets."""

    MEMBER = "member", _("Member")
    MANAGER = "manager", _("Manager")


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Questions about memberships."""

    def active(self) -> "MembershipQuerySet":
        """Return memberships that count: let in, and in a running organization."""
        return self.filter(
            status=Membership.Status.ACTIVE,
            organization__is_suspended=False,
            user__is_active=True,
        )

    def with_address(self, organization: Organization, email: str) -> "MembershipQuerySet":
        """Return active memberships of whoever has the address, be it a second one."""
        return self.filter(
            models.Q(user__email__iexact=email)
            | models.Q(user__emailaddress__email__iexact=email, user__emailaddress__verified=True),
            organization=organization,
            status=Membership.Status.ACTIVE,
        )

    def for_people_page(self, organization: Organization) -> "MembershipQuerySet":
        """Return the members of an organization with their users, managers first, then by name."""
        return (
            self.filter(organization=organization, status=Membership.Status.ACTIVE)
            .select_related("user")
            .order_by("role", Lower("user__name"), "user__email", "pk")
        )

    def waiting(self) -> "MembershipQuerySet":
        """Return people who asked to join and wait for a manager."""
        return self.filter(status=Membership.Status.WAITING)


class Membership(models.Model):
    """A person in an organization: active, waiting for a manager, or ended."""

    class Status(models.TextChoices):
        """Where the membership stands."""

        ACTIVE = "active", _("Active")
        WAITING = "waiting", _("Waiting for a manager")
        ENDED = "ended", _("Ended")

    Role = Role

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.MEMBER)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE
    )
    created_at = models.DateTimeField(_("since"), auto_now_add=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="people_membership_once")
        ]
        indexes = [models.Index(fields=["organization", "status"], name="people_member_org")]

    def __str__(self) -> str:
        return f"{self.user} · {self.organization}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Questions about invitations."""

    def open_at(self, now: datetime) -> "InvitationQuerySet":
        """Return invitations that can still be accepted."""
        return self.filter(
            accepted_at=None,
            revoked_at=None,
            expires_at__gt=now,
            organization__is_suspended=False,
        )

    def addressed_to(self, user: User) -> "InvitationQuerySet":
        """Return invitations sent to an address that this person proved to have."""
        proved = User.objects.filter(pk=user.pk, emailaddress__verified=True)
        return self.filter(email__in=proved.values("emailaddress__email"))


class Invitation(models.Model):
    """An invitation into an organization, sent to one address.

    Only the SHA-256 of the token is kept; the token itself is in the mail.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField(_("e-mail address"), max_length=254)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.MEMBER)
    token_digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="sent_invitations"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="people_invitation_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.organization}"
