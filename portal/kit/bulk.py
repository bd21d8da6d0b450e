"""Write many rows in one statement, on PostgreSQL without binding each of their values.

For a thousand rows of twenty columns, the ORM prepares twenty thousand parameters one by one,
which takes several times as long as the database takes to write them. PostgreSQL can unpack one
JSON parameter instead. Elsewhere the ORM does it, correct and slower.

Rows are written as they are: no ``auto_now``, no signals. Call it inside a transaction.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)


def insert_or_update(
    rows: Sequence[Row], *, unique_fields: Sequence[str], update_fields: Sequence[str]
) -> list[Row]:
    """Insert rows; of those that are there by ``unique_fields``, update ``update_fields``.

    Returns the rows, all with their primary key.
    """
    if not rows or connection.vendor != "postgresql":
        return _by_the_orm(rows, unique_fields, update_fields)
    meta = type(rows[0])._meta
    unique: list[Any] = [meta.get_field(name) for name in unique_fields]
    updated = ", ".join(f"{c} = EXCLUDED.{c}" for c in _columns(meta, update_fields))
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    names = ", ".join(_quoted(field) for field in fields)
    keys = ", ".join(_quoted(field) for field in unique)
    statement = f"""
        INSERT INTO {connection.ops.quote_name(meta.db_table)} ({names})
        SELECT {names} FROM {_recordset(fields)}
        ON CONFLICT ({keys}) DO UPDATE SET {updated}
        RETURNING {_quoted(meta.pk)}, {keys}
    """  # noqa: S608  (names of our own tables and columns)
    with connection.cursor() as cursor:
        cursor.execute(statement, [_packed(rows, fields)])
        keys_found = {tuple(found[1:]): found[0] for found in cursor.fetchall()}
    for row in rows:
        row.pk = keys_found[tuple(getattr(row, field.attname) for field in unique)]
        row._state.adding, row._state.db = False, connection.alias
    return list(rows)


def insert_all(rows: Sequence[Row], *, skip_known: bool = False) -> None:
    """Insert rows; with ``skip_known`` those that a unique constraint knows stay as they are.

    Which were inserted is not told, and the rows given get no primary key.
    """
    if not rows:
        return
    if connection.vendor != "postgresql":
        type(rows[0])._default_manager.bulk_create(rows, ignore_conflicts=skip_known)
        return
    meta = type(rows[0])._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    names = ", ".join(_quoted(field) for field in fields)
    statement = f"""
        INSERT INTO {connection.ops.quote_name(meta.db_table)} ({names})
        SELECT {names} FROM {_recordset(fields)} {"ON CONFLICT DO NOTHING" if skip_known else ""}
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [_packed(rows, fields)])


def update_all(rows: Sequence[Row], fields: Sequence[str]) -> None:
    """Update these fields of rows that are there and locked."""
    if not rows or connection.vendor != "postgresql":
        _by_the_orm(rows, [type(rows[0])._meta.pk.name] if rows else [], fields)
        return
    meta = type(rows[0])._meta
    changed: list[Any] = [meta.get_field(name) for name in fields]
    table = connection.ops.quote_name(meta.db_table)
    values = ", ".join(f"{column} = packed.{column}" for column in _columns(meta, fields))
    packed = [meta.pk, *changed]
    statement = f"""
        UPDATE {table} SET {values} FROM {_recordset(packed)}
        WHERE {table}.{_quoted(meta.pk)} = packed.{_quoted(meta.pk)}
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [_packed(rows, packed)])


def _by_the_orm(
    rows: Sequence[Row], unique_fields: Sequence[str], update_fields: Sequence[str]
) -> list[Row]:
    if not rows:
        return []
    return type(rows[0])._default_manager.bulk_create(
        rows, update_conflicts=True, unique_fields=unique_fields, update_fields=update_fields
    )


def _quoted(field: Any) -> str:
    return connection.ops.quote_name(field.column)


def _columns(meta: Any, names: Iterable[str]) -> list[str]:
    return [_quoted(meta.get_field(name)) for name in names]


def _recordset(fields: Iterable[Any]) -> str:
    """Return the table that one JSON parameter makes."""
    types = ", ".join(
        f"{_quoted(field)} {field.rel_db_type(connection)}"
        if field.primary_key
        else f"{_quoted(field)} {field.db_type(connection)}"
        for field in fields
    )
    return f"jsonb_to_recordset(%s::jsonb) AS packed ({types})"


def _packed(rows: Iterable[models.Model], fields: Sequence[Any]) -> str:
    places = [(field.column, field.attname) for field in fields]
    packed = [{column: getattr(row, name) for column, name in places} for row in rows]
    return json.dumps(packed, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written in bulk.")
