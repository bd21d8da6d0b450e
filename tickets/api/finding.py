"""Narrow the list of tickets, and turn its pages."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from tickets.models import Ticket

MOST_PER_PAGE = 100
LARGEST_ID = 2**63 - 1


class InstantField(filters.IsoDateTimeFilter.field_class):  # type: ignore[misc]
    """An ISO 8601 instant; one without a zone is UTC."""

    def to_python(self, value: Any) -> datetime | None:
        """Return the instant in UTC."""
        # An unescaped "+" of a zone arrives as a blank.
        text = value.strip().replace(" ", "+") if isinstance(value, str) and "T" in value else value
        with timezone.override(UTC):
            found: datetime | None = super().to_python(text)
        try:
            return found.astimezone(UTC) if found else None
        except OverflowError as error:
            raise forms.ValidationError(_("Too far away.")) from error


class InstantFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]
    """A filter by an instant."""

    field_class = InstantField


class TicketFilter(filters.FilterSet):  # type: ignore[misc]
    """Filters of the ticket list; ``status`` and ``severity`` may be given several times."""

    status = filters.MultipleChoiceFilter(choices=Ticket.Status.choices)
    severity = filters.MultipleChoiceFilter(choices=Ticket.Severity.choices)
    tier = filters.CharFilter(max_length=30)
    updated_since = InstantFilter(field_name="updated_at", lookup_expr="gte")


class KeysetPages(CursorPagination):
    """Pages by id: no offset, no count, the same cost on every page."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = MOST_PER_PAGE

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the cursor; one that we never gave out is refused, not run."""
        try:
            cursor = super().decode_cursor(request)
        except Exception as error:
            raise ValidationError({"cursor": [_("This is not a cursor.")]}) from error
        if cursor is None:
            return None
        if cursor.position is None or not _is_id(str(cursor.position)):
            raise ValidationError({"cursor": [_("This is not a cursor.")]})
        return cursor


class NewestFirst(KeysetPages):
    """The newest ticket first."""

    ordering = "-id"


class OldestFirst(KeysetPages):
    """A conversation in its order."""

    ordering = "id"


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_ID


def check_known(request: Request, known: set[str]) -> None:
    """Refuse a query parameter that nobody reads: a misspelt filter would return everything."""
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise ValidationError({name: [_("There is no such parameter.")] for name in unknown[:20]})
