"""Hand facts of a linked record on to the tiers room: what changed, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.crm.actions.ledger import Entries
from integrations.crm.actions.look import Look
from integrations.crm.models import CrmEvent, CrmRecord
from integrations.crm.rules.reading import Reading
from people.models import Organization
from tiers.actions import record_facts
from tiers.actions.evaluating import open_assignment
from tiers.actions.facts import NOTE_LENGTH
from tiers.models import AccountFact, TierAssignment

Kind = CrmEvent.Kind


@dataclass(slots=True)
class FactChanges:
    """What became of a record's facts: (fact, before, after), the rows, and a new assignment."""

    told: list[tuple[str, str, str]] = field(default_factory=list)
    rows: Mapping[str, AccountFact] = field(default_factory=dict)
    assignment: TierAssignment | None = None


def apply_facts(look: Look, row: CrmRecord, reading: Reading, entries: Entries) -> FactChanges:
    """Record the facts of which the CRM says something new; the row is locked and saved later.

    Compared is with what this CRM said last, not with what counts: a person's correction stands
    until the CRM says something new. No value in the CRM takes back only what it said itself.
    What cannot be read is ignored, with a ledger row when it is new; the old fact stands.
    """
    if row.state != CrmRecord.State.LINKED or row.organization is None:
        return FactChanges()
    _note_problems(row, reading, entries, look)
    before = dict(row.facts)
    fields = {rule.fact: rule.field for rule in look.rules}
    changed: dict[str, str] = {}
    for fact, value in reading.values.items():
        if value == before.get(fact, ""):
            continue
        row.facts = {**row.facts, fact: value}
        if not value and not _own(row.organization, fact, look.source):
            entries.ignored(
                Kind.CHANGED, "kept_by_other_source", field=fields[fact], fact=fact,
                old=before.get(fact, ""),
            )  # fmt: skip
            continue
        changed[fact] = value
        detail = {"converted": told} if (told := reading.conversions.get(fact)) else {}
        entries.applied(
            Kind.CHANGED, field=fields[fact], fact=fact, old=before.get(fact, ""), new=value,
            detail=detail,
        )  # fmt: skip
    if not changed:
        return FactChanges()
    return _recorded(look, row, row.organization, changed, before, entries, reading.conversions)


def _recorded(
    look: Look,
    row: CrmRecord,
    organization: Organization,
    changed: Mapping[str, str],
    before: Mapping[str, str],
    entries: Entries,
    conversions: Mapping[str, str],
) -> FactChanges:
    entries.number(row)
    held = open_assignment(organization)
    assignment = record_facts(
        organization=organization,
        values=changed,
        source=look.source,
        now=look.now,
        observed_at=look.read_at,
        note=_note(look, row, changed, before, entries, conversions),
    )
    row.confirmed_at = look.read_at
    rows = AccountFact.objects.filter(
        organization=organization,
        fact__in=changed,
        source=look.source,
        observed_at=look.read_at,
    ).order_by("pk")
    return FactChanges(
        told=[(fact, before.get(fact, ""), value) for fact, value in changed.items()],
        rows={fact_row.fact: fact_row for fact_row in rows},
        assignment=assignment if held is None or held.pk != assignment.pk else None,
    )


def _note(
    look: Look,
    row: CrmRecord,
    changed: Mapping[str, str],
    before: Mapping[str, str],
    entries: Entries,
    conversions: Mapping[str, str],
) -> str:
    """Name the ledger rows: whoever asks why an account is in a tier finds the CRM's event."""
    keys = [event.pk for event in entries.settled if event.fact in changed and event.pk]
    if len(keys) > 1 and not conversions and not any(before.get(fact) for fact in changed):
        # What the first reading brought is the facts themselves; their rows stand together.
        first, last = min(keys), max(keys)
        return f"{look.label} {row.external_id}, CRM events {first} to {last}: first reading"
    numbers = ", ".join(map(str, keys))
    told = ", ".join(
        f"{fact} {before.get(fact) or '-'} -> {value or '-'}"
        + (f" ({conversions[fact]})" if fact in conversions else "")
        for fact, value in changed.items()
    )
    return f"{look.label} {row.external_id}, CRM event {numbers}: {told}"[:NOTE_LENGTH]


def _note_problems(row: CrmRecord, reading: Reading, entries: Entries, look: Look) -> None:
    fields = {rule.fact: rule.field for rule in look.rules}
    # A field that the record did not say anything of: what was wrong with it stays wrong.
    kept = {
        fact: problem
        for fact, problem in row.problems.items()
        if fact in fields and fact not in reading.values and fact not in reading.problems
    }
    found = {fact: problem.to_json() for fact, problem in reading.problems.items()}
    for fact, problem in found.items():
        if row.problems.get(fact) != problem:
            entries.ignored(
                Kind.CHANGED, "unreadable", field=fields[fact], fact=fact,
                old=row.facts.get(fact, ""), new=problem["value"], detail={"fact": fact, **problem},
            )  # fmt: skip
    row.problems = {**kept, **found}
    row.has_problems = bool(row.problems)


def _own(organization: Organization, fact: str, source: str) -> bool:
    """Whether the value that counts came from this source."""
    current = AccountFact.objects.filter(organization=organization, fact=fact).current().first()
    return current is not None and bool(current.value) and current.source == source
