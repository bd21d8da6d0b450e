"""Every clock of a ticket over the API: the document that `explain_ticket --json` prints."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from people.viewers import person_of
from portal.kit import clock
from tickets.api import documented
from tickets.api.clock_outputs import ClocksOutput
from tickets.api.finding import check_known
from tickets.api.views import Door
from tickets.explaining import explain
from tickets.explaining.cause_words import Audience
from tickets.explaining.documents import document
from tickets.models import Ticket

PER_PAGE = 50
LARGEST_PAGE = 10_000
YES, NO = {"1", "true"}, {"0", "false"}


class ClocksView(Door):
    """The clocks of one ticket, all cycles."""

    queryset = Ticket.objects.none()
    serializer_class = ClocksOutput
    pagination_class = None

    @documented.get_clocks
    def get(self, request: Request, reference: str) -> Response:
        """Answer the clocks, the most urgent first, with their ledgers when asked."""
        check_known(request, {"ledger", "page"})
        with_ledger = _flag(request, "ledger")
        rows = Ticket.objects.visible_to(self.viewer).by_reference(reference)
        ticket = rows.select_related("organization").first()
        if ticket is None:
            raise Http404
        account = explain(ticket, clock.now())
        pages = Paginator(account.clocks, PER_PAGE)
        page = pages.page(_page(request, pages.num_pages))
        answer = document(
            account,
            Audience(self.viewer.is_staff, person_of(request).pk),
            clocks=list(page.object_list),
            with_ledger=with_ledger,
        )
        return Response(answer | {"page": page.number, "pages": pages.num_pages})


def _flag(request: Request, name: str) -> bool:
    asked = request.query_params.get(name, "0").lower()
    if asked not in YES | NO:
        raise ValidationError({name: [_("Write 1 or 0.")]})
    return asked in YES


def _page(request: Request, last: int) -> int:
    asked: Any = request.query_params.get("page", "1")
    if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:6]) <= min(last, LARGEST_PAGE)):
        raise ValidationError({"page": [_("There is no such page.")]})
    return int(asked)
