"""Writers of the embedded database get their turn, and give up when it does not come."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from portal.sqlite3.base import DatabaseWrapper, is_busy

TIMEOUT = 0.3


@pytest.fixture
def database(db: None, tmp_path: Path) -> Iterator[DatabaseWrapper]:
    """A connection of our backend to a database file of its own."""
    settings: dict[str, Any] = {
        "NAME": str(tmp_path / "house.sqlite3"), "ENGINE": "portal.sqlite3", "USER": "",
        "PASSWORD": "", "HOST": "", "PORT": "", "TIME_ZONE": None, "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False, "AUTOCOMMIT": True, "ATOMIC_REQUESTS": False, "TEST": {},
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": TIMEOUT},
    }  # fmt: skip
    wrapper = DatabaseWrapper(settings)
    with wrapper.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("CREATE TABLE visitors (name text)")
    yield wrapper
    wrapper.close()


def write(database: DatabaseWrapper) -> None:
    database.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    with database.cursor() as cursor:
        cursor.execute("INSERT INTO visitors VALUES ('Ada')")
    database.commit()
    database.set_autocommit(True)


@pytest.fixture
def writer(database: DatabaseWrapper) -> Iterator[sqlite3.Connection]:
    """Somebody else in the middle of writing."""
    other = sqlite3.connect(
        database.settings_dict["NAME"], isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def test_a_transaction_begins_as_soon_as_the_other_writer_is_done(database, writer) -> None:
    database.settings_dict["OPTIONS"]["timeout"] = 30
    threading.Timer(0.05, lambda: writer.execute("COMMIT")).start()
    write(database)
    assert writer.execute("SELECT count(*) FROM visitors").fetchone() == (1,)


def test_it_gives_up_after_its_time(database, writer) -> None:
    with pytest.raises(OperationalError, match="locked") as refused:
        write(database)
    assert is_busy(refused.value.__cause__)


def test_a_statement_without_a_transaction_waits_as_well(database, writer) -> None:
    database.settings_dict["OPTIONS"]["timeout"] = 30
    threading.Timer(0.05, lambda: writer.execute("COMMIT")).start()
    with database.cursor() as cursor:
        cursor.execute("INSERT INTO visitors VALUES ('Paul')")
        cursor.executemany("INSERT INTO visitors VALUES (?)", iter([("Olga",), ("Lena",)]))
        cursor.execute("SELECT count(*) FROM visitors")
        assert cursor.fetchone() == (3,)


def test_who_has_written_for_long_leaves_room_before_the_next_time(database) -> None:
    write(database)
    assert database.rests_until == 0
    database.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    database.held_since -= 10
    database.rollback()
    assert database.rests_until > database.held_since == 0


def test_other_troubles_are_told_at_once(database) -> None:
    database.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    with pytest.raises(OperationalError, match="within a transaction") as refused:
        database._start_transaction_under_autocommit()
    assert not is_busy(refused.value.__cause__)
    database.rollback()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="about the embedded database")
def test_the_embedded_portal_uses_it() -> None:
    assert connection.settings_dict["ENGINE"] == "portal.sqlite3"
    with transaction.atomic():
        assert connection.in_atomic_block
