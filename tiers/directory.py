"""The directory of organizations: one page of it, with the tier of each, at constant cost."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower

from people.models import Organization, OrganizationDomain
from portal.kit.viewer import Viewer
from tiers.models import AccountFact, TierAssignment

PAGE = 50
# What the tier filter is called when it asks for special standings instead of a tier.
IN_GRACE, BY_OVERRIDE, ON_HOLD, NO_TIER = "in-grace", "override", "on-hold", "none"
SPECIAL_SOURCES = {
    IN_GRACE: TierAssignment.Source.GRACE,
    BY_OVERRIDE: TierAssignment.Source.OVERRIDE,
    ON_HOLD: TierAssignment.Source.HOLD,
}


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """Organizations in the order of their names; ``next_cursor`` is empty on the last page."""

    rows: Sequence[Organization]
    next_cursor: str


def find_organizations(
    viewer: Viewer, *, query: str = "", standing: str = "", cursor: str = "", limit: int = PAGE
) -> DirectoryPage:
    """Return one page of organizations whose name starts with ``query``.

    An e-mail domain or the CRM's id finds its organization too. ``standing`` is a
    tier or one of the special standings. A cursor that cannot be read counts as none.
    """
    seen = Organization.objects.visible_to(viewer).annotate(sort_name=Lower("name"))
    found = _with_standing(_matching(seen, query.strip()), standing)
    place = _read_cursor(cursor)
    if place is not None:
        name, pk = place
        found = found.filter(Q(sort_name__gt=name) | Q(sort_name=name, pk__gt=pk))
    rows = list(_with_card(found).order_by("sort_name", "pk")[: limit + 1])
    more = len(rows) > limit
    return DirectoryPage(rows[:limit], _cursor_after(rows[limit - 1]) if more else "")


def count_standings(viewer: Viewer) -> dict[str, int]:
    """Return how many organizations hold each tier, and how many stand somewhere special."""
    seen = Organization.objects.visible_to(viewer)
    open_rows = TierAssignment.objects.open().filter(organization__in=seen)
    grouped = open_rows.values_list("tier", "source").annotate(organizations=Count("pk"))
    counts: dict[str, int] = dict.fromkeys(SPECIAL_SOURCES, 0)
    placed = 0
    for tier, source, organizations in grouped.order_by():
        counts[tier] = counts.get(tier, 0) + organizations
        placed += organizations
        for standing, special in SPECIAL_SOURCES.items():
            counts[standing] += organizations if source == special else 0
    return counts | {NO_TIER: seen.count() - placed}


def _matching(found: "QuerySet[Any]", query: str) -> "QuerySet[Any]":
    if not query:
        return found
    domain = OrganizationDomain.objects.filter(
        organization=OuterRef("pk"), domain__iexact=query.removeprefix("@")
    )
    # As typed too: SQLite folds the letters of ASCII only.
    return found.filter(
        Q(sort_name__startswith=query.lower())
        | Q(name__startswith=query)
        | Q(external_id=query)
        | Exists(domain)
    )


def _with_standing(found: "QuerySet[Any]", standing: str) -> "QuerySet[Any]":
    if not standing:
        return found
    held = TierAssignment.objects.open().filter(organization=OuterRef("pk"))
    if standing == NO_TIER:
        return found.filter(~Exists(held))
    if standing in SPECIAL_SOURCES:
        return found.filter(Exists(held.filter(source=SPECIAL_SOURCES[standing])))
    return found.filter(Exists(held.filter(tier=standing)))


def _with_card(found: "QuerySet[Any]") -> "QuerySet[Any]":
    """Bring along what a row shows, by one look-up in an index per row and column."""
    held = TierAssignment.objects.open().filter(organization=OuterRef("pk"))
    fact = AccountFact.objects.filter(organization=OuterRef("pk")).order_by("-observed_at", "-id")

    def newest(name: str, column: str) -> Subquery:
        return Subquery(fact.filter(fact=name).values(column)[:1])

    rows: QuerySet[Any] = found.annotate(
        tier=Subquery(held.values("tier")[:1]),
        tier_source=Subquery(held.values("source")[:1]),
        tier_since=Subquery(held.values("valid_from")[:1]),
        below_since=Subquery(held.values("below_since")[:1]),
        acv=newest(AccountFact.Name.ACV, "value"),
        acv_currency=newest(AccountFact.Name.ACV, "currency"),
        renewal=newest(AccountFact.Name.CONTRACT_RENEWAL, "value"),
    )
    return rows


def in_grace(viewer: Viewer, limit: int) -> "QuerySet[TierAssignment]":
    """Return the accounts about to lose their tier, the first to fall first."""
    return (
        TierAssignment.objects.open()
        .filter(
            organization__in=Organization.objects.visible_to(viewer),
            source=TierAssignment.Source.GRACE,
            below_since__isnull=False,
        )
        .select_related("organization", "policy", "evaluation__policy")
        .order_by(F("below_since").asc(), "pk")[:limit]
    )


def _cursor_after(row: Any) -> str:
    place = json.dumps([row.sort_name, row.pk], ensure_ascii=True)
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[str, int] | None:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name, pk = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, TypeError):
        return None
    if not isinstance(name, str) or not isinstance(pk, int) or "\x00" in name:
        return None
    return name, pk
