"""When a notice is tried again, when it is given up, and how its mail is called."""

import hashlib
import re
from datetime import datetime, timedelta

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
GIVE_UP_AFTER = timedelta(hours=24)
# A notice that waited a day because no worker ran has not failed yet.
FEWEST_ATTEMPTS = 4
LARGEST_JITTER = 0.2

# A header line above 78 characters is folded, and some programs then miss the id.
_longest_unfolded = 78 - len("Message-ID: <.@>")
_not_in_an_id = re.compile(r"[^A-Za-z0-9-]+")


def retry_delay(attempts: int, chance: float) -> timedelta:
    """Return how long to wait after this many failed attempts; ``chance`` is from 0 to 1.

    Doubles from one minute to six hours, and up to 20 % more by chance, so that
    notices that failed together do not come back together.
    """
    doublings = min(max(attempts - 1, 0), 10)
    base: timedelta = min(FIRST_RETRY * 2**doublings, LONGEST_RETRY)
    return base * (1 + chance * LARGEST_JITTER)


def next_try(*, now: datetime, written: datetime, attempts: int, chance: float) -> datetime:
    """Return when to try again; the last time is a day after the notice was written."""
    last = max(written + GIVE_UP_AFTER, now + FIRST_RETRY)
    return min(now + retry_delay(attempts, chance), last)


def is_given_up(*, attempts: int, age: timedelta, is_permanent: bool) -> bool:
    """Whether a notice that just failed is not tried again."""
    return is_permanent or (age >= GIVE_UP_AFTER and attempts >= FEWEST_ATTEMPTS)


def message_id(dedupe_key: str, host: str) -> str:
    """Return the Message-ID (RFC 5322) that a notice keeps over all its attempts.

    The readable part is for people who search logs. The digest makes two keys
    that read alike different: a receiver drops the second mail of one id.
    """
    digest = hashlib.sha256(dedupe_key.encode()).hexdigest()[:16]
    domain = f"[IPv6:{host}]" if ":" in host else host
    room = max(_longest_unfolded - len(digest) - len(domain), 0)
    readable = _not_in_an_id.sub(".", dedupe_key)[:room].strip(".")
    return f"<{readable or 'n'}.{digest}@{domain}>"
