"""Permissions of the API: deny first; what is seen follows from ``visible_to``."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.kit.access import viewer_of_request


class IsKnown(BasePermission):
    """Somebody with a login."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the viewer is known."""
        return viewer_of_request(request).is_known


class WorksHere(BasePermission):
    """The vendor's own people."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the viewer is one of the staff."""
        return viewer_of_request(request).is_staff


class RunsOperations(BasePermission):
    """Staff who run operations."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the viewer runs operations."""
        return viewer_of_request(request).runs_operations


class WorksTickets(BasePermission):
    """Staff who answer tickets."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the viewer works tickets."""
        return viewer_of_request(request).works_tickets
