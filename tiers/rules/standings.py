"""What is known of an account in typed columns: how a fact is kept there, and read back.

A fact's text form is exact but slow to compare a million times. Each fact therefore has a column
of its own kind in ``AccountStanding``: whole numbers (money in cents, shares in ten-thousandths),
days, yes or no, and one key for text. No Django here; the model names the same columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

from tiers.rules.evaluation import FactValue, Value, canonical
from tiers.rules.evaluation.values import value_to_json

Kind = Literal["number", "yes_no", "day", "text"]
Stored = int | bool | date | str | None


@dataclass(frozen=True)
class FactColumn:
    """Where one fact is kept. ``scale``: how many units of the column make one of the fact.

    Beside it stand ``<fact>_seen``, the UTC day on which a source that looks again by itself
    said so (None when a person did: that does not age), and ``<fact>_changed``, the day on
    which the value last became different.
    """

    fact: str
    kind: Kind
    scale: int = 1

    @property
    def seen(self) -> str:
        """The column of the day of observation."""
        return f"{self.fact}_seen"

    @property
    def changed(self) -> str:
        """The column of the day of the last change."""
        return f"{self.fact}_changed"

    def kept(self, text: str) -> Stored:
        """Return the column's value for a fact's text; None when it is unknown or unreadable."""
        value = canonical(text)
        if value is None:
            return None
        if self.kind == "text":
            return text_key(value)
        if self.kind == "number":
            return int(value * self.scale) if isinstance(value, Decimal) else None
        wanted = bool if self.kind == "yes_no" else date
        return value if isinstance(value, wanted) else None

    def value(self, kept: Stored) -> Value | None:
        """Return the fact's value for what the column holds."""
        if kept is None:
            return None
        if isinstance(kept, str):
            return canonical(kept[2:])
        if isinstance(kept, bool | date):
            return kept
        return Decimal(kept) / self.scale


# Every fact that criteria may ask for. The contractual floor is no criterion.
FACT_COLUMNS: Mapping[str, FactColumn] = {
    column.fact: column
    for column in (
        FactColumn("acv", "number", 100),
        FactColumn("seats", "number"),
        FactColumn("usage_criticality", "number"),
        FactColumn("strategic", "yes_no"),
        FactColumn("region", "text"),
        FactColumn("contract_start", "day"),
        FactColumn("contract_renewal", "day"),
        FactColumn("severity_mix_90d", "number", 10_000),
        FactColumn("health", "number"),
    )
}

FACT_NAMES = tuple(
    name for column in FACT_COLUMNS.values() for name in (column.fact, column.seen, column.changed)
)

# A text may look like a number or a day, and is then compared as one: the letter says how.
NUMBER, DAY, YES_NO, WORD = "n:", "d:", "b:", "w:"


def text_key(value: Value) -> str:
    """Return the text that two equal values share, whatever their case or trailing zeros."""
    if isinstance(value, bool):
        return f"{YES_NO}{str(value).lower()}"
    if isinstance(value, Decimal):
        plain = f"{value:f}"
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
        return f"{NUMBER}{'0' if plain == '-0' else plain}"
    if isinstance(value, date):
        return f"{DAY}{value_to_json(value)}"
    return f"{WORD}{value.casefold()}"


class KnownFact(Protocol):
    """One current fact: its text, the day of observation (None: does not age) and of change."""

    @property
    def text(self) -> str: ...

    @property
    def seen(self) -> date | None: ...

    @property
    def changed(self) -> date: ...


def columns_of(known: Mapping[str, KnownFact]) -> dict[str, Stored]:
    """Return the typed columns of an account by the facts known of it."""
    columns: dict[str, Stored] = {}
    for column in FACT_COLUMNS.values():
        fact = known.get(column.fact)
        kept = None if fact is None else column.kept(fact.text)
        is_known = fact is not None and kept is not None
        columns[column.fact] = kept
        columns[column.seen] = fact.seen if fact is not None and is_known else None
        columns[column.changed] = fact.changed if fact is not None and is_known else None
    return columns


def facts_of(columns: Mapping[str, Stored], today: date) -> Iterator[tuple[str, FactValue]]:
    """Return the facts that the typed columns of an account hold, as the evaluator reads them."""
    for column in FACT_COLUMNS.values():
        value = column.value(columns[column.fact])
        if value is None:
            continue
        seen, changed = columns[column.seen], columns[column.changed]
        yield (
            column.fact,
            FactValue(
                value,
                seen if isinstance(seen, date) else today,
                changed_on=changed if isinstance(changed, date) else None,
            ),
        )
