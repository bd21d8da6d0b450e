"""Organizations, their domains, and who belongs to them."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from people.models import (
    AccountTeamMember,
    Membership,
    Organization,
    OrganizationDomain,
    User,
)
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


def create_organization(
    *, name: str, external_id: str | None = None, joins_by_domain: bool = False
) -> Organization:
    """Store an organization."""
    if not name.strip():
        raise InvalidInput("name_missing", _("Give the organization a name."))
    return Organization.objects.create(
        name=name.strip(), external_id=external_id or None, joins_by_domain=joins_by_domain
    )


def add_domain(*, organization: Organization, domain: str) -> OrganizationDomain:
    """Note an e-mail domain; it lets nobody in before it is verified."""
    domain = domain.strip().lower().removeprefix("@")
    if "." not in domain or " " in domain or "@" in domain or len(domain) > 253:
        raise InvalidInput("domain_invalid", _("Write a domain like example.com."))
    if domain in PUBLIC_MAIL_DOMAINS:
        raise InvalidInput(
            "domain_public", _("%(domain)s belongs to everybody.") % {"domain": domain}
        )
    row, _created = OrganizationDomain.objects.get_or_create(
        organization=organization, domain=domain
    )
    return row


def verify_domain(*, domain: OrganizationDomain, by: User, now: datetime) -> None:
    """Confirm that the domain belongs to the organization; ops have checked it."""
    try:
        with transaction.atomic():
            OrganizationDomain.objects.filter(pk=domain.pk, verified_at=None).update(
                verified_at=now, verified_by=by
            )
    except IntegrityError as error:
        raise Refused(
            "domain_taken", _("Another organization has this domain already.")
        ) from error


def give_membership(
    *, user: User, organization: Organization, role: str = Membership.Role.MEMBER
) -> Membership:
    """Make somebody an active member, whatever stood before; never lowers a role."""
    row, created = Membership.objects.get_or_create(
        user=user, organization=organization, defaults={"role": role}
    )
    if not created and row.status != Membership.Status.ACTIVE:
        row.status, row.role = Membership.Status.ACTIVE, role
        row.save(update_fields=["status", "role"])
    elif not created and role == Membership.Role.MANAGER:
        row.role = role
        row.save(update_fields=["role"])
    return row


def join_by_domain(*, user: User, verified_email: str) -> Membership | None:
    """Bring somebody whose address is verified to the organization of its domain.

    Waits for a manager unless the organization allows joining at once. Returns
    None when no organization has the domain. A membership that ended stays
    ended: only a manager brings somebody back.
    """
    domain = verified_email.rpartition("@")[2].lower()
    row = (
        OrganizationDomain.objects.filter(
            domain__iexact=domain, verified_at__isnull=False, organization__is_suspended=False
        )
        .select_related("organization")
        .first()
    )
    if row is None or user.works_here:
        return None
    organization = row.organization
    membership, _created = Membership.objects.get_or_create(
        user=user,
        organization=organization,
        defaults={
            "status": Membership.Status.ACTIVE
            if organization.joins_by_domain
            else Membership.Status.WAITING
        },
    )
    return membership


def may_manage(user: User, organization: Organization) -> bool:
    """Whether this person decides who belongs to the organization."""
    if user.staff_role in {"ops", "admin"}:
        return True
    return (
        Membership.objects.active()
        .filter(user=user, organization=organization, role=Membership.Role.MANAGER)
        .exists()
    )


@transaction.atomic
def let_in(*, membership: Membership, by: User, now: datetime) -> Membership:
    """Accept somebody who waits."""
    return _decide(membership, by, now, Membership.Status.ACTIVE)


@transaction.atomic
def turn_away(*, membership: Membership, by: User, now: datetime) -> Membership:
    """Refuse somebody who waits."""
    return _decide(membership, by, now, Membership.Status.ENDED)


def _decide(membership: Membership, by: User, now: datetime, status: str) -> Membership:
    row = lock(Membership.objects.filter(pk=membership.pk)).get()
    if not may_manage(by, row.organization):
        raise NotPermitted("not_manager", _("Only a manager of the organization may decide this."))
    if row.status == status:
        return row
    if row.status != Membership.Status.WAITING:
        raise Refused("not_waiting", _("This person is not waiting to join."))
    row.status, row.decided_by, row.decided_at = status, by, now
    row.save(update_fields=["status", "decided_by", "decided_at"])
    return row


@transaction.atomic
def end_membership(*, membership: Membership, by: User, now: datetime) -> Membership:
    """Take somebody out; the last manager stays, so that somebody can let people in."""
    row = lock(Membership.objects.filter(pk=membership.pk)).get()
    _check_manager_change(row, by)
    row.status, row.decided_by, row.decided_at = Membership.Status.ENDED, by, now
    row.save(update_fields=["status", "decided_by", "decided_at"])
    return row


@transaction.atomic
def set_membership_role(*, membership: Membership, role: str, by: User) -> Membership:
    """Make somebody member or manager."""
    row = lock(Membership.objects.filter(pk=membership.pk)).get()
    if role not in Membership.Role.values:
        raise InvalidInput("role_unknown", _("There is no such role."), fields={"role": role})
    if role == Membership.Role.MEMBER:
        _check_manager_change(row, by)
    elif not may_manage(by, row.organization):
        raise NotPermitted("not_manager", _("Only a manager of the organization may decide this."))
    row.role = role
    row.save(update_fields=["role"])
    return row


def _check_manager_change(row: Membership, by: User) -> None:
    if not may_manage(by, row.organization):
        raise NotPermitted("not_manager", _("Only a manager of the organization may decide this."))
    # All manager rows are locked: two managers removing each other at once must not both succeed.
    managers = set(
        lock(
            Membership.objects.filter(
                organization=row.organization,
                status=Membership.Status.ACTIVE,
                role=Membership.Role.MANAGER,
            ).order_by("pk")
        ).values_list("pk", flat=True)
    )
    if managers == {row.pk}:
        raise Refused(
            "last_manager", _("The last manager cannot leave. Make somebody else manager first.")
        )


@transaction.atomic
def name_account_team_member(
    *, organization: Organization, user: User, duty: str, now: datetime
) -> AccountTeamMember:
    """Name one of the vendor's people to a customer; closes who held the duty before."""
    if not user.works_here:
        raise InvalidInput("not_staff", _("Only staff can be named to a customer."))
    open_row = (
        lock(
            AccountTeamMember.objects.filter(organization=organization, duty=duty, valid_to=None)
        ).first()
    )
    if open_row is not None:
        if open_row.user_id == user.pk:
            return open_row
        open_row.valid_to = now
        open_row.save(update_fields=["valid_to"])
    return AccountTeamMember.objects.create(
        organization=organization, user=user, duty=duty, valid_from=now
    )
