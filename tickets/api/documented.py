"""How the doors are described in the schema: what may be sent, and what comes back."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from portal.kit.strict_inputs import ErrorOutput
from tickets.api.clock_outputs import ClocksOutput
from tickets.api.inputs import (
    MergeInput,
    NewTicketForm,
    NewTicketInput,
    NoReplyNeededInput,
    ReplyForm,
    ReplyInput,
    SplitInput,
    StatusInput,
)
from tickets.api.outputs import (
    MessageOutput,
    ReplyOutput,
    TicketOutput,
    WarningOutput,
)

OUR_PREFIX = "/api/v1/"


class BearerToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a token is shown in the schema."""

    target_class = "people.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer", "description": "A token of one's profile."}


class BrowserSession(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the session of a logged-in browser is shown in the schema."""

    target_class = "people.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


def only_ours(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Leave the content system's own API out of the schema; it is not for customers."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(OUR_PREFIX)]


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="1 to 100 visible ASCII characters. The same key with the same content gets the "
    "first answer again for 24 hours (header Idempotent-Replayed: true) and does nothing twice; "
    "with other content it is refused (422).",
)
REFERENCE = OpenApiParameter("reference", str, OpenApiParameter.PATH, description="Like T-1042.")
NOT_FOUND = OpenApiResponse(
    ErrorOutput, "There is nothing there, or nothing that the token's user may see."
)
REFUSALS = {
    400: OpenApiResponse(ErrorOutput, "Not understood; fields says what is wrong."),
    401: OpenApiResponse(ErrorOutput, "No token, or one that is not valid."),
    403: OpenApiResponse(ErrorOutput, "The token's user may not do this."),
}
SENDING = REFUSALS | {
    409: OpenApiResponse(ErrorOutput, "The present state does not allow it."),
    413: OpenApiResponse(ErrorOutput, "The body is too large."),
    415: OpenApiResponse(ErrorOutput, "Send application/json or multipart/form-data."),
    422: OpenApiResponse(ErrorOutput, "The idempotency key was used with other content."),
}

list_tickets = extend_schema(
    operation_id="list_tickets",
    tags=["tickets"],
    summary="List tickets, the newest first",
    description="Everything the token's user may see. Follow next; a page has at most 100.",
    responses={200: TicketOutput(many=True), **REFUSALS},
)
open_ticket = extend_schema(
    operation_id="open_ticket",
    tags=["tickets"],
    summary="Open a ticket",
    description="The clocks of the answer are the promise that counts for this ticket.",
    parameters=[IDEMPOTENCY_KEY],
    request={"application/json": NewTicketInput, "multipart/form-data": NewTicketForm},
    responses={201: TicketOutput, **SENDING},
)
get_ticket = extend_schema(
    operation_id="get_ticket",
    tags=["tickets"],
    summary="One ticket with its clocks",
    parameters=[REFERENCE],
    responses={200: TicketOutput, 401: REFUSALS[401], 404: NOT_FOUND},
)
get_clocks = extend_schema(
    operation_id="get_clocks",
    tags=["tickets"],
    summary="Every clock of a ticket, and why it says what it says",
    description="All cycles of all promises, those that are over too. The ledger of each adds up "
    "to elapsed_seconds. Visible to whoever sees the ticket; steps are for staff.",
    parameters=[
        REFERENCE,
        OpenApiParameter("ledger", bool, description="1: with the stretches of each clock."),
        OpenApiParameter("page", int, description="From 1; a page holds 50 clocks."),
    ],
    responses={200: ClocksOutput, **REFUSALS, 404: NOT_FOUND},
)
list_replies = extend_schema(
    operation_id="list_replies",
    tags=["conversation"],
    summary="What was said, the oldest first",
    parameters=[REFERENCE],
    responses={200: MessageOutput(many=True), **REFUSALS, 404: NOT_FOUND},
)
reply = extend_schema(
    operation_id="reply",
    tags=["conversation"],
    summary="Add a message",
    description="Staff may add internal notes. A customer's message reopens a solved ticket and "
    "opens a linked follow-up of a closed one.",
    parameters=[REFERENCE, IDEMPOTENCY_KEY],
    request={"application/json": ReplyInput, "multipart/form-data": ReplyForm},
    responses={201: ReplyOutput, **SENDING, 404: NOT_FOUND},
)
set_status = extend_schema(
    operation_id="set_status",
    tags=["tickets"],
    summary="Move a ticket to another status",
    description="Customers may solve and reopen; staff follow the table of moves.",
    parameters=[REFERENCE, IDEMPOTENCY_KEY],
    request=StatusInput,
    responses={200: TicketOutput, **SENDING, 404: NOT_FOUND},
)
list_warnings = extend_schema(
    operation_id="list_warnings",
    tags=["promises"],
    summary="Warnings and breaches of a ticket, the oldest first",
    description="For staff.",
    parameters=[REFERENCE],
    responses={200: WarningOutput(many=True), **REFUSALS, 404: NOT_FOUND},
)
acknowledge = extend_schema(
    operation_id="acknowledge_warning",
    tags=["promises"],
    summary="Take care of a warning",
    description="For staff who work tickets. Nobody else is told of this step and earlier ones of "
    "the same clock any more. Whoever was first stays; asking again changes nothing.",
    parameters=[REFERENCE, OpenApiParameter("id", int, OpenApiParameter.PATH)],
    request=None,
    responses={200: WarningOutput, **REFUSALS, 404: NOT_FOUND},
)
no_reply_needed = extend_schema(
    operation_id="no_reply_needed",
    tags=["tickets"],
    summary="Say that the customer's last message needs no answer",
    description="Agents alone. Ends the wait for the next reply as cancelled, never the first.",
    parameters=[REFERENCE, IDEMPOTENCY_KEY],
    request=NoReplyNeededInput,
    responses={200: TicketOutput, **SENDING, 404: NOT_FOUND},
)
merge = extend_schema(
    operation_id="merge_ticket",
    tags=["tickets"],
    summary="Merge a ticket into another of the same organization",
    description="Agents alone, for good. Answers the ticket that stays; it inherits what was owed.",
    parameters=[REFERENCE, IDEMPOTENCY_KEY],
    request=MergeInput,
    responses={200: TicketOutput, **SENDING, 404: NOT_FOUND},
)
split = extend_schema(
    operation_id="split_ticket",
    tags=["tickets"],
    summary="Open a new ticket from a customer's message",
    description="Agents alone. Answers the new ticket, linked to the one it comes from.",
    parameters=[REFERENCE, IDEMPOTENCY_KEY],
    request=SplitInput,
    responses={201: TicketOutput, **SENDING, 404: NOT_FOUND},
)
get_attachment = extend_schema(
    operation_id="get_attachment",
    tags=["conversation"],
    summary="The content of a file",
    parameters=[OpenApiParameter("public_id", str, OpenApiParameter.PATH)],
    responses={
        (200, "application/octet-stream"): OpenApiTypes.BINARY,
        401: REFUSALS[401],
        404: NOT_FOUND,
        410: OpenApiResponse(ErrorOutput, "The file is no longer in the storage."),
    },
)
