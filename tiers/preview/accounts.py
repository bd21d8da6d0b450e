"""The accounts behind the numbers of a preview, in the order of their ids."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from tiers.models import AccountStanding
from tiers.preview.asking import decides_in_sql, fetched, inputs_by_account
from tiers.preview.deciding_sql import SOURCES, decided
from tiers.preview.selecting import Selection
from tiers.rules import evaluation

# How many ids are looked at in one statement while a page is filled; grows while little is found.
WINDOW, LARGEST_WINDOW = 20_000, 500_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a policy answers about one account."""

    organization_id: int
    tier: str
    source: str
    held: str
    below_since: date | None
    grace_until: date | None


def selected_accounts(
    policy: evaluation.Policy,
    selection: Selection,
    now: datetime,
    *,
    after: int = 0,
    limit: int | None = None,
) -> Iterator[Answer]:
    """Return the accounts of a selection whose ids are greater than ``after``, by id."""
    answers = _in_sql if decides_in_sql() else _in_python
    for number, answer in enumerate(answers(policy, selection, now.date(), after)):
        if limit is not None and number >= limit:
            return
        yield answer


def count_accounts(policy: evaluation.Policy, selection: Selection, now: datetime) -> int:
    """Return how many accounts a selection has."""
    if not decides_in_sql():
        return sum(1 for _ in _in_python(policy, selection, now.date(), 0))
    if selection.having == "TRUE":
        counting = f"SELECT count(*) FROM {_TABLE} s WHERE {selection.where}"  # noqa: S608
        return int(fetched(counting, selection.values)[0][0])
    found = decided(policy, now.date(), beside=_BESIDE, where=selection.where)
    counting = f"SELECT count(*) FROM ({found.sql}) d WHERE {selection.having}"  # noqa: S608
    return int(fetched(counting, {**found.values, **selection.values})[0][0])


_TABLE = AccountStanding._meta.db_table
_BESIDE = ("tier", "source", "below_since")


def _in_sql(
    policy: evaluation.Policy, selection: Selection, today: date, after: int
) -> Iterator[Answer]:
    last = AccountStanding.objects.order_by("-organization_id").values_list("pk", flat=True).first()
    window = WINDOW
    found = decided(
        policy,
        today,
        beside=_BESIDE,
        where=f"({selection.where}) AND s.organization_id > %(after)s "
        "AND s.organization_id <= %(upto)s",
    )
    asked = f"""
        SELECT organization_id, to_rank, to_source, to_held, to_below, grace_until
        FROM ({found.sql}) d WHERE {selection.having} ORDER BY organization_id
    """  # noqa: S608  (names of ours; values are parameters)
    while last is not None and after < last:
        values = {"after": after, "upto": after + window, **selection.values, **found.values}
        for pk, rank, source, held, below, until in fetched(asked, values):
            yield Answer(pk, policy.order[rank], SOURCES[source], policy.order[held], below, until)
        after += window
        window = min(window * 2, LARGEST_WINDOW)


def _in_python(
    policy: evaluation.Policy, selection: Selection, today: date, after: int
) -> Iterator[Answer]:
    for standing, inputs in inputs_by_account(today, organization_id__gt=after):
        decision = evaluation.decide(policy, inputs, with_counterfactuals=False)
        if selection.holds(standing, decision):
            yield Answer(
                standing.organization_id,
                decision.tier,
                decision.source,
                decision.state.tier,
                decision.state.below_since,
                decision.grace_until if decision.source == "grace" else None,
            )


def decisions_about(
    policy: evaluation.Policy, organization_ids: Collection[int], now: datetime
) -> dict[int, evaluation.Decision]:
    """Return the whole decision, with its reasons, about a page of accounts."""
    found = inputs_by_account(now.date(), organization_id__in=organization_ids)
    return {
        standing.organization_id: evaluation.decide(policy, inputs, with_counterfactuals=False)
        for standing, inputs in found
    }
