"""The doors by which agents' programs end a wait, merge tickets and split them."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from people import answering_once as once
from portal.kit import clock
from portal.kit.refused import InvalidInput
from tickets import actions
from tickets.api import documented
from tickets.api.asking import caller_of
from tickets.api.inputs import MergeInput, NoReplyNeededInput, SplitInput
from tickets.api.views import Door, checked, place_of, written
from tickets.models import Message, Ticket


class ReshapingDoor(Door):
    """What the three doors share."""

    queryset = Ticket.objects.none()
    pagination_class = None
    serializer_class: type[BaseSerializer[Any]]


class NoReplyNeededView(ReshapingDoor):
    """A message that needs no answer."""

    serializer_class = NoReplyNeededInput

    @documented.no_reply_needed
    def post(self, request: Request, reference: str) -> Response:
        """End the wait for the next reply."""
        ticket = self.ticket()
        asked, _files = checked(NoReplyNeededInput, request)
        caller, now = caller_of(request), clock.now()

        def work() -> once.Outcome:
            done = actions.mark_no_reply_needed(ticket=ticket, by=caller, now=now, **asked)
            return 200, written(done, self.viewer, now), ""

        return once.answer(request, caller, now=now, work=work)


class MergeView(ReshapingDoor):
    """Two tickets that become one."""

    serializer_class = MergeInput

    @documented.merge
    def post(self, request: Request, reference: str) -> Response:
        """Merge the ticket of the address into another."""
        source = self.ticket()
        asked, _files = checked(MergeInput, request)
        caller, now = caller_of(request), clock.now()
        target = Ticket.objects.visible_to(self.viewer).by_reference(asked["into"]).first()
        if target is None:
            raise unknown("into", _("There is no such ticket, or none that you may see."))

        def work() -> once.Outcome:
            merged = actions.merge_tickets(
                source=source, target=target, by=caller, now=now,
                from_opening=asked["from_opening"],
            )  # fmt: skip
            return 200, written(merged, self.viewer, now), place_of(merged.reference)

        return once.answer(request, caller, now=now, work=work)


class SplitView(ReshapingDoor):
    """A message that becomes a ticket of its own."""

    serializer_class = SplitInput

    @documented.split
    def post(self, request: Request, reference: str) -> Response:
        """Open a ticket from a message of the ticket of the address."""
        ticket = self.ticket()
        asked, _files = checked(SplitInput, request)
        caller, now = caller_of(request), clock.now()
        said = Message.objects.visible_to(self.viewer).of_conversation(ticket)
        message = said.select_related("author", "ticket").filter(pk=asked["message"]).first()
        if message is None:
            raise unknown("message", _("There is no such message on this ticket."))

        def work() -> once.Outcome:
            new = actions.split_ticket(
                message=message, subject=asked["subject"], by=caller, now=now,
                from_message=asked["from_message"],
            )  # fmt: skip
            return 201, written(new, self.viewer, now), place_of(new.reference)

        return once.answer(request, caller, now=now, work=work)


def unknown(field: str, sentence: str) -> InvalidInput:
    """Return the refusal of a value that names nothing."""
    return InvalidInput("invalid", sentence, fields={field: sentence})
