"""Apply many records: those that say nothing new in a few statements, the others one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from integrations.crm.actions.applying import Applied, apply_record
from integrations.crm.actions.intake import mark_dirty
from integrations.crm.actions.look import Look, version_of
from integrations.crm.models import CrmRecord
from integrations.crm.rules.versions import counts
from integrations.crm.vendor import Record
from people.models import Organization
from tiers.actions import confirm_facts

log = structlog.get_logger("integrations.crm")

# Facts go stale after days: to confirm them every few hours is enough.
CONFIRMED_EVERY = timedelta(hours=6)
State = CrmRecord.State


@dataclass(slots=True)
class Batch:
    """What applying a batch did."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    unreadable: int = 0
    failed: int = 0
    applied: list[tuple[Record, Applied]] = field(default_factory=list)
    linked: list[int] = field(default_factory=list)


def apply_batch(*, look: Look, records: Sequence[Record]) -> Batch:
    """Apply records of a poll or comparison; one that fails is read again later, by itself.

    Merged and deleted ones first, so that a new survivor finds the organization that comes to it.
    """
    batch = Batch(seen=len(records))
    stored = {
        row.external_id: row
        for row in CrmRecord.objects.filter(
            connection=look.connection, external_id__in=[record.id for record in records]
        )
    }
    unlinked = [name for name, row in stored.items() if row.state == State.UNLINKED]
    waited_for = set(
        Organization.objects.filter(external_id__in=unlinked).values_list("external_id", flat=True)
    )
    same: list[CrmRecord] = []
    for record in sorted(records, key=lambda it: not (it.merged_into or it.archived)):
        row = stored.get(record.id)
        is_known = row is not None and record.id not in waited_for
        if row is not None and is_known and _is_same(look, record, row):
            same.append(row)
            continue
        try:
            applied = apply_record(look=look, record=record)
        except Exception:
            log.exception("crm record failed", connection=look.connection.pk, record=record.id)
            mark_dirty(connection=look.connection, external_ids=[record.id], now=look.now)
            batch.failed += 1
            continue
        batch.new += applied.is_new
        batch.changed += applied.has_changed
        batch.applied.append((record, applied))
        if applied.row is not None and applied.row.state == State.LINKED:
            batch.linked.append(applied.row.pk)
            batch.unreadable += applied.row.has_problems
    _seen_again(look, same)
    batch.linked += [row.pk for row in same if row.state == State.LINKED]
    batch.unreadable += sum(row.has_problems for row in same if row.state == State.LINKED)
    return batch


def confirm_applied(*, look: Look, rows: Sequence[CrmRecord]) -> None:
    """Note of linked records that were just read: what they did not change, they confirm."""
    _confirm(look, rows)


def _is_same(look: Look, record: Record, row: CrmRecord) -> bool:
    """Whether a reading brings nothing at all: the same version, read the same way before."""
    if not counts(look.version(record), version_of(row)):
        return True
    if row.remote_version != record.updated_at or row.read_at is None:
        return False
    if record.merged_into or record.archived:
        return row.state in {State.ARCHIVED, State.MERGED} and not record.merged_into
    if row.state in {State.ARCHIVED, State.MERGED} or (
        row.state == State.UNLINKED and look.connection.unknown_companies == "create"
    ):
        return False
    if row.name != (record.name[:200] or row.name) or row.properties != dict(record.properties):
        return False
    if row.state != State.LINKED:
        return True
    reading = look.read(record)
    problems = {fact: problem.to_json() for fact, problem in reading.problems.items()}
    return problems == row.problems and all(
        value == row.facts.get(fact, "") for fact, value in reading.values.items()
    )


def _seen_again(look: Look, rows: Sequence[CrmRecord]) -> None:
    """Note that the CRM still has these records and says the same of them."""
    fresh = [row for row in rows if row.last_seen_at is None or row.last_seen_at < look.now]
    CrmRecord.objects.filter(pk__in=[row.pk for row in fresh]).update(last_seen_at=look.now)
    _confirm(look, rows)


def _confirm(look: Look, rows: Sequence[CrmRecord]) -> None:
    """Confirm the facts of linked records; those with a value that cannot be read apart."""
    due = [
        row
        for row in rows
        if row.state == State.LINKED
        and row.organization_id is not None
        and (row.confirmed_at is None or row.confirmed_at <= look.now - CONFIRMED_EVERY)
    ]
    facts = [rule.fact for rule in look.rules]
    by_facts: dict[tuple[str, ...], list[CrmRecord]] = {}
    for row in due:
        readable = tuple(fact for fact in facts if fact not in row.problems and _said(row, fact))
        by_facts.setdefault(readable, []).append(row)
    for readable, group in by_facts.items():
        if readable:
            confirm_facts(
                organizations=[row.organization_id for row in group if row.organization_id],
                facts=readable,
                source=look.source,
                seen_at=look.read_at,
                now=look.now,
            )
    CrmRecord.objects.filter(pk__in=[row.pk for row in due]).update(confirmed_at=look.now)


def _said(row: CrmRecord, fact: str) -> bool:
    stated: Mapping[str, str] = row.facts
    return bool(stated.get(fact))
