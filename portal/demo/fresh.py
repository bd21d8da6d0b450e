"""The last minutes, through the same doors as in real life: so mails go out."""

from datetime import datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from people.models import User
from portal.demo import logins
from portal.demo.accounts import ACCOUNTS
from portal.demo.casting import Casting
from tickets.actions import assign, follow, open_ticket, reply_as_agent
from tickets.models import Ticket

DEVICE_LOG = """\
{day} 06:58:12 boot    app {version} device HH-14 battery 84 %
{day} 07:01:40 scan    profile=default-2023 symbology=datamatrix refused E42
{day} 07:01:43 scan    profile=default-2023 symbology=datamatrix refused E42
{day} 07:02:05 wifi    roam ap=bergen-hall-2 rssi=-61
{day} 07:02:31 scan    profile=default-2023 symbology=code128 ok
"""


def open_fresh_tickets(casting: Casting) -> list[Ticket]:
    """Let the people of the demo logins write now, and agents answer two of them."""
    now = casting.now
    waves = _open(
        casting, logins.ENTERPRISE_MANAGER, now - timedelta(minutes=4), severity=1,
        category="defect", subject="Waves do not release in Oslo, picking stands still",
        body="Hello,\n\nsince about twenty minutes no wave is released in Oslo. W-4471 has been "
        "“allocating” all the time and nine pickers wait. The carrier comes this afternoon.\n\n"
        "Please call me if that is faster.\n\nSolveig",
    )  # fmt: skip
    follow(
        ticket=waves,
        user=casting.company.people[logins.ENTERPRISE_COLLEAGUE],
        by=waves.requester,
    )
    scanner = _open(
        casting, logins.ENTERPRISE_COLLEAGUE, now - timedelta(minutes=9), severity=3,
        category="defect", subject="HH-14 shows E42 on every square barcode",
        body="Hi,\n\nHH-14 shows E42 since this morning, but only on the square codes of one "
        "supplier. The log of the device is attached.\n\nMats",
        log="hh-14.log",
    )  # fmt: skip
    aisha = casting.company.colleague("Aisha Rahman")
    _answer(
        scanner, aisha, now - timedelta(minutes=2),
        "Hi Mats,\n\nthank you for the log, it shows the cause: HH-14 runs the profile "
        "“default-2023”, which knows no square codes. I am assigning your own profile again and "
        "write as soon as the device has loaded it. Please put it into its cradle for a minute."
        "\n\nBest\nAisha", 410,
    )  # fmt: skip
    labels = _open(
        casting, logins.PROFESSIONAL, now - timedelta(minutes=7), severity=2,
        category="integration", subject="Kite Logistics rejects our labels since this morning",
        body="Hello,\n\nabout one in ten labels is refused with “postcode not found”. The parcels "
        "stand at packing station 2 and the truck comes at the end of the day.\n\nThanks\nFreja",
    )  # fmt: skip
    assign(
        ticket=labels,
        agent=casting.company.people[logins.AGENT_OF_ALL],
        by=casting.company.people[logins.LEAD],
        now=now - timedelta(minutes=5),
    )
    seats = _open(
        casting, logins.STARTER, now - timedelta(minutes=6), severity=3,
        category="contract", subject="Two more seats for the season",
        body="Hi,\n\nwe take on two helpers for eight weeks. Can we have two more seats for the "
        "handhelds, and what do they cost?\n\nHazel",
    )  # fmt: skip
    _answer(
        seats, casting.company.people[logins.AGENT_OF_GENERAL], now - timedelta(minutes=1),
        "Hello Hazel,\n\ngladly. From when to when do you need them, and should the two use "
        "handhelds only or also the computer?\n\nKind regards\nJonas", 260, status="pending",
    )  # fmt: skip
    return [waves, scanner, labels, seats]


def _open(
    casting: Casting,
    email: str,
    at: datetime,
    *,
    severity: int,
    category: str,
    subject: str,
    body: str,
    log: str = "",
) -> Ticket:
    requester = casting.company.people[email]
    account = next(row for row in ACCOUNTS if row.domain == email.partition("@")[2])
    content = DEVICE_LOG.format(day=f"{at:%Y-%m-%d}", version="6.8").encode()
    return open_ticket(
        organization=casting.company.organizations[account.key],
        requester=requester,
        subject=subject,
        body=body,
        severity=severity,
        category=category,
        files=[SimpleUploadedFile(log, content, content_type="text/plain")] if log else [],
        now=at,
    )


def _answer(
    ticket: Ticket, agent: User, at: datetime, body: str, seconds: int, status: str = ""
) -> None:
    reply_as_agent(
        ticket=ticket, author=agent, body=body, handle_seconds=seconds, status=status, now=at
    )
