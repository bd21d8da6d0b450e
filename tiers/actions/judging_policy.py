"""Which version judges now, and the lock that keeps it from changing half-way."""

from datetime import datetime

from django.db import connection

from tiers.models import TierPolicy
from tiers.program import live_policy_at

# Names the lock among the database's advisory locks; any number that nothing else uses.
LOCK = 7_204_611


def policy_judging(now: datetime) -> tuple[TierPolicy, datetime]:
    """Return the version by which an account is judged, and the instant that counts.

    To be called in the transaction that keeps the answer. It is the live version, though
    ``now`` lies a little before it went live: whoever read the clock before a publishing and
    comes after it must not judge by the version that is over. Until the transaction ends, no
    run of another version begins, so that none overtakes an answer that is under way.
    Raises Refused when no policy is live.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])
    live = TierPolicy.objects.live().first()
    if live is None or live.effective_from is None:
        return live_policy_at(now), now
    return live, max(now, live.effective_from)


def wait_for_judgements() -> None:
    """Wait until every answer that is under way is kept; new ones are by the live version."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
