"""The ledger as a page shows it: filtered, a page at a time, each row with its reason in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from integrations.crm.models import CrmConnection, CrmEvent, SyncRun
from integrations.crm.words import why
from people.models import Organization
from tiers.fact_words import fact_label, fact_value

PAGE = 50


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Some events, newest first, and the id of the last one; 0 on the last page."""

    events: Sequence[CrmEvent]
    next_before: int


def ledger(
    *,
    connection: CrmConnection | None,
    organization: Organization | None,
    outcome: str,
    before: int,
) -> LedgerPage:
    """Return one page of the ledger by these filters, each of which may be left out."""
    found: QuerySet[CrmEvent] = CrmEvent.objects.with_everything()
    if connection is not None:
        found = found.filter(connection=connection)
    if organization is not None:
        found = found.filter(organization=organization)
    if outcome in CrmEvent.Outcome.values:
        found = found.filter(outcome=outcome)
    if before:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-pk")[: PAGE + 1])
    return LedgerPage(in_words(rows[:PAGE]), rows[PAGE - 1].pk if len(rows) > PAGE else 0)


def in_words(events: Sequence[CrmEvent]) -> Sequence[CrmEvent]:
    """Put beside each event what a page says of it."""
    for event in events:
        currency = event.fact_row.currency if event.fact_row else ""
        event.label = fact_label(event.fact) if event.fact else ""  # type: ignore[attr-defined]
        event.why = why(event)  # type: ignore[attr-defined]
        event.before = _value(event, event.old, currency)  # type: ignore[attr-defined]
        event.after = _value(event, event.new, currency)  # type: ignore[attr-defined]
    return events


def _value(event: CrmEvent, value: str, currency: str) -> str:
    if not event.fact or event.reason == "unreadable":
        return value
    return fact_value(event.fact, value, currency)


def report_of(connection: CrmConnection) -> SyncRun | None:
    """Return the last comparison that went through."""
    return SyncRun.objects.latest_report(connection)
