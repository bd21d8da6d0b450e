"""Connections to CRMs, and which of their fields is which fact."""

import hashlib
import json
import secrets
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.crm.vendor import FieldType, Secrets
from people.models import User
from portal.kit.secrets import unseal
from tiers.models import AccountFact


def new_public_id() -> str:
    """Return a random id for addresses: 12 characters, not guessable."""
    return secrets.token_hex(6)


def token_digest(token: str) -> str:
    """Return what is stored of an address token."""
    return hashlib.sha256(token.encode()).hexdigest()


class CrmConnectionQuerySet(models.QuerySet["CrmConnection"]):
    """Questions about connections."""

    def by_token(self, vendor: str, token: str) -> "CrmConnection | None":
        """Return the connection that a webhook address names, or None."""
        return self.filter(vendor=vendor, token_hash=token_digest(token)).first()

    def working(self) -> "CrmConnectionQuerySet":
        """Return connections that are used: also a failing one is tried again."""
        return self.filter(state__in=[CrmConnection.State.ACTIVE, CrmConnection.State.FAILING])

    def callable_at(self, now: datetime) -> "CrmConnectionQuerySet":
        """Return working connections whose CRM may be called now.

        Not those whose credentials or settings were changed and not tested since: they may lead
        to another account, all of whose companies would be strangers.
        """
        return (
            self.working()
            .exclude(tested_at=None)
            .filter(models.Q(blocked_until=None) | models.Q(blocked_until__lte=now))
        )

    def due_for_polling(self, now: datetime) -> "CrmConnectionQuerySet":
        """Return connections whose changes are to be asked for now."""
        return self.callable_at(now).filter(next_poll_at__lte=now).order_by("next_poll_at", "pk")

    def due_for_reconciling(self, now: datetime) -> "CrmConnectionQuerySet":
        """Return connections whose records are all to be compared now."""
        due = self.callable_at(now).filter(next_reconcile_at__lte=now)
        return due.order_by("next_reconcile_at", "pk")

    def in_trouble(self) -> "CrmConnectionQuerySet":
        """Return connections that staff should know about."""
        return self.filter(state__in=[CrmConnection.State.FAILING, CrmConnection.State.REVOKED])


class CrmConnection(models.Model):
    """One account of one CRM.

    The credentials are sealed (``portal.kit.secrets``) and never shown again. The webhook
    address ends in a token of which only a hash is kept: it is shown once, when it is made.
    """

    class State(models.TextChoices):
        """Whether the connection is used, and how it fares."""

        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        FAILING = "failing", _("not reached")
        REVOKED = "revoked", _("access revoked")

    class Unknown(models.TextChoices):
        """What becomes of a company that no organization is linked to."""

        INBOX = "inbox", _("wait in the inbox until ops link it")
        CREATE = "create", _("create an organization")

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    vendor = models.CharField(_("CRM"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PAUSED)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    sealed_credentials = models.TextField(editable=False)
    settings = models.JSONField(_("settings"), default=dict, blank=True)

    account_id = models.CharField(_("account"), max_length=80, blank=True)
    account_name = models.CharField(_("account name"), max_length=200, blank=True)
    # The CRM's default currency (ISO 4217), as the test said it.
    account_currency = models.CharField(_("currency"), max_length=3, blank=True)
    missing_scopes = models.JSONField(_("missing scopes"), default=list, blank=True)
    tested_at = models.DateTimeField(_("last tested"), null=True, blank=True)

    unknown_companies = models.CharField(
        _("companies without an organization"),
        max_length=6,
        choices=Unknown.choices,
        default=Unknown.INBOX,
    )
    follows_names = models.BooleanField(_("organizations are renamed with the CRM"), default=True)

    # Write-back: the CRM field that gets the tier (none when empty), and the CRM's value per tier.
    tier_field = models.CharField(_("field for the tier"), max_length=100, blank=True)
    tier_values = models.JSONField(_("value per tier"), default=dict, blank=True)
    last_assignment_id = models.BigIntegerField(default=0, editable=False)

    # Opaque; behind the last change that a completed run brought. Empty: never read whole yet.
    cursor = models.TextField(blank=True, editable=False)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    next_reconcile_at = models.DateTimeField(null=True, blank=True)

    # Not called before this instant: the CRM asked for it, or calls failed.
    blocked_until = models.DateTimeField(_("not called before"), null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_success_at = models.DateTimeField(_("last answer"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    # Since when what we know may be old; None while the CRM answers.
    stale_since = models.DateTimeField(_("stale since"), null=True, blank=True)
    alerted_at = models.DateTimeField(null=True, blank=True, editable=False)

    # How many linked companies the last comparison missed at once, which is too many to believe:
    # none of them is detached before ops have said so. And how many ops have confirmed.
    gone_held = models.PositiveIntegerField(default=0, editable=False)
    gone_held_at = models.DateTimeField(null=True, blank=True, editable=False)
    gone_confirmed = models.PositiveIntegerField(default=0, editable=False)

    created_at = models.DateTimeField(_("connected"))
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = CrmConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("CRM connection")
        verbose_name_plural = _("CRM connections")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "account_id"],
                condition=~models.Q(account_id=""),
                name="crm_connection_one_per_account",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_working(self) -> bool:
        """Whether the connection is used, be it with trouble."""
        return self.state in {self.State.ACTIVE, self.State.FAILING}

    @property
    def secrets(self) -> Secrets:
        """The credentials in the clear, which print nothing; raises CannotDecrypt."""
        return Secrets(json.loads(unseal(self.sealed_credentials)))

    @property
    def vendor_settings(self) -> dict[str, str]:
        """The settings as the vendor folder reads them."""
        return {**self.settings, "account_id": self.account_id}


class FieldMapping(models.Model):
    """Which field of the CRM is which fact, and how its values are read."""

    class Currency(models.TextChoices):
        """Where an amount's currency stands."""

        NONE = "", _("no amount")
        FIELD = "field", _("in another field of the record")
        FIXED = "fixed", _("always the same")

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="mappings")
    fact = models.CharField(_("fact"), max_length=30, choices=AccountFact.Name.choices)
    field = models.CharField(_("CRM field"), max_length=100)
    field_label = models.CharField(_("called there"), max_length=200, blank=True)
    field_type = models.CharField(
        max_length=10, choices=[(kind.value, kind.value) for kind in FieldType]
    )
    currency_from = models.CharField(
        _("currency"), max_length=5, choices=Currency.choices, blank=True, default=Currency.NONE
    )
    # The field that says the currency, or the currency itself (ISO 4217).
    currency = models.CharField(max_length=100, blank=True)
    # The CRM's value -> our value, for choices: {"Platinum": "enterprise"}.
    translations = models.JSONField(_("values"), default=dict, blank=True)
    # Since when the CRM says that it has no such field.
    missing_since = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("field mapping")
        verbose_name_plural = _("field mappings")
        ordering = ["fact"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "fact"], name="crm_mapping_one_per_fact"),
        ]

    def __str__(self) -> str:
        return f"{self.field} -> {self.fact}"


class CurrencyRate(models.Model):
    """What one unit of a currency is worth in the currency of the tier policy."""

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="rates")
    currency = models.CharField(_("currency"), max_length=3)
    rate = models.DecimalField(_("worth"), max_digits=18, decimal_places=8)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("currency rate")
        verbose_name_plural = _("currency rates")
        ordering = ["currency"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "currency"], name="crm_rate_one_per_currency"
            ),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="crm_rate_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.rate}"
