"""The evaluator as one SQL statement: what ``decide`` answers, for all accounts at once.

The answer depends on little: which tier is held and since when it is below, which tier is signed
or lent, and how each criterion came out. So each account is first boiled down to that (``keyed``),
equal ones may be put together (``grouped``), and only what is left goes through the steps of
``tiers.rules.evaluation.deciding``, a level of the statement each. The levels stand apart
(APART), or the planner would write each expression out wherever it is used.

Tiers are ranks (0 is the lowest) and sources numbers inside; ``SOURCES`` names them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from tiers.models import AccountStanding, TierOverride
from tiers.preview.criteria_sql import Parameters, day_literal, rule_condition
from tiers.rules.evaluation import Policy, Rule
from tiers.rules.evaluation.values import InputError

SOURCES = ("criteria", "promote", "grace", "demote", "hold", "override", "contract")
CRITERIA, PROMOTE, GRACE, DEMOTE, HOLD, OVERRIDE, CONTRACT = range(len(SOURCES))
# Days from the first to the last day of the calendar.
EVER = (date.max - date.min).days
# Keeps a level apart. Quoted, so that PostgreSQL sees at once that it skips nothing: written as a
# number it is a cast that is computed too late for the levels below to run in parallel.
APART = "OFFSET '0'"
# Outcomes are packed into whole numbers, because PostgreSQL expects few groups of few columns:
# in the lowest eight bits of the first the rank of the tier that is lent (and one more, 0 is
# none), and then two bits for each rule: no, yes, or 2 when nobody can tell.
LENT_BITS, BITS = 8, 2
LENT = "COALESCE(lent.rank + 1, 0)"
NUMBER_BITS = 62


@dataclass(frozen=True)
class Decided:
    """A statement with its values.

    Its rows have the columns that were asked for, and the answer: ``to_rank`` and
    ``to_source``, the memory ``to_held`` (a rank) and ``to_below``, and ``grace_until``
    while an account is in grace.
    """

    sql: str
    values: dict[str, object]


def decided(
    policy: Policy, today: date, *, beside: Sequence[str] = (), where: str = "TRUE"
) -> Decided:
    """Return the statement that decides about each account by a policy on a day.

    ``beside``: columns of the standing to carry along. ``where``: which standings (``s``)
    to look at, in SQL of ours. Raises InputError like ``decide`` when the default tier is
    unknown.
    """
    statement = _Statement(policy, today, ("organization_id", *beside))
    return statement.over(statement.keyed(where))


def decided_in_groups(
    policy: Policy,
    today: date,
    *,
    by: Sequence[str],
    sums: Sequence[str] = (),
    counted: Mapping[str, str] = MappingProxyType({}),
) -> Decided:
    """Return the statement that decides about all accounts, equal ones put together.

    ``by``: columns of the standing that tell accounts apart as well. ``sums``: columns to
    add up over a group. ``counted``: by name, SQL of ours that yields ``organization_id``
    and ``n`` for some accounts, to add up too. Beside them comes ``accounts``, their number.
    """
    statement = _Statement(policy, today, (*by, *sums, *counted, "accounts"))
    return statement.over(statement.grouped(by, sums, counted))


class _Statement:
    """The levels of the statement, from the inside out."""

    def __init__(self, policy: Policy, today: date, carried: Sequence[str]) -> None:
        if policy.default_tier not in policy.ranks:
            raise InputError("default_tier", f"“{policy.default_tier}” is not one of the tiers")
        self.policy = policy
        self.day = today
        self.today = day_literal(today)
        self.carried = tuple(dict.fromkeys(carried))
        self.parameters = Parameters()
        self.rules = [rule for rule in policy.rules_in_turn if rule.tier in policy.ranks]
        # Each rule by its entry thresholds, and by its exit thresholds where it has any.
        self.bands: dict[tuple[int, bool], int] = {}
        for place, rule in enumerate(self.rules):
            self.bands[place, False] = len(self.bands)
            if any(criterion.exit_value is not None for criterion in rule.criteria):
                self.bands[place, True] = len(self.bands)
        numbers = (LENT_BITS + BITS * len(self.bands)) // NUMBER_BITS + 1
        self.outcomes = tuple(f"outcomes{number}" for number in range(numbers))

    def over(self, keyed: str) -> Decided:
        return Decided(self.overruled(keyed), self.parameters.values)

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

    def _condition(self, rule: Rule, leaving: bool) -> str:
        if leaving:
            rule = replace(
                rule,
                criteria=tuple(
                    one if one.exit_value is None else replace(one, value=one.exit_value)
                    for one in rule.criteria
                ),
            )
        return rule_condition(rule, self.policy, self.day, self.parameters)

    def _key(self, lent: str = LENT) -> list[tuple[str, str]]:
        """What an account is boiled down to: expressions over ``s`` and their names.

        ``lent``: the rank that is lent and one more, 0 for none.
        """
        key = [
            ("s.held", "held"),
            ("s.below_since", "below_since"),
            ("s.contract_floor", "contract_floor"),
        ]
        packed: dict[str, list[str]] = {name: ["0"] for name in self.outcomes}
        packed[self.outcomes[0]] = [f"({lent})::bigint"]
        for place, leaving in self.bands:
            condition = self._condition(self.rules[place], leaving)
            name, bits = self._place(place, leaving)
            packed[name].append(f"(COALESCE(({condition})::int, 2)::bigint << {bits})")
        return [*key, *((" | ".join(parts), name) for name, parts in packed.items())]

    def _from(self) -> str:
        return f"""
            FROM {AccountStanding._meta.db_table} s
            LEFT JOIN ({self.lent()}) lent ON lent.organization_id = s.organization_id
        """

    def keyed(self, where: str) -> str:
        """Each account boiled down."""
        key = self._key()
        taken = {name for _, name in key}
        carried = [f"s.{name}" for name in self.carried if name not in taken]
        asked = ", ".join([*carried, *(f"{one} AS {name}" for one, name in key)])
        return f"SELECT {asked} {self._from()} WHERE {where} {APART}"

    def grouped(self, by: Sequence[str], sums: Sequence[str], counted: Mapping[str, str]) -> str:
        """All accounts boiled down, equal ones put together.

        Few accounts have an override or anything else to be counted, so nothing is joined to
        all of them: first everybody counts as if no tier were lent; then those to whom one is
        lent are taken out there and put where they belong; then what else is counted is added.
        """
        standings, nothing = AccountStanding._meta.db_table, dict.fromkeys(counted, "0")
        amounts = {"accounts": "1", **{name: f"s.{name}" for name in sums}}
        moved = {name: f"{amount} * sign.by" for name, amount in amounts.items()}
        lent = f"({self.lent()}) lent ON lent.organization_id = s.organization_id"
        parts = [
            self._summed(by, "0", {**amounts, **nothing}, f"FROM {standings} s"),
            self._summed(
                by, "CASE sign.by WHEN 1 THEN lent.rank + 1 ELSE 0 END", {**moved, **nothing},
                f"FROM {standings} s JOIN {lent} CROSS JOIN (VALUES (1), (-1)) sign (by)",
            ),
            *(
                self._summed(
                    by, LENT, {**dict.fromkeys(amounts, "0"), **nothing, name: "more.n"},
                    f"FROM {standings} s JOIN ({sql}) more"
                    f" ON more.organization_id = s.organization_id LEFT JOIN {lent}",
                )
                for name, sql in counted.items()
            ),
        ]  # fmt: skip
        names = ", ".join(self._names(by))
        added = ", ".join(f"sum({name}) AS {name}" for name in (*amounts, *counted))
        return f"""
            SELECT {names}, {added} FROM ({" UNION ALL ".join(parts)}) k
            GROUP BY {names} HAVING sum(accounts) > 0 {APART}
        """  # noqa: S608  (our own tables and columns; values are parameters)

    def _names(self, by: Sequence[str]) -> list[str]:
        return list(dict.fromkeys([*by, *(name for _, name in self._key())]))

    def _summed(
        self, by: Sequence[str], lent: str, amounts: Mapping[str, str], accounts: str
    ) -> str:
        """Some accounts boiled down, with the sum of each amount over equal ones.

        In two levels, because PostgreSQL takes an expression over many columns for one of
        many values, and would sort a million rows rather than hash a few groups.
        """
        key = {name: one for one, name in self._key(lent)}
        rows = {**{name: f"s.{name}" for name in by}, **key}
        told = {name: amount for name, amount in amounts.items() if amount != "0"}
        asked = ", ".join(f"{one} AS {name}" for name, one in {**rows, **told}.items())
        added = ", ".join(
            f"sum({name}) AS {name}" if name in told else f"0 AS {name}" for name in amounts
        )
        names = ", ".join(rows)
        return f"""
            SELECT {names}, {added} FROM (SELECT {asked} {accounts} {APART}) k GROUP BY {names}
        """  # noqa: S608

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

    def ranked(self, keyed: str) -> str:
        """Names of tiers as ranks."""
        names = self._through("below_since", *self.outcomes)
        return f"""
            SELECT {names}, {self._rank("s.held")} AS held_rank,
              {self._rank("s.contract_floor")} AS floor_rank,
              s.contract_floor <> '' AS has_floor,
              NULLIF(s.{self.outcomes[0]} & 255, 0)::int - 1 AS lent_rank
            FROM ({keyed}) s {APART}
        """  # noqa: S608

    def conditions(self, held: str) -> str:
        """Each rule's outcome as a column, for an account that holds the tier of this rank."""
        columns = []
        for place, rule in enumerate(self.rules):
            outcome = self._outcome(place, False)
            if (place, True) in self.bands:
                rank, leaving = self.policy.ranks[rule.tier], self._outcome(place, True)
                outcome = f"CASE WHEN {held} = {rank} THEN {leaving} ELSE {outcome} END"
            columns.append(f"{outcome} AS r{place}")
        return ", ".join(columns)

    def _place(self, place: int, leaving: bool) -> tuple[str, int]:
        """Where an outcome is packed: the number's name, and how many bits from its end."""
        bits = LENT_BITS + BITS * self.bands[place, leaving]
        return self.outcomes[bits // NUMBER_BITS], bits % NUMBER_BITS

    def _outcome(self, place: int, leaving: bool) -> str:
        name, bits = self._place(place, leaving)
        return f"NULLIF(((s.{name} >> {bits}) & 3)::int, 2)::boolean"

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

    RANKS = ("held_rank", "floor_rank", "has_floor", "lent_rank", "below_since")

    def judged(self, keyed: str) -> str:
        """With the outcome of each rule."""
        conditions = self.conditions("s.held_rank")
        return f"""
            SELECT {self._through(*self.outcomes, *self.RANKS)}{conditions and ", "}{conditions}
            FROM ({self.ranked(keyed)}) s {APART}
        """  # noqa: S608

    def standing(self, keyed: str) -> str:
        """Where the facts put the account, and the goal, which no contract goes below."""
        found = self.found()
        return f"""
            SELECT {self._through(*self.outcomes, *self.RANKS)}, {found} AS found,
              GREATEST({found}, s.floor_rank) AS goal, {self.undetermined()} AS undetermined,
              {self.has_rule()} AS has_rule
            FROM ({self.judged(keyed)}) s {APART}
        """  # noqa: S608

    def below(self, keyed: str) -> str:
        """The layer under the overrides: which step of the evaluation answers."""
        grace = min(self.policy.demote_grace_days, EVER)
        since = f"LEAST(s.below_since, {self.today})"
        until = f"LEAST({since} + {grace}, {day_literal(date.max)})"
        stepped_today = f"s.below_since >= {self.today}"
        unsettled = "s.undetermined OR s.has_floor AND s.floor_rank IS NULL"
        names = self._through(*self.outcomes, *self.RANKS, "found", "goal")
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
                WHEN {self.today} < {until} OR {stepped_today} THEN {GRACE}
                ELSE {DEMOTE} END AS step,
              {since} AS since, {until} AS until,
              GREATEST(s.goal, s.held_rank - {self.policy.max_step_down}) AS lower
            FROM ({self.standing(keyed)}) s {APART}
        """  # noqa: S608

    def lowered(self, keyed: str) -> str:
        """With the outcome of each rule for an account that holds the next tier below.

        A level for all rather than a subquery for those who step down: one that refers to
        its row would keep the whole statement from running in parallel.
        """
        conditions = self.conditions("s.lower")
        names = self._through(*self.RANKS, "step", "since", "until", "goal", "lower")
        return f"""
            SELECT {names}{conditions and ", "}{conditions} FROM ({self.below(keyed)}) s {APART}
        """  # noqa: S608

    def still_below(self) -> str:
        """Whether the facts call for less than the next tier even by its own exit thresholds."""
        return f"NOT {self.undetermined()} AND GREATEST({self.found()}, s.floor_rank) < s.lower"

    def stepped(self, keyed: str) -> str:
        """The memory that the step leaves."""
        return f"""
            SELECT {self._through("floor_rank", "has_floor", "lent_rank", "step")},
              CASE s.step WHEN {DEMOTE} THEN s.lower WHEN {GRACE} THEN s.held_rank
                WHEN {HOLD} THEN COALESCE(s.held_rank, s.goal) ELSE s.goal END AS to_held,
              CASE s.step
                WHEN {DEMOTE} THEN CASE WHEN {self.still_below()} THEN {self.today} END
                WHEN {GRACE} THEN s.since
                WHEN {HOLD} THEN CASE WHEN s.held_rank IS NOT NULL THEN s.below_since END
              END AS to_below,
              CASE s.step WHEN {GRACE} THEN s.until END AS grace_until
            FROM ({self.lowered(keyed)}) s {APART}
        """  # noqa: S608

    def overruled(self, keyed: str) -> str:
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
            FROM ({self.stepped(keyed)}) s
        """  # noqa: S608
