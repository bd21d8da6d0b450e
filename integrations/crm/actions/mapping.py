"""Which CRM field is which fact: chosen by ops, refused unless its values can be read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from integrations.crm.actions.calling import as_crm_error, client_of
from integrations.crm.actions.health import note_answer, note_failure
from integrations.crm.actions.look import look_at
from integrations.crm.actions.permission import check_ops
from integrations.crm.models import (
    CrmConnection,
    CrmEvent,
    CrmRecord,
    CurrencyRate,
    FieldMapping,
)
from integrations.crm.rules.reading import KINDS, TYPES_FOR, is_currency
from integrations.crm.vendor import Field, Record
from people.models import Organization, User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, Refused
from tiers.models import AccountFact
from tiers.program import live_policy_at

# The customer's own revenue: big, plausible, and never what they pay us.
NEVER_ACV = frozenset({"annualrevenue", "annual_revenue", "total_revenue"})
TRANSLATIONS = 60
DRY_RUN_RECORDS = 10
Currency = FieldMapping.Currency


def fields_of(*, connection: CrmConnection, by: User, now: datetime) -> list[Field]:
    """Ask the CRM which fields its companies have. Raises Refused when it does not answer."""
    check_ops(by)
    try:
        with client_of(connection) as client:
            found = client.fields()
    except Exception as error:
        failure = as_crm_error(error)
        note_failure(connection=connection, error=failure, now=now)
        raise Refused(
            "crm_silent",
            _("The CRM did not answer: %(error)s") % {"error": failure.message},
        ) from error
    note_answer(connection=connection, now=now)
    return found


def fields_for(fact: str, fields: Sequence[Field]) -> list[Field]:
    """Return the fields whose values can be read as a fact."""
    allowed = TYPES_FOR[KINDS[fact]]
    return [
        it
        for it in fields
        if str(it.type) in allowed and not (fact == "acv" and it.name.lower() in NEVER_ACV)
    ]


@transaction.atomic
def map_field(
    *,
    connection: CrmConnection,
    fact: str,
    field: Field,
    by: User,
    now: datetime,
    currency: str = "",
    translations: Mapping[str, str] | None = None,
) -> FieldMapping:
    """Say that a CRM field is a fact; all records are compared soon after.

    ``currency`` (ISO 4217) is for amounts whose field names no currency field of its own; when
    that is not the policy's currency there must be a rate. ``translations`` give our value for
    a value of the CRM. Raises InvalidInput saying why the field cannot be read as the fact.
    """
    check_ops(by)
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    _check_type(fact, field)
    currency_from, stated = _currency_rule(row, fact, field, currency.strip().upper(), now)
    mapping, _made = FieldMapping.objects.update_or_create(
        connection=row,
        fact=fact,
        defaults={
            "field": field.name,
            "field_label": str(field.label)[:200],
            "field_type": str(field.type),
            "currency_from": currency_from,
            "currency": stated,
            "translations": _checked(fact, translations or {}, now),
            "missing_since": None,
            "changed_at": now,
            "changed_by": by,
        },
    )
    _compare_soon(row, now)
    return mapping


@transaction.atomic
def unmap_field(*, mapping: FieldMapping, by: User) -> None:
    """Read a fact from the CRM no more; what was recorded stays and grows old."""
    check_ops(by)
    FieldMapping.objects.filter(pk=mapping.pk).delete()
    known = CrmRecord.objects.filter(connection=mapping.connection_id).filter(
        Q(facts__has_key=mapping.fact) | Q(problems__has_key=mapping.fact)
    )
    rows = list(lock(known.order_by("pk")))
    for row in rows:
        row.facts = {k: v for k, v in row.facts.items() if k != mapping.fact}
        row.problems = {k: v for k, v in row.problems.items() if k != mapping.fact}
        row.has_problems = bool(row.problems)
    CrmRecord.objects.bulk_update(rows, ["facts", "problems", "has_problems"], batch_size=500)


@transaction.atomic
def set_rate(
    *, connection: CrmConnection, currency: str, rate: str, by: User, now: datetime
) -> CurrencyRate:
    """Say what one unit of a currency is worth in the policy's; records are compared soon."""
    check_ops(by)
    code = currency.strip().upper()
    if not is_currency(code):
        raise _wrong("currency", _("Write a currency with three letters, like USD."))
    try:
        worth = Decimal(rate.strip()).quantize(Decimal("0.00000001"))
    except InvalidOperation as error:
        raise _wrong("rate", _("Write a rate like 0.92.")) from error
    if not worth.is_finite() or not Decimal(0) < worth < Decimal(10) ** 9:
        raise _wrong("rate", _("A rate is above zero."))
    if code == live_policy_at(now).currency:
        raise _wrong("currency", _("Amounts are kept in this currency; it needs no rate."))
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    found, _made = CurrencyRate.objects.update_or_create(
        connection=row,
        currency=code,
        defaults={"rate": worth, "changed_at": now, "changed_by": by},
    )
    _compare_soon(row, now)
    return found


@transaction.atomic
def note_missing_fields(*, connection: CrmConnection, fields: Iterable[str], now: datetime) -> int:
    """Note that the CRM has these fields no more: their facts stand and grow old, ops see it.

    Returns how many mappings that newly concerns.
    """
    count = 0
    rows = FieldMapping.objects.filter(connection=connection, missing_since=None)
    for row in rows:
        if row.field in fields or (row.currency_from == Currency.FIELD and row.currency in fields):
            row.missing_since = now
            row.save(update_fields=["missing_since"])
            count += 1
    return count


@dataclass(frozen=True, slots=True)
class DryFact:
    """What one fact of one record would become. ``problem`` is a code of ``words``."""

    fact: str
    field: str
    raw: str
    value: str
    problem: str
    present: str
    present_source: str

    @property
    def would_change(self) -> bool:
        """Whether the fact that counts would be another one."""
        return not self.problem and self.value != self.present and bool(self.value)


@dataclass(frozen=True, slots=True)
class DryRow:
    """One record as it would be read with the present mappings; nothing is stored."""

    record: Record
    organization: Organization | None
    facts: tuple[DryFact, ...]


def dry_run(
    *, connection: CrmConnection, by: User, now: datetime, count: int = DRY_RUN_RECORDS
) -> list[DryRow]:
    """Read some records and say what each would become: linked ones first, then any.

    Raises Refused when the CRM does not answer. Changes nothing.
    """
    check_ops(by)
    look = look_at(connection, origin=CrmEvent.Origin.OPS, now=now)
    linked = dict(
        CrmRecord.objects.linked()
        .filter(connection=connection)
        .order_by("name", "pk")
        .values_list("external_id", "organization_id")[:count]
    )
    records: list[Record] = []
    try:
        with client_of(connection) as client:
            if linked:
                records = [it for it in client.read(list(linked), look.fields) if not it.archived]
            if len(records) < count:
                for record in client.everything(look.fields):
                    if not record.archived and record.id not in {it.id for it in records}:
                        records.append(record)
                    if len(records) >= count:
                        break
    except Exception as error:
        failure = as_crm_error(error)
        raise Refused(
            "crm_silent", _("The CRM did not answer: %(error)s") % {"error": failure.message}
        ) from error
    organizations = _organizations(connection, records)
    present = _present(organizations.values())
    rows = []
    for record in records:
        organization = organizations.get(record.id)
        reading = look.read(record)
        facts = []
        for rule in look.rules:
            problem = reading.problems.get(rule.fact)
            current = present.get((organization.pk if organization else 0, rule.fact))
            facts.append(
                DryFact(
                    fact=rule.fact,
                    field=rule.field,
                    raw=record.properties.get(rule.field) or "",
                    value=reading.values.get(rule.fact, ""),
                    problem=problem.code if problem else "",
                    present=current.value if current else "",
                    present_source=current.source if current else "",
                )
            )
        rows.append(DryRow(record, organization, tuple(facts)))
    return rows


def _organizations(connection: CrmConnection, records: Sequence[Record]) -> dict[str, Organization]:
    """Return whom the records stand for, or would by their id."""
    ids = [record.id for record in records]
    by_id = {str(row.external_id): row for row in Organization.objects.filter(external_id__in=ids)}
    linked = CrmRecord.objects.linked().filter(connection=connection, external_id__in=ids)
    for row in linked.select_related("organization"):
        if row.organization is not None:
            by_id[row.external_id] = row.organization
    return by_id


def _present(organizations: Iterable[Organization]) -> dict[tuple[int, str], AccountFact]:
    rows = AccountFact.objects.filter(organization__in=list(organizations)).current()
    return {(row.organization_id, row.fact): row for row in rows}


def _check_type(fact: str, field: Field) -> None:
    if fact not in KINDS:
        raise _wrong("fact", _("There is no such fact."))
    if fact == "acv" and field.name.lower() in NEVER_ACV:
        raise _wrong(
            "field",
            _(
                "This field is the customer's own revenue, not what they pay. "
                "Choose the field that holds the contract value."
            ),
        )
    if str(field.type) not in TYPES_FOR[KINDS[fact]]:
        raise _wrong(
            "field",
            _(
                "Values of the field %(field)s cannot be read as this fact: "
                "they are of type %(type)s."
            )
            % {"field": field.label, "type": field.type},
        )


def _currency_rule(
    connection: CrmConnection, fact: str, field: Field, currency: str, now: datetime
) -> tuple[str, str]:
    if KINDS[fact] != "money":
        return Currency.NONE, ""
    if field.currency_field and not currency:
        return Currency.FIELD, field.currency_field
    currency = currency or connection.account_currency
    if not is_currency(currency):
        raise _wrong(
            "currency",
            _("Say in which currency this field is: the CRM does not. Three letters, like EUR."),
        )
    policy = live_policy_at(now)
    has_rate = connection.rates.filter(currency=currency).exists()
    if currency != policy.currency and not has_rate:
        raise _wrong(
            "currency",
            _("Enter first what one %(currency)s is worth in %(policy)s.")
            % {"currency": currency, "policy": policy.currency},
        )
    return Currency.FIXED, currency


def _checked(fact: str, translations: Mapping[str, str], now: datetime) -> dict[str, str]:
    kept = {
        str(theirs).strip(): str(ours).strip()
        for theirs, ours in translations.items()
        if str(theirs).strip() and str(ours).strip()
    }
    if len(kept) > TRANSLATIONS:
        raise _wrong("translations", _("At most %(count)s values.") % {"count": TRANSLATIONS})
    if KINDS[fact] == "tier":
        order = live_policy_at(now).tier_order
        unknown = sorted({ours for ours in kept.values() if ours not in order})
        if unknown:
            raise _wrong(
                "translations",
                _("There is no tier %(tier)s. Tiers: %(tiers)s.")
                % {"tier": unknown[0], "tiers": ", ".join(order)},
            )
    return kept


def _compare_soon(connection: CrmConnection, now: datetime) -> None:
    if connection.next_reconcile_at is not None:
        connection.next_reconcile_at = now
        connection.save(update_fields=["next_reconcile_at"])


def _wrong(name: str, sentence: str) -> InvalidInput:
    return InvalidInput("mapping_invalid", sentence, fields={name: sentence})
