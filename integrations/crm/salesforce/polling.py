"""One incremental poll: what changed since the last one, and how far that is certain.

Two views of the same changes are joined. The query by ``SystemModstamp`` brings the
records; Salesforce's own change index (getUpdated, getDeleted) says which ids changed, and
up to when it is complete, as transactions that still run are not in it. Whatever only the
index knows is read by id. The next poll starts where the index was complete, two minutes
earlier: never at our own clock, which may differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from django.utils.translation import gettext as _

from integrations.crm.salesforce import errors, queries, translation
from integrations.crm.salesforce.connection import Connection, LocatorGone
from integrations.crm.salesforce.ids import canonical_id
from integrations.crm.vendor import Page, Record, Rejected

OVERLAP = timedelta(minutes=2)
# The index reaches back 30 days; a little less, as its clock is not ours.
INDEX_REACH = timedelta(days=29)
MINUTE = timedelta(minutes=1)
Row = Mapping[str, Any]


class Asks(Protocol):
    """What a poll needs of the client."""

    connection: Connection

    def changes(
        self, place: tuple[str, tuple[str, str] | None], fields: Sequence[str]
    ) -> Iterator[list[Row]]:
        """Yield pages of changed rows; raises LocatorGone."""
        ...

    def index(self, kind: str, start: datetime, end: datetime) -> Mapping[str, Any]:
        """Ask the change index."""
        ...

    def read(self, ids: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """Return records by id."""
        ...

    def records(self, rows: Sequence[Row], fields: Sequence[str]) -> list[Record]:
        """Return rows as records."""
        ...


class Poll:
    """One poll from a cursor on."""

    def __init__(self, client: Asks, cursor: str, fields: Sequence[str]) -> None:
        self.client = client
        self.cursor = cursor
        self.fields = fields
        try:
            self.covered = translation.read_instant(cursor)
        except ValueError:
            raise Rejected(_("The place to go on from cannot be read.")) from None
        self.start = self.covered - OVERLAP
        self.seen: set[str] = set()

    def pages(self) -> Iterator[Page]:
        """Yield the pages; only the last one carries a cursor that has moved."""
        asked_at: datetime | None = None
        for rows in self._rows():
            # The vendor's clock when it began to look: what comes later is the next poll's.
            asked_at = asked_at or self.client.connection.session.answered_at
            records = self.client.records(rows, self.fields)
            self.seen.update(record.id for record in records)
            yield Page(records, self.cursor)
        self.client.connection.heed_share()
        known, covered = self._from_index(asked_at)
        yield Page(known, translation.instant_literal(max(covered, self.covered)))

    def _rows(self) -> Iterator[list[Row]]:
        since = translation.instant_literal(self.start.replace(microsecond=0))
        after: tuple[str, str] | None = None
        while True:
            before, count, was_cut = after, 0, False
            try:
                for rows in self.client.changes((since, after), self.fields):
                    count += len(rows)
                    if rows:
                        with errors.translated():
                            after = _place(rows[-1])
                    yield rows
            except LocatorGone:
                was_cut = True
            if count < queries.PAGE and not was_cut:
                return
            if after == before:
                raise errors.no_progress()
            self.client.connection.heed_share()

    def _from_index(self, asked_at: datetime | None) -> tuple[list[Record], datetime]:
        """Return what only the change index knows, and up to when it is complete."""
        if asked_at is None:
            return [], self.covered
        if asked_at - self.start > INDEX_REACH:
            # Too far back for the index: the query alone has answered, from here on both do.
            return [], asked_at
        start = self.start.replace(second=0, microsecond=0)
        end = asked_at.replace(second=0, microsecond=0)
        if end - start < MINUTE:
            return [], self.covered
        changed, changed_until = self._ids("updated", start, end)
        deleted, deleted_until = self._ids("deleted", start, end)
        unseen = [one for one in (*changed, *deleted) if one not in self.seen]
        found = {record.id: record for record in self.client.read(unseen, self.fields)}
        # Those that have left the recycle bin: that they are gone is all there is to say.
        gone = [
            Record(id=one, properties={}, updated_at=at, archived=True)
            for one, at in deleted.items()
            if one not in self.seen and one not in found and at is not None
        ]
        return [*found.values(), *gone], min(changed_until, deleted_until)

    def _ids(
        self, kind: str, start: datetime, end: datetime
    ) -> tuple[dict[str, datetime | None], datetime]:
        try:
            answer = self.client.index(kind, start, end)
        except Rejected as error:
            if not any(code in error.message for code in _NOT_THIS_WINDOW):
                raise
            return {}, end
        with errors.translated():
            until = translation.read_instant(str(answer["latestDateCovered"]))
            if kind == "updated":
                return {canonical_id(one): None for one in answer["ids"]}, until
            return {
                canonical_id(one["id"]): translation.read_instant(one["deletedDate"])
                for one in answer["deletedRecords"]
            }, until


# More ids than the index lists at once, or a window that it does not keep: the query has
# answered for itself.
_NOT_THIS_WINDOW = ("EXCEEDED_ID_LIMIT", "INVALID_REPLICATION_DATE")


def _place(row: Row) -> tuple[str, str]:
    stamp = translation.read_instant(str(row["SystemModstamp"]))
    return translation.instant_literal(stamp.astimezone(UTC)), canonical_id(str(row["Id"]))
