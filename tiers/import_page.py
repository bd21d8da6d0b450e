"""What the pages of an import show: counts, moves between tiers, lines in words, files."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from portal.kit.spreadsheets import safe_cell
from portal.kit.words import Words, tier_label
from tiers.fact_words import fact_label, fact_value, source_label
from tiers.models import FactImport, FactImportLine, TierAssignment
from tiers.program import live_policy_at

Outcome = FactImportLine.Outcome
Result = FactImportLine.Result
PAGE = 50
MOVES, CHANGES, SAME, WRONG, LEFT_OUT = "moves", "changes", "same", "wrong", "left-out"
NOT_APPLIED = (Result.PARTLY, Result.SKIPPED, Result.FAILED)


@dataclass(frozen=True, slots=True)
class TierCount:
    """A tier with its accounts now, and when this is applied."""

    tier: str
    now: int
    then: int

    @property
    def difference(self) -> str:
        """The change with its sign; empty for none."""
        return f"{self.then - self.now:+d}".replace("-", "−") if self.then != self.now else ""


@dataclass(frozen=True, slots=True)
class Move:
    """Accounts that go from one tier to another; ``before`` is empty for new ones."""

    before: str
    after: str
    count: int


@dataclass(frozen=True, slots=True)
class ChangeWords:
    """One fact that changes, in words."""

    label: Words
    old: str
    new: str
    source: Words


@dataclass(frozen=True, slots=True)
class LinePage:
    """Some lines, and the number of the last one; 0 on the last page."""

    lines: Sequence[FactImportLine]
    next_after: int


def count_lines(row: FactImport) -> dict[str, int]:
    """Return how many lines there are of each kind, in one statement."""
    found: dict[str, int] = row.lines.aggregate(
        all=Count("pk"),
        changes=Count("pk", filter=Q(outcome__in=FactImportLine.CHANGING)),
        creates=Count("pk", filter=Q(outcome=Outcome.CREATE)),
        same=Count("pk", filter=Q(outcome=Outcome.SAME)),
        wrong=Count("pk", filter=Q(outcome=Outcome.WRONG)),
        applied=Count("pk", filter=Q(result__in=[Result.APPLIED, Result.PARTLY])),
        left_out=Count("pk", filter=Q(result__in=NOT_APPLIED)),
    )
    return found


def moves_of(row: FactImport) -> list[Move]:
    """Return who goes from which tier to which, the most first."""
    grouped = (
        row.lines.filter(outcome__in=FactImportLine.CHANGING)
        .values_list("tier_before", "tier_after")
        .annotate(count=Count("pk"))
        .order_by("-count", "tier_before", "tier_after")
    )
    return [Move(*found) for found in grouped if found[0] != found[1]]


def tier_counts(row: FactImport, moves: Sequence[Move]) -> list[TierCount]:
    """Return the accounts per tier now and then, the highest tier first."""
    held: dict[str, int] = dict(
        TierAssignment.objects.open().values_list("tier").annotate(Count("pk")).order_by()
    )
    order = list(reversed((row.policy or live_policy_at(row.created_at)).tier_order))
    order += sorted(set(held) - set(order))
    return [
        TierCount(
            tier,
            held.get(tier, 0),
            held.get(tier, 0)
            + sum(move.count for move in moves if move.after == tier)
            - sum(move.count for move in moves if move.before == tier),
        )
        for tier in order
    ]


def lines_shown(row: FactImport, show: str, after: int) -> LinePage:
    """Return one page of the lines of a kind, in the order of the file."""
    found: QuerySet[FactImportLine] = row.lines.all()
    match show:
        case "moves":
            found = row.lines.moving()
        case "changes":
            found = row.lines.to_apply()
        case "same":
            found = found.filter(outcome=Outcome.SAME)
        case "wrong":
            found = found.filter(outcome=Outcome.WRONG)
        case "left-out":
            found = found.filter(result__in=NOT_APPLIED)
    rows = list(
        found.filter(number__gt=after).select_related("organization").order_by("number")[: PAGE + 1]
    )
    currency = row.policy.currency if row.policy else ""
    for line in rows:
        line.words = change_words(line, currency)  # type: ignore[attr-defined]
    more = len(rows) > PAGE
    return LinePage(rows[:PAGE], rows[PAGE - 1].number if more else 0)


def change_words(line: FactImportLine, currency: str) -> list[ChangeWords]:
    """Return what a line changes, as people read it."""
    return [
        ChangeWords(
            fact_label(name),
            fact_value(name, change["old"], currency),
            fact_value(name, change["new"], currency),
            source_label(change["source"]) if change["source"] else "",
        )
        for name, change in line.changes.items()
    ]


def problems_file(row: FactImport) -> Iterator[str]:
    """Yield a CSV of what was not used: line, column, value, what to do, then the line itself."""
    unused = row.lines.filter(Q(outcome=Outcome.WRONG) | Q(result__in=NOT_APPLIED))
    head = [_("Line"), _("Column"), _("Value"), _("What to do")]
    yield "\ufeff" + _written([*head, *row.headings])
    for line in unused.order_by("number").iterator(chunk_size=500):
        told = line.problems or [{"column": "", "value": "", "say": say} for say in line.said]
        for one in told:
            yield _written([line.number, one["column"], one["value"], one["say"], *line.cells])


def sample_file(currency: str) -> str:
    """Return a small file that can be imported after its ids are put right."""
    # In one language: these headings are recognised, whoever brings the file back.
    rows: list[list[object]] = [
        ["CRM id", "Name", "ACV", "Currency", "Seats", "Usage criticality", "Strategic",
         "Contract renewal"],
        ["1001", "Fjord Logistics", "31000.00", currency, 120, 4, "yes", "2027-01-31"],
        ["1002", "Baltic Boxes", "6200.50", currency, 15, "", "no", "unknown"],
    ]  # fmt: skip
    return "\ufeff" + "".join(_written(row) for row in rows)


def _written(cells: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(_text(cell)) for cell in cells])
    return out.getvalue()


def _text(cell: object) -> object:
    return cell if isinstance(cell, str | int) else str(cell)


def tier_or_none(tier: str) -> Words:
    """Return a tier's name, or that there is none yet."""
    return tier_label(tier) if tier else _("none yet")
