"""A dry run in words: what the CRM says, what we would make of it, and the tier that gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from integrations.crm.actions import DryFact, DryRow
from integrations.crm.words import problem_words
from people.models import Organization
from portal.kit.words import Words
from tiers.actions.importing.standing import Standing, standings_of
from tiers.fact_words import fact_label, fact_value, source_label
from tiers.program import live_policy_at, program_of


@dataclass(frozen=True, slots=True)
class TriedFact:
    """One fact of one record in words."""

    label: Words
    field: str
    raw: str
    value: str
    problem: str
    present: str
    present_source: Words
    would_change: bool


@dataclass(frozen=True, slots=True)
class TriedRow:
    """One record in words, with the tier it has here and the one it would get."""

    record_id: str
    name: str
    organization: Organization | None
    facts: tuple[TriedFact, ...]
    tier_now: str
    tier_then: str


def tried(rows: Sequence[DryRow], now: datetime) -> list[TriedRow]:
    """Return a dry run in words. Nothing is stored; the evaluator is asked, not its history."""
    program = program_of(live_policy_at(now))
    standings = standings_of({row.organization.pk for row in rows if row.organization})
    shown = []
    for row in rows:
        standing = standings[row.organization.pk] if row.organization else Standing()
        changes = {one.fact: one.value for one in row.facts if one.would_change}
        then = standing.decide(program.rules, now, changes)
        shown.append(
            TriedRow(
                record_id=row.record.id,
                name=row.record.name or row.record.id,
                organization=row.organization,
                facts=tuple(_words(one, program.currency) for one in row.facts),
                tier_now=standing.held.tier if standing.held else "",
                tier_then=then.tier,
            )
        )
    return shown


def _words(one: DryFact, currency: str) -> TriedFact:
    problem = problem_words({"code": one.problem, "value": one.raw}) if one.problem else ""
    return TriedFact(
        label=fact_label(one.fact),
        field=one.field,
        raw=one.raw,
        value=fact_value(one.fact, one.value, currency) if not problem else "",
        problem=problem,
        present=fact_value(one.fact, one.present, currency),
        present_source=source_label(one.present_source) if one.present_source else "",
        would_change=one.would_change,
    )
