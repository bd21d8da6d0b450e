"""The report as a table, for the page and for the CSV file."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from django.utils.translation import gettext as _

from portal.kit.spreadsheets import safe_cell
from portal.kit.words import tier_label
from reports.figures import TierFigures
from reports.metrics import Metric, Value, metrics_for, name_of
from reports.periods import Period
from reports.value_words import value_words


@dataclass(frozen=True, slots=True)
class TableCell:
    """A value in words, and what stands behind it."""

    text: str
    value: Value


@dataclass(frozen=True, slots=True)
class TableRow:
    """One metric over all tiers."""

    metric: Metric
    name: str
    cells: tuple[TableCell, ...]


def rows_of(figures: Sequence[TierFigures], promised: set[str]) -> list[TableRow]:
    """Return every metric as a row with a cell per tier."""
    kinds = promised | {kind for one in figures for kind in one.promises}
    return [
        TableRow(
            metric,
            name_of(metric),
            tuple(
                TableCell(value_words(value, metric.unit), value)
                for value in (metric.read(one) for one in figures)
            ),
        )
        for metric in metrics_for(kinds)
    ]


def csv_of(figures: Sequence[TierFigures], promised: set[str], period: Period) -> str:
    """Return the report as CSV: one line per tier and metric, with its definition.

    Shares are fractions, durations seconds, an empty value means that there was
    nothing to compute it from. No cell begins like a formula.
    """
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [
            "tier", "metric", "name", "unit", "value", "low_95", "high_95", "cases", "first_day",
            "last_day", "time_zone", "definition",
        ]
    )  # fmt: skip
    for line in _lines(rows_of(figures, promised), figures, period):
        writer.writerow([safe_cell(cell) for cell in line])
    return text.getvalue()


def _lines(
    rows: Sequence[TableRow], figures: Sequence[TierFigures], period: Period
) -> Iterator[list[object]]:
    for row in rows:
        for one, cell in zip(figures, row.cells, strict=True):
            value = cell.value
            yield [
                one.tier,
                row.metric.key,
                row.name,
                row.metric.unit.value,
                _number(value.number),
                _number(value.low),
                _number(value.high),
                value.cases,
                period.first.isoformat(),
                period.last.isoformat(),
                str(period.zone),
                f"{row.metric.sentence} {row.metric.rule}",
            ]


def _number(number: float | int | None) -> float | int | str:
    if number is None:
        return ""
    return round(number, 6) if isinstance(number, float) else number


def csv_name(period: Period) -> str:
    """Return the name of the file."""
    return f"tiers_{period.first.isoformat()}_{period.last.isoformat()}.csv"


def tier_names(figures: Sequence[TierFigures]) -> list[str]:
    """Return the names of the columns."""
    return [str(tier_label(one.tier)) or _("No tier") for one in figures]
