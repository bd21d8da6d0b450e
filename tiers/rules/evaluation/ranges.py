"""Can these criteria hold together? Decided by trying one value from every stretch.

The thresholds of all criteria on a fact split its values into finitely many stretches, inside
which no criterion changes its answer. Trying a value from each is therefore complete: when none
of them satisfies all criteria, no value does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from itertools import pairwise
from typing import Literal

from .policy import Criterion
from .values import Threshold, Value, compare

_EXACT = Context(prec=60)


@dataclass(frozen=True)
class Atom:
    """A criterion in one band that is to hold (`positive`) or not to hold."""

    criterion: Criterion
    band: Literal["entry", "exit"]
    positive: bool

    @property
    def threshold(self) -> Threshold:
        leave = self.criterion.exit_value
        return leave if self.band == "exit" and leave is not None else self.criterion.value


def can_all_hold(atoms: Sequence[Atom]) -> bool:
    """Whether some facts satisfy every atom at once."""
    by_fact: dict[str, list[Atom]] = {}
    for atom in atoms:
        by_fact.setdefault(atom.criterion.fact, []).append(atom)
    return all(
        _ages_can_hold([one for one in group if one.criterion.op == "changed_within"])
        and _values_can_hold([one for one in group if one.criterion.op != "changed_within"])
        for group in by_fact.values()
    )


def _values_can_hold(atoms: list[Atom]) -> bool:
    if not atoms:
        return True
    candidates = _stretches([threshold for atom in atoms for threshold in _each(atom.threshold)])
    return any(
        all(
            # A value that cannot be compared does not satisfy the criterion.
            (compare(atom.criterion.op, atom.threshold, value) is True) is atom.positive
            for atom in atoms
        )
        for value in candidates
    )


def _ages_can_hold(atoms: list[Atom]) -> bool:
    """`changed_within` atoms bound the age of the last change in days."""
    most = [one.threshold for one in atoms if one.positive]
    more_than = [one.threshold for one in atoms if not one.positive]
    return all(
        isinstance(low, Decimal) and isinstance(high, Decimal) and low < high
        for low in more_than
        for high in most
    )


def samples(criteria: Iterable[Criterion]) -> list[Value]:
    """One value of every stretch that the entry thresholds of these criteria make."""
    return _stretches([one for criterion in criteria for one in _each(criterion.value)])


def _each(threshold: Threshold) -> tuple[Value, ...]:
    return threshold if isinstance(threshold, tuple) else (threshold,)


def _stretches(thresholds: list[Value]) -> list[Value]:
    numbers = sorted({one for one in thresholds if isinstance(one, Decimal)})
    days = sorted({one for one in thresholds if isinstance(one, date)})
    texts = {one for one in thresholds if isinstance(one, str)}
    values: list[Value] = [True, False, *sorted(texts), _other_text(texts)]
    if not numbers:
        values.append(Decimal(0))
    for low, high in pairwise(numbers):
        values.append(_EXACT.divide(_EXACT.add(low, high), Decimal(2)))
    if numbers:
        values += [_EXACT.subtract(numbers[0], Decimal(1)), _EXACT.add(numbers[-1], Decimal(1))]
    for first, second in pairwise(days):
        values.append(first + (second - first) // 2)
    if days:
        values += [_shifted(days[0], -1), _shifted(days[-1], 1)]
    return [*values, *numbers, *days]


def _other_text(texts: set[str]) -> str:
    """A text equal to none of them, whatever their case."""
    other = "other"
    while other in {one.casefold() for one in texts}:
        other += "?"
    return other


def _shifted(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return day
