"""Apply the lines of a preview, one transaction each, so that nobody waits for a whole file.

A line holds one organization at a time: the CRM's worker and this one cannot wait for each
other in a circle. What became known since the preview is not overwritten, and said.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from people.actions import create_organization
from people.models import Organization
from portal.kit.claims import claim, lock
from portal.kit.refused import Refused
from tiers.actions.evaluating import evaluate_organization
from tiers.actions.facts import NOTE_LENGTH, record_facts
from tiers.actions.importing.checking import OutOfStep
from tiers.actions.importing.ending import end_import
from tiers.actions.importing.standing import SOURCE
from tiers.fact_words import fact_label, fact_value, source_label
from tiers.models import AccountFact, FactImport, FactImportLine

log = structlog.get_logger("tiers.importing")

Outcome = FactImportLine.Outcome
Result = FactImportLine.Result
Status = FactImport.Status
LEASE = timedelta(seconds=60)
AT_ONCE = 100
# What makes one line impossible to apply. Anything else is an outage: the line is tried again.
IMPOSSIBLE = (
    Refused,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    IntegrityError,
    DataError,
)


def apply_lines(*, fact_import: FactImport, now: datetime) -> Iterator[int]:
    """Apply line after line, yielding 1 for each; ends when none is left.

    Raises OutOfStep when another worker is at it, or somebody stopped it.
    """
    while chunk := _next_lines(fact_import):
        for line in chunk:
            _apply_one(fact_import, line, now)
            yield 1
    with transaction.atomic():
        end_import(_held(fact_import), Status.DONE, now)


def _next_lines(fact_import: FactImport) -> list[FactImportLine]:
    """Return some lines to apply. They do not change any more: nobody checks a file again now."""
    waiting = fact_import.lines.to_apply().filter(number__gt=fact_import.applied_until)
    return list(waiting[:AT_ONCE])


def _held(fact_import: FactImport) -> FactImport:
    """Return the import, locked, if it still is where this worker thinks it is."""
    row: FactImport | None = claim(
        FactImport.objects.filter(
            pk=fact_import.pk,
            status=Status.APPLYING,
            applied_until=fact_import.applied_until,
        ),
        1,
    ).first()
    if row is None:
        raise OutOfStep
    return row


@transaction.atomic
def _apply_one(fact_import: FactImport, line: FactImportLine, now: datetime) -> None:
    row = _held(fact_import)
    with override(row.applied_by.language if row.applied_by else None):
        _apply(row, line, now)
    line.save(update_fields=["result", "said", "organization"])
    row.applied_until, row.lease_until = line.number, now + LEASE
    row.save(update_fields=["applied_until", "lease_until"])
    fact_import.applied_until = row.applied_until


def _apply(row: FactImport, line: FactImportLine, now: datetime) -> None:
    """Apply one line; one that cannot be applied is noted and the others go on."""
    try:
        with transaction.atomic():
            if line.outcome == Outcome.CREATE:
                _create(row, line, now)
            else:
                _change(row, line, now)
    except IMPOSSIBLE as error:
        if not isinstance(error, Refused):
            log.exception("line cannot be applied", fact_import=row.pk, line=line.number)
        said = error.message if isinstance(error, Refused) else _("This could not be stored.")
        line.result, line.said = Result.FAILED, [said]


def _create(row: FactImport, line: FactImportLine, now: datetime) -> None:
    """Create the organization, unless somebody else did since the preview."""
    twins = Organization.objects.filter(name=line.name)
    if line.external_id:
        twins = twins | Organization.objects.filter(external_id=line.external_id)
    if twins.exists():
        line.result = Result.SKIPPED
        line.said = [_("This organization was added meanwhile. Import the file again.")]
        return
    made = create_organization(name=line.name, external_id=line.external_id)
    line.organization, line.result = made, Result.APPLIED
    values = {name: change["new"] for name, change in line.changes.items()}
    if values:
        _record(row, line, made, values, row.applied_at or now, now)
    else:
        evaluate_organization(organization=made, now=now)


def _change(row: FactImport, line: FactImportLine, now: datetime) -> None:
    """Record what differs, but nothing over what became known since the preview."""
    rows_found = Organization.objects.filter(pk=line.organization_id or 0)
    organization: Organization | None = lock(rows_found).first()
    if organization is None:
        line.organization = None  # the row may have been read while there was one
        line.result, line.said = Result.SKIPPED, [_("The organization is gone.")]
        return
    rows = AccountFact.objects.filter(organization=organization, fact__in=line.changes).current()
    known = {found.fact: found for found in rows}
    newer = {
        name: known[name]
        for name, change in line.changes.items()
        if name in known and known[name].pk != change["row"]
    }
    line.said = [
        _newer_words(line, found)
        for name, found in newer.items()
        if found.value != line.changes[name]["new"]
    ]
    values = {name: one["new"] for name, one in line.changes.items() if name not in newer}
    if values:
        at = max([row.applied_at or now, *(one.observed_at for one in known.values())])
        _record(row, line, organization, values, at, now)
    if not line.said:
        line.result = Result.APPLIED
    else:
        line.result = Result.PARTLY if values else Result.SKIPPED


def _record(
    row: FactImport, line: FactImportLine, organization: Organization,
    values: dict[str, str], at: datetime, now: datetime,
) -> None:  # fmt: skip
    note = _("%(file)s, line %(line)s") % {"file": row.file_name, "line": line.number}
    record_facts(
        organization=organization, values=values, source=SOURCE, now=now, observed_at=at,
        by=row.applied_by, note=note[-NOTE_LENGTH:],
    )  # fmt: skip


def _newer_words(line: FactImportLine, found: AccountFact) -> str:
    return _("%(fact)s became %(now)s meanwhile (%(source)s); %(file)s was left out.") % {
        "fact": fact_label(found.fact),
        "now": fact_value(found.fact, found.value, found.currency),
        "source": source_label(found.source),
        "file": fact_value(found.fact, line.changes[found.fact]["new"], found.currency),
    }
