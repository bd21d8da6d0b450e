"""Tickets and the ordered events of their life."""

import re
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Organization, User
from portal.kit.viewer import Viewer
from tickets.models.queue import Queue

ACTIVE_STATUSES = ("new", "open", "pending", "on_hold")
WAITING_STATUSES = ("pending", "on_hold")
_reference = re.compile(r"^T-(\d{1,12})$", re.IGNORECASE)


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Questions about tickets. ``visible_to`` comes first, everywhere."""

    def visible_to(self, viewer: Viewer) -> "TicketQuerySet":
        """Return the tickets that this viewer may know of.

        Leads, ops and admins see all; agents those of the queues they serve and
        those assigned to them; managers those of their organizations; members
        their own and those they follow, in organizations they still belong to.
        """
        if viewer.sees_every_queue:
            return self.all()
        if viewer.is_staff:
            return self.filter(
                models.Q(queue__in=Queue.objects.visible_to(viewer))
                | models.Q(assignee_id=viewer.user_id)
            )
        if not viewer.is_known:
            return self.none()
        own = models.Q(organization_id__in=viewer.organization_ids) & (
            models.Q(requester_id=viewer.user_id)
            | models.Exists(
                TicketFollower.objects.filter(ticket=models.OuterRef("pk"), user=viewer.user_id)
            )
        )
        return self.filter(own | models.Q(organization_id__in=viewer.managed_organization_ids))

    def active(self) -> "TicketQuerySet":
        """Return tickets that somebody still owes something."""
        return self.filter(status__in=ACTIVE_STATUSES)

    def by_reference(self, reference: str) -> "TicketQuerySet":
        """Return the ticket of a reference like ``T-1042``, or nothing."""
        found = _reference.match(reference.strip())
        return self.filter(pk=int(found.group(1))) if found else self.none()

    def for_queue_page(self) -> "TicketQuerySet":
        """Fetch what a row of the desk shows, in one query, without big columns."""
        return self.select_related("organization", "requester", "assignee", "queue").only(
            "subject", "status", "severity", "tier", "rank_at", "rank_metric", "created_at",
            "updated_at", "organization__name", "organization__public_id", "requester__name",
            "requester__email", "assignee__name", "assignee__email", "queue__name", "queue__key",
        )  # fmt: skip

    def next_due_first(self) -> "TicketQuerySet":
        """Order by the next promise due; tickets without a running promise come last."""
        return self.order_by("rank_at", "id")


class Ticket(models.Model):
    """One request of a customer, from opening to closing.

    ``tier`` is the tier under which the ticket is worked now and
    ``tier_at_opening`` the one it came in with. ``rank_at`` is the earliest
    running promise (UTC), or ``NO_PROMISE_RUNNING``; it is what queues sort by.
    """

    class Status(models.TextChoices):
        """Where the ticket stands; moves are in ``tickets.rules.moves``."""

        NEW = "new", _("New")
        OPEN = "open", _("Open")
        PENDING = "pending", _("Waiting for the customer")
        ON_HOLD = "on_hold", _("Waiting for a third party")
        SOLVED = "solved", _("Solved")
        CLOSED = "closed", _("Closed")

    class Severity(models.IntegerChoices):
        """How bad it is for the customer."""

        CRITICAL = 1, _("Critical")
        HIGH = 2, _("High")
        NORMAL = 3, _("Normal")
        LOW = 4, _("Low")

    class Channel(models.TextChoices):
        """How the ticket came in."""

        WEB = "web", _("Web form")
        API = "api", _("API")
        MAIL = "mail", _("E-mail")
        SLACK = "slack", _("Slack")
        MONITORING = "monitoring", _("Monitoring")

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="tickets")
    requester = models.ForeignKey(User, on_delete=models.PROTECT, related_name="requested_tickets")
    subject = models.CharField(_("subject"), max_length=200)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.NEW
    )
    severity = models.PositiveSmallIntegerField(
        _("severity"), choices=Severity.choices, default=Severity.NORMAL
    )
    channel = models.CharField(
        _("channel"), max_length=12, choices=Channel.choices, default=Channel.WEB
    )
    category = models.CharField(_("category"), max_length=40, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    tier = models.CharField(_("tier"), max_length=30)
    tier_at_opening = models.CharField(max_length=30)
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="tickets")
    assignee = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="assigned_tickets"
    )
    terms = models.ForeignKey(
        "tickets.PromiseTerms", on_delete=models.PROTECT, related_name="tickets"
    )
    rank_at = models.DateTimeField(_("next promise due"))
    rank_metric = models.CharField(max_length=20, blank=True)
    follow_up_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups"
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_tickets"
    )
    split_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="split_tickets"
    )
    last_event_seq = models.PositiveIntegerField(default=0)
    last_event_at = models.DateTimeField()
    created_at = models.DateTimeField(_("opened"))
    updated_at = models.DateTimeField(_("changed"))
    first_replied_at = models.DateTimeField(_("first answered"), null=True, blank=True)
    solved_at = models.DateTimeField(_("solved"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(severity__gte=1, severity__lte=4),
                name="tickets_ticket_severity_1_to_4",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["new", "open", "pending", "on_hold", "solved", "closed"]
                ),
                name="tickets_ticket_status_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=["solved", "closed"])
                | models.Q(solved_at__isnull=False),
                name="tickets_ticket_solved_has_time",
            ),
        ]
        # The first ranges are those of tickets.queue_page: one per view and, for agents who
        # serve some queues alone, one per view and queue.
        indexes = [
            *(
                models.Index(
                    fields=[*fields, "rank_at", "id"],
                    condition=models.Q(status__in=ACTIVE_STATUSES),
                    name=f"tickets_active_{name}",
                )
                for name, fields in {
                    "rank": [],
                    "tier": ["tier"],
                    "queue": ["queue"],
                    "queue_tier": ["queue", "tier"],
                    "organization": ["organization"],
                }.items()
            ),
            # The columns behind the id are there to be read without the table.
            models.Index(
                fields=["assignee", "rank_at", "id", "queue", "tier", "status"],
                condition=models.Q(status__in=ACTIVE_STATUSES),
                name="tickets_active_assignee",
            ),
            *(
                models.Index(
                    fields=[*fields, "rank_at", "id"],
                    condition=models.Q(status__in=ACTIVE_STATUSES, assignee=None),
                    name=f"tickets_active_unassigned{name}",
                )
                for name, fields in {"": [], "_q": ["queue"]}.items()
            ),
            *(
                models.Index(
                    fields=[*fields, "rank_at", "id"],
                    condition=models.Q(status__in=WAITING_STATUSES),
                    name=f"tickets_waiting_{name}",
                )
                for name, fields in {"rank": [], "queue": ["queue"]}.items()
            ),
            *(
                models.Index(
                    fields=[*fields, "solved_at", "id"],
                    condition=models.Q(status="solved"),
                    name=f"tickets_solved_{name}",
                )
                for name, fields in {
                    "waiting": [],
                    "queue": ["queue"],
                    "assignee": ["assignee"],
                }.items()
            ),
            models.Index(fields=["organization", "-id"], name="tickets_by_organization"),
            models.Index(fields=["requester", "-id"], name="tickets_by_requester"),
            models.Index(fields=["created_at"], name="tickets_by_opening"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.subject}"

    @property
    def reference(self) -> str:
        """The name that people use for it, like ``T-1042``."""
        return f"T-{self.pk}"

    @property
    def is_active(self) -> bool:
        """Whether somebody still owes something."""
        return self.status in ACTIVE_STATUSES


class TicketFollower(models.Model):
    """Somebody of the organization who follows a colleague's ticket.

    ``reads_since`` is set for whom a merge brought here: what was said before is
    not theirs to read. Whoever shares the ticket with them takes it away.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="followers")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="followed_tickets")
    reads_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("follower")
        verbose_name_plural = _("followers")
        constraints = [
            models.UniqueConstraint(fields=["ticket", "user"], name="tickets_follower_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.ticket_id}"


class TicketEvent(models.Model):
    """One thing that happened to a ticket; never updated, ordered by ``seq``.

    The clocks are a pure function of these rows, so the kinds ``opened``,
    ``message``, ``status``, ``severity``, ``terms``, ``no_reply_needed``,
    ``merged``, ``took_in`` and ``split_from`` carry what the engine reads; the
    others are for the timeline. ``by`` says which side acted.
    """

    class Kind(models.TextChoices):
        """What happened."""

        OPENED = "opened", _("opened")
        MESSAGE = "message", _("message")
        STATUS = "status", _("status")
        SEVERITY = "severity", _("severity")
        TERMS = "terms", _("promise")
        NO_REPLY_NEEDED = "no_reply_needed", _("no reply needed")
        MERGED = "merged", _("merged into another ticket")
        TOOK_IN = "took_in", _("took in another ticket")
        SPLIT = "split", _("split off")
        SPLIT_FROM = "split_from", _("split from another ticket")
        ASSIGNED = "assigned", _("assigned")
        QUEUE = "queue", _("queue")
        TIER = "tier", _("tier")
        TAGGED = "tagged", _("tagged")
        RATED = "rated", _("rated")
        FOLLOW_UP = "follow_up", _("follow-up")
        TRIGGER = "trigger", _("trigger")
        ACKNOWLEDGED = "acknowledged", _("warning acknowledged")

    class By(models.TextChoices):
        """Which side acted."""

        CUSTOMER = "customer", _("customer")
        AGENT = "agent", _("agent")
        SYSTEM = "system", _("system")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    by = models.CharField(max_length=10, choices=By.choices)
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    is_public = models.BooleanField(default=True)
    is_automatic = models.BooleanField(default=False)
    old = models.CharField(max_length=80, blank=True)
    new = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    message = models.ForeignKey(
        "tickets.Message", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    terms = models.ForeignKey(
        "tickets.PromiseTerms", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    detail: "models.JSONField[Any, Any]" = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("ticket event")
        verbose_name_plural = _("ticket events")
        ordering = ["ticket", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "seq"], name="tickets_event_order")
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}#{self.seq} {self.kind}"
