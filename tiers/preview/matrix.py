"""The mover matrix: how many accounts go from which tier to which, with what comes along."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from tiers.preview.asking import decides_in_sql, fetched, inputs_by_account
from tiers.preview.deciding_sql import decided_in_groups
from tiers.rules import evaluation


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What the rooms above count per account: their open tickets.

    ``sql`` yields ``organization_id`` and ``n`` for accounts that have any;
    ``counted`` answers the same where Python decides.
    """

    sql: str
    counted: Callable[[], Mapping[int, int]]


@dataclass(slots=True)
class Cell:
    """The accounts that have one tier now and get another, or keep it.

    ``acv_cents`` is their annual contract value, those without a known one left out.
    ``in_grace`` are those that keep their tier for now although they no longer meet it,
    ``new_in_grace`` those of them that are safe today; the first falls on ``grace_ends``.
    """

    before: str
    after: str
    accounts: int = 0
    acv_cents: int = 0
    open_tickets: int = 0
    in_grace: int = 0
    new_in_grace: int = 0
    grace_ends: date | None = None

    @property
    def moves(self) -> bool:
        """Whether these accounts get another tier."""
        return self.before != self.after

    def add(self, other: "Cell") -> None:
        """Count another's accounts too."""
        self.accounts += other.accounts
        self.acv_cents += other.acv_cents
        self.open_tickets += other.open_tickets
        self.in_grace += other.in_grace
        self.new_in_grace += other.new_in_grace
        ends = [day for day in (self.grace_ends, other.grace_ends) if day is not None]
        self.grace_ends = min(ends, default=None)


@dataclass(frozen=True, slots=True)
class MoverMatrix:
    """What would become of all accounts at an instant under a policy of this fingerprint."""

    at: datetime
    fingerprint: str
    # The tiers of accounts now and then, the highest of the policy first.
    before: tuple[str, ...]
    after: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]

    def cell(self, before: str, after: str) -> Cell:
        """Return one cell; an empty one where nobody is."""
        return self.cells.get((before, after)) or Cell(before, after)

    def total(self, *, moved: bool) -> Cell:
        """Return the sum of the accounts that move, or of all."""
        total = Cell("", "")
        for cell in self.cells.values():
            if cell.moves or not moved:
                total.add(cell)
        return total


def mover_matrix(
    policy: evaluation.Policy, now: datetime, work: OpenWork | None = None
) -> MoverMatrix:
    """Return what would become of all accounts if this policy counted now. Changes nothing.

    Accounts that were never judged are left out. Raises InputError when the policy's
    default tier is none of its tiers.
    """
    found = _in_sql(policy, now, work) if decides_in_sql() else _in_python(policy, now, work)
    cells: dict[tuple[str, str], Cell] = {}
    for cell in found:
        cells.setdefault((cell.before, cell.after), Cell(cell.before, cell.after)).add(cell)
    held = {before for before, _after in cells}
    gone = sorted(held - set(policy.order))
    highest_first = tuple(reversed(policy.order))
    return MoverMatrix(
        at=now,
        fingerprint=policy.fingerprint,
        before=(*highest_first, *gone),
        after=highest_first,
        cells=cells,
    )


def _in_sql(policy: evaluation.Policy, now: datetime, work: OpenWork | None) -> list[Cell]:
    # Without any work the column is there all the same, and empty.
    counted = work.sql if work else "SELECT NULL::bigint AS organization_id, 0 AS n"
    found = decided_in_groups(
        policy,
        now.date(),
        by=("tier", "below_since"),
        sums=("acv",),
        counted={"open_tickets": counted},
    )
    waits = "d.grace_until IS NOT NULL"
    asked = f"""
        SELECT d.tier, d.to_rank, sum(accounts), sum(acv), sum(open_tickets),
          sum(accounts) FILTER (WHERE {waits}),
          sum(accounts) FILTER (WHERE {waits} AND d.below_since IS NULL),
          min(d.grace_until) FILTER (WHERE {waits} AND d.below_since IS NULL)
        FROM ({found.sql}) d GROUP BY 1, 2
    """  # noqa: S608  (names of ours; values are parameters)
    return [
        Cell(
            before=tier,
            after=policy.order[rank],
            accounts=int(accounts),
            acv_cents=int(acv or 0),
            open_tickets=int(tickets or 0),
            in_grace=int(in_grace or 0),
            new_in_grace=int(new or 0),
            grace_ends=ends,
        )
        for tier, rank, accounts, acv, tickets, in_grace, new, ends in fetched(asked, found.values)
    ]


def _in_python(policy: evaluation.Policy, now: datetime, work: OpenWork | None) -> list[Cell]:
    counted: Mapping[int, int] = work.counted() if work else {}
    cells: dict[tuple[str, str], Cell] = defaultdict(lambda: Cell("", ""))
    for standing, inputs in inputs_by_account(now.date()):
        decision = evaluation.decide(policy, inputs, with_counterfactuals=False)
        until = decision.grace_until if decision.source == "grace" else None
        is_new = until is not None and standing.below_since is None
        cells[standing.tier, decision.tier].add(
            Cell(
                standing.tier,
                decision.tier,
                accounts=1,
                acv_cents=standing.acv or 0,
                open_tickets=counted.get(standing.organization_id, 0),
                in_grace=int(until is not None),
                new_in_grace=int(is_new),
                grace_ends=until if is_new else None,
            )
        )
    for (before, after), cell in cells.items():
        cell.before, cell.after = before, after
    return list(cells.values())
