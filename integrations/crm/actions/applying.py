"""Apply one record as it was read: state, name, link, facts, ledger, in one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import transaction

from integrations.crm.actions import lifecycle
from integrations.crm.actions.facts import FactChanges, apply_facts
from integrations.crm.actions.ledger import Entries, Verdict
from integrations.crm.actions.look import Look, version_of
from integrations.crm.models import CrmEvent, CrmRecord, DirtyRecord
from integrations.crm.rules.versions import Version, counts
from integrations.crm.vendor import Record

Kind, Outcome, State = CrmEvent.Kind, CrmEvent.Outcome, CrmRecord.State


@dataclass(slots=True)
class Applied:
    """What applying one record did."""

    row: CrmRecord | None
    is_new: bool = False
    is_older: bool = False
    was_live: bool = False
    has_changed: bool = False
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    unreadable: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@transaction.atomic
def apply_record(*, look: Look, record: Record, dirty: DirtyRecord | None = None) -> Applied:
    """Take over what a record says, unless something newer is known; return what that did.

    ``dirty`` is the row by which a webhook asked for this reading: the hints that came with it
    are settled, and it is removed, in the same transaction. Applying the same reading again, or
    an older one later, changes nothing.
    """
    locked = _locked(look, [record.id, *_relatives(look, record)])
    row, is_new = locked[record.id]
    entries = Entries(look, record.id, dirty.last_event_id if dirty else 0)
    if not counts(look.version(record), version_of(row)):
        entries.settle_rest(lambda _event: (Outcome.IGNORED, "older", {}))
        entries.save(row)
        _finish(dirty, look)
        return Applied(row, is_older=True)
    applied = Applied(row, is_new=is_new, was_live=row.state == State.LINKED)
    changes = FactChanges()
    if record.merged_into:
        lifecycle.merge(look, row, locked[record.merged_into][0], entries)
    elif record.archived:
        lifecycle.archive(look, row, entries, CrmRecord.Attention.DELETED)
        row.name = record.name[:200] or row.name
    else:
        lifecycle.revive(look, row, entries)
        for loser in record.absorbed:
            if loser in locked and loser != record.id:
                _absorb(look, locked[loser][0], row)
        changes = _live(look, record, row, entries, is_new)
    row.remote_version, row.read_at = record.updated_at, look.read_at
    row.last_seen_at = look.now
    row.save()
    entries.settle_rest(lambda event: _verdict(event, look, row, changes))
    entries.save(row, changes.rows, changes.assignment)
    applied.has_changed = entries.has_applied
    applied.changes, applied.unreadable = changes.told, row.problems
    _finish(dirty, look)
    return applied


@transaction.atomic
def apply_missing(*, look: Look, external_id: str, dirty: DirtyRecord | None = None) -> Applied:
    """Take over that the CRM does not know an id: it is deleted for good, merged, or hidden.

    What a merge hint said decides between the two, for CRMs that do not say it of the record.
    """
    survivor = dirty.merged_into if dirty else ""
    row = CrmRecord.objects.filter(connection=look.connection, external_id=external_id).first()
    entries = Entries(look, external_id, dirty.last_event_id if dirty else 0)
    if row is None and not survivor:
        entries.settle_rest(lambda _event: (Outcome.IGNORED, "not_found", {}))
        entries.save_alike(None)
        _finish(dirty, look)
        return Applied(None)
    locked = _locked(look, [external_id, *([survivor] if survivor else [])])
    row = locked[external_id][0]
    applied = Applied(row, was_live=row.state == State.LINKED)
    version = Version(updated_at=None, read_at=look.read_at, is_archived=True)
    is_news = counts(version, version_of(row))
    if survivor and row.state != State.MERGED:
        lifecycle.merge(look, row, locked[survivor][0], entries)
    elif is_news and row.state not in {State.ARCHIVED, State.MERGED}:
        lifecycle.archive(look, row, entries, CrmRecord.Attention.GONE)
    if is_news:
        row.read_at = look.read_at
    row.save()
    entries.settle_rest(lambda event: _verdict(event, look, row, FactChanges()))
    entries.save(row)
    applied.has_changed = entries.has_applied
    _finish(dirty, look)
    return applied


def _relatives(look: Look, record: Record) -> list[str]:
    """Return the ids that a merge of this record touches: its survivor, or known losers."""
    if record.merged_into:
        return [record.merged_into]
    if not record.absorbed or record.archived:
        return []
    known = CrmRecord.objects.filter(
        connection=look.connection, external_id__in=record.absorbed
    ).exclude(state=State.MERGED)
    return list(known.values_list("external_id", flat=True))


def _absorb(look: Look, loser: CrmRecord, row: CrmRecord) -> None:
    """Merge a record of which only its survivor told."""
    entries = Entries(look, loser.external_id)
    lifecycle.merge(look, loser, row, entries)
    loser.save()
    entries.save(loser)


def _live(
    look: Look, record: Record, row: CrmRecord, entries: Entries, is_new: bool
) -> FactChanges:
    lifecycle.rename(look, row, record.name[:200], entries)
    row.domain = record.domain[:253].lower()
    row.properties = dict(record.properties)
    if row.state == State.UNLINKED:
        lifecycle.find_organization(look, row, entries, is_new=is_new)
    tier_field = look.connection.tier_field
    if tier_field and tier_field in record.properties:
        row.written_tier = (record.properties[tier_field] or "")[:100]
    return apply_facts(look, row, look.read(record), entries)


def _locked(look: Look, external_ids: Iterable[str]) -> dict[str, tuple[CrmRecord, bool]]:
    """Return the rows of these ids, locked, and whether each is new; always in one order."""
    found: dict[str, tuple[CrmRecord, bool]] = {}
    for name in sorted(set(external_ids)):
        found[name] = lifecycle.locked_record(look.connection, name)
    return found


def _finish(dirty: DirtyRecord | None, look: Look) -> None:
    """Remove the row that asked for this reading, unless another hint came after it began."""
    if dirty is None:
        return
    mine = DirtyRecord.objects.filter(pk=dirty.pk)
    if not mine.filter(hints=dirty.hints).delete()[0]:
        mine.update(lease_until=None, next_attempt_at=look.now, attempts=0, last_error="")


def _verdict(event: CrmEvent, look: Look, row: CrmRecord, changes: FactChanges) -> Verdict:
    """Say of a hint what became of what it told."""
    is_gone = row.state in {State.ARCHIVED, State.MERGED}
    match event.kind:
        case Kind.DELETED:
            return Outcome.IGNORED, "known_already" if is_gone else "exists_again", {}
        case Kind.MERGED:
            # The row of the survivor: its losers have rows and events of their own.
            return Outcome.APPLIED, "survivor", {}
        case Kind.CREATED | Kind.RESTORED:
            return Outcome.IGNORED, "deleted_again" if is_gone else "known_already", {}
    if is_gone:
        return Outcome.IGNORED, "deleted_since", {}
    if not event.field:
        outcome = Outcome.APPLIED if changes.told else Outcome.IGNORED
        return outcome, "with_changes" if changes.told else "no_change", {}
    return _verdict_of_field(event.field, look, row, changes)


def _verdict_of_field(field_name: str, look: Look, row: CrmRecord, changes: FactChanges) -> Verdict:
    if field_name == look.connection.tier_field:
        return Outcome.IGNORED, "own_write", {}
    facts = [rule.fact for rule in look.rules if field_name in {rule.field, rule.currency}]
    if not facts:
        return Outcome.IGNORED, "not_mapped", {}
    if row.state != State.LINKED:
        return Outcome.IGNORED, "not_linked", {}
    for fact in facts:
        if fact in row.problems:
            return Outcome.IGNORED, "unreadable", {"fact": fact, **row.problems[fact]}
    changed = {fact for fact, _old, _new in changes.told}
    return Outcome.IGNORED, "superseded" if changed & set(facts) else "no_change", {}
