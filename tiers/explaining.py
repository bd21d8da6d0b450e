"""Why this tier? The evaluator's answer of today for one organization, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from people.models import Organization
from portal.kit.words import Words
from tiers.actions.evaluating import (
    OBSERVING_SOURCES,
    inputs_of,
    open_assignment,
    says_the_same,
)
from tiers.criteria_words import threshold_words
from tiers.fact_links import links_of
from tiers.fact_words import fact_label, fact_value, source_label
from tiers.models import AccountFact, TierAssignment, TierPolicy
from tiers.program import Program, live_policy_at, program_of
from tiers.reason_words import say
from tiers.rules import evaluation
from tiers.rules.evaluation import Criterion, CriterionTrace, Decision, Rule, RuleTrace


@dataclass(frozen=True, slots=True)
class CriterionWords:
    """One criterion: what was asked, what was found, and how it came out.

    ``keeps``: the exit value counted, because the tier is held; ``other`` is then what getting
    in takes, otherwise what keeping takes, empty when there is one value for both. ``row`` is
    what was recorded, None when nothing is known. ``stale_since`` is the first day on which a
    stale fact no longer counted.
    """

    label: Words
    asked: str
    other: str
    found: str
    outcome: str
    source: Words
    age_days: int | None
    keeps: bool
    stale_since: date | None
    row: AccountFact | None
    link: str


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One rule of the policy with its criteria, in the order in which rules are asked."""

    tier: str
    precedence: int
    match: str
    outcome: str
    is_decisive: bool
    criteria: tuple[CriterionWords, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The tier in force and why.

    ``assignment`` is what is in force, None before the first evaluation;
    ``sentences`` explain the answer of this moment, the most important first.
    ``differs`` says that evaluating now would change what is in force.
    """

    assignment: TierAssignment | None
    decision: Decision
    program: Program
    sentences: tuple[str, ...]
    counterfactuals: tuple[str, ...]
    rules: tuple[RuleWords, ...]
    differs: bool
    known: dict[str, AccountFact]
    links: dict[int, str]

    @property
    def tier(self) -> str:
        """The tier in force; before the first evaluation the one that would be given."""
        return self.assignment.tier if self.assignment else self.decision.tier

    @property
    def lost_on(self) -> date | None:
        """The first day on which the tier may be lowered, while the account is in grace."""
        return self.decision.grace_until


def explain(organization: Organization, now: datetime) -> Explanation:
    """Evaluate an organization without writing anything, and put the answer into words."""
    policy = live_policy_at(now)
    program = program_of(policy)
    decision = evaluation.decide(program.rules, inputs_of(organization, now))
    assignment = open_assignment(organization)
    currency = program.currency
    known = {
        row.fact: row
        for row in AccountFact.objects.filter(organization=organization)
        .current()
        .select_related("recorded_by")
    }
    links = links_of(list(known.values()))
    return Explanation(
        assignment=assignment,
        decision=decision,
        program=program,
        sentences=tuple(say(reason, currency) for reason in decision.reasons),
        counterfactuals=tuple(say(one.reason, currency) for one in decision.counterfactuals),
        rules=tuple(
            _rule_words(trace, rule, program, known, links)
            for trace, rule in zip(decision.trace.rules, program.rules.rules_in_turn, strict=True)
        ),
        known=known,
        links=links,
        differs=not says_the_same(assignment, decision),
    )


def grace_end(assignment: TierAssignment, policy: TierPolicy | None = None) -> date | None:
    """Return the first day on which an assignment in grace may be lowered.

    ``policy`` is the version in force, which may have another grace than the one that the
    assignment was made under; without it, what was said then.
    """
    if assignment.below_since is None:
        return None
    days = (policy or assignment.policy).demote_grace_days
    return assignment.below_since + timedelta(days=days)


def stale_since(seen: datetime | date, stale_days: int) -> date:
    """Return the first day on which an observation is too old to count."""
    day = seen.date() if isinstance(seen, datetime) else seen
    return day + timedelta(days=stale_days + 1)


def _rule_words(
    trace: RuleTrace,
    rule: Rule,
    program: Program,
    known: Mapping[str, AccountFact],
    links: Mapping[int, str],
) -> RuleWords:
    return RuleWords(
        tier=trace.tier,
        precedence=trace.precedence,
        match=trace.match,
        outcome=trace.outcome,
        is_decisive=trace.decisive,
        criteria=tuple(
            _criterion_words(one, criterion, program, known.get(one.fact), links)
            for one, criterion in zip(trace.criteria, rule.criteria, strict=True)
        ),
    )


def _criterion_words(
    one: CriterionTrace,
    criterion: Criterion,
    program: Program,
    row: AccountFact | None,
    links: Mapping[int, str],
) -> CriterionWords:
    currency = program.currency
    keeps = one.band == "exit"
    other = criterion.value if keeps else criterion.exit_value
    row = row if row is not None and row.value else None
    return CriterionWords(
        label=fact_label(one.fact),
        asked=threshold_words(one.fact, one.op, one.threshold, currency),
        other="" if other is None else threshold_words(one.fact, one.op, other, currency),
        found=fact_value(one.fact, one.actual, currency),
        outcome=one.outcome,
        source=source_label(one.source),
        # What a person typed stands until a person changes it; its age says nothing.
        age_days=one.age_days if one.source in OBSERVING_SOURCES else None,
        keeps=keeps,
        stale_since=stale_since(one.observed_on, program.rules.stale_after(one.fact))
        if one.outcome == "stale" and one.observed_on
        else None,
        row=row,
        link=links.get(row.pk, "") if row else "",
    )
