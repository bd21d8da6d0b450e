"""The doors of the API for warnings and breaches: what was reached, and who takes care of it."""

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from people.permissions import WorksHere
from portal.kit import clock
from tickets import actions
from tickets.api import documented
from tickets.api.asking import caller_of
from tickets.api.finding import OldestFirst, check_known
from tickets.api.outputs import WarningOutput
from tickets.api.views import PAGES, Door
from tickets.models import ClockEvent


class WarningDoor(Door):
    """What both doors share: they are for staff."""

    access = "desk"
    permission_classes = [WorksHere]
    queryset = ClockEvent.objects.none()
    serializer_class = WarningOutput

    def warnings(self) -> "QuerySet[ClockEvent]":
        """Return the warnings and breaches of the ticket; 404 for one out of sight."""
        rows = ClockEvent.objects.filter(ticket=self.ticket())
        return rows.select_related("clock", "acknowledged_by")


class WarningsView(WarningDoor):
    """What was reached on a ticket."""

    pagination_class = OldestFirst

    @documented.list_warnings
    def get(self, request: Request, reference: str) -> Response:
        """Answer a page of warnings and breaches."""
        check_known(request, PAGES)
        shown = self.paginate_queryset(self.warnings())
        return self.get_paginated_response(WarningOutput(shown, many=True).data)


class AcknowledgeView(WarningDoor):
    """Taking care of one."""

    pagination_class = None

    @documented.acknowledge
    def post(self, request: Request, reference: str, pk: int) -> Response:
        """Acknowledge it; the same answer however often it is asked."""
        event = self.warnings().filter(pk=pk).first()
        if event is None:
            raise Http404
        by = caller_of(request)
        seen = actions.acknowledge(ticket=event.ticket, event=event, by=by, now=clock.now())
        return Response(WarningOutput(seen).data)
