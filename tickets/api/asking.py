"""Who asks by the API, and for whom."""

from typing import Any, cast

from django.utils.translation import gettext as _
from rest_framework.request import Request

from people.models import Organization, User
from portal.kit.access import viewer_of_request
from portal.kit.refused import InvalidInput, NotPermitted
from portal.kit.viewer import Viewer


def caller_of(request: Request) -> User:
    """Return whose token or session it is; the permission has made sure of one."""
    return cast(User, request.user)


def for_whom(request: Request, asked: dict[str, Any]) -> tuple[User, Organization]:
    """Return requester and organization of a new ticket.

    Customers ask for themselves; staff who answer tickets name the requester.
    Raises InvalidInput naming the field that is missing or fits nobody.
    """
    viewer, caller = viewer_of_request(request), caller_of(request)
    requester = _requester(viewer, caller, asked.get("requester", ""))
    belongs_to = Organization.objects.filter(
        memberships__user=requester,
        memberships__status="active",
        is_suspended=False,
    ).order_by("name", "pk")
    return requester, _organization(list(belongs_to), asked.get("organization", ""))


def _requester(viewer: Viewer, caller: User, email: str) -> User:
    if not viewer.is_staff:
        if email and email.lower() != caller.email:
            raise NotPermitted("staff_only", _("Only staff open tickets for somebody else."))
        return caller
    if not viewer.works_tickets:
        raise NotPermitted("not_agent", _("Only agents and leads may do this."))
    if not email:
        raise _invalid("requester", _("Say for whom: the requester's e-mail address."))
    requester = User.objects.filter(email__iexact=email, is_active=True, staff_role="").first()
    if requester is None:
        raise _invalid("requester", _("No customer has this address."))
    return requester


def _organization(belongs_to: list[Organization], public_id: str) -> Organization:
    if not belongs_to:
        raise NotPermitted(
            "no_organization", _("Tickets belong to an organization, and there is none.")
        )
    if not public_id:
        if len(belongs_to) > 1:
            raise _invalid(
                "organization", _("There are several organizations: name one by its public_id.")
            )
        return belongs_to[0]
    found = next((row for row in belongs_to if row.public_id == public_id), None)
    if found is None:
        raise _invalid("organization", _("There is no such organization."))
    return found


def _invalid(field: str, sentence: str) -> InvalidInput:
    return InvalidInput("invalid", sentence, fields={field: sentence})
