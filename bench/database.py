"""The bench's own database: made when missing, never the product's."""

import os

import psycopg
from psycopg import sql


def ensure_database(name: str) -> None:
    """Create the database on the server of BENCH_SERVER_URL unless it is there."""
    with psycopg.connect(os.environ["BENCH_SERVER_URL"], autocommit=True) as server:
        known = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known is None:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def drop_database(name: str) -> None:
    """Remove a database that a measure made for itself, whoever still looks at it."""
    with psycopg.connect(os.environ["BENCH_SERVER_URL"], autocommit=True) as server:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        server.execute(statement.format(sql.Identifier(name)))
