"""``manage.py sweep``: record what is due without a broker, and go on with what was published.

The second trigger for outages of the broker; harmless beside Celery, and in any
number, because rows are claimed. ``--loop`` goes on, once a second by a monotonic wait, so
that a changed wall clock neither stops nor doubles it.
"""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from portal.kit import clock
from tickets.actions import announce_clock_events, continue_runs, send_alerts, sweep_clocks


class Command(BaseCommand):
    """Sweep once, or in a loop."""

    help = "Record SLA warnings and breaches that are due, and queue the mails about them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("--loop", action="store_true", help="go on until stopped")
        parser.add_argument("--every", type=float, default=1.0, help="seconds between sweeps")
        parser.add_argument("--batch", type=int, default=1000, help="clocks per transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep; say how much was done when it was something."""
        while True:
            swept = sweep_clocks(now=clock.now(), batch=options["batch"])
            announced = announce_clock_events(now=clock.now())
            settled = send_alerts(now=clock.now())
            recomputed = continue_runs(now=clock.now(), budget_seconds=options["every"])
            done = {
                "clocks swept": swept,
                "events announced": announced,
                "alerts settled": settled,
                "tickets gone over": recomputed,
            }
            if any(done.values()) or not options["loop"]:
                self.stdout.write(", ".join(f"{count} {what}" for what, count in done.items()))
            if not options["loop"]:
                return
            time.sleep(options["every"])
            close_old_connections()
