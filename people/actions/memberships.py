"""Who belongs to an organization, and as what.

Every change locks the organization's row first: one order of locks for all,
so that two managers who remove each other neither both succeed nor wait for
each other for ever.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.actions.telling import tell_let_in, tell_somebody_waits
from people.models import Invitation, Membership, Organization, OrganizationDomain, User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused


def may_manage(user: User, organization: Organization) -> bool:
    """Whether this person decides who belongs to the organization."""
    if user.runs_operations:
        return True
    return (
        Membership.objects.active()
        .filter(user=user, organization=organization, role=Membership.Role.MANAGER)
        .exists()
    )


@transaction.atomic
def give_membership(
    *, user: User, organization: Organization, role: str = Membership.Role.MEMBER
) -> Membership:
    """Make somebody an active member, whatever stood before; never lowers a role."""
    _lock_organization(organization.pk)
    row, created = Membership.objects.get_or_create(
        user=user, organization=organization, defaults={"role": role}
    )
    if created:
        return row
    if row.status != Membership.Status.ACTIVE:
        row.status, row.role = Membership.Status.ACTIVE, role
        row.save(update_fields=["status", "role"])
    elif role == Membership.Role.MANAGER:
        row.role = role
        row.save(update_fields=["role"])
    return row


def join_by_domain(*, user: User, verified_email: str, now: datetime) -> Membership | None:
    """Bring somebody whose address is verified to the organization of its domain.

    Returns None when no organization has the domain.
    """
    domain = verified_email.rpartition("@")[2].lower()
    row = (
        OrganizationDomain.objects.filter(
            domain__iexact=domain, verified_at__isnull=False, organization__is_suspended=False
        )
        .select_related("organization")
        .first()
    )
    return join_organization(user=user, organization=row.organization, now=now) if row else None


@transaction.atomic
def join_organization(
    *, user: User, organization: Organization, now: datetime
) -> Membership | None:
    """Add somebody who has the right address.

    Waits for a manager, who is told, unless the organization allows joining at
    once. A membership that ended stays ended: only a manager brings somebody
    back. Staff join nobody's organization; they get None.
    """
    if user.works_here or not user.is_active:
        return None
    organization = _lock_organization(organization.pk)
    status = Membership.Status.ACTIVE if organization.joins_by_domain else Membership.Status.WAITING
    row, created = Membership.objects.get_or_create(
        user=user, organization=organization, defaults={"status": status}
    )
    if created and status == Membership.Status.WAITING:
        tell_somebody_waits(row, now)
    return row


@transaction.atomic
def let_in(*, membership: Membership, by: User, now: datetime) -> Membership:
    """Accept somebody who waits, and tell them."""
    row, changed = _decide(membership, by, now, Membership.Status.ACTIVE)
    if changed:
        tell_let_in(row, now)
    return row


@transaction.atomic
def turn_away(*, membership: Membership, by: User, now: datetime) -> Membership:
    """Refuse somebody who waits."""
    row, changed = _decide(membership, by, now, Membership.Status.ENDED)
    if changed:
        _close_side_doors(row, now)
    return row


def _decide(
    membership: Membership, by: User, now: datetime, status: str
) -> tuple[Membership, bool]:
    row = _locked(membership)
    _check_manages(by, row.organization)
    if row.status == status:
        return row, False
    if row.status != Membership.Status.WAITING:
        raise Refused("not_waiting", _("This person is not waiting to join."))
    row.status, row.decided_by, row.decided_at = status, by, now
    row.save(update_fields=["status", "decided_by", "decided_at"])
    return row, True


@transaction.atomic
def end_membership(*, membership: Membership, by: User, now: datetime) -> Membership:
    """Take somebody out, or leave; the last manager stays, so that somebody can let people in.

    Ops may take out even the last manager: they can let people in themselves.
    """
    row = _locked(membership)
    if by.pk != row.user_id:
        _check_manages(by, row.organization)
    if row.status == Membership.Status.ENDED:
        return row
    if not by.runs_operations:
        _check_not_last_manager(row)
    row.status, row.decided_by, row.decided_at = Membership.Status.ENDED, by, now
    row.save(update_fields=["status", "decided_by", "decided_at"])
    _close_side_doors(row, now)
    return row


@transaction.atomic
def set_membership_role(*, membership: Membership, role: str, by: User) -> Membership:
    """Make an active member a manager, or a manager a member."""
    row = _locked(membership)
    if role not in Membership.Role.values:
        raise InvalidInput(
            "role_unknown", _("There is no such role."), fields={"role": _("Choose a role.")}
        )
    _check_manages(by, row.organization)
    if row.status != Membership.Status.ACTIVE:
        raise Refused("not_member", _("This person is not a member."))
    if role == Membership.Role.MEMBER:
        _check_not_last_manager(row)
    row.role = role
    row.save(update_fields=["role"])
    return row


def _lock_organization(pk: int) -> Organization:
    organization: Organization = lock(Organization.objects.filter(pk=pk)).get()
    return organization


def _locked(membership: Membership) -> Membership:
    """Return the row as it is now, with its organization locked."""
    _lock_organization(membership.organization_id)
    return Membership.objects.select_related("organization", "user").get(pk=membership.pk)


def _check_manages(user: User, organization: Organization) -> None:
    if not may_manage(user, organization):
        raise NotPermitted("not_manager", _("Only a manager of the organization may decide this."))


def _check_not_last_manager(row: Membership) -> None:
    managers = Membership.objects.filter(
        organization=row.organization,
        status=Membership.Status.ACTIVE,
        role=Membership.Role.MANAGER,
        user__is_active=True,
    ).values_list("pk", flat=True)
    if set(managers) == {row.pk}:
        raise Refused(
            "last_manager", _("The last manager cannot leave. Make somebody else manager first.")
        )


def _close_side_doors(row: Membership, now: datetime) -> None:
    """Take back what would bring a person in again: invitations to them and by them."""
    unused = Invitation.objects.filter(
        organization=row.organization, accepted_at=None, revoked_at=None
    )
    unused.addressed_to(row.user).update(revoked_at=now)
    unused.filter(invited_by=row.user).update(revoked_at=now)
