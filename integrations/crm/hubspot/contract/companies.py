"""The stand-in's companies: what they hold, what happened to them, and who is told.

Evidence: the shape of a record and of the events is V, S and D (see ``docs/verify-live.md``
beside this folder); what happens to the id of a merged record is K.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import count
from threading import RLock
from typing import Any

from integrations.crm.hubspot.contract.answers import error, invalid, not_found
from integrations.crm.hubspot.contract.clock import Clock, to_text

FIRST_ID = 9001
# Kept by HubSpot itself; writing them is refused.
READ_ONLY = ("hs_object_id", "hs_lastmodifieddate", "createdate", "hs_merged_object_ids")


@dataclass(frozen=True, slots=True)
class Property:
    """One property that companies have: ``type`` and ``field_type`` in HubSpot's words."""

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    options: tuple[str, ...] = ()
    shows_currency: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the property as the properties endpoint shows it (evidence S)."""
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "groupName": "companyinformation",
            "description": "",
            "options": [
                {"label": one, "value": one, "displayOrder": at, "hidden": False}
                for at, one in enumerate(self.options)
            ],
            "displayOrder": -1,
            "calculated": False,
            "externalOptions": False,
            "hasUniqueValue": False,
            "hidden": False,
            "hubspotDefined": self.name in READ_ONLY,
            "showCurrencySymbol": self.shows_currency,
            "archived": False,
            "formField": False,
            "modificationMetadata": {
                "archivable": self.name not in READ_ONLY,
                "readOnlyDefinition": self.name in READ_ONLY,
                "readOnlyValue": self.name in READ_ONLY,
            },
        }


STANDARD_PROPERTIES = (
    Property("name", "Company name"),
    Property("domain", "Company domain name"),
    Property("country", "Country/Region"),
    Property("annualrevenue", "Annual revenue", "number", "number", shows_currency=True),
    Property("hubspot_owner_id", "Company owner", "enumeration", "select"),
    Property("createdate", "Create date", "datetime", "date"),
    Property("hs_lastmodifieddate", "Last modified date", "datetime", "date"),
    Property("hs_object_id", "Record ID", "number", "number"),
    Property("hs_merged_object_ids", "Merged record IDs"),
)


@dataclass(slots=True)
class Company:
    """One company, with its times in milliseconds since 1970."""

    id: int
    created: int
    updated: int
    properties: dict[str, str | None] = field(default_factory=dict)
    archived_at: int | None = None

    def as_json(self, names: Iterable[str], known: Mapping[str, Property]) -> dict[str, Any]:
        """Return the record with these properties; what HubSpot does not know is left out."""
        shown = {name: self.value(name) for name in names if name in known}
        body = {
            "id": str(self.id),
            "properties": shown,
            "createdAt": to_text(self.created),
            "updatedAt": to_text(self.updated),
            "archived": self.archived_at is not None,
        }
        if self.archived_at is not None:
            body["archivedAt"] = to_text(self.archived_at)
        return body

    def value(self, name: str) -> str | None:
        """Return a property's value as text, or None."""
        if name == "hs_object_id":
            return str(self.id)
        if name == "hs_lastmodifieddate":
            return to_text(self.updated)
        if name == "createdate":
            return to_text(self.created)
        return self.properties.get(name)


# The properties that are answered when nobody names any.
DEFAULT_PROPERTIES = ("name", "domain", "createdate", "hs_lastmodifieddate", "hs_object_id")


class Companies:
    """All companies of one account. Every change is told to ``tell`` as a webhook event."""

    def __init__(self, clock: Clock, tell: Callable[[dict[str, Any]], None]) -> None:
        self.clock = clock
        self.tell = tell
        self.known: dict[str, Property] = {one.name: one for one in STANDARD_PROPERTIES}
        self.rows: dict[int, Company] = {}
        # Ids that a merge took away, and where they went.
        self.merged: dict[int, int] = {}
        self.lock = RLock()
        self._ids: Iterator[int] = count(FIRST_ID)

    def continue_ids(self, ids: Iterator[int]) -> None:
        """Take the ids of new companies from here on."""
        self._ids = ids

    # -- what HubSpot's own page and its API do alike --------------------------

    def add_property(self, new: Property) -> None:
        """Let companies have one more property."""
        with self.lock:
            if new.name in self.known:
                raise error(409, f"Property {new.name} already exists.", "CONFLICT")
            self.known[new.name] = new

    def create(self, properties: Mapping[str, object]) -> Company:
        """Add a company."""
        with self.lock:
            values = self._readable(properties)
            now = self.clock.now_ms()
            company = Company(next(self._ids), now, now, dict(values))
            self.rows[company.id] = company
            self._tell("creation", company.id, changeFlag="NEW")
            for name, value in values.items():
                self._tell_change(company.id, name, value)
            return company

    def update(self, company_id: int, properties: Mapping[str, object]) -> Company:
        """Set properties. Also a change to the same value counts as a modification (evidence K)."""
        with self.lock:
            company = self.living(company_id)
            values = self._readable(properties)
            changed = {
                name: value for name, value in values.items() if company.value(name) != value
            }
            company.properties |= values
            self._touch(company)
            for name, value in changed.items():
                self._tell_change(company_id, name, value)
            return company

    def archive(self, company_id: int) -> None:
        """Delete a company; it can be restored."""
        with self.lock:
            company = self.living(company_id)
            company.archived_at = self.clock.now_ms()
            self._touch(company)
            self._tell("deletion", company_id, changeFlag="DELETED")

    def restore(self, company_id: int) -> None:
        """Bring a deleted company back."""
        with self.lock:
            company = self.rows.get(company_id)
            if company is None or company.archived_at is None:
                raise not_found()
            company.archived_at = None
            self._touch(company)
            self._tell("restore", company_id, changeFlag="RESTORED")

    def merge(self, primary_id: int, other_id: int, *, into_new: bool = False) -> Company:
        """Merge the second company into the first, or both into a new record.

        The documentation knows both outcomes ("in some cases a new record will be created");
        empty properties of the survivor are filled from the other.
        """
        with self.lock:
            if primary_id == other_id:
                raise invalid("Cannot merge a company with itself.")
            primary, other = self.living(primary_id), self.living(other_id)
            survivor = primary
            gone = [other]
            if into_new:
                now = self.clock.now_ms()
                survivor = Company(next(self._ids), now, now, dict(primary.properties))
                self.rows[survivor.id] = survivor
                gone = [primary, other]
            filled = {
                name: value
                for name, value in other.properties.items()
                if survivor.properties.get(name) in (None, "")
            }
            survivor.properties |= filled
            for one in gone:
                self._forget(one, survivor)
            self._touch(survivor)
            self._tell(
                "merge",
                survivor.id,
                primaryObjectId=primary_id,
                mergedObjectIds=[one.id for one in gone],
                newObjectId=survivor.id,
                numberOfPropertiesMoved=len(filled),
            )
            return survivor

    # -- reading ---------------------------------------------------------------

    def living(self, company_id: int) -> Company:
        """Return a company that is neither deleted nor merged away; 404 otherwise."""
        company = self.rows.get(company_id)
        if company is None or company.archived_at is not None:
            raise not_found()
        return company

    # -- inside ----------------------------------------------------------------

    def _touch(self, company: Company) -> None:
        # Never backwards, and two changes of one millisecond are told apart.
        company.updated = max(self.clock.now_ms(), company.updated + 1)

    def _forget(self, gone: Company, survivor: Company) -> None:
        del self.rows[gone.id]
        self.merged[gone.id] = survivor.id
        for old, went_to in self.merged.items():
            if went_to == gone.id:
                self.merged[old] = survivor.id
        ids = sorted(old for old, went_to in self.merged.items() if went_to == survivor.id)
        survivor.properties["hs_merged_object_ids"] = ";".join(map(str, ids))

    def _readable(self, properties: Mapping[str, object]) -> dict[str, str | None]:
        return {name: self._canonical(name, value) for name, value in properties.items()}

    def _canonical(self, name: str, value: object) -> str | None:
        known = self.known.get(name)
        if known is None:
            raise error(
                400,
                f'Property values were not valid: [{{"name":"{name}","error":'
                '"PROPERTY_DOESNT_EXIST"}]',
                "VALIDATION_ERROR",
                errors=[
                    {
                        "message": f'Property "{name}" does not exist',
                        "code": "PROPERTY_DOESNT_EXIST",
                        "context": {"propertyName": [name]},
                    }
                ],
            )
        if name in READ_ONLY:
            raise invalid(f'"{name}" is a read only property; its value cannot be set.')
        text = "" if value is None else str(value).strip()
        if not text:
            return None
        if known.type == "number" and not _is_number(text):
            raise invalid(f"Property values were not valid: {name}: {text} was not a valid number.")
        if known.options and text not in known.options:
            raise invalid(f"Property values were not valid: {text} was not one of the options.")
        return text

    def _tell_change(self, company_id: int, name: str, value: str | None) -> None:
        self._tell("propertyChange", company_id, propertyName=name, propertyValue=value or "")

    def _tell(self, kind: str, object_id: int, **more: Any) -> None:
        self.tell({"kind": kind, "objectId": object_id, "occurredAt": self.clock.now_ms(), **more})


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite() and text.isascii() and "_" not in text
    except InvalidOperation:
        return False
