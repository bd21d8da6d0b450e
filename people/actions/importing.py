"""Bring in customers and people that already exist elsewhere: from a CRM, or for the demo.

In bulk, with the dates on which they came, and without a mail to anybody.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from people.actions.users import apply_staff_role
from people.models import Membership, Organization, OrganizationDomain, User
from portal.kit.refused import InvalidInput, NotPermitted


@dataclass(frozen=True, slots=True)
class PastOrganization:
    """A customer since ``since``; its domains are known to be its own."""

    name: str
    external_id: str
    since: datetime
    domains: Sequence[str] = ()
    joins_by_domain: bool = False


@dataclass(frozen=True, slots=True)
class PastPerson:
    """Somebody whose address is proved: a contact of an organization, or staff."""

    email: str
    name: str
    since: datetime
    job_title: str = ""
    time_zone: str = "UTC"
    language: str = "en"
    staff_role: str = ""
    organization: Organization | None = None
    membership_role: str = Membership.Role.MEMBER


@transaction.atomic
def import_organizations(*, pasts: Sequence[PastOrganization], by: User) -> dict[str, Organization]:
    """Store organizations with their verified domains; return them by their id in the CRM.

    The caller has made sure that none of them is there: an id or a verified
    domain that is taken is an IntegrityError, and nothing is stored.
    """
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops may bring in organizations."))
    rows = Organization.objects.bulk_create(
        Organization(
            name=past.name.strip(),
            external_id=past.external_id,
            joins_by_domain=past.joins_by_domain,
        )
        for past in pasts
    )
    for row, past in zip(rows, pasts, strict=True):
        row.created_at = past.since  # storing a row sets it to the present
    Organization.objects.bulk_update(rows, ["created_at"])
    OrganizationDomain.objects.bulk_create(
        OrganizationDomain(
            organization=row, domain=domain.lower(), verified_at=past.since, verified_by=by
        )
        for row, past in zip(rows, pasts, strict=True)
        for domain in past.domains
    )
    return {past.external_id: row for row, past in zip(rows, pasts, strict=True)}


@transaction.atomic
def import_people(*, pasts: Sequence[PastPerson], password: str | None = None) -> dict[str, User]:
    """Store people with proved addresses and memberships; return them by address.

    ``password`` is given to all of them and hashed once, which makes their
    hashes equal: fit for a demo whose password is public, and for nothing else.
    Without it they log in with a code. Raises InvalidInput when an address is
    taken.
    """
    addresses = [past.email.strip().lower() for past in pasts]
    taken = User.objects.filter(email__in=addresses).values_list("email", flat=True).first()
    taken = taken or next((it for it, times in Counter(addresses).items() if times > 1), None)
    if taken is not None:
        raise InvalidInput(
            "email_taken", _("The address %(address)s is there already.") % {"address": taken}
        )
    hashed = make_password(password)
    users = User.objects.bulk_create(
        User(
            email=address,
            password=hashed,
            name=past.name,
            job_title=past.job_title,
            time_zone=past.time_zone,
            language=past.language,
        )
        for address, past in zip(addresses, pasts, strict=True)
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, primary=True, verified=True) for user in users
    )
    _date(users, pasts)
    _bring_together(users, pasts)
    for user, past in zip(users, pasts, strict=True):
        if past.staff_role:
            apply_staff_role(user, past.staff_role)
    return {user.email: user for user in users}


def _date(users: Sequence[User], pasts: Sequence[PastPerson]) -> None:
    for user, past in zip(users, pasts, strict=True):
        user.date_joined = past.since  # storing a row sets it to the present
    User.objects.bulk_update(users, ["date_joined"])


def _bring_together(users: Sequence[User], pasts: Sequence[PastPerson]) -> None:
    rows = Membership.objects.bulk_create(
        Membership(user=user, organization=past.organization, role=past.membership_role)
        for user, past in zip(users, pasts, strict=True)
        if past.organization is not None
    )
    since = {user.pk: past.since for user, past in zip(users, pasts, strict=True)}
    for row in rows:
        row.created_at = since[row.user_id]
    Membership.objects.bulk_update(rows, ["created_at"])
