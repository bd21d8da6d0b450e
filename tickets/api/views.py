"""The doors of the API. Each asks the same actions as the pages do."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar, cast

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from people import answering_once as once
from portal.kit import clock
from portal.kit.access import viewer_of_request
from portal.kit.json_bodies import JSONObjectParser
from portal.kit.refused import InvalidInput, NotPermitted
from portal.kit.strict_inputs import StrictInput
from portal.kit.viewer import Viewer
from tickets import actions
from tickets.api import documented
from tickets.api.asking import caller_of, for_whom
from tickets.api.finding import NewestFirst, OldestFirst, TicketFilter, check_known
from tickets.api.inputs import NewTicketInput, ReplyInput, StatusInput
from tickets.api.outputs import MessageOutput, ReplyOutput, TicketOutput
from tickets.file_answers import answer_file
from tickets.models import Attachment, Clock, Message, Ticket, TicketQuerySet
from tiers.calendars import calendars_by_key

PAGES = {"cursor", "limit"}
FILES = "attachments"
Row = TypeVar("Row", Ticket, Message)


class Door(GenericAPIView[Any]):
    """What all doors share: who may come in, and what may be sent."""

    access = "customer"
    parser_classes = [JSONObjectParser, MultiPartParser]
    # What may be sent is in the schema; one description is enough.
    metadata_class = None

    @property
    def viewer(self) -> Viewer:
        """Who asks, as the access rules see them."""
        return viewer_of_request(self.request)

    def ticket(self) -> Ticket:
        """Return the ticket of the address; 404 for missing and for somebody else's alike."""
        found = tickets_with_clocks(self.viewer).by_reference(self.kwargs["reference"]).first()
        if found is None:
            raise Http404
        return found

    def page(self, rows: "QuerySet[Row]", serializer: type[Any], now: datetime) -> Response:
        """Return one page of rows."""
        shown = self.paginate_queryset(rows)
        return self.get_paginated_response(serializer(shown, many=True, context=reading(now)).data)


def tickets_with_clocks(viewer: Viewer) -> TicketQuerySet:
    """Return visible tickets with all that an answer shows: two queries for any number."""
    return (
        Ticket.objects.visible_to(viewer)
        .select_related("organization", "requester", "assignee")
        .prefetch_related(
            Prefetch("clocks", Clock.objects.shown().order_by("metric"), to_attr="shown_clocks")
        )
    )


def reading(now: datetime) -> dict[str, Any]:
    """Return what serializers need to say how much of a promise is left."""
    return {"calendars": calendars_by_key(), "now": now}


def written(ticket: Ticket, viewer: Viewer, now: datetime) -> dict[str, Any]:
    """Return a ticket that was just written, as GET would return it."""
    # Staff may open a ticket that is then routed to a queue they do not serve.
    found = tickets_with_clocks(viewer).filter(pk=ticket.pk).first()
    if found is None:
        rows = Clock.objects.filter(ticket=ticket).shown().order_by("metric")
        ticket.shown_clocks = list(rows)  # type: ignore[attr-defined]
        found = ticket
    return dict(TicketOutput(found, context=reading(now)).data)


def checked(shape: type[StrictInput], request: Request) -> tuple[dict[str, Any], list[Any]]:
    """Return the validated values and the files of a request."""
    values = dict(cast(Mapping[str, Any], request.data).items())
    if FILES in request.FILES:
        # A text field called like the files stays in, and is refused as unknown.
        del values[FILES]
    asked = shape(data=values)
    asked.is_valid(raise_exception=True)
    return asked.validated_data, list(request.FILES.getlist(FILES))


class TicketsView(Door):
    """The tickets: list them, open one."""

    filter_backends = [DjangoFilterBackend]
    filterset_class = TicketFilter
    pagination_class = NewestFirst
    queryset = Ticket.objects.none()
    serializer_class = TicketOutput

    @documented.list_tickets
    def get(self, request: Request) -> Response:
        """Answer a page of tickets."""
        check_known(request, {*TicketFilter.base_filters, *PAGES})
        rows = self.filter_queryset(tickets_with_clocks(self.viewer))
        return self.page(rows, TicketOutput, clock.now())

    @documented.open_ticket
    def post(self, request: Request) -> Response:
        """Open a ticket."""
        asked, files = checked(NewTicketInput, request)
        caller, now = caller_of(request), clock.now()

        def work() -> once.Outcome:
            requester, organization = for_whom(request, asked)
            ticket = actions.open_ticket(
                organization=organization,
                requester=requester,
                opened_by=caller,
                subject=asked["subject"],
                body=asked["body"],
                severity=asked["severity"],
                category=asked["category"],
                channel=Ticket.Channel.API,
                files=files,
                now=now,
            )
            return 201, written(ticket, self.viewer, now), place_of(ticket.reference)

        return once.answer(request, caller, now=now, work=work)


def place_of(reference: str) -> str:
    """Return the address of a ticket in the API."""
    return reverse("api_ticket", args=[reference])


class TicketView(Door):
    """One ticket."""

    queryset = Ticket.objects.none()
    serializer_class = TicketOutput
    pagination_class = None

    @documented.get_ticket
    def get(self, request: Request, reference: str) -> Response:
        """Answer the ticket with its clocks."""
        return Response(TicketOutput(self.ticket(), context=reading(clock.now())).data)


class RepliesView(Door):
    """What is said on a ticket."""

    queryset = Message.objects.none()
    serializer_class = MessageOutput
    pagination_class = OldestFirst

    @documented.list_replies
    def get(self, request: Request, reference: str) -> Response:
        """Answer a page of the conversation."""
        check_known(request, PAGES)
        rows = Message.objects.visible_to(self.viewer).of_conversation(self.ticket())
        rows = rows.select_related("author").prefetch_related("attachments")
        return self.page(rows, MessageOutput, clock.now())

    @documented.reply
    def post(self, request: Request, reference: str) -> Response:
        """Add a message, or an internal note."""
        ticket = self.ticket()
        asked, files = checked(ReplyInput, request)
        caller, now = caller_of(request), clock.now()

        def work() -> once.Outcome:
            message = self.say(ticket, asked, files, now)
            landed = message.ticket
            answer = {
                "ticket": landed.reference,
                "status": landed.status,
                "follow_up_of": followed(landed, ticket),
                "message": message,
            }
            return 201, ReplyOutput(answer).data, place_of(landed.reference)

        return once.answer(request, caller, now=now, work=work)

    def say(
        self, ticket: Ticket, asked: dict[str, Any], files: list[Any], now: datetime
    ) -> Message:
        """Add the message as whoever the caller is; return it with the ticket it is on."""
        caller, status = caller_of(self.request), asked.get("status", "")
        if caller.works_here:
            return actions.reply_as_agent(
                ticket=ticket,
                author=caller,
                body=asked["body"],
                is_public=not asked["internal"],
                status=status,
                files=files,
                now=now,
            )
        check_customer_may(asked["internal"], status)
        landed, message = actions.reply_as_customer(
            ticket=ticket,
            author=caller,
            body=asked["body"],
            marks_solved=status == Ticket.Status.SOLVED,
            files=files,
            now=now,
        )
        return message or landed.messages.get()


def followed(landed: Ticket, asked: Ticket) -> str | None:
    """Return the ticket that a reply's new ticket follows up on; None when it landed on an old."""
    if landed.pk in {asked.pk, asked.merged_into_id} or landed.follow_up_of_id is None:
        return None
    return f"T-{landed.follow_up_of_id}"


def check_customer_may(internal: bool, status: str) -> None:
    """Refuse what only staff may say with a message."""
    if internal:
        raise NotPermitted("staff_only", _("Only staff write internal notes."))
    if status not in {"", Ticket.Status.SOLVED}:
        sentence = _("With a message you can only say that it is solved.")
        raise InvalidInput("invalid", sentence, fields={"status": sentence})


class StatusView(Door):
    """The status of a ticket."""

    queryset = Ticket.objects.none()
    serializer_class = StatusInput
    pagination_class = None

    @documented.set_status
    def post(self, request: Request, reference: str) -> Response:
        """Move the ticket."""
        ticket = self.ticket()
        asked, _files = checked(StatusInput, request)
        caller, now = caller_of(request), clock.now()

        def work() -> once.Outcome:
            moved = actions.set_status(ticket=ticket, by=caller, now=now, **asked)
            return 200, written(moved, self.viewer, now), ""

        return once.answer(request, caller, now=now, work=work)


class AttachmentView(Door):
    """A file of a message."""

    queryset = Attachment.objects.none()
    serializer_class = MessageOutput
    pagination_class = None

    @documented.get_attachment
    def get(self, request: Request, public_id: str) -> HttpResponseBase:
        """Stream the file."""
        visible = Attachment.objects.visible_to(self.viewer)
        found = visible.filter(public_id=public_id).first()
        if found is None:
            raise Http404
        return answer_file(found, as_download=True)
