"""Two tickets that run short of time: of one somebody takes care, of the other nobody yet."""

from datetime import time, timedelta

from people.actions import update_profile
from people.models import User
from portal.demo import logins
from portal.demo.accounts import ACCOUNTS
from portal.demo.casting import Casting
from tickets.actions import (
    acknowledge,
    announce_clock_events,
    assign,
    open_ticket,
    send_alerts,
    sweep_clocks,
)
from tickets.models import ClockEvent, Ticket

# Three quarters of the hour that Enterprise accounts are promised day and night.
OPENED_BEFORE = timedelta(minutes=46)
QUIET_FROM, QUIET_UNTIL = time(21), time(7)


def open_tickets_at_risk(casting: Casting) -> list[Ticket]:
    """Open both so long ago that the first warnings ring now; the lead's nights are quiet."""
    now = casting.now
    lead, agent = casting.company.people[logins.LEAD], casting.company.people[logins.AGENT_OF_ALL]
    update_profile(user=lead, quiet_from=QUIET_FROM, quiet_until=QUIET_UNTIL)
    freezer = _open(
        casting, "rheintal", "Freezer zone 3 is no longer scanned",
        "Hello,\n\nall fixed scanners of freezer zone 3 have been silent since half past. Goods "
        "come in and nobody can book them.\n\nPlease hurry.",
    )  # fmt: skip
    assign(ticket=freezer, agent=agent, by=lead, now=now - timedelta(minutes=40))
    gates = _open(
        casting, "orchardlane", "Dock gates 4 to 9 do not get any orders",
        "Hi,\n\nthe drivers wait at gates 4 to 9 and the screens there stay empty. The other gates "
        "work.",
    )  # fmt: skip
    sweep_clocks(now=now)
    announce_clock_events(now=now)
    send_alerts(now=now)
    _take_care(freezer, agent, casting)
    return [freezer, gates]


def _open(casting: Casting, key: str, subject: str, body: str) -> Ticket:
    account = next(row for row in ACCOUNTS if row.key == key)
    return open_ticket(
        organization=casting.company.organizations[key],
        requester=casting.company.contacts(account)[0],
        subject=subject,
        body=body,
        severity=Ticket.Severity.CRITICAL,
        category="defect",
        now=casting.now - OPENED_BEFORE,
    )


def _take_care(ticket: Ticket, agent: User, casting: Casting) -> None:
    warning = ClockEvent.objects.filter(ticket=ticket).latest("at")
    acknowledge(ticket=ticket, event=warning, by=agent, now=casting.now)
