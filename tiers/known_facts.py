"""What is known of organizations now: the newest row of each fact, and since when it is so."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from tiers.models import AccountFact

# Sources that look again by themselves. What a person recorded stands until a
# person changes it: nobody re-observes it, so its age says nothing.
OBSERVING_SOURCES = frozenset({"hubspot", "salesforce", "reports"})

SINCE_EVER = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """The newest row of one fact. Instants and days in UTC."""

    text: str
    source: str
    last_seen_at: datetime
    changed: date

    @property
    def seen(self) -> date | None:
        """The day of observation; None for what a person said, which does not age."""
        return self.last_seen_at.date() if self.source in OBSERVING_SOURCES else None


def known_facts(organization_ids: Collection[int]) -> Mapping[int, dict[str, Known]]:
    """Return the facts known of these organizations, unknown ones left out. One statement.

    A fact changed on the first day on which it was observed with the value it still has.
    """
    same = AccountFact.objects.filter(organization=OuterRef("organization"), fact=OuterRef("fact"))
    other = same.exclude(value=OuterRef("value")).order_by("-observed_at").values("observed_at")
    alike = same.filter(
        observed_at__gte=Coalesce(OuterRef("other_at"), Value(SINCE_EVER)),
        value=OuterRef("value"),
    )
    rows = (
        AccountFact.objects.filter(organization__in=organization_ids)
        .current()
        .exclude(value="")
        .annotate(other_at=Subquery(other[:1]))
        .annotate(changed_at=Subquery(alike.order_by("observed_at").values("observed_at")[:1]))
    )
    known: dict[int, dict[str, Known]] = {pk: {} for pk in organization_ids}
    for row in rows:
        known[row.organization_id][row.fact] = Known(
            row.value,
            row.source,
            row.last_seen_at,
            row.changed_at.date(),  # type: ignore[attr-defined]  # annotated above
        )
    return known
