"""How the CRM sync stands, in a sentence for staff.

Pages of the desk ask the shared cache, where the worker announces it every few seconds: a banner
is not worth a question to the database on every page, and without it a page is still right.
"""

from datetime import datetime, timedelta

import structlog
from django.core.cache import cache
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from integrations.crm.models import CrmConnection

log = structlog.get_logger("integrations.crm")

ANNOUNCED = "crm:trouble"
# Longer than the worker's rhythm; a worker that is dead announces nothing for long.
ANNOUNCED_FOR = timedelta(minutes=3)

# Name and state of a connection, and since when its facts may be old.
Trouble = tuple[str, str, datetime | None]


def trouble() -> Trouble | None:
    """Return the connection that is in trouble for the longest time, or None."""
    row = CrmConnection.objects.in_trouble().order_by("stale_since", "pk").first()
    return (row.name, row.state, row.stale_since) if row is not None else None


def trouble_in_words() -> str:
    """Return one sentence for staff while a CRM is not reached, or an empty string.

    Says since when what we know of accounts may be old: their tiers are held, never lowered.
    """
    return _in_words(trouble())


def announce_trouble() -> None:
    """Put the present trouble, or that there is none, where pages find it."""
    try:
        cache.set(ANNOUNCED, trouble(), ANNOUNCED_FOR.total_seconds())
    except Exception:  # a cache that is down has no bearing on the sync
        log.exception("crm trouble not announced")


def announced_trouble() -> str:
    """Return the sentence that the worker announced, or an empty string; asks no database."""
    try:
        return _in_words(cache.get(ANNOUNCED))
    except Exception:  # nor on any page
        log.exception("crm trouble not read")
        return ""


def _in_words(found: Trouble | None) -> str:
    if found is None:
        return ""
    name, state, since = found
    values = {"name": name, "since": _since(since)}
    if state == CrmConnection.State.REVOKED:
        return (
            _(
                "%(name)s has withdrawn our access: facts about accounts are as of %(since)s. "
                "No tier is lowered for that."
            )
            % values
        )
    return (
        _(
            "%(name)s is not reached: facts about accounts are as of %(since)s. "
            "No tier is lowered for that."
        )
        % values
    )


def _since(instant: datetime | None) -> str:
    return date_format(localtime(instant), _("j M, H:i")) if instant is not None else "?"
