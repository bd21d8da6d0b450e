"""What a version of the program would do to accounts, with the open work of each."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from itertools import islice
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from people.models import Organization
from portal.kit.spreadsheets import safe_cell
from portal.kit.words import tier_label
from tickets.models import Ticket
from tickets.models.ticket import ACTIVE_STATUSES
from tiers.contract_checks import contract_faults
from tiers.fact_words import fact_label, fact_value
from tiers.models import AccountStanding, TierOverride, TierPolicy
from tiers.preview import (
    Cell,
    MoverMatrix,
    OpenWork,
    Selection,
    count_accounts,
    decisions_about,
    edges_of,
    in_cell,
    mover_matrix,
    near_a_threshold,
    new_in_grace,
    selected_accounts,
    superfluous_overrides,
    that_move,
)
from tiers.preview.selecting import Edge
from tiers.program import rules_of
from tiers.reason_words import say
from tiers.rules import evaluation

PAGE = 50
CHUNK = 500
# Sentences of the evaluator that a list shows: what happened, and by which fact.
SAID = 2


def open_work() -> OpenWork:
    """Return how open tickets are counted per account."""
    statuses = ", ".join(f"'{status}'" for status in ACTIVE_STATUSES)
    table = Ticket._meta.db_table
    return OpenWork(
        sql=f"SELECT organization_id, count(*) AS n FROM {table}"  # noqa: S608  (our own words)
        f" WHERE status IN ({statuses}) GROUP BY organization_id",
        counted=lambda: _open_tickets(None),
    )


def _open_tickets(organization_ids: Sequence[int] | None) -> dict[int, int]:
    tickets = Ticket.objects.active()
    if organization_ids is not None:
        tickets = tickets.filter(organization_id__in=organization_ids)
    counted = tickets.values_list("organization_id").annotate(n=Count("pk"))
    return dict(counted.order_by())


@dataclass(frozen=True, slots=True)
class CellShown:
    """A cell with its contract value in words; the rest is the cell's own."""

    cell: Cell
    acv: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cell, name)


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing a version now would do to all accounts, as one page shows it.

    ``faults`` keep it from being published. ``near`` counts accounts within five percent
    of a threshold; ``superfluous`` are overrides that would lend what is held by right.
    """

    policy: TierPolicy
    rules: evaluation.Policy
    matrix: MoverMatrix
    faults: Sequence[str]
    superfluous: Sequence[TierOverride]
    near: int

    @property
    def fingerprint(self) -> str:
        """The short print of the criteria that this preview was made for."""
        return self.matrix.fingerprint[:12]

    @property
    def moved(self) -> Cell:
        """Everybody who gets another tier, together."""
        return self.matrix.total(moved=True)

    @property
    def all(self) -> Cell:
        """All accounts together."""
        return self.matrix.total(moved=False)

    @property
    def acv_moved(self) -> str:
        """The contract value of those who move."""
        return _sum(self.moved.acv_cents, self.policy.currency)

    @property
    def acv_all(self) -> str:
        """The contract value of all accounts."""
        return _sum(self.all.acv_cents, self.policy.currency)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The matrix as a table: a row for each tier that accounts have now."""
        return [
            {
                "tier": before,
                "is_gone": before not in self.matrix.after,
                "cells": [
                    CellShown(cell, _sum(cell.acv_cents, self.policy.currency))
                    for cell in (self.matrix.cell(before, after) for after in self.matrix.after)
                ],
            }
            for before in self.matrix.before
        ]


def preview_of(policy: TierPolicy, now: datetime) -> Preview:
    """Return the preview of a version as its rows say now. Raises InputError like the evaluator."""
    rules = rules_of(TierPolicy.objects.with_everything().get(pk=policy.pk))
    return Preview(
        policy=policy,
        rules=rules,
        matrix=mover_matrix(rules, now, open_work()),
        faults=list(contract_faults(policy)),
        superfluous=superfluous_overrides(rules, now),
        near=count_accounts(rules, near_a_threshold(rules), now),
    )


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a preview: what it is now and would be, and why."""

    organization: Organization
    acv: str
    tier: str
    becomes: str
    source: str
    grace_until: date | None
    open_tickets: int
    reason: str
    near: str


def selection_of(rules: evaluation.Policy, question: Mapping[str, str]) -> Selection | None:
    """Return which accounts somebody asks for by an address; None when it makes no sense."""
    match question.get("of", ""):
        case "cell":
            before = question.get("from", "").replace("\x00", "")
            after = question.get("to", "")
            return in_cell(rules, before, after) if before and after in rules.ranks else None
        case "grace":
            return new_in_grace()
        case "near":
            return near_a_threshold(rules)
        case "moves" | "":
            return that_move(rules)
    return None


def page_of_accounts(
    policy: TierPolicy,
    rules: evaluation.Policy,
    selection: Selection,
    now: datetime,
    *,
    after: int = 0,
    limit: int = PAGE,
) -> tuple[list[Account], int | None]:
    """Return a page of accounts, and the id after which the next one begins (None: no more)."""
    found = selected_accounts(rules, selection, now, after=after, limit=limit + 1)
    ids = [answer.organization_id for answer in found]
    more = ids[limit - 1] if len(ids) > limit else None
    return _accounts(policy, rules, ids[:limit], now), more


def _accounts(
    policy: TierPolicy, rules: evaluation.Policy, ids: Sequence[int], now: datetime
) -> list[Account]:
    """Return these accounts with their reasons, in a fixed number of statements."""
    decisions = decisions_about(rules, ids, now)
    tickets = _open_tickets(ids)
    edges = edges_of(rules)
    standings = AccountStanding.objects.filter(pk__in=ids).select_related("organization")
    return [
        Account(
            organization=standing.organization,
            acv=money(standing.acv, policy.currency),
            tier=standing.tier,
            becomes=decisions[standing.pk].tier,
            source=decisions[standing.pk].source,
            grace_until=decisions[standing.pk].grace_until,
            open_tickets=tickets.get(standing.pk, 0),
            reason=" ".join(
                say(reason, policy.currency) for reason in decisions[standing.pk].reasons[:SAID]
            ),
            near=near_words(edges, standing, policy.currency),
        )
        for standing in standings.order_by("pk")
    ]


def money(cents: int | None, currency: str) -> str:
    """Return an amount as people read it, without cents where there are none."""
    if cents is None:
        return _("not known")
    amount = (Decimal(cents) / 100).normalize()
    return fact_value("acv", format(amount, "f"), currency)


def _sum(cents: int, currency: str) -> str:
    """Return a sum in whole units: nobody reads the cents of a thousand accounts."""
    return money(round(cents, -2), currency)


def near_words(edges: Sequence[Edge], standing: AccountStanding, currency: str) -> str:
    """Say how near an account is to the threshold that is nearest; empty when to none."""
    near = [edge for edge in edges if edge.is_near(standing)]
    if not near:
        return ""
    nearest = min(near, key=lambda edge: abs(edge.distance(standing)))
    percent = round(abs(nearest.distance(standing)) * 100, 1)
    at = nearest.at / nearest.column.scale
    said = (
        _("%(percent)s %% below %(value)s (%(fact)s, %(tier)s)")
        if nearest.distance(standing) < 0
        else _("%(percent)s %% above %(value)s (%(fact)s, %(tier)s)")
    )
    return said % {
        "percent": percent,
        "value": fact_value(nearest.column.fact, format(at.normalize(), "f"), currency),
        "fact": fact_label(nearest.column.fact),
        "tier": tier_label(nearest.tier),
    }


def csv_lines(
    policy: TierPolicy, rules: evaluation.Policy, selection: Selection, now: datetime
) -> Iterator[str]:
    """Yield the accounts of a selection as CSV, a chunk at a time, safe for spreadsheets."""
    yield _line(
        [
            _("Organization"), _("Id in the CRM"), _("Annual contract value"), _("Currency"),
            _("Tier now"), _("Tier then"), _("Decided by"), _("In grace until"),
            _("Open tickets"), _("Near a threshold"), _("Why"),
        ]
    )  # fmt: skip
    answers = selected_accounts(rules, selection, now)
    while chunk := [answer.organization_id for answer in islice(answers, CHUNK)]:
        for one in _accounts(policy, rules, chunk, now):
            standing = one.organization.standing
            acv = "" if standing.acv is None else format(Decimal(standing.acv) / 100, "f")
            yield _line(
                [
                    one.organization.name, one.organization.external_id or "", acv,
                    policy.currency, one.tier, one.becomes, one.source,
                    one.grace_until.isoformat() if one.grace_until else "", one.open_tickets,
                    one.near, one.reason,
                ]
            )  # fmt: skip


def _line(cells: Sequence[object]) -> str:
    out = StringIO()
    csv.writer(out).writerow([safe_cell(str(cell)) for cell in cells])
    return out.getvalue()
