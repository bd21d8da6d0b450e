"""What one Salesforce org of the contract server holds: its objects, fields and records."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations.crm.salesforce.contract.soql import Query
from integrations.crm.salesforce.ids import canonical_id

RECYCLE_BIN = timedelta(days=15)
Value = str | bool | Decimal | date | datetime | None


@dataclass(frozen=True, slots=True)
class SField:
    """One field as ``describe`` tells it; ``values`` are those of a picklist."""

    name: str
    label: str
    type: str
    updateable: bool = True
    nillable: bool = True
    scale: int = 0
    values: tuple[str, ...] = ()
    calculated: bool = False


class NotThere(Exception):
    """There is no such record, or it was deleted (``is_deleted``)."""

    def __init__(self, *, is_deleted: bool = False) -> None:
        super().__init__()
        self.is_deleted = is_deleted


_SYSTEM = (
    SField("Id", "Account ID", "id", updateable=False, nillable=False),
    SField("IsDeleted", "Deleted", "boolean", updateable=False, nillable=False),
    SField("MasterRecordId", "Master Record ID", "reference", updateable=False),
    SField("CreatedDate", "Created Date", "datetime", updateable=False, nillable=False),
    SField("LastModifiedDate", "Last Modified Date", "datetime", updateable=False),
    SField("SystemModstamp", "System Modstamp", "datetime", updateable=False, nillable=False),
)
ACCOUNT_FIELDS = (
    *_SYSTEM,
    SField("Name", "Account Name", "string", nillable=False),
    SField("Website", "Website", "url"),
    SField("Industry", "Industry", "picklist", values=("Energy", "Retail", "Technology")),
    SField("AnnualRevenue", "Annual Revenue", "currency"),
    SField("NumberOfEmployees", "Employees", "int"),
    SField("OwnerId", "Owner ID", "reference", nillable=False),
    SField("ACV__c", "Annual Contract Value", "currency", scale=2),
    SField("Seats__c", "Seats", "double"),
    SField("Usage_Criticality__c", "Usage Criticality", "double"),
    SField("Strategic__c", "Strategic Account", "boolean", nillable=False),
    SField("Region__c", "Region", "picklist", values=("emea", "americas", "apac")),
    SField("Contract_Start__c", "Contract Start", "date"),
    SField("Renewal_Date__c", "Renewal Date", "date"),
    SField(
        "Support_Tier__c",
        "Support Tier",
        "picklist",
        values=("starter", "professional", "enterprise"),
    ),
    SField("Open_Pipeline__c", "Open Pipeline", "currency", updateable=False, calculated=True),
)
CURRENCY_FIELD = SField(
    "CurrencyIsoCode", "Account Currency", "picklist", nillable=False, values=("EUR", "GBP", "USD")
)
ORGANIZATION_FIELDS = (
    SField("Id", "Organization ID", "id", updateable=False),
    SField("Name", "Name", "string"),
    SField("IsSandbox", "Is Sandbox", "boolean", updateable=False),
    SField("OrganizationType", "Edition", "picklist", updateable=False),
)
CURRENCY_TYPE_FIELDS = (
    SField("Id", "Currency Type ID", "id", updateable=False),
    SField("IsoCode", "Currency ISO Code", "picklist"),
    SField("IsCorporate", "Corporate Currency", "boolean"),
)


@dataclass
class Records:
    """The accounts of one org, guarded by one lock. ``now`` is the vendor's clock (UTC).

    ``hidden`` are fields that the run-as user may not see, ``readable`` whether it may
    read accounts at all; ``corporate_currency`` makes the org one of several currencies.
    """

    now: Callable[[], datetime]
    org_id: str
    org_name: str = "Meridian Software"
    corporate_currency: str = ""
    is_sandbox: bool = False
    hidden: set[str] = field(default_factory=set)
    readable: bool = True
    lock: threading.RLock = field(default_factory=threading.RLock)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    listeners: list[Callable[[str], None]] = field(default_factory=list)
    _serial: int = 0

    def fields_of(self, source: str) -> tuple[SField, ...] | None:
        """Return the fields of an object that the run-as user sees; None for no object."""
        if source == "Account":
            if not self.readable:
                return None
            extra = (CURRENCY_FIELD,) if self.corporate_currency else ()
            return tuple(f for f in (*ACCOUNT_FIELDS, *extra) if f.name not in self.hidden)
        if source == "Organization":
            return ORGANIZATION_FIELDS
        if source == "CurrencyType" and self.corporate_currency:
            return CURRENCY_TYPE_FIELDS
        return None

    def types(self, source: str) -> Mapping[str, str] | None:
        """Return field name -> type of an object, or None."""
        fields = self.fields_of(source)
        return None if fields is None else {f.name: f.type for f in fields}

    def create(self, **values: Value) -> str:
        """Add an account and return its id of eighteen characters."""
        with self.lock:
            self._serial += 1
            record_id = canonical_id(f"001{self.org_id[3:6]}{self._serial:09d}")
            now = self._stamp()
            row: dict[str, Any] = {f.name: _empty(f) for f in (*ACCOUNT_FIELDS, CURRENCY_FIELD)}
            row |= {
                "Id": record_id,
                "IsDeleted": False,
                "CreatedDate": now,
                "LastModifiedDate": now,
                "SystemModstamp": now,
                "OwnerId": canonical_id("005" + self.org_id[3:6] + "000000001"),
                "CurrencyIsoCode": self.corporate_currency or None,
            }
            self.accounts[record_id] = row
            self._set(row, values)
        self._tell(record_id)
        return record_id

    def update(
        self, record_id: str, *, silently: bool = False, at: datetime | None = None, **values: Value
    ) -> None:
        """Change an account. ``at`` sets another stamp: a transaction that took long to end.

        ``silently`` sends no outbound message, as for fields that no flow looks at.
        """
        with self.lock:
            row = self._living(record_id)
            self._set(row, values)
            row["LastModifiedDate"] = row["SystemModstamp"] = self._stamp(at)
        if not silently:
            self._tell(record_id)

    def delete(self, record_id: str, *, master: str | None = None) -> None:
        """Put an account into the recycle bin; ``master`` when it was merged into another."""
        with self.lock:
            row = self._living(record_id)
            row |= {"IsDeleted": True, "MasterRecordId": master}
            row["LastModifiedDate"] = row["SystemModstamp"] = self._stamp()

    def undelete(self, record_id: str) -> None:
        """Take an account out of the recycle bin."""
        with self.lock:
            row = self.accounts[record_id]
            row |= {"IsDeleted": False, "MasterRecordId": None, "SystemModstamp": self._stamp()}
        self._tell(record_id)

    def merge(self, winner: str, losers: Iterable[str]) -> None:
        """Merge accounts: the losers go to the bin and name the winner, which is touched."""
        with self.lock:
            self._living(winner)
            for loser in losers:
                self.delete(loser, master=winner)
        self.update(winner)

    def found(self, query: Query, *, deleted_too: bool) -> list[dict[str, Any]]:
        """Return copies of the rows of a query in its order, all of them."""
        with self.lock:
            rows = [dict(row) for row in self._rows(query.source, deleted_too=deleted_too)]
        rows = [row for row in rows if query.matches(row)]
        for name, descending in reversed(query.order):
            rows.sort(key=lambda row: (row[name] is not None, row[name]), reverse=descending)
        return rows[: query.limit]

    def living(self, record_id: str) -> dict[str, Any]:
        """Return a copy of an account; raises NotThere."""
        with self.lock:
            return dict(self._living(record_id))

    def _rows(self, source: str, *, deleted_too: bool) -> list[dict[str, Any]]:
        if source == "Organization":
            return [
                {
                    "Id": self.org_id,
                    "Name": self.org_name,
                    "IsSandbox": self.is_sandbox,
                    "OrganizationType": "Enterprise Edition",
                }
            ]
        if source == "CurrencyType":
            return [
                {"Id": canonical_id(f"01L{self.org_id[3:6]}{serial:09d}"), "IsoCode": code}
                | {"IsCorporate": code == self.corporate_currency}
                for serial, code in enumerate(CURRENCY_FIELD.values, start=1)
            ]
        # What left the recycle bin is gone for queryAll, too.
        oldest = self.now() - RECYCLE_BIN
        return [
            row
            for row in self.accounts.values()
            if not row["IsDeleted"] or (deleted_too and row["SystemModstamp"] >= oldest)
        ]

    def _living(self, record_id: str) -> dict[str, Any]:
        row = self.accounts.get(record_id)
        if row is None:
            raise NotThere
        if row["IsDeleted"]:
            raise NotThere(is_deleted=True)
        return row

    def _set(self, row: dict[str, Any], values: Mapping[str, Value]) -> None:
        known = {f.name for f in (*ACCOUNT_FIELDS, CURRENCY_FIELD)}
        if unknown := set(values) - known:
            raise KeyError(f"An account has no {', '.join(sorted(unknown))}.")
        row.update(values)

    def _stamp(self, at: datetime | None = None) -> datetime:
        """Return the instant of a change; the vendor's stamps have whole seconds."""
        return (at or self.now()).astimezone(UTC).replace(microsecond=0)

    def _tell(self, record_id: str) -> None:
        for listener in self.listeners:
            listener(record_id)


def described(source: str, fields: Iterable[SField]) -> dict[str, Any]:
    """Return the answer of ``describe``, as far as somebody reads it."""
    return {
        "name": source,
        "label": source,
        "queryable": True,
        "retrieveable": True,
        "replicateable": True,
        "updateable": True,
        "fields": [
            {
                "name": f.name,
                "label": f.label,
                "type": f.type,
                "custom": f.name.endswith("__c"),
                "calculated": f.calculated,
                "filterable": True,
                "nillable": f.nillable,
                "updateable": f.updateable,
                "precision": 18 if f.type in ("currency", "double") else 0,
                "scale": f.scale,
                "picklistValues": [
                    {"value": value, "label": value.title(), "active": True, "defaultValue": False}
                    for value in f.values
                ],
            }
            for f in fields
        ],
    }


def _empty(sfield: SField) -> Value:
    if sfield.type == "boolean":
        return False
    return "" if sfield.name == "Name" else None
