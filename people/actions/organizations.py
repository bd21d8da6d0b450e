"""Organizations, their e-mail domains, and the vendor's people named to them."""

import re
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from people.actions.memberships import join_organization, may_manage
from people.models import AccountTeamMember, Organization, OrganizationDomain, User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused

# Domains that belong to everybody belong to no organization.
PUBLIC_MAIL_DOMAINS = frozenset(
    {
        "aol.com", "fastmail.com", "gmail.com", "gmx.com", "gmx.de", "gmx.net", "googlemail.com",
        "hey.com", "hotmail.com", "icloud.com", "live.com", "mail.com", "mail.ru", "me.com",
        "msn.com", "outlook.com", "pm.me", "proton.me", "protonmail.com", "qq.com", "t-online.de",
        "web.de", "yahoo.com", "yandex.com", "yandex.ru", "zoho.com",
    }
)  # fmt: skip
DOMAINS_PER_ORGANIZATION = 20
_label = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_domain = re.compile(rf"{_label}(?:\.{_label})+")


def create_organization(
    *, name: str, external_id: str | None = None, joins_by_domain: bool = False
) -> Organization:
    """Store an organization."""
    if not name.strip():
        raise InvalidInput("name_missing", _("Give the organization a name."))
    return Organization.objects.create(
        name=name.strip(), external_id=external_id or None, joins_by_domain=joins_by_domain
    )


@transaction.atomic
def set_suspended(*, organization: Organization, is_suspended: bool, by: User) -> None:
    """Shut an organization's people out, or let them in again; nothing is lost."""
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops suspend an organization."))
    row: Organization = lock(Organization.objects.filter(pk=organization.pk)).get()
    row.is_suspended = is_suspended
    row.save(update_fields=["is_suspended"])


@transaction.atomic
def set_joining(*, organization: Organization, joins_by_domain: bool, by: User) -> Organization:
    """Choose whether people with a verified domain join at once or wait for a manager."""
    row: Organization = lock(Organization.objects.filter(pk=organization.pk)).get()
    _check_manages(by, row)
    row.joins_by_domain = joins_by_domain
    row.save(update_fields=["joins_by_domain"])
    return row


@transaction.atomic
def add_domain(
    *, organization: Organization, domain: str, by: User | None = None
) -> OrganizationDomain:
    """Note an e-mail domain; it lets nobody in before it is verified.

    ``by`` is None when the system itself writes (an import, the demo).
    """
    if by is not None:
        _check_manages(by, organization)
    domain = domain.strip().lower().removeprefix("@").rstrip(".")
    if len(domain) > 253 or not _domain.fullmatch(domain):
        raise InvalidInput(
            "domain_invalid",
            _("Write a domain like example.com."),
            fields={"domain": _("Write a domain like example.com.")},
        )
    if domain in PUBLIC_MAIL_DOMAINS:
        message = _("%(domain)s belongs to everybody.") % {"domain": domain}
        raise InvalidInput("domain_public", message, fields={"domain": message})
    lock(Organization.objects.filter(pk=organization.pk)).get()
    if OrganizationDomain.objects.filter(organization=organization, domain__iexact=domain).exists():
        return OrganizationDomain.objects.get(organization=organization, domain__iexact=domain)
    if organization.domains.count() >= DOMAINS_PER_ORGANIZATION:
        raise Refused("too_many_domains", _("This organization has enough domains."))
    return OrganizationDomain.objects.create(organization=organization, domain=domain)


def remove_domain(*, domain: OrganizationDomain, by: User) -> None:
    """Forget a domain; people who joined by it stay."""
    _check_manages(by, domain.organization)
    OrganizationDomain.objects.filter(pk=domain.pk).delete()


@transaction.atomic
def verify_domain(*, domain: OrganizationDomain, by: User, now: datetime) -> None:
    """Confirm that the domain belongs to the organization; ops have checked it.

    People who proved an address of the domain before are brought in, as they
    would be today.
    """
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops confirm that a domain belongs to somebody."))
    try:
        with transaction.atomic():
            changed = OrganizationDomain.objects.filter(pk=domain.pk, verified_at=None).update(
                verified_at=now, verified_by=by
            )
    except IntegrityError as error:
        raise Refused("domain_taken", _("Another organization has this domain already.")) from error
    if not changed:
        return
    early = EmailAddress.objects.filter(verified=True, email__iendswith=f"@{domain.domain}")
    for address in early.select_related("user").order_by("pk"):
        join_organization(user=address.user, organization=domain.organization, now=now)


def _check_manages(user: User, organization: Organization) -> None:
    if not may_manage(user, organization):
        raise NotPermitted("not_manager", _("Only a manager of the organization may do this."))


@transaction.atomic
def name_account_team_member(
    *, organization: Organization, user: User, duty: str, now: datetime
) -> AccountTeamMember:
    """Name one of the vendor's people to a customer; closes who held the duty before."""
    if not user.works_here:
        raise InvalidInput("not_staff", _("Only staff can be named to a customer."))
    # The organization, not the open row: there may be none yet, and nothing to wait at.
    lock(Organization.objects.filter(pk=organization.pk)).get()
    open_row = AccountTeamMember.objects.filter(
        organization=organization, duty=duty, valid_to=None
    ).first()
    if open_row is not None:
        if open_row.user_id == user.pk:
            return open_row
        open_row.valid_to = now
        open_row.save(update_fields=["valid_to"])
    return AccountTeamMember.objects.create(
        organization=organization, user=user, duty=duty, valid_from=now
    )


@transaction.atomic
def follow_crm(
    *, organization: Organization, name: str = "", external_id: str | None = None
) -> Organization:
    """Take over what the CRM says a company is called there; nothing given leaves it as it is.

    Raises Refused when the id belongs to another organization.
    """
    row: Organization = lock(Organization.objects.filter(pk=organization.pk)).get()
    row.name = name.strip()[:160] or row.name
    if external_id:
        if Organization.objects.filter(external_id=external_id).exclude(pk=row.pk).exists():
            raise Refused("external_id_taken", _("Another organization has this id already."))
        row.external_id = external_id
    row.save(update_fields=["name", "external_id"])
    return row
