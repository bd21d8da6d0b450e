"""What the core asks of one Salesforce org (``integrations.crm.vendor.Client``)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import quote_plus

from django.utils.translation import gettext as _
from simple_salesforce.exceptions import SalesforceResourceNotFound

from integrations.crm.salesforce import errors, queries, translation
from integrations.crm.salesforce.connection import Connection, LocatorGone, poll_share
from integrations.crm.salesforce.ids import canonical_id
from integrations.crm.salesforce.polling import Poll
from integrations.crm.vendor import (
    Connected,
    Field,
    MissingScope,
    Page,
    Record,
    Rejected,
    Renew,
    UnknownFields,
)

Row = Mapping[str, Any]
_LONGEST_CHAIN = 10
# A clock that is wrong by more than this has been noticed by everybody.
CLOCKS_DIFFER = timedelta(minutes=10)


class SalesforceClient:
    """One connection for one piece of work."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        settings: Mapping[str, str],
        renew: Renew | None,
        contract_address: str = "",
    ) -> None:
        self.connection = Connection(credentials, settings, renew, contract_address)
        # Columns that turned out not to be there, in lower case.
        self._missing: set[str] = set()
        self._description: Mapping[str, Any] | None = None

    def test(self) -> Connected:
        """Ask which org this is and whether accounts may be read there."""
        self.connection.any_org = True
        asked = "SELECT Id, Name, IsSandbox FROM Organization LIMIT 1"
        found = self.connection.query(asked)["records"]
        with errors.translated():
            org_id, name, is_sandbox = (found[0][key] for key in ("Id", "Name", "IsSandbox"))
        return Connected(
            account_id=canonical_id(str(org_id)),
            account_name=str(name),
            scopes=("api",),
            missing_scopes=tuple(self._not_readable()),
            currency=self._currency(),
            notes=tuple(self._notes(is_sandbox=bool(is_sandbox))),
        )

    def fields(self) -> list[Field]:
        """Return the account's fields that the run-as user sees."""
        description = self._described()
        with errors.translated():
            return translation.fields_of(description)

    def read(self, ids: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """Return records by id, deleted and merged ones included."""
        asked: dict[str, list[str]] = {}
        for one in dict.fromkeys(ids):
            if known := canonical_id(one):
                asked.setdefault(known, []).append(one)
        found = self.records(self._by_ids(list(asked), fields), fields)
        return [replace(record, id=name) for record in found for name in asked[record.id]]

    def cursor_at(self, instant: datetime) -> str:
        """Return the cursor of an instant of our clock, which may be ahead of Salesforce's."""
        return translation.instant_literal((instant - CLOCKS_DIFFER).replace(microsecond=0))

    def changed_since(self, cursor: str, fields: Sequence[str]) -> Iterator[Page]:
        """Yield what changed since the cursor; the last page carries the next one."""
        return Poll(self, cursor, fields).pages()

    def everything(self, fields: Sequence[str]) -> Iterator[Record]:
        """Yield every account, those of the recycle bin included."""
        last = ""
        while True:
            before, count, was_cut = last, 0, False
            try:
                for rows in self._round(queries.all_of_them, before, fields):
                    yield from self.records(rows, fields)
                    count += len(rows)
                    last = canonical_id(str(rows[-1].get("Id"))) if rows else last
            except LocatorGone:
                was_cut = True
            if count < queries.PAGE and not was_cut:
                return
            if last == before:
                raise errors.no_progress()

    def write(self, record_id: str, values: Mapping[str, str]) -> None:
        """Set fields of one account."""
        known = canonical_id(record_id)
        if not known:
            raise Rejected(_("%(id)s is no id of Salesforce.") % {"id": record_id[:40]})
        types = translation.described_types(self._described())
        if unknown := [name for name in values if name.lower() not in types]:
            raise UnknownFields(unknown)
        data, wrong = translation.written_values(values, types)
        if wrong:
            raise Rejected(
                _("Salesforce's field %(field)s holds numbers only.") % {"field": wrong[0]}
            )
        self.connection.call(lambda: self.connection.accounts().update(known, data))

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()

    # -- What polling asks as well ---------------------------------------------

    def changes(
        self, place: tuple[str, tuple[str, str] | None], fields: Sequence[str]
    ) -> Iterator[list[Row]]:
        """Yield pages of changed rows, ``queries.PAGE`` rows at most; raises LocatorGone."""
        return self._round(queries.changed, place, fields)

    def index(self, kind: str, start: datetime, end: datetime) -> Mapping[str, Any]:
        """Ask getUpdated or getDeleted (``updated``, ``deleted``) for a window."""

        def ask() -> Any:
            return getattr(self.connection.accounts(), kind)(start, end)

        return cast(Mapping[str, Any], self.connection.call(ask))

    def records(self, rows: Sequence[Row], fields: Sequence[str]) -> list[Record]:
        """Return rows as records; a chain of merges is followed to its end."""
        survivors = self._survivors(rows)
        with errors.translated():
            return [_surviving(translation.record_of(row, fields), survivors) for row in rows]

    # -- Asking ----------------------------------------------------------------

    def _round(
        self,
        question: Callable[[Sequence[str], Any], str],
        place: Any,
        fields: Sequence[str],
    ) -> Iterator[list[Row]]:
        """Yield the pages of one question about many records; raises LocatorGone."""
        answer = self._without_missing(lambda columns: question(columns, place), fields)
        while True:
            yield list(answer["records"])
            if answer["done"]:
                return
            self.connection.heed_share()
            answer = self.connection.query_more(str(answer["nextRecordsUrl"]))

    def _by_ids(self, ids: Sequence[str], fields: Sequence[str]) -> list[Row]:
        columns = len(quote_plus(", ".join(self._columns(fields))))
        room = max(1_000, queries.ADDRESS_ROOM - columns)
        rows: list[Row] = []
        for batch in translation.batches(ids, room):
            for page in self._round(queries.by_ids, batch, fields):
                rows.extend(page)
        return rows

    def _without_missing(
        self, question: Callable[[Sequence[str]], str], fields: Sequence[str]
    ) -> Mapping[str, Any]:
        """Ask a question, leaving out the columns that Salesforce does not know (any more)."""
        try:
            return self.connection.query(question(self._columns(fields)), deleted_too=True)
        except UnknownFields:
            self._description = None
            known = translation.described_types(self._described())
            self._missing |= {name.lower() for name in self._columns(fields)} - set(known)
        return self.connection.query(question(self._columns(fields)), deleted_too=True)

    def _columns(self, fields: Sequence[str]) -> list[str]:
        wanted = (*translation.KEY_COLUMNS, *translation.OTHER_COLUMNS, *fields)
        return list(
            {
                name.lower(): name
                for name in wanted
                if translation.is_field_name(name) and name.lower() not in self._missing
            }.values()
        )

    def _survivors(self, rows: Sequence[Row]) -> dict[str, str]:
        """Say for every id that others were merged into where its own chain of merges ends."""
        following = {
            canonical_id(str(row.get("Id"))): canonical_id(str(row.get("MasterRecordId") or ""))
            for row in rows
        }
        for _step in range(_LONGEST_CHAIN):
            unknown = sorted({it for it in following.values() if it} - set(following))
            if not unknown:
                break
            found = {canonical_id(str(row.get("Id"))): row for row in self._by_ids(unknown, ())}
            for one in unknown:
                master = found[one].get("MasterRecordId") if one in found else ""
                following[one] = canonical_id(str(master or ""))
        return {one: _end_of(one, following) for one in following}

    # -- What the org is like --------------------------------------------------

    def _described(self) -> Mapping[str, Any]:
        """Return what Salesforce tells about accounts, asked once per client."""

        def ask() -> Any:
            try:
                return self.connection.accounts().describe()
            except SalesforceResourceNotFound:
                return None

        if self._description is None:
            found = self.connection.call(ask)
            if found is None:
                scope = _("object permission Account: Read")
                raise MissingScope(
                    _("The run-as user may not do this in Salesforce: %(scope)s is missing.")
                    % {"scope": scope},
                    scope=scope,
                )
            with errors.translated():
                # What is not shaped like a description fails here and not later.
                translation.described_types(found)
                self._description = found
        return self._description

    def _not_readable(self) -> Iterator[str]:
        try:
            known = translation.described_types(self._described())
        except MissingScope as error:
            yield error.scope
            return
        for name in (*translation.KEY_COLUMNS, *translation.OTHER_COLUMNS):
            if name.lower() not in known:
                yield _("field permission Read: %(field)s") % {"field": name}

    def _currency(self) -> str:
        """Return the org's default currency, as it says itself or as ops have entered it."""
        entered = self.connection.settings.get("currency", "").strip().upper()
        asked = "SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true"
        try:
            rows = self.connection.query(asked)["records"]
        except (MissingScope, Rejected, UnknownFields):
            # An org of one currency has no such object.
            return entered
        return str(rows[0].get("IsoCode") or entered) if rows else entered

    def _notes(self, *, is_sandbox: bool) -> Iterator[str]:
        if is_sandbox:
            yield _("This is a sandbox.")
        if self.connection.session.usage is not None:
            used, total = self.connection.session.usage
            yield _(
                "%(used)s of %(total)s API calls of the last 24 hours are used (%(percent)s %%). "
                "Polling rests above %(share)s %%."
            ) % {
                "used": used,
                "total": total,
                "percent": used * 100 // total if total else 0,
                "share": poll_share(self.connection.settings),
            }


def _surviving(record: Record, survivors: Mapping[str, str]) -> Record:
    if not record.merged_into:
        return record
    return replace(record, merged_into=survivors.get(record.merged_into, record.merged_into))


def _end_of(one: str, following: Mapping[str, str]) -> str:
    """Follow merges to the record that remains; a circle ends where it closes."""
    seen = {one}
    while (after := following.get(one, "")) and after not in seen:
        seen.add(after)
        one = after
    return one
