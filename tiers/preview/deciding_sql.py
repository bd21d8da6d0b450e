"""The evaluator as one SQL statement: what ``decide`` answers, for every account at once.

Tiers are ranks (0 is the lowest) and sources numbers inside; ``SOURCES`` names them. Each level
of the statement is named after the step of ``tiers.rules.evaluation.deciding`` that it is. The
levels stand apart (OFFSET 0), or the planner would write each expression out wherever it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tiers.models import AccountStanding, TierOverride
from tiers.preview.criteria_sql import Parameters, day_literal, rule_condition
from tiers.rules.evaluation import Policy
from tiers.rules.evaluation.values import InputError
from tiers.rules.standings import FACT_COLUMNS

SOURCES = ("criteria", "promote", "grace", "demote", "hold", "override", "contract")
CRITERIA, PROMOTE, GRACE, DEMOTE, HOLD, OVERRIDE, CONTRACT = range(len(SOURCES))


# Days from the first to the last day of the calendar.
EVER = (date.max - date.min).days
# What every row carries along from the standing.
ALWAYS = ("organization_id", "tier", "source", "held", "below_since")


@dataclass(frozen=True)
class Decided:
    """A statement with its values: a row per account.

    It has the standing's ``organization_id``, ``tier``, ``source``, ``held`` and
    ``below_since`` as they are, the columns that were asked for beside them, and the answer:
    ``to_rank`` and ``to_source``, the memory ``to_held`` (a rank) and ``to_below``, and
    ``grace_until`` while an account is in grace.
    """

    sql: str
    values: dict[str, object]


def decided(
    policy: Policy, today: date, *, beside: tuple[str, ...] = (), where: str = "TRUE"
) -> Decided:
    """Return the statement that decides about every account by a policy on a day.

    ``beside``: further columns of the standing. ``where``: which standings (``s``) to look
    at, in SQL of ours. Raises InputError like ``decide`` when the default tier is unknown.
    """
    if policy.default_tier not in policy.ranks:
        raise InputError("default_tier", f"“{policy.default_tier}” is not one of the tiers")
    statement = _Statement(policy, today, tuple(dict.fromkeys((*ALWAYS, *beside))))
    return Decided(statement.overruled(where), statement.parameters.values)


class _Statement:
    """The levels of the statement, from the inside out."""

    def __init__(self, policy: Policy, today: date, carried: tuple[str, ...]) -> None:
        self.policy = policy
        self.today = day_literal(today)
        self.day = today
        self.carried = carried
        self.parameters = Parameters()
        self.rules = [rule for rule in policy.rules_in_turn if rule.tier in policy.ranks]
        self.asked = self._asked()

    def _asked(self) -> tuple[str, ...]:
        """The columns of the facts that criteria ask for."""
        facts = {criterion.fact for rule in self.rules for criterion in rule.criteria}
        columns = [column for fact, column in FACT_COLUMNS.items() if fact in facts]
        return tuple(
            name for column in columns for name in (column.fact, column.seen, column.changed)
        )

    def _through(self, *more: str) -> str:
        """What a level hands on to the next."""
        return ", ".join(f"s.{name}" for name in dict.fromkeys((*self.carried, *more)))

    def _rank(self, column: str) -> str:
        """The rank of a tier's name; null for one that the policy does not have."""
        cases = " ".join(
            f"WHEN {self.parameters.add(tier)} THEN {rank}"
            for tier, rank in self.policy.ranks.items()
        )
        return f"CASE {column} {cases} END"

    def placed(self, where: str) -> str:
        """Each standing with its ranks and the override that counts."""
        return f"""
            SELECT {self._through(*self.asked)}, {self._rank("s.held")} AS held_rank,
              {self._rank("s.contract_floor")} AS floor_rank,
              s.contract_floor <> '' AS has_floor, lent.rank AS lent_rank
            FROM {AccountStanding._meta.db_table} s
            LEFT JOIN ({self.lent()}) lent ON lent.organization_id = s.organization_id
            WHERE {where} OFFSET 0
        """  # noqa: S608  (our own tables and columns; values are parameters)

    def lent(self) -> str:
        """Of the overrides in force, the one that starts last, then the higher tier."""
        rank = self._rank("o.tier")
        return f"""
            SELECT DISTINCT ON (o.organization_id) o.organization_id, {rank} AS rank
            FROM {TierOverride._meta.db_table} o
            WHERE o.withdrawn_at IS NULL AND {rank} IS NOT NULL
              AND o.starts <= {self.today} AND o.expires > {self.today}
            ORDER BY o.organization_id, o.starts DESC, rank DESC
        """  # noqa: S608

    def conditions(self, held: str) -> str:
        """Each rule as a column; null where it is undetermined."""
        return ", ".join(
            f"({rule_condition(rule, self.policy, held, self.day, self.parameters)}) AS r{place}"
            for place, rule in enumerate(self.rules)
        )

    def found(self) -> str:
        """The rank of the first satisfied rule, by the columns of ``conditions``."""
        default = self.policy.ranks[self.policy.default_tier]
        cases = " ".join(
            f"WHEN r{place} THEN {self.policy.ranks[rule.tier]}"
            for place, rule in enumerate(self.rules)
        )
        return f"CASE {cases} ELSE {default} END" if cases else str(default)

    def undetermined(self) -> str:
        """Whether a rule that is asked before the deciding one could not be answered."""
        cases = " ".join(
            f"WHEN r{place} THEN FALSE WHEN r{place} IS NULL THEN TRUE"
            for place in range(len(self.rules))
        )
        return f"CASE {cases} ELSE FALSE END" if cases else "FALSE"

    def has_rule(self) -> str:
        """Whether any rule is satisfied at all."""
        either = " OR ".join(f"r{place}" for place in range(len(self.rules)))
        return f"({either}) IS TRUE" if either else "FALSE"

    RANKS = ("held_rank", "floor_rank", "has_floor", "lent_rank")

    def judged(self, where: str) -> str:
        """Each standing with the answer of each rule."""
        conditions = self.conditions("s.held_rank")
        return f"""
            SELECT {self._through(*self.asked, *self.RANKS)}{conditions and ", "}{conditions}
            FROM ({self.placed(where)}) s OFFSET 0
        """  # noqa: S608

    def standing(self, where: str) -> str:
        """Where the facts put the account, and the goal, which no contract goes below."""
        found = self.found()
        return f"""
            SELECT {self._through(*self.asked, *self.RANKS)}, {found} AS found,
              GREATEST({found}, s.floor_rank) AS goal, {self.undetermined()} AS undetermined,
              {self.has_rule()} AS has_rule
            FROM ({self.judged(where)}) s OFFSET 0
        """  # noqa: S608

    def below(self, where: str) -> str:
        """The layer under the overrides: which step of the evaluation answers."""
        grace = min(self.policy.demote_grace_days, EVER)
        since = f"LEAST(s.below_since, {self.today})"  # LEAST leaves nulls out
        until = f"LEAST({since} + {grace}, {day_literal(date.max)})"
        in_grace = f"{self.today} < {until} OR s.below_since >= {self.today}"
        unsettled = "s.undetermined OR s.has_floor AND s.floor_rank IS NULL"
        names = self._through(*self.asked, *self.RANKS, "found", "goal")
        return f"""
            SELECT {names}, CASE
                WHEN s.held_rank IS NULL AND s.goal <> s.found THEN {CONTRACT}
                WHEN s.held_rank IS NULL
                  THEN CASE WHEN s.undetermined AND NOT s.has_rule THEN {HOLD} ELSE {CRITERIA} END
                WHEN s.goal > s.held_rank
                  THEN CASE WHEN s.goal <> s.found THEN {CONTRACT} ELSE {PROMOTE} END
                WHEN s.goal = s.held_rank AND s.goal <> s.found THEN {CONTRACT}
                WHEN s.goal = s.held_rank AND (s.has_rule OR NOT s.undetermined) THEN {CRITERIA}
                WHEN {unsettled} THEN {HOLD}
                WHEN {in_grace} THEN {GRACE}
                ELSE {DEMOTE} END AS step,
              {since} AS since, {until} AS until,
              GREATEST(s.goal, s.held_rank - {self.policy.max_step_down}) AS lower
            FROM ({self.standing(where)}) s OFFSET 0
        """  # noqa: S608

    def still_below(self) -> str:
        """Whether the facts call for less than the next tier even by its own exit thresholds."""
        conditions = self.conditions("s.lower")
        return f"""(
            SELECT NOT {self.undetermined()} AND GREATEST({self.found()}, s.floor_rank) < s.lower
            FROM (SELECT {conditions or "TRUE"} OFFSET 0) j
        )"""  # noqa: S608

    def stepped(self, where: str) -> str:
        """The memory that the step leaves."""
        today = self.today
        return f"""
            SELECT {self._through("floor_rank", "has_floor", "lent_rank", "step")},
              CASE s.step WHEN {DEMOTE} THEN s.lower WHEN {GRACE} THEN s.held_rank
                WHEN {HOLD} THEN COALESCE(s.held_rank, s.goal) ELSE s.goal END AS to_held,
              CASE s.step
                WHEN {DEMOTE} THEN CASE WHEN {self.still_below()} THEN {today} END
                WHEN {GRACE} THEN s.since
                WHEN {HOLD} THEN CASE WHEN s.held_rank IS NOT NULL THEN s.below_since END
              END AS to_below,
              CASE s.step WHEN {GRACE} THEN s.until END AS grace_until
            FROM ({self.below(where)}) s OFFSET 0
        """  # noqa: S608

    def overruled(self, where: str) -> str:
        """The answer: the override on top, unless it might break an unreadable contract."""
        blocked = "s.has_floor AND s.floor_rank IS NULL AND s.lent_rank < s.to_held"
        lent = f"s.lent_rank IS NOT NULL AND NOT ({blocked})"
        return f"""
            SELECT {self._through("to_held", "to_below")},
              CASE WHEN {lent} THEN GREATEST(s.lent_rank, s.floor_rank) ELSE s.to_held
              END AS to_rank,
              CASE WHEN NOT ({lent}) THEN s.step
                WHEN s.floor_rank > s.lent_rank THEN {CONTRACT} ELSE {OVERRIDE} END AS to_source,
              CASE WHEN NOT ({lent}) THEN s.grace_until END AS grace_until
            FROM ({self.stepped(where)}) s
        """  # noqa: S608
