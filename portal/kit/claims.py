"""Claim rows so that two workers never do the same work.

The one place where the databases differ in how rows are claimed: PostgreSQL
skips what another worker holds; SQLite has one writer at a time (transactions
begin IMMEDIATE), so a plain read inside the transaction is already a claim.
"""

from typing import Any, TypeVar

from django.db import connection, models, transaction

Row = TypeVar("Row", bound=models.Model)


def claim(rows: "models.QuerySet[Row, Any]", limit: int) -> "models.QuerySet[Row, Any]":
    """Return at most ``limit`` of the rows, locked for this transaction.

    Must be called inside ``transaction.atomic``; rows held by another worker
    are skipped, not waited for.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("claim() outside a transaction would lock nothing.")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    return rows[:limit]


def lock(rows: "models.QuerySet[Row, Any]") -> "models.QuerySet[Row, Any]":
    """Return the rows locked for this transaction, waiting for other holders."""
    if connection.features.has_select_for_update_of:
        return rows.select_for_update(of=("self",))
    return rows.select_for_update()
