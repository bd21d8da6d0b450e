"""What programs get to read. Instants are UTC, durations business seconds."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from people.models import Organization, User
from portal.kit import clock as wall_clock
from tickets.models import Attachment, Clock, ClockEvent, Message, Ticket
from tiers.calendars import Calendars, calendar_key, pinned_number

COUNTING = frozenset({Clock.Status.RUNNING, Clock.Status.BREACHED})


class Instant(serializers.DateTimeField):
    """An instant, always written in UTC, whatever zone the viewer prefers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, read_only=True, **options)


class OrganizationOutput(serializers.ModelSerializer[Organization]):
    """The customer company."""

    class Meta:
        model = Organization
        fields = ["public_id", "name"]
        read_only_fields = fields


class RequesterOutput(serializers.ModelSerializer[User]):
    """The person who asked."""

    class Meta:
        model = User
        fields = ["name", "email"]
        read_only_fields = fields


class ClockOutput(serializers.ModelSerializer[Clock]):
    """One promise: the present cycle of a metric.

    ``due_at`` is the moment told to people; the promise counts as broken after
    ``breaches_after``. Both are null while a pause makes them unknowable.
    """

    started_at = Instant()
    due_at = Instant()
    breaches_after = Instant()
    breached_at = Instant()
    stopped_at = Instant()
    calendar = serializers.SerializerMethodField()
    calendar_version = serializers.SerializerMethodField()
    elapsed_seconds = serializers.SerializerMethodField()
    remaining_seconds = serializers.SerializerMethodField()

    class Meta:
        model = Clock
        fields = [
            "metric", "cycle", "status", "started_at", "due_at", "breaches_after", "breached_at",
            "stopped_at", "paused_reason", "calendar", "calendar_version", "target_seconds",
            "elapsed_seconds", "remaining_seconds",
        ]  # fmt: skip
        read_only_fields = fields

    def get_calendar(self, row: Clock) -> str:
        """Return the key of the calendar whose hours count."""
        return calendar_key(row.calendar)

    def get_calendar_version(self, row: Clock) -> int | None:
        """Return up to which version of the calendar this clock knows it."""
        return pinned_number(row.calendar)

    def get_elapsed_seconds(self, row: Clock) -> int:
        """Return the business seconds counted so far."""
        return row.target_seconds - self.get_remaining_seconds(row)

    def get_remaining_seconds(self, row: Clock) -> int:
        """Return the business seconds left, negative when the target is exceeded."""
        return remaining_seconds(row, self.context["calendars"], self.context["now"])


def remaining_seconds(row: Clock, calendars: Calendars, now: datetime) -> int:
    """Return what is left of a clock at an instant.

    The row was computed when the ticket last changed; a clock that counts has
    gone on since, towards a due moment that has not moved.
    """
    calendar = calendars.get(row.calendar)
    if row.stopped_at or row.status not in COUNTING or row.due_at is None or calendar is None:
        return row.target_seconds - row.elapsed_seconds
    at, due = wall_clock.to_epoch(now), wall_clock.to_epoch(row.due_at)
    return calendar.elapsed(at, due) if at <= due else -calendar.elapsed(due, at)


class TicketOutput(serializers.ModelSerializer[Ticket]):
    """A ticket with its promises."""

    reference = serializers.CharField(read_only=True)
    url = serializers.SerializerMethodField()
    organization = OrganizationOutput(read_only=True)
    requester = RequesterOutput(read_only=True)
    assignee = serializers.SerializerMethodField()
    follow_up_of = serializers.SerializerMethodField()
    merged_into = serializers.SerializerMethodField()
    split_from = serializers.SerializerMethodField()
    created_at = Instant()
    updated_at = Instant()
    first_replied_at = Instant()
    solved_at = Instant()
    closed_at = Instant()
    clocks = ClockOutput(many=True, read_only=True, source="shown_clocks")

    class Meta:
        model = Ticket
        fields = [
            "reference", "url", "subject", "status", "severity", "category", "channel", "tier",
            "organization", "requester", "assignee", "follow_up_of", "merged_into",
            "split_from", "created_at", "updated_at", "first_replied_at", "solved_at",
            "closed_at", "clocks",
        ]  # fmt: skip
        read_only_fields = fields

    def get_url(self, ticket: Ticket) -> str:
        """Return the address of the page for people."""
        return settings.BASE_URL + reverse("ticket", args=[ticket.reference])

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_assignee(self, ticket: Ticket) -> str | None:
        """Return the name of who works on it."""
        return str(ticket.assignee) if ticket.assignee else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_follow_up_of(self, ticket: Ticket) -> str | None:
        """Return the reference of the closed ticket that it goes on from."""
        return _reference(ticket.follow_up_of_id)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_merged_into(self, ticket: Ticket) -> str | None:
        """Return the reference of the ticket on which this one goes on."""
        return _reference(ticket.merged_into_id)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_split_from(self, ticket: Ticket) -> str | None:
        """Return the reference of the ticket from which this one was split."""
        return _reference(ticket.split_from_id)


def _reference(pk: int | None) -> str | None:
    return f"T-{pk}" if pk else None


class AttachmentOutput(serializers.ModelSerializer[Attachment]):
    """A file; ``url`` wants the same token as everything else."""

    url = serializers.SerializerMethodField()

    class Meta:
        model = Attachment
        fields = ["name", "content_type", "size", "sha256", "url"]
        read_only_fields = fields

    def get_url(self, attachment: Attachment) -> str:
        """Return the address of the file."""
        return settings.BASE_URL + reverse("api_attachment", args=[attachment.public_id])


class MessageOutput(serializers.ModelSerializer[Message]):
    """A message as it was typed, and as safe HTML; ``ticket`` is where it was said."""

    ticket = serializers.SerializerMethodField()
    author = serializers.SerializerMethodField()
    internal = serializers.SerializerMethodField()
    created_at = Instant()
    attachments = AttachmentOutput(many=True, read_only=True)

    class Meta:
        model = Message
        fields = [
            "id",
            "ticket",
            "author",
            "by",
            "internal",
            "body",
            "body_html",
            "created_at",
            "attachments",
        ]
        read_only_fields = fields

    def get_ticket(self, message: Message) -> str:
        """Return the reference of the ticket it was said on; one merged in says its own."""
        return f"T-{message.ticket_id}"

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_author(self, message: Message) -> str | None:
        """Return the name of who wrote it."""
        return str(message.author) if message.author else None

    def get_internal(self, message: Message) -> bool:
        """Return whether customers never see it."""
        return not message.is_public


class WarningOutput(serializers.ModelSerializer[ClockEvent]):
    """A step of a promise's warning ladder that was reached, or its breach."""

    metric = serializers.CharField(source="clock.metric")
    cycle = serializers.IntegerField(source="clock.cycle")
    step = serializers.IntegerField(
        help_text=_("Percent of the target, 100 is the breach; negative: minutes before the end.")
    )
    at = Instant()
    acknowledged_at = Instant()
    acknowledged_by = serializers.SerializerMethodField()

    class Meta:
        model = ClockEvent
        fields = [
            "id", "metric", "cycle", "kind", "step", "at", "acknowledged_at", "acknowledged_by",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_acknowledged_by(self, event: ClockEvent) -> str | None:
        """Return the name of who takes care of it."""
        return str(event.acknowledged_by) if event.acknowledged_by else None


class ReplyOutput(serializers.Serializer[Any]):
    """Where a reply landed: on a closed ticket it opens a linked one."""

    ticket = serializers.CharField()
    status = serializers.CharField()
    follow_up_of = serializers.CharField(allow_null=True)
    message = MessageOutput()
