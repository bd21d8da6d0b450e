"""Who is meant by "assignee", "lead", "queue" and "account team" of a ticket, at this instant."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from people.models import AccountTeamMember, StaffRole, User
from people.viewers import viewer_of
from tickets.models import ClockAlert, QueueMember, Ticket
from tickets.rules.alerts import Wishes

# In this order: who is told for several reasons is told for the first of them.
ROLES = tuple(ClockAlert.Role.values)


@dataclass(frozen=True, slots=True)
class Roster:
    """The vendor's people as they serve now; three queries for any number of tickets."""

    staff: Mapping[int, User]
    # Queue -> who serves it; organization -> who is named to it now.
    serving: Mapping[int, Collection[int]]
    named: Mapping[int, Collection[int]]

    @classmethod
    def of(cls, tickets: Iterable[Ticket], now: datetime) -> "Roster":
        """Read who works here, serves which queue, and is named to the tickets' customers."""
        serving: dict[int, list[int]] = {}
        for queue, agent in QueueMember.objects.order_by("pk").values_list("queue_id", "agent_id"):
            serving.setdefault(queue, []).append(agent)
        named: dict[int, list[int]] = {}
        teams = (
            AccountTeamMember.objects.serving_at(now)
            .filter(organization__in={ticket.organization_id for ticket in tickets})
            .order_by("pk")
        )
        for organization, user in teams.values_list("organization_id", "user_id"):
            named.setdefault(organization, []).append(user)
        staff = User.objects.filter(is_active=True).exclude(staff_role="").order_by("pk")
        return cls({user.pk: user for user in staff}, serving, named)

    def people(self, ticket: Ticket, who: str) -> list[User]:
        """Return the active people whom a role names and who may see the ticket.

        Leads are those who serve the ticket's queue; where none does, all of them.
        """
        match who:
            case "assignee":
                found = [ticket.assignee_id] if ticket.assignee_id else []
            case "lead":
                leads = [pk for pk, user in self.staff.items() if user.staff_role == StaffRole.LEAD]
                of_queue = set(leads) & set(self.serving.get(ticket.queue_id, ()))
                found = sorted(of_queue) or leads
            case "queue":
                found = list(self.serving.get(ticket.queue_id, ()))
            case "account_team":
                found = list(self.named.get(ticket.organization_id, ()))
            case _:
                found = []
        users = (self.staff[pk] for pk in dict.fromkeys(found) if pk in self.staff)
        return [user for user in users if self.may_see(user, ticket)]

    def may_see(self, user: User, ticket: Ticket) -> bool:
        """Whether ``visible_to`` would show this person the ticket."""
        return (
            viewer_of(user).sees_every_queue
            or ticket.assignee_id == user.pk
            or user.pk in self.serving.get(ticket.queue_id, ())
        )

    def told(self, ticket: Ticket, roles: Collection[str]) -> dict[User, str]:
        """Return who is told, and for which of the roles.

        What nobody would hear goes up: to the leads, and where there is none, to the admins.
        """
        told: dict[User, str] = {}
        for role in (one for one in ROLES if one in roles):
            for user in self.people(ticket, role):
                told.setdefault(user, role)
        if roles and not told:
            up = self.people(ticket, "lead") or [
                user for user in self.staff.values() if user.staff_role == StaffRole.ADMIN
            ]
            told = dict.fromkeys(up, ClockAlert.Role.LEAD)
        return told


def wishes_of(user: User) -> Wishes:
    """Return what somebody wants to hear about promises, and when, from their profile."""
    return Wishes(
        wants_mail=user.mail_on_clock,
        quiet_from=user.quiet_from,
        quiet_until=user.quiet_until,
        critical_when_quiet=user.critical_when_quiet,
        zone=user.zone,
    )
