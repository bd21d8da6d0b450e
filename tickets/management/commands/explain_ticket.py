"""``manage.py explain_ticket T-1042``: every clock of a ticket, and why it says what it says.

Reads the database alone: it answers while the broker is down. ``--json`` prints
the document that the API answers too, with the ledger (``tickets.explaining.documents``).
"""

import json
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.kit import clock
from tickets.explaining import explain
from tickets.explaining.documents import document
from tickets.explaining.text import as_text
from tickets.models import Ticket
from tiers.rules.business_time import UnknownTimeZoneError
from tiers.rules.business_time.definition import zone_named


class Command(BaseCommand):
    """Print the clocks of one ticket."""

    help = "Print every clock of a ticket with its ledger: what ran when, why, and who promised it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("reference", help="the ticket, like T-1042")
        parser.add_argument("--json", action="store_true", help="the same for programs")
        parser.add_argument(
            "--at", type=_instant, help="another moment, like 2026-05-03T10:00Z (UTC if unsaid)"
        )
        parser.add_argument(
            "--zone", type=_zone, default=settings.TIME_ZONE, help="times in this zone"
        )
        parser.add_argument("--days", action="store_true", help="unfold what was counted into days")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, or fail with a sentence that says what was wrong."""
        rows = Ticket.objects.select_related("organization")
        ticket = rows.by_reference(options["reference"]).first()
        if ticket is None:
            raise CommandError(
                f"There is no ticket {options['reference']!r}. A reference looks like T-1042."
            )
        zone = options["zone"]
        with timezone.override(zone):
            account = explain(ticket, options["at"] or clock.now())
            if options["json"]:
                text = json.dumps(document(account), ensure_ascii=False, indent=2)
            elif account.fault:
                text = ""
            else:
                text = as_text(account, zone, with_days=options["days"])
        if text:
            self.stdout.write(text)
        if account.fault:
            raise CommandError(f"The clocks of {ticket.reference} do not add up: {account.fault}")


def _instant(text: str) -> datetime:
    """Read an ISO 8601 instant; one without a zone is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is not a moment; write it like 2026-05-03T10:00Z."
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _zone(text: str) -> ZoneInfo:
    try:
        return zone_named(text)
    except UnknownTimeZoneError as error:
        raise ArgumentTypeError(str(error)) from error
