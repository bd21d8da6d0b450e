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
        rows = rows.select_for_update(
            skip_locked=True,
            of=("self",),
            no_key=connection.features.has_select_for_no_key_update,
        )
    return rows[:limit]


def lock(rows: "models.QuerySet[Row, Any]") -> "models.QuerySet[Row, Any]":
    """Return the rows locked for this transaction, waiting for other holders.

    FOR NO KEY UPDATE where the database has it: rows elsewhere that point at
    this one may still be written, so that the clock sweep (clock rows first,
    then rows pointing at the ticket) and an action (ticket first, then its
    clocks) cannot wait for each other in a circle.
    """
    if connection.features.has_select_for_no_key_update:
        return rows.select_for_update(of=("self",), no_key=True)
    return rows.select_for_update()
