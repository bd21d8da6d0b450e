"""One criterion as an SQL condition over ``AccountStanding``: true, false, or null for "not known".

The only place that says in SQL what ``tiers.rules.evaluation.judging`` says in Python; a property
test compares the two. Everything is a literal or a named parameter: no value of a policy becomes
part of the text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from tiers.rules.evaluation import Criterion, Policy, Rule, Threshold, Value
from tiers.rules.standings import DAY, FACT_COLUMNS, NUMBER, FactColumn, text_key

TRUE, FALSE, UNKNOWN = "TRUE", "FALSE", "NULL::boolean"
# Beyond any fact, and within a bigint whatever is compared with it.
FAR = 2**62
LARGEST_INTEGER = 2**31


@dataclass
class Parameters:
    """The values of a statement by name."""

    values: dict[str, object] = field(default_factory=dict)

    def add(self, value: object) -> str:
        """Keep a value; return its placeholder."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"


def day_literal(day: date) -> str:
    """Return a day as an SQL literal."""
    return f"DATE '{day.isoformat()}'"


def days_before(today: date, days: int) -> date:
    """Return the day so many days before, at the earliest the first of all days."""
    return today - timedelta(days=min(days, (today - date.min).days))


def rule_condition(rule: Rule, policy: Policy, today: date, parameters: Parameters) -> str:
    """Return whether a rule is satisfied by its entry thresholds; null where it is undetermined."""
    word, empty = (" AND ", TRUE) if rule.match == "all" else (" OR ", FALSE)
    asked = [
        criterion_condition(
            criterion, policy, today, parameters, missing_fails=rule.missing == "fail"
        )
        for criterion in rule.criteria
    ]
    return word.join(f"({one})" for one in asked) or empty


def criterion_condition(
    criterion: Criterion,
    policy: Policy,
    today: date,
    parameters: Parameters,
    *,
    missing_fails: bool,
) -> str:
    """Return whether one criterion holds by its entry value; null where nobody can tell."""
    threshold = criterion.value
    absent = FALSE if missing_fails else UNKNOWN
    column = FACT_COLUMNS.get(criterion.fact)
    if column is None:
        return absent
    oldest = days_before(today, policy.stale_after(criterion.fact))
    if criterion.op == "changed_within":
        assert isinstance(threshold, Decimal)
        since = days_before(today, int(min(threshold, Decimal(FAR))))
        changed = f"s.{column.changed}"
        holds = f"{changed} BETWEEN {day_literal(since)} AND {day_literal(today)}"
    else:
        holds = comparison(column, criterion.op, threshold, parameters)
    seen = f"s.{column.seen}"
    out_of_date = f"{seen} > {day_literal(today)} OR {seen} < {day_literal(oldest)}"
    return (
        f"CASE WHEN s.{column.fact} IS NULL THEN {absent} "
        f"WHEN {out_of_date} THEN {UNKNOWN} ELSE {holds} END"
    )


def comparison(column: FactColumn, op: str, threshold: Threshold, parameters: Parameters) -> str:
    """Return the comparison of a known value with a threshold."""
    if isinstance(threshold, tuple):
        if op == "in":
            return " OR ".join(_equal(column, one, parameters) for one in threshold)
        low, high = threshold
        return f"({_ordered(column, 'gte', low)}) AND ({_ordered(column, 'lt', high)})"
    if op == "eq":
        return _equal(column, threshold, parameters)
    return _ordered(column, op, threshold)


def _equal(column: FactColumn, wanted: Value, parameters: Parameters) -> str:
    """A value of another kind is not equal, which is known."""
    name = f"s.{column.fact}"
    if column.kind == "text":
        return f"{name} = {parameters.add(text_key(wanted))}"
    if column.kind == "yes_no":
        return f"{name} = {wanted}" if isinstance(wanted, bool) else FALSE
    if column.kind == "day":
        return f"{name} = {day_literal(wanted)}" if isinstance(wanted, date) else FALSE
    if not isinstance(wanted, Decimal) or wanted * column.scale != int(wanted * column.scale):
        return FALSE
    return f"{name} = {_bounded(int(wanted * column.scale), column)}"


def _ordered(column: FactColumn, op: str, wanted: Value) -> str:
    """A value of another kind is neither more nor less, which leaves the criterion open."""
    name = f"s.{column.fact}"
    if column.kind == "number" and isinstance(wanted, Decimal):
        return f"{name} {_SIGNS[op]} {_bounded(_whole(op, wanted * column.scale), column)}"
    if column.kind == "day" and isinstance(wanted, date):
        return f"{name} {_SIGNS[op]} {day_literal(wanted)}"
    if column.kind != "text":
        return UNKNOWN
    if isinstance(wanted, Decimal):
        return (
            f"CASE WHEN {name} LIKE '{NUMBER}%%' "
            f"THEN substr({name}, 3)::numeric {_SIGNS[op]} {wanted:f} END"
        )
    if isinstance(wanted, date):
        return (
            f"CASE WHEN {name} LIKE '{DAY}%%' "
            f"THEN substr({name}, 3)::date {_SIGNS[op]} {day_literal(wanted)} END"
        )
    return UNKNOWN


_SIGNS = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}


def _whole(op: str, wanted: Decimal) -> int:
    """The whole number that divides whole numbers in the same way."""
    return math.ceil(wanted) if op in {"gte", "lt"} else math.floor(wanted)


def _bounded(number: int, column: FactColumn) -> str:
    number = max(-FAR, min(FAR, number))
    return str(number) if abs(number) < LARGEST_INTEGER else f"{number}::bigint"
