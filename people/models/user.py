"""Users: everybody who logs in, customers and staff alike."""

import zoneinfo
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class StaffRole(models.TextChoices):
    """What one of the vendor's own people may do."""

    AGENT = "agent", _("Agent")
    LEAD = "lead", _("Lead")
    OPS = "ops", _("Ops")
    ADMIN = "admin", _("Admin")


def validate_time_zone(name: str) -> None:
    """Refuse a name that the time zone database does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Choose one like Europe/Berlin."),
            params={"name": name},
        )


class UserManager(BaseUserManager["User"]):
    """Create users by e-mail address; addresses are kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a user; without a password only codes and keys can log in."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str, **fields: Any) -> "User":
        """Store an admin, for the first login of a new installation."""
        fields.setdefault("staff_role", StaffRole.ADMIN)
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a user by address, whatever its case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in with an e-mail address."""

    email = models.EmailField(_("e-mail address"), unique=True, max_length=254)
    name = models.CharField(_("name"), max_length=120, blank=True)
    job_title = models.CharField(_("job title"), max_length=120, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    language = models.CharField(
        _("language"), max_length=8, choices=settings.LANGUAGES, default="en"
    )
    staff_role = models.CharField(
        _("staff role"), max_length=10, choices=StaffRole.choices, blank=True, default=""
    )
    is_active = models.BooleanField(_("active"), default=True)
    mail_on_reply = models.BooleanField(_("mail me when my ticket is answered"), default=True)
    mail_on_status = models.BooleanField(_("mail me when my ticket changes status"), default=True)
    mail_on_assignment = models.BooleanField(_("mail me when I get a ticket"), default=True)
    mail_on_clock = models.BooleanField(_("mail me when a promise is at risk"), default=True)
    # Local times between which nobody is mailed about promises; may run over midnight.
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    critical_when_quiet = models.BooleanField(
        _("critical tickets reach me in quiet hours too"), default=True
    )
    date_joined = models.DateTimeField(_("joined"), auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="people_user_email_any_case"),
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="people_user_quiet_from_and_until",
            ),
            models.CheckConstraint(
                condition=models.Q(staff_role__in=["", *StaffRole.values]),
                name="people_user_staff_role_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["staff_role"],
                condition=~models.Q(staff_role=""),
                name="people_user_staff",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """Whether Django's own admin opens: admins alone."""
        return self.staff_role == StaffRole.ADMIN

    @property
    def works_here(self) -> bool:
        """Whether this is one of the vendor's own people."""
        return bool(self.staff_role)

    @property
    def runs_operations(self) -> bool:
        """Whether this person may use the ops pages."""
        return self.staff_role in {StaffRole.OPS, StaffRole.ADMIN}

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone to show times in; UTC where the machine no longer knows the name."""
        try:
            return zoneinfo.ZoneInfo(self.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return zoneinfo.ZoneInfo("UTC")

    def get_short_name(self) -> str:
        """Return the first name, or the address where no name is known."""
        return self.name.split(" ")[0] if self.name else self.email

    def get_full_name(self) -> str:
        """Return the name, or the address where no name is known."""
        return str(self)
