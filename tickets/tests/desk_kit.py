"""Tickets by the hundred for tests of the desk: rows without a history, written directly."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from people.models import User
from tickets.models import NO_PROMISE_RUNNING, PromiseTerms, Queue, Ticket


def many_tickets(requester: User, number: int, now: datetime, **values: Any) -> list[Ticket]:
    """Store tickets that differ in everything a view looks at, in a fixed pattern.

    Assignees come from ``agents``; statuses, tiers and queues take turns.
    """
    agents: Sequence[User | None] = [*values.pop("agents", ()), None]
    terms, _made = PromiseTerms.objects.get_or_create(
        digest="many", defaults={"content": {}, "policy_version": 1, "tier": "starter"}
    )
    queues = list(Queue.objects.order_by("position"))
    statuses = ("open", "pending", "new", "solved", "on_hold", "closed", "open")
    tiers = ("starter", "enterprise", "professional", "starter", "starter")
    organization = requester.memberships.get().organization
    tickets = []
    for place in range(number):
        status = values.get("status") or statuses[place % len(statuses)]
        done = status in {"solved", "closed"}
        idle = done or status == "pending"
        tier = values.get("tier") or tiers[place % len(tiers)]
        tickets.append(
            Ticket(
                organization=organization,
                requester=requester,
                subject=f"Ticket {place}",
                status=status,
                severity=1 + place % 4,
                tier=tier,
                tier_at_opening=tier,
                queue=values.get("queue") or queues[place % len(queues)],
                assignee=agents[place % len(agents)],
                terms=terms,
                # Several share an instant, so that the id has to break the tie.
                rank_at=NO_PROMISE_RUNNING if idle else now + timedelta(minutes=place % 40 - 5),
                rank_metric="" if idle else "first_reply",
                last_event_at=now,
                created_at=now,
                updated_at=now,
                solved_at=now - timedelta(minutes=place % 30) if done else None,
            )
        )
    return Ticket.objects.bulk_create(tickets, batch_size=2000)


def doubled(times: int) -> None:
    """Double the tickets so many times, inside the database, and give each a clock."""
    columns = ", ".join(
        str(field.column) for field in Ticket._meta.concrete_fields if not field.primary_key
    )
    with connection.cursor() as cursor:
        for _ in range(times):
            cursor.execute(
                f"INSERT INTO tickets_ticket ({columns}) SELECT {columns} FROM tickets_ticket"  # noqa: S608
            )
        cursor.execute(
            "INSERT INTO tickets_clock (ticket_id, terms_id, metric, cycle, status, tier, "
            "severity, calendar, target_seconds, elapsed_seconds, started_at, paused_reason, "
            "ladder, fault) SELECT id, terms_id, 'first_reply', 1, 'running', tier, severity, "
            "'business-hours', 3600, 0, created_at, '', '[]', '' FROM tickets_ticket"
        )
        cursor.execute("ANALYZE")
