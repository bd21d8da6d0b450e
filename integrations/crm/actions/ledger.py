"""Ledger rows of one reading: hints that waited for it are settled, and finds are added."""

from collections.abc import Callable, Mapping
from typing import Any

from integrations.crm.actions.look import Look
from integrations.crm.models import CrmEvent, CrmRecord
from tiers.models import AccountFact, TierAssignment

TEXT = 300
Outcome = CrmEvent.Outcome
# What a remaining hint is settled as: outcome, why, and details for the sentence.
Verdict = tuple[str, str, Mapping[str, Any]]


class Entries:
    """The ledger rows of one record in one reading; written once, at the end.

    A hint of a webhook that waited for this reading becomes the row of the change it told of.
    What nobody had told gets a row of its own.
    """

    def __init__(self, look: Look, external_id: str, up_to: int = 0) -> None:
        self.look = look
        self.external_id = external_id
        self.waiting: list[CrmEvent] = []
        if up_to:
            rows = CrmEvent.objects.waiting().filter(
                connection=look.connection, external_id=external_id, pk__lte=up_to
            )
            self.waiting = list(rows.order_by("-pk"))
        self.settled: list[CrmEvent] = []
        # Hints of which nothing is to be said but why: a busy record has hundreds of them.
        self.alike: dict[tuple[str, str], list[int]] = {}
        self.has_applied = False

    def applied(self, kind: str, reason: str = "", **values: Any) -> CrmEvent:
        """Note that something was taken over."""
        self.has_applied = True
        return self._entry(kind, Outcome.APPLIED, reason, values)

    def ignored(self, kind: str, reason: str, **values: Any) -> CrmEvent:
        """Note that something was seen and not taken over."""
        return self._entry(kind, Outcome.IGNORED, reason, values)

    def _entry(self, kind: str, outcome: str, reason: str, values: Mapping[str, Any]) -> CrmEvent:
        row = self._hint(kind, str(values.get("field", ""))) or CrmEvent(
            connection=self.look.connection,
            origin=self.look.origin,
            kind=kind,
            external_id=self.external_id,
            run=self.look.run,
            occurred_at=values.get("occurred_at"),
            recorded_at=self.look.now,
        )
        row.outcome, row.reason, row.settled_at = outcome, reason, self.look.now
        row.field = str(values.get("field", "")) or row.field
        row.fact = str(values.get("fact", ""))
        row.old = str(values.get("old", ""))[:TEXT]
        row.new = str(values.get("new", ""))[:TEXT]
        row.detail = {**row.detail, **values.get("detail", {})}
        self.settled.append(row)
        return row

    def _hint(self, kind: str, field: str) -> CrmEvent | None:
        """Take the newest waiting hint that told of this."""
        for row in self.waiting:
            if row.kind == kind and row.field == field:
                self.waiting.remove(row)
                return row
        return None

    def settle_rest(self, verdict: Callable[[CrmEvent], Verdict]) -> None:
        """Settle the hints that nothing was taken over from."""
        for row in self.waiting:
            outcome, reason, detail = verdict(row)
            if not detail:
                self.alike.setdefault((outcome, reason), []).append(row.pk)
                continue
            row.outcome, row.reason, row.settled_at = outcome, reason, self.look.now
            row.detail = {**row.detail, **detail}
            self.settled.append(row)
        self.waiting = []

    def number(self, record: CrmRecord) -> None:
        """Write the rows, so that every one has its number."""
        for row in self.settled:
            row.record, row.organization_id = record, record.organization_id
        new = [row for row in self.settled if row.pk is None]
        CrmEvent.objects.bulk_create(new)

    def save_alike(self, record: CrmRecord | None) -> None:
        """Write the hints that are settled alike, each group in one statement."""
        for (outcome, reason), keys in self.alike.items():
            CrmEvent.objects.filter(pk__in=keys).update(
                outcome=outcome,
                reason=reason,
                settled_at=self.look.now,
                record=record,
                organization=record.organization_id if record else None,
            )
        self.alike = {}

    def save(
        self,
        record: CrmRecord,
        facts: Mapping[str, AccountFact] | None = None,
        assignment: TierAssignment | None = None,
    ) -> None:
        """Write the rows with what they led to."""
        self.save_alike(record)
        self.number(record)
        for row in self.settled:
            if row.outcome == Outcome.APPLIED and row.fact:
                row.fact_row = (facts or {}).get(row.fact)
                row.assignment = assignment if row.fact_row is not None else None
        CrmEvent.objects.bulk_update(
            self.settled,
            [
                "outcome", "reason", "detail", "record", "organization", "field", "fact", "old",
                "new", "settled_at", "fact_row", "assignment",
            ],
        )  # fmt: skip
