"""Organizations: the customer companies (a CRM's accounts)."""

import secrets

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from portal.kit.viewer import Viewer


def new_public_id() -> str:
    """Return a random id for addresses: 12 characters, not guessable."""
    return secrets.token_hex(6)


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Questions about organizations."""

    def visible_to(self, viewer: Viewer) -> "OrganizationQuerySet":
        """Return the organizations whose page this viewer may open."""
        if viewer.is_staff:
            return self.all()
        return self.filter(id__in=viewer.organization_ids)


class Organization(models.Model):
    """A customer company. ``external_id`` is its id in the CRM."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=160)
    external_id = models.CharField(
        _("id in the CRM"), max_length=80, null=True, blank=True, unique=True
    )
    joins_by_domain = models.BooleanField(
        _("people with a verified domain join at once"),
        default=False,
        help_text=_("Otherwise a manager of the organization has to let them in."),
    )
    is_suspended = models.BooleanField(_("suspended"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]
        indexes = [models.Index(Lower("name"), name="people_org_name")]

    def __str__(self) -> str:
        return self.name


class OrganizationDomain(models.Model):
    """An e-mail domain of an organization; only a verified one lets people in."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(_("domain"), max_length=253)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    verified_by = models.ForeignKey(
        "people.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("e-mail domain")
        verbose_name_plural = _("e-mail domains")
        constraints = [
            models.UniqueConstraint(
                Lower("domain"),
                condition=models.Q(verified_at__isnull=False),
                name="people_domain_verified_once",
            ),
            models.UniqueConstraint(
                Lower("domain"), "organization", name="people_domain_once_per_organization"
            ),
        ]

    def __str__(self) -> str:
        return self.domain
