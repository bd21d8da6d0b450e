"""Where a recorded fact came from, as a link: the rooms above know their own events' pages.

A room calls ``hooks.register(FACT_LINK_HOOK, fn)`` in its ``wagtail_hooks`` with a function that
takes the facts of a page and returns addresses by their ids, for those that it knows; one call
for all of them.
"""

from collections.abc import Sequence

from wagtail import hooks

from tiers.models import AccountFact

FACT_LINK_HOOK = "register_fact_links"


def links_of(rows: Sequence[AccountFact]) -> dict[int, str]:
    """Return the address of the event behind each fact, where some room has a page for it."""
    links: dict[int, str] = {}
    for known in hooks.get_hooks(FACT_LINK_HOOK):
        links |= known(rows)
    return links
