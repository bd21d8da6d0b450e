"""A ticket as it stands open at the desk: everything its page shows, in few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, Exists, F, FilteredRelation, OuterRef, Q, Subquery
from django.db.models import Value as SqlValue
from django.db.models.functions import Cast, Coalesce, Concat
from django.http import Http404

from people.models import AccountTeamMember, Notice, StaffRole, User
from portal.kit.viewer import Viewer
from portal.kit.words import STATUSES, Words
from tickets.models import QueueMember, Ticket
from tickets.rules.moves import allowed_moves
from tickets.views.desk.account import Account, account_of, with_account
from tickets.views.desk.promises import Promises, promises_of
from tickets.views.desk.timeline import Person, Timeline, timeline_of


@dataclass(frozen=True, slots=True)
class TeamMember:
    """One of ours who is named to this customer."""

    person: Person
    duty: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What the ticket page shows. ``ticket`` carries the columns of ``with_account``."""

    ticket: Any
    promises: Promises
    timeline: Timeline
    account: Account
    team: Sequence[TeamMember]
    assignable: Sequence[Person]
    moves: Sequence[tuple[str, Words]]
    follow_up_of: str
    merged_into: str
    split_from: str
    is_mine: bool
    may_be_mine: bool


def find_ticket(viewer: Viewer, reference: str) -> Any:
    """Return the ticket if this viewer may know of it; 404 otherwise, missing or not."""
    dead = (
        Notice.objects.dead()
        .filter(about=Concat(SqlValue("ticket:"), Cast(OuterRef("pk"), CharField())))
        .order_by()
        .values("about")
        .annotate(number=Count("pk"))
        .values("number")
    )
    ticket = (
        with_account(Ticket.objects.visible_to(viewer).by_reference(reference))
        .annotate(undelivered=Coalesce(Subquery(dead), 0))
        .select_related("organization", "requester", "assignee", "queue")
        .first()
    )
    if ticket is None:
        raise Http404
    return ticket


def opened(ticket: Any, viewer: Viewer, now: datetime, *, whole: bool = False) -> Opened:
    """Return everything about a ticket of ``find_ticket``; five queries."""
    promises = promises_of(ticket, now)
    team, assignable = _people_around(ticket, now)
    return Opened(
        ticket=ticket,
        promises=promises,
        timeline=timeline_of(ticket, promises.moments, whole=whole),
        account=account_of(ticket, viewer, now),
        team=team,
        assignable=assignable,
        moves=[(status, STATUSES[status]) for status in allowed_moves("agent", ticket.status)],
        follow_up_of=_reference(ticket.follow_up_of_id),
        merged_into=_reference(ticket.merged_into_id),
        split_from=_reference(ticket.split_from_id),
        is_mine=ticket.assignee_id == viewer.user_id,
        may_be_mine=any(person.pk == viewer.user_id for person in assignable),
    )


def _reference(pk: int | None) -> str:
    return f"T-{pk}" if pk else ""


def _people_around(ticket: Ticket, now: datetime) -> tuple[list[TeamMember], list[Person]]:
    """Return the account team, and who may get the ticket; one query for both."""
    serves = QueueMember.objects.filter(queue_id=ticket.queue_id, agent=OuterRef("pk"))
    rows = (
        User.objects.exclude(staff_role="")
        .filter(is_active=True)
        .annotate(
            named=FilteredRelation(
                "accounts_served",
                condition=Q(
                    accounts_served__organization=ticket.organization_id,
                    accounts_served__valid_from__lte=now,
                )
                & (Q(accounts_served__valid_to=None) | Q(accounts_served__valid_to__gt=now)),
            ),
            duty=F("named__duty"),
            may_have_it=Q(staff_role__in=[StaffRole.LEAD, StaffRole.ADMIN])
            | (Q(staff_role=StaffRole.AGENT) & Exists(serves)),
        )
        .filter(Q(duty__isnull=False) | Q(may_have_it=True))
        .order_by("name", "email")
        .values_list("pk", "name", "email", "duty", "may_have_it")
    )
    duties = dict(AccountTeamMember.Duty.choices)
    team: list[TeamMember] = []
    assignable: dict[int, Person] = {}
    for pk, name, email, duty, may_have_it in rows:
        person = Person(pk, name, email)
        if duty:
            team.append(TeamMember(person, str(duties.get(duty, duty))))
        if may_have_it:
            assignable[pk] = person
    order = list(AccountTeamMember.Duty.labels)
    team.sort(key=lambda member: [str(label) for label in order].index(member.duty))
    return team, list(assignable.values())
