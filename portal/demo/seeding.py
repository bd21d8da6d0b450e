"""Load the demo company: everything or nothing, and only once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from time import perf_counter

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import Organization
from portal.demo.accounts import ACCOUNTS, DEMO_PREFIX
from portal.demo.casting import Casting
from portal.demo.company import bring_in_company, tell_later_tiers, tell_tiers
from portal.demo.fresh import open_fresh_tickets
from portal.demo.history import Historian
from portal.demo.open_work import open_tickets
from portal.demo.program import SECOND_VERSION, begin_draft, publish_second_version
from portal.demo.terms import TermsBook
from portal.demo.warnings import open_tickets_at_risk
from portal.kit.claims import lock
from portal.kit.refused import Refused
from tickets.actions import import_tickets
from tiers.actions import continue_applying
from tiers.calendars import calendars_by_key
from tiers.models import TierPolicy

SEED = 42


@dataclass(slots=True)
class Progress:
    """Says each step with what it made and how long it took."""

    say: Callable[[str], None]
    counts: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; the block puts how many into ``counts``."""
        started = perf_counter()
        yield
        self.say(f"      {name:<24}{self.counts[name]:>6}   {perf_counter() - started:5.1f} s")


def is_loaded() -> bool:
    """Whether the demo company is there; it is there whole or not at all."""
    return Organization.objects.filter(external_id=ACCOUNTS[0].external_id).exists()


def load_demo(*, now: datetime, say: Callable[[str], None], seed: int = SEED) -> dict[str, int]:
    """Load the demo company as of an instant; return how many of what were made.

    One transaction: an interrupted run leaves nothing. Returns an empty dict
    when it was loaded before. Raises Refused when the database holds customers
    that are not the demo's.
    """
    with transaction.atomic():
        # Two at once: the second waits here, and then finds everything done.
        lock(TierPolicy.objects.live()).first()
        if is_loaded():
            return {}
        if Organization.objects.exclude(external_id__startswith=DEMO_PREFIX).exists():
            raise Refused(
                "real_data",
                _(
                    "This database holds organizations that are not the demo's. The demo company "
                    "is loaded into an empty database only: choose another DATA_DIR or "
                    "DATABASE_URL."
                ),
            )
        return _load(now.replace(microsecond=0), Progress(say), Random(seed))  # noqa: S311


def _load(now: datetime, progress: Progress, rng: Random) -> dict[str, int]:
    counts = progress.counts
    casting = set_the_stage(now, progress)
    with progress.step("ticket stories"):
        history = Historian(casting, rng).write()
        open_now = open_tickets(casting, rng)
        counts["ticket stories"] = len(history) + len(open_now)
    with progress.step("tickets of the past"):
        # Numbered as they came, the open ones among the others.
        pasts = sorted([*history, *open_now], key=lambda past: past.events[0].at)
        counts["tickets of the past"] = len(import_tickets(pasts=pasts, now=now))
    with progress.step("tickets of this minute"):
        fresh = [*open_fresh_tickets(casting), *open_tickets_at_risk(casting)]
        counts["tickets of this minute"] = len(fresh)
    return counts


def set_the_stage(now: datetime, progress: Progress) -> Casting:
    """Bring in people, organizations and tiers; return what tickets are made from."""
    with progress.step("people"):
        company = bring_in_company(now)
        progress.counts["people"] = len(company.people)
    published = now - SECOND_VERSION
    with progress.step("organizations and tiers"):
        tell_tiers(company, now, until=published)
        progress.counts["organizations and tiers"] = len(company.organizations)
    with progress.step("versions of the program"):
        publish_second_version(company.people, now)
        continue_applying(now=published)
        tell_later_tiers(company, now, since=published)
        begin_draft(company.people, now)
        progress.counts["versions of the program"] = TierPolicy.objects.count()
    books = {key: TermsBook(row) for key, row in company.organizations.items()}
    return Casting(company, calendars_by_key(), books, now)
