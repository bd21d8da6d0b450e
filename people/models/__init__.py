"""Tables of the people room. Callers import from here, not from the modules."""

from people.models.access import ApiToken, IdempotentRequest
from people.models.account_team import AccountTeamMember
from people.models.membership import Invitation, Membership
from people.models.notice import Notice
from people.models.organization import Organization, OrganizationDomain
from people.models.user import StaffRole, User

__all__ = [
    "AccountTeamMember",
    "ApiToken",
    "IdempotentRequest",
    "Invitation",
    "Membership",
    "Notice",
    "Organization",
    "OrganizationDomain",
    "StaffRole",
    "User",
]
