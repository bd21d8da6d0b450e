"""One look at a CRM: how its records are to be read, and where the readings come from."""

import dataclasses
from collections.abc import Iterable
from datetime import datetime

from integrations.crm.models import CrmConnection, CrmRecord, SyncRun
from integrations.crm.registry import vendor_of
from integrations.crm.rules.reading import Money, Reading, Rule, fields_needed, read_facts
from integrations.crm.rules.versions import Version
from integrations.crm.vendor import Record
from tiers.program import live_policy_at


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What applying a record needs to know beside the record.

    ``read_at`` is the instant before the CRM was asked. ``is_exact`` says that the records
    themselves were asked for, not an index over them. ``rules`` are the mappings as they were
    when the look began.
    """

    connection: CrmConnection
    label: str
    rules: tuple[Rule, ...]
    money: Money
    tiers: tuple[str, ...]
    origin: str
    read_at: datetime
    now: datetime
    run: SyncRun | None = None
    is_exact: bool = True

    @property
    def fields(self) -> list[str]:
        """The CRM fields to ask for."""
        names = fields_needed(self.rules)
        tier_field = self.connection.tier_field
        return [*names, tier_field] if tier_field and tier_field not in names else names

    @property
    def source(self) -> str:
        """The source of facts, as facts name it."""
        return self.connection.vendor

    def at(self, read_at: datetime, now: datetime) -> "Look":
        """Return the same look, asked at another instant."""
        return dataclasses.replace(self, read_at=read_at, now=now)

    def of(self, run: SyncRun) -> "Look":
        """Return the same look as part of a run."""
        return dataclasses.replace(self, run=run)

    def without(self, fields: Iterable[str]) -> "Look":
        """Return the same look without the rules that need these fields."""
        gone = set(fields)
        kept = tuple(
            rule
            for rule in self.rules
            if rule.field not in gone
            and not (rule.currency_from == "field" and rule.currency in gone)
        )
        connection = self.connection
        if connection.tier_field in gone:
            connection.tier_field = ""
        return dataclasses.replace(self, rules=kept)

    def read(self, record: Record) -> Reading:
        """Return what a record says."""
        return read_facts(record.properties, self.rules, self.money, self.tiers)

    def version(self, record: Record) -> Version:
        """Return the version of a reading."""
        return Version(
            updated_at=record.updated_at,
            read_at=self.read_at,
            is_archived=record.archived or record.merged_into is not None,
            is_exact=self.is_exact,
        )


def look_at(
    connection: CrmConnection,
    *,
    origin: str,
    now: datetime,
    is_exact: bool = True,
) -> Look:
    """Return a look that begins now, with the mappings of the connection."""
    policy = live_policy_at(now)
    rates = {row.currency: row.rate for row in connection.rates.all()}
    return Look(
        connection=connection,
        label=str(vendor_of(connection.vendor).label),
        rules=rules_of(connection),
        money=Money(policy.currency, rates),
        tiers=tuple(policy.tier_order),
        origin=origin,
        read_at=now,
        now=now,
        is_exact=is_exact,
    )


def rules_of(connection: CrmConnection) -> tuple[Rule, ...]:
    """Return the mappings that are in use, as the pure rules read them."""
    return tuple(
        Rule(
            fact=row.fact,
            field=row.field,
            currency_from=row.currency_from,
            currency=row.currency,
            translations=row.translations,
        )
        for row in connection.mappings.all()
        if row.missing_since is None
    )


def version_of(row: CrmRecord) -> Version | None:
    """Return the version of what is stored; None before the first reading."""
    if row.read_at is None:
        return None
    return Version(
        updated_at=row.remote_version,
        read_at=row.read_at,
        is_archived=row.state in {CrmRecord.State.ARCHIVED, CrmRecord.State.MERGED},
    )
