"""Load the demo company into an empty database; does nothing when it is there."""

import json
from argparse import ArgumentParser
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from portal.demo.logins import DEMO_LOGINS
from portal.demo.seeding import load_demo
from portal.kit import clock
from portal.kit.refused import Refused


class Command(BaseCommand):
    """``manage.py seed_demo``: a believable vendor with customers, history and open work."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the switches."""
        parser.add_argument(
            "--logins",
            action="store_true",
            help="print the demo logins as JSON lines, load nothing",
        )
        parser.add_argument(
            "--force", action="store_true", help="load it even though neither DEMO nor DEBUG is on"
        )

    def handle(self, *args: Any, logins: bool, force: bool, **options: Any) -> None:
        """Load the company, or print who one can be in it."""
        if logins:
            for login in DEMO_LOGINS:
                self.stdout.write(json.dumps(login, ensure_ascii=False))
            return
        if not (settings.DEMO or settings.DEBUG or force):
            raise CommandError(
                "The demo company has logins with a public password, so it is loaded only where "
                "DEMO=true or DEBUG=true. To load it here all the same: seed_demo --force"
            )
        started = perf_counter()
        try:
            counts = load_demo(now=clock.now(), say=self._say)
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        except OperationalError as error:
            if "lock" not in str(error):
                raise
            raise CommandError(
                "Another process holds the database, perhaps loading the demo company as well. "
                "Nothing was changed; run this again when it is done."
            ) from error
        if not counts:
            self._say("      The demo company is there already; nothing was changed.")
        else:
            self._say(f"      loaded in {perf_counter() - started:.1f} s")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
